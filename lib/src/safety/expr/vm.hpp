// SPDX-License-Identifier: MIT
// Runs one program of expr/code.hpp on eight lanes: the arithmetic that the
// JIT must agree with. One switch per operation: what branches depends on
// the program, never on data. RT-safe.
#pragma once

#include <limits>

#include "kin/sincos.hpp"
#include "safety/expr/code.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

using kin::Double8;
using kin::select_le;

[[gnu::always_inline]] inline void expr_min(const Double8& a, const Double8& b,
                                            Double8& out) {
  Double8 least;
  select_le(a, b, a, b, least);  // NaN of either side: b
  select_le(a, a, least, a, out);
}

[[gnu::always_inline]] inline void expr_max(const Double8& a, const Double8& b,
                                            Double8& out) {
  Double8 most;
  select_le(b, a, a, b, most);
  select_le(a, a, most, a, out);
}

[[gnu::always_inline]] inline void expr_where(const Double8& a,
                                              const Double8& b,
                                              const Double8& c, Double8& out) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const Double8 none = Double8{} - kInf;
  const Double8 nan = Double8{} + std::numeric_limits<double>::quiet_NaN();
  Double8 otherwise;
  select_le(b, a, none, nan, otherwise);
  select_le(a, b, c, otherwise, out);
}

[[gnu::always_inline]] inline void expr_op(const ExprOp& op, Double8* reg) {
  const Double8& a = reg[op.a];
  const Double8& b = reg[op.b];
  Double8 out, other;
  switch (op.code) {
    case ExprCode::kAdd:
      out = a + b;
      break;
    case ExprCode::kSub:
      out = a - b;
      break;
    case ExprCode::kMul:
      out = a * b;
      break;
    case ExprCode::kDiv:
      out = a / b;
      break;
    case ExprCode::kMin:
      expr_min(a, b, out);
      break;
    case ExprCode::kMax:
      expr_max(a, b, out);
      break;
    case ExprCode::kSqrt:
      kin::root(a, out);
      break;
    case ExprCode::kSin:
      kin::sincos(a, out, other);
      break;
    case ExprCode::kCos:
      kin::sincos(a, other, out);
      break;
    case ExprCode::kWhere:
      expr_where(a, b, reg[op.c], out);
      break;
    default:  // valid() lets none through
      out = Double8{} + std::numeric_limits<double>::quiet_NaN();
      break;
  }
  reg[op.out] = out;
}

}  // namespace detail

// Constants into their registers: once, before the first run.
inline void load_constants(const ExprProgram& program,
                           kin::Double8* reg) noexcept {
  for (uint32_t i = 0; i < program.constants; ++i) {
    reg[i] = kin::Double8{} + program.constant[i];
  }
}

inline void run_program(const ExprProgram& program,
                        kin::Double8* reg) noexcept {
  for (uint32_t i = 0; i < program.ops; ++i) {
    detail::expr_op(program.op[i], reg);
  }
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
