// SPDX-License-Identifier: MIT
#include "safety/kernel.hpp"

namespace tactus::safety {

const Kernel& kernel_for(rt::Isa isa) noexcept {
  if (isa == rt::Isa::kAvx512) return kAvx512Kernel;
  if (isa == rt::Isa::kAvx2) return kAvx2Kernel;
  return kPortableKernel;
}

}  // namespace tactus::safety
