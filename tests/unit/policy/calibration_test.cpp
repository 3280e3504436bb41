// SPDX-License-Identifier: MIT
// Ranges against values worked out by hand.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>
#include <string>

#include "plan_rig.hpp"
#include "policy/observe.hpp"
#include "policy/plan.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

// x [2] → Linear → Relu → Linear.
OnnxFile perceptron() {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 1});
  f.weight(tensor("w1", {2, 2}, {1, 0, 0, -2}));
  f.weight(tensor("w2", {2, 1}, {3, 4}));
  f.node("MatMul", {"x", "w1"}, {"a"}).node("Relu", {"a"}, {"h"});
  f.node("MatMul", {"h", "w2"}, {"y"});
  return f;
}

// s' = W (s + x): the Linear reads the sum.
OnnxFile accumulator() {
  OnnxFile f;
  f.input("x", {1, 1}).input("s_in", {1, 1});
  f.output("y", {1, 1}).output("s_out", {1, 1});
  f.weight(tensor("w", {1, 1}, {2}));
  f.node("Add", {"x", "s_in"}, {"sum"}).node("MatMul", {"sum", "w"}, {"s_out"});
  f.node("Tanh", {"s_out"}, {"y"});
  return f;
}

std::string refusal(const ModelPlan& plan,
                    const std::vector<std::vector<float>>& inputs) {
  CalibrationRows rows{"rows.npy", {inputs.begin(), inputs.end()}};
  auto made = calibrate(plan, rows);
  return made ? "" : made.error().text();
}

bool says(const std::string& text, const char* what) {
  return text.find(what) != std::string::npos;
}

}  // namespace

Test(calibration, notes_the_largest_and_least_of_what_each_linear_reads) {
  const auto plan = plan_of(perceptron());
  const std::vector<float> x{0.5F, -3, -1, 0.25F, 2, 1};
  const auto made = calibrate(*plan, {"rows.npy", {x}});
  cr_assert(bool(made));
  cr_assert(made->source == "rows.npy" && made->rows == 3);
  cr_assert_eq(made->ranges.size(), 2);
  const Range* in = find_range(*made, "x");
  const Range* hidden = find_range(*made, "h");
  cr_assert(in != nullptr && hidden != nullptr);
  cr_assert_eq(in->amax, 3);
  cr_assert_eq(in->low, -3);
  cr_assert_eq(hidden->amax, 6);
  cr_assert_eq(hidden->low, 0);
  cr_assert(in->each == std::vector<double>({2, 3}));
  cr_assert(hidden->each == std::vector<double>({2, 6}));
}

// Flatten is folded away: what the product reads has six elements, not three.
Test(calibration, counts_a_flattened_row_as_the_product_reads_it) {
  OnnxFile f;
  f.input("x", {1, 2, 3}).output("y", {1, 1});
  f.weight(tensor("w", {6, 1}, {1, 2, 3, 4, 5, 6}));
  f.node("Flatten", {"x"}, {"row"}).node("MatMul", {"row", "w"}, {"y"});
  const std::vector<float> x{1, 2, 3, 4, 5, 6};
  const auto made = calibrate(*plan_of(f), {"rows.npy", {x}});
  cr_assert(bool(made));
  cr_assert(find_range(*made, "x")->each ==
            std::vector<double>({1, 2, 3, 4, 5, 6}));
  Options options;
  options.calibration = *made;
  for (const Tier tier : {Tier::kInt16, Tier::kInt8}) {
    options.tier = tier;
    const auto y = run(plan_of(f, options), x);
    cr_assert(std::fabs(y[0] - 91) < 1, "%f", static_cast<double>(y[0]));
  }
}

Test(calibration, the_least_may_be_above_zero) {
  const auto plan = plan_of(perceptron());
  const std::vector<float> x{2, 3, 4, 5};
  const auto made = calibrate(*plan, {"rows.npy", {x}});
  cr_assert(bool(made));
  cr_assert_eq(find_range(*made, "x")->low, 2);
}

Test(calibration, carries_the_state_from_row_to_row) {
  const auto plan = plan_of(accumulator());
  const std::vector<float> x{1, 1, 1};  // sums 1, 3, 7
  const auto made = calibrate(*plan, {"rows.npy", {x}});
  cr_assert(bool(made));
  cr_assert_eq(find_range(*made, "sum")->amax, 7);
}

Test(calibration, refuses_rows_that_do_not_fit) {
  const auto plan = plan_of(perceptron());
  cr_assert(says(refusal(*plan, {}), "0 inputs given, the model has 1"));
  cr_assert(says(refusal(*plan, {{}}), "at least one"));
  cr_assert(says(refusal(*plan, {{1, 2, 3}}), "3 values for input 'x' of 2"));
}

Test(calibration, refuses_what_is_not_finite_and_names_the_row) {
  const auto plan = plan_of(perceptron());
  for (const float bad : {NAN, INFINITY}) {
    const std::string text = refusal(*plan, {{1, 2, 3, bad}});
    cr_assert(says(text, "rows.npy: row 1: 'x' is not finite"), "%s",
              text.c_str());
  }
}

Test(calibration, rows_behind_a_refused_one_are_not_run) {
  const std::string file = perceptron().bytes();
  const auto opened = open_model(as_image(file), "m");
  cr_assert(bool(opened));
  const std::vector<float> x(10);
  const std::span<const float> inputs[] = {x};
  int visited = 0;
  each_row(opened->built, inputs, 5,
           [&](ir::Interpreter&) { return ++visited < 2; });
  cr_assert_eq(visited, 2);
}

Test(calibration, an_impossible_range_is_refused_by_name) {
  for (const Range& bad :
       {Range{"h", NAN, 0, {}}, Range{"h", -1, 0, {}},
        Range{"h", INFINITY, 0, {}}, Range{"h", 1, -2, {}},
        Range{"h", 1, 2, {}}, Range{"h", 1, NAN, {}}, Range{"h", 1, -1, {0, 2}},
        Range{"h", 1, -1, {NAN}}}) {
    const auto ok = check(Calibration{"log", 1, {{"x", 1, -1, {}}, bad}});
    cr_assert(says(ok ? "" : ok.error().text(), "calibration by log: 'h'"));
  }
  const auto twice =
      check(Calibration{"log", 1, {{"h", 1, 0, {}}, {"h", 2, 0, {}}}});
  cr_assert(says(twice ? "" : twice.error().text(), "'h' comes twice"));
  cr_assert(
      bool(check(Calibration{"log", 1, {{"x", 0, 0, {0}}, {"h", 1, -1, {}}}})));
}
