// SPDX-License-Identifier: MIT
// One instruction set's kernel; each file that includes this defines
// TACTUS_KERNEL_SPACE first.
#pragma once

#include "safety/check.hpp"
#include "safety/kernel.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {

constexpr Kernel make_kernel(rt::Isa isa) {
  return {isa, check_with<NoFault>, committed_with<NoFault>};
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
