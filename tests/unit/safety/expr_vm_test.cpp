// SPDX-License-Identifier: MIT
// Programs against an oracle that knows nothing of them: no threshold, put
// one ulp below the truth, is ever said to hold; and the intervals hold the
// truth for every point in them.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cstdlib>

#include "expr_rig.hpp"

using namespace expr_rig;

namespace {

struct Sum {
  uint64_t evaluations = 0;
  uint64_t false_safe = 0;   // with the rounding bound folded in
  uint64_t plain_false = 0;  // what the same program says without it
  uint64_t outside = 0;      // truth beyond [lo - rounding, hi + rounding]
  uint64_t expressions = 0;
  double widest = 0;
};

// The largest double below x, and the smallest above.
double below(long double x) {
  const auto d = static_cast<double>(x);
  return static_cast<long double>(d) < x ? d : std::nextafter(d, -INFINITY);
}
double above(long double x) {
  const auto d = static_cast<double>(x);
  return static_cast<long double>(d) > x ? d : std::nextafter(d, INFINITY);
}

void judge(const Expression& e, double lo, double hi, long double truth,
           Sum& sum) {
  // As emit.cpp folds them.
  const double max = below(truth), min = above(truth);
  const double folded_max = std::nextafter(max - e.rounding, -INFINITY);
  const double folded_min = std::nextafter(min + e.rounding, INFINITY);
  sum.evaluations += 1;
  sum.false_safe += folded_max - hi >= 0 || lo - folded_min >= 0;
  sum.plain_false += max - hi >= 0 || lo - min >= 0;
  const long double r = e.rounding;
  sum.outside += !(truth <= hi + r && truth >= lo - r);
}

// Eight boxes of inputs, and a truth in each.
void run_once(const Expressions& all, const Recipe& recipe, Recipes& random,
              Sum& sum) {
  const ExprProgram& p = all.program[0];
  const Expression& e = all.expression[0];
  auto reg = std::make_unique<Registers>();
  load_constants(p, reg->lane);
  long double truth[8];
  for (uint32_t k = 0; k < 8; ++k) {
    double lo[kInputs], hi[kInputs];
    long double x[kInputs];
    for (uint32_t i = 0; i < kInputs; ++i) {
      const double value = random.within(-kRange, kRange);
      const double wide = i < kInputs / 2 ? 0 : random.within(0, 0.01);
      lo[i] = value - wide;
      hi[i] = value + wide;
      x[i] = random.bits() % 2 ? random.within(lo[i], hi[i])
                               : (random.bits() % 2 ? lo[i] : hi[i]);
    }
    place(p, k, lo, hi, *reg);
    truth[k] = recipe.truth(x);
  }
  run_program(p, reg->lane);
  for (uint32_t k = 0; k < 8; ++k)
    judge(e, reg->lane[e.lo][k], reg->lane[e.hi][k], truth[k], sum);
}

Sum differential(uint64_t seed, int expressions, int rounds) {
  Recipes random(seed);
  Sum sum;
  while (sum.expressions < static_cast<uint64_t>(expressions)) {
    const Recipe recipe = random.draw(1 + static_cast<int>(random.bits() % 5));
    const auto all = compiled({recipe.text()});
    if (!all) continue;
    sum.expressions += 1;
    for (int i = 0; i < rounds; ++i) run_once(*all, recipe, random, sum);
  }
  return sum;
}

double value_of(const std::string& text, const std::vector<double>& x,
                bool upper = true) {
  const auto all = compiled({text}, 0.01);
  cr_assert(all != nullptr, "%s is refused", text.c_str());
  double at[kInputs] = {};
  std::copy(x.begin(), x.end(), at);
  auto reg = std::make_unique<Registers>();
  load_constants(all->program[0], reg->lane);
  for (uint32_t k = 0; k < 8; ++k) place(all->program[0], k, at, at, *reg);
  run_program(all->program[0], reg->lane);
  const Expression& e = all->expression[0];
  return reg->lane[upper ? e.hi : e.lo][7];
}

}  // namespace

