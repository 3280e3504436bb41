// SPDX-License-Identifier: MIT
// One instruction set's kernel; each file that includes this defines
// TACTUS_KERNEL_SPACE first.
#pragma once

#include "safety/check.hpp"
#include "safety/kernel.hpp"
#include "safety/qp_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {

inline void run_in_vm(const ExprProgram& program, double* registers) noexcept {
  auto* reg = reinterpret_cast<kin::Double8*>(registers);
  load_constants(program, reg);
  run_program(program, reg);
}

constexpr Kernel make_kernel(rt::Isa isa) {
  return {isa,
          check_with<NoFault>,
          foresee_with<NoFault>,
          check_instant_with<NoFault>,
          committed_with<NoFault>,
          run_in_vm,
          solve_qp<NoFault>};
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
