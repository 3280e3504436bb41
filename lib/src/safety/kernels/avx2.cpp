// SPDX-License-Identifier: MIT
// kernel.hpp for one instruction set; the flags are in build.mk.
#define TACTUS_KERNEL_SPACE avx2
#include "safety/kernels/kernel_impl.hpp"

namespace tactus::safety {
constexpr Kernel kAvx2Kernel = make_kernel(rt::Isa::kAvx2);
}  // namespace tactus::safety
