// SPDX-License-Identifier: MIT
// kernel.hpp for one instruction set; the flags are in build.mk.
#define TACTUS_KERNEL_SPACE avx512
#include "safety/kernels/kernel_impl.hpp"

namespace tactus::safety {
constexpr Kernel kAvx512Kernel = make_kernel(rt::Isa::kAvx512);
}  // namespace tactus::safety
