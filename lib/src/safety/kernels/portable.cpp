// SPDX-License-Identifier: MIT
// kernel.hpp for one instruction set; the flags are in build.mk.
#define TACTUS_KERNEL_SPACE portable
#include "safety/kernels/kernel_impl.hpp"

namespace tactus::safety {
constexpr Kernel kPortableKernel = make_kernel(rt::Isa::kPortable);
}  // namespace tactus::safety