Test(expr_vm, nothing_unsafe_is_called_safe_and_intervals_hold_the_truth) {
  Sum sum = differential(1, std::getenv("TACTUS_PROVE") ? 40'000 : 2500, 6);
  cr_assert(ge(u64, sum.evaluations, 100'000));
  cr_assert(eq(u64, sum.false_safe, 0), "of %lu",
            static_cast<unsigned long>(sum.evaluations));
  cr_assert(eq(u64, sum.outside, 0));
  // The same programs without their bound do: this test can fail.
  cr_assert(gt(u64, sum.plain_false, 1000));
  cr_log_info(
      "%lu evaluations of %lu expressions: 0 false safe, %lu without "
      "the bound",
      static_cast<unsigned long>(sum.evaluations),
      static_cast<unsigned long>(sum.expressions),
      static_cast<unsigned long>(sum.plain_false));
}

Test(expr_vm, computes_what_is_written) {
  cr_assert(value_of("1 + 2 * 3 - 4 / 8", {}) == 6.5);
  cr_assert(value_of("-x0 + x1 * x2", {1, 2, 3}) == 5);
  cr_assert(value_of("(x0 - x1) - x2", {1, 2, 3}) == -4);
  cr_assert(value_of("min(x0, x1, x2)", {3, 1, 2}) == 1);
  cr_assert(value_of("max([x0, x1, x2])", {3, 1, 2}) == 3);
  cr_assert(value_of("clamp(x0, -1, 1)", {3}) == 1);
  cr_assert(value_of("norm([x0, x1])", {3, -4}) == 5);
  cr_assert(value_of("dot([1, -2], [x0, x1])", {3, -4}) == 11);
  cr_assert(value_of("norm(x)", {1, 1, 1, 1}) == 2);
  cr_assert(value_of("x[1] - [x0, x2][1]", {1, 4, 3}) == 1);
  cr_assert(value_of("[x0, x1, x2].z", {1, 4, 3}) == 3);
  cr_assert(value_of("if(x0 < x1, 1, 2)", {1, 2}) == 1);
  cr_assert(value_of("if(x0 > x1, 1, 2)", {1, 2}) == 2);
  cr_assert(value_of("sqrt('4 m2' + 0 * '1 m2') / '1 m'", {}) == 2);
  cr_assert(value_of("sin('90 deg')", {}) == 1);
  cr_assert(value_of("abs(x0 / 4)", {-2}) == 0.5);
}

Test(expr_vm, an_open_comparison_counts_the_worse_of_both) {
  cr_assert(value_of("if(x0 < x1, 1, 2)", {2, 2}, true) == 2);
  cr_assert(value_of("if(x0 < x1, 1, 2)", {2, 2}, false) == 1);
}

Test(expr_vm, nan_of_any_input_is_nan_of_every_end) {
  for (const char* text :
       {"x0 + x1", "x0 - x1", "x0 * x1", "x0 / max(abs(x1), 1)", "min(x0, x1)",
        "max(x1, x0)", "abs(x1) + x0", "sqrt(abs(x0)) * x1",
        "sin(x0 * '1 rad') + x1", "cos(x1 * '1 rad') + x0", "if(x0 < x1, 1, 2)",
        "if(x1 < x0, x1, 2)"}) {
    for (const bool upper : {false, true}) {
      cr_assert(std::isnan(value_of(text, {NAN, 1}, upper)), "%s", text);
      cr_assert(std::isnan(value_of(text, {1, NAN}, upper)), "%s", text);
    }
  }
}

Test(expr_vm, what_rows_share_is_computed_once) {
  auto one = compiled({"norm([x0, x1]) * x2"});
  auto two = compiled({"norm([x0, x1]) * x2", "norm([x0, x1]) + x3"});
  uint32_t more = two->program[0].ops - one->program[0].ops;
  cr_assert(eq(u32, more, 2));  // one for each end
  cr_assert(compiled({"2 * 3 + 4"})->program[0].ops == 0);
  cr_assert(compiled({"x0 - x0"})->program[0].ops == 0);
}
