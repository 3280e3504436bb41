// SPDX-License-Identifier: MIT
#include <bitset>

#include "safety/expr/code.hpp"

namespace tactus::safety {
namespace {

using Written = std::bitset<kMaxExprRegisters>;

bool finite(double x) { return x - x == 0; }

bool input_ok(const ExprInput& in, const ExprWorld& world) noexcept {
  const bool numbers = finite(in.error) && in.error >= 0 && finite(in.rate) &&
                       in.rate >= 0 && finite(in.lo) && finite(in.hi) &&
                       in.lo <= in.hi;
  switch (in.source) {
    case ExprSource::kAction:
    case ExprSource::kLast:
    case ExprSource::kPosition:
    case ExprSource::kVelocity:
      return numbers && in.element < world.joints;
    case ExprSource::kSignal:
      return numbers && in.signal < world.signals &&
             in.element < world.values[in.signal];
    case ExprSource::kStep:
      return numbers;
    case ExprSource::kNone:
      break;
  }
  return false;
}

bool op_ok(const ExprProgram& p, const ExprOp& op, Written& written) noexcept {
  const auto code = static_cast<uint16_t>(op.code);
  const uint32_t fixed = p.constants + 2 * p.inputs;
  if (code == 0 || code >= kExprCodes) return false;
  if (op.out < fixed || op.out >= p.registers) return false;
  for (const uint16_t operand : {op.a, op.b, op.c}) {
    if (operand >= p.registers || !written[operand]) return false;
  }
  written[op.out] = true;
  return true;
}

bool program_ok(const ExprProgram& p, const ExprWorld& world,
                Written& written) noexcept {
  if (p.ops > kMaxExprOps || p.constants > kMaxExprConstants ||
      p.inputs > kMaxExprInputs || p.registers > kMaxExprRegisters) {
    return false;
  }
  const uint32_t fixed = p.constants + 2 * p.inputs;
  if (fixed > p.registers || (p.registers > 0 && p.constants == 0)) {
    return false;  // register 0 stands for operands that are not used
  }
  for (uint32_t i = 0; i < fixed; ++i) written[i] = true;
  for (uint32_t i = 0; i < p.constants; ++i) {
    if (!finite(p.constant[i])) return false;
  }
  for (uint32_t i = 0; i < p.inputs; ++i) {
    if (!input_ok(p.input[i], world)) return false;
  }
  for (uint32_t i = 0; i < p.ops; ++i) {
    if (!op_ok(p, p.op[i], written)) return false;
  }
  return true;
}

bool expression_ok(const Expression& e, const Written* written) noexcept {
  if (static_cast<uint32_t>(e.when) >= kExprPrograms) return false;
  const Written& known = written[static_cast<uint32_t>(e.when)];
  if (e.hi == kNoRegister && e.lo == kNoRegister) return false;
  for (const uint16_t end : {e.hi, e.lo}) {
    if (end == kNoRegister) continue;
    if (end >= kMaxExprRegisters || !known[end]) return false;
  }
  return finite(e.max) && finite(e.min) && e.text[kExprText - 1] == '\0' &&
         e.unit[sizeof e.unit - 1] == '\0';
}

}  // namespace

bool valid(const Expressions& expressions, const ExprWorld& world) noexcept {
  if (expressions.count > kMaxExpressions) return false;
  // An image that was written without any.
  const bool none = expressions.version == 0 && expressions.count == 0;
  if (!none && expressions.version != kExprVersion) return false;
  Written written[kExprPrograms];
  for (uint32_t w = 0; w < kExprPrograms; ++w) {
    if (!program_ok(expressions.program[w], world, written[w])) return false;
  }
  for (uint32_t i = 0; i < expressions.count; ++i) {
    if (!expression_ok(expressions.expression[i], written)) return false;
  }
  return true;
}

}  // namespace tactus::safety
