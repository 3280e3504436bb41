// SPDX-License-Identifier: MIT
#include "policy/kernels/kernel_set.hpp"

namespace tactus::policy::kernels {

const KernelSet& kernel_set(rt::Isa isa) noexcept {
  if (isa == rt::Isa::kAvx512) return kAvx512Set;
  if (isa == rt::Isa::kAvx2) return kAvx2Set;
  return kPortableSet;
}

}  // namespace tactus::policy::kernels
