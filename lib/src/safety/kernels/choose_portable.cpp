// SPDX-License-Identifier: MIT
#include "safety/kernel.hpp"

namespace tactus::safety {

const Kernel& kernel_for(rt::Isa) noexcept { return kPortableKernel; }

}  // namespace tactus::safety
