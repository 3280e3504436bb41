// SPDX-License-Identifier: MIT
#include "policy/kernels/kernel_set.hpp"

namespace tactus::policy::kernels {

const KernelSet& kernel_set(rt::Isa) noexcept { return kPortableSet; }

}  // namespace tactus::policy::kernels
