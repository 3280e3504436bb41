// SPDX-License-Identifier: MIT
// Bytes that came from anywhere: what valid() lets through cannot leave its
// registers, whatever was done to it.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cstring>

#include "expr_rig.hpp"

using namespace expr_rig;

namespace {

constexpr uint32_t kValues[] = {kInputs};
constexpr ExprWorld kWorld{0, 1, kValues};

std::unique_ptr<Expressions> good() {
  return compiled({"norm([x0, x4]) / max(x1, 1)", "sin(x5 * '1 rad')"});
}

template <class Spoil>
bool refused(Spoil spoil) {
  auto all = good();
  spoil(*all);
  return !valid(*all, kWorld);
}

}  // namespace

Test(expr_valid, what_the_compiler_writes_is_valid) {
  cr_assert(valid(*good(), kWorld));
  cr_assert(valid(Expressions{}, kWorld));
}

Test(expr_valid, refuses_what_would_leave_its_tables) {
  cr_assert(refused([](auto& e) { e.version += 1; }));
  cr_assert(refused([](auto& e) { e.count = kMaxExpressions + 1; }));
  cr_assert(refused([](auto& e) { e.program[0].ops = kMaxExprOps + 1; }));
  cr_assert(refused([](auto& e) { e.program[0].inputs = kMaxExprInputs + 1; }));
  cr_assert(refused([](auto& e) { e.program[0].constants = 100'000; }));
  cr_assert(refused([](auto& e) { e.program[0].constants = 0; }));
  cr_assert(refused([](auto& e) { e.program[0].registers = 1000; }));
  cr_assert(refused([](auto& e) { e.program[0].op[0].a = 447; }));
  cr_assert(refused([](auto& e) { e.program[0].op[0].c = 0xFFFF; }));
  cr_assert(refused([](auto& e) { e.program[0].op[0].out = 0; }));
  cr_assert(refused([](auto& e) { e.program[0].op[0].out = 448; }));
  cr_assert(
      refused([](auto& e) { e.program[0].op[0].code = ExprCode{kExprCodes}; }));
  cr_assert(
      refused([](auto& e) { e.program[0].op[0].code = ExprCode::kNone; }));
  cr_assert(refused([](auto& e) { e.expression[0].hi = 448; }));
  cr_assert(refused([](auto& e) { e.expression[0].when = ExprWhen{2}; }));
  cr_assert(refused(
      [](auto& e) { e.expression[0].hi = e.expression[0].lo = kNoRegister; }));
  cr_assert(refused([](auto& e) { e.expression[0].max = NAN; }));
  cr_assert(refused([](auto& e) {
    std::memset(e.expression[0].text, 'x', sizeof e.expression[0].text);
  }));
}

Test(expr_valid, refuses_inputs_that_are_not_there) {
  cr_assert(refused([](auto& e) { e.program[0].input[0].signal = 1; }));
  cr_assert(refused([](auto& e) { e.program[0].input[0].element = kInputs; }));
  cr_assert(refused(
      [](auto& e) { e.program[0].input[0].source = ExprSource::kAction; }));
  cr_assert(refused([](auto& e) { e.program[0].input[0].source = {}; }));
  cr_assert(refused([](auto& e) { e.program[0].input[0].error = -1; }));
  cr_assert(refused([](auto& e) { e.program[0].input[0].rate = INFINITY; }));
  cr_assert(refused([](auto& e) { e.program[0].input[0].lo = NAN; }));
}

// A register that is read before anything wrote it holds the last cycle's.
Test(expr_valid, refuses_a_register_that_nothing_wrote) {
  cr_assert(refused([](auto& e) {
    e.program[0].op[0].a = static_cast<uint16_t>(e.program[0].registers - 1);
  }));
}
