// SPDX-License-Identifier: MIT
// Structured pruning: what may go without a trace goes without one, the mean
// of the rest is folded, and what cannot be cut is named.
#include <criterion/criterion.h>

#include <cmath>

#include "plan_rig.hpp"
#include "policy/prune.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

using Floats = std::vector<float>;

ModelPlan::Ptr plan_of(const std::string& bytes) {
  return test::plan_of(as_image(bytes), on("reference"));
}

struct Cut {
  Pruned pruned;
  ModelPlan::Ptr plan;
};

Cut cut(const OnnxFile& file, std::size_t keep, const Rows* rows = nullptr) {
  PruneOptions options;
  options.keep_units = keep;
  options.multiple = 1;
  auto pruned = prune(*plan_of(file.bytes()), rows, options);
  cr_assert(bool(pruned), "%s", pruned ? "" : pruned.error().text());
  const auto* p = reinterpret_cast<const char*>(pruned->image.data());
  return {*pruned, plan_of(std::string(p, pruned->image.size()))};
}

std::string refusal(const OnnxFile& file, std::size_t keep = 2) {
  PruneOptions options;
  options.keep_units = keep;
  options.multiple = 1;
  auto pruned = prune(*plan_of(file.bytes()), nullptr, options);
  cr_assert_not(bool(pruned));
  return pruned.error().text();
}

void same(const ModelPlan::Ptr& a, const ModelPlan::Ptr& b) {
  for (const Floats& x : {Floats{0.5F, -1}, Floats{2, 0.25F}, Floats{0, 0}}) {
    const Floats ya = run(a, x), yb = run(b, x);
    cr_assert(ya.size() == yb.size());
    for (std::size_t i = 0; i < ya.size(); ++i) {
      cr_assert(std::fabs(ya[i] - yb[i]) < 1e-6F, "%g %g",
                static_cast<double>(ya[i]), static_cast<double>(yb[i]));
    }
  }
}

// Two inputs, three units of which w says what, one output.
OnnxFile net(const Floats& w, const Floats& b, const Floats& out) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 1});
  f.weight(tensor("w0", {3, 2}, w)).weight(tensor("b0", {3}, b));
  f.weight(tensor("w1", {1, 3}, out)).weight(tensor("b1", {1}, {0.5F}));
  f.node("Gemm", {"x", "w0", "b0"}, {"z"}, {int_attribute("transB", 1)});
  f.node("Elu", {"z"}, {"h"});
  f.node("Gemm", {"h", "w1", "b1"}, {"y"}, {int_attribute("transB", 1)});
  return f;
}

std::size_t parameters(const ModelPlan::Ptr& plan) {
  return plan->describe().parameters;
}

}  // namespace

Test(prune, a_unit_without_outgoing_weights_leaves_no_trace) {
  const OnnxFile f = net({1, 2, 3, 4, 5, 6}, {1, 2, 3}, {1, 0, -2});
  const Cut c = cut(f, 2);
  same(plan_of(f.bytes()), c.plan);
  cr_assert(parameters(c.plan) == 2 * 2 + 2 + 2 + 1);
  cr_assert(c.pruned.layers[0].after == 2);
}

// Its value is a constant: the next bias takes it.
Test(prune, a_unit_without_incoming_weights_is_folded_into_the_bias) {
  const OnnxFile f = net({1, 2, 0, 0, 5, 6}, {1, 2, 3}, {1, 1, -2});
  same(plan_of(f.bytes()), cut(f, 2).plan);
}

Test(prune, an_equal_unit_is_folded_into_the_kept_one) {
  const OnnxFile f = net({1, 2, 3, 4, 1, 2}, {1, 2, 1}, {1, 0.25F, -3});
  const Cut c = cut(f, 2);
  cr_assert(c.pruned.layers[0].duplicates == 1);
  same(plan_of(f.bytes()), c.plan);
}

// Over these rows unit 1 never moves though its weights are the largest.
Test(prune, rows_say_which_units_move) {
  const OnnxFile f = net({1, 0, 0, 100, 1, 1}, {0, 0, 0}, {1, 1, 1});
  Rows rows{"rows", 3, {{1, 0.5F, 2, 0.5F, 3, 0.5F}}};
  const Cut c = cut(f, 2, &rows);
  for (const float x : {1.0F, 2.5F}) {
    const float before = run(plan_of(f.bytes()), {x, 0.5F})[0];
    const float after = run(c.plan, {x, 0.5F})[0];
    cr_assert(std::fabs(before - after) < 1e-4F, "%g %g",
              static_cast<double>(before), static_cast<double>(after));
  }
}

Test(prune, the_mean_over_the_rows_stands_in) {
  const OnnxFile f = net({1, 0, 0, 1, 1, 1}, {0, 0, 0}, {1, 0.01F, 1});
  Rows rows{"rows", 2, {{0, 1, 2, 3}}};
  const Cut c = cut(f, 2, &rows);
  // Unit 1 was 1 and 3 there: 2 from now on.
  const float before = run(plan_of(f.bytes()), {1, 2})[0];
  cr_assert(std::fabs(run(c.plan, {1, 2})[0] - before) < 1e-6F);
  const float other = run(plan_of(f.bytes()), {1, 3})[0];
  cr_assert(std::fabs(run(c.plan, {1, 3})[0] - (other - 0.01F)) < 1e-5F);
}

// MatMul, Add on either side, x·sigmoid(x), a normaliser, two readers.
Test(prune, cuts_through_everything_that_is_element_wise) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2}).output("v", {1, 1});
  f.weight(tensor("w0", {2, 3}, {1, 0, 5, 2, 0, 6}));
  f.weight(tensor("b0", {3}, {1, 2, 3}));
  f.weight(tensor("mean", {1, 3}, {0.5F, 1, 2}));
  f.weight(tensor("scale", {3}, {1, 2, 4}));
  f.weight(tensor("two", {}, {2}));
  f.weight(tensor("w1", {3, 2}, {1, 2, 3, 4, 5, 6}));
  f.weight(tensor("w2", {1, 3}, {1, 1, -1}));
  f.node("MatMul", {"x", "w0"}, {"a"}).node("Add", {"b0", "a"}, {"b"});
  f.node("Sigmoid", {"b"}, {"c"}).node("Mul", {"b", "c"}, {"d"});
  f.node("Sub", {"d", "mean"}, {"e"}).node("Div", {"e", "scale"}, {"g"});
  f.node("Mul", {"g", "two"}, {"h"}).node("Identity", {"h"}, {"i"});
  f.node("MatMul", {"i", "w1"}, {"y"});
  f.node("Gemm", {"h", "w2"}, {"v"}, {int_attribute("transB", 1)});
  const Cut c = cut(f, 2);
  same(plan_of(f.bytes()), c.plan);
  cr_assert(c.pruned.layers[0].after == 2);
  cr_assert(c.pruned.layers[0].reason.empty());
}

// The old exporters' way: weights are Constant nodes, transposed.
Test(prune, computed_weights_become_initializers) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 1});
  f.weight(tensor("w0", {3, 2}, {1, 2, 0, 0, 5, 6}));
  f.node("Transpose", {"w0"}, {"w0t"}, {ints_attribute("perm", {1, 0})});
  f.node("Constant", {}, {"w1"},
         {Message()
              .text(1, "value")
              .message(5, tensor("", {3, 1}, {1, 2, 3}))
              .number(20, 4)});
  f.node("MatMul", {"x", "w0t"}, {"a"}).node("Tanh", {"a"}, {"b"});
  f.node("MatMul", {"b", "w1"}, {"y"});
  const Cut c = cut(f, 2);
  same(plan_of(f.bytes()), c.plan);
  cr_assert(c.plan->describe().file_bytes < f.bytes().size() + 64);
}

Test(prune, weights_that_others_read_stay_for_them) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2}).output("v", {1, 2});
  f.weight(tensor("w", {2, 2}, {1, 0, 3, 0}));
  f.node("MatMul", {"x", "w"}, {"a"}).node("Tanh", {"a"}, {"b"});
  f.node("MatMul", {"b", "w"}, {"y"}).node("MatMul", {"x", "w"}, {"v"});
  const Cut c = cut(f, 1);
  same(plan_of(f.bytes()), c.plan);
}

Test(prune, golden_vectors_are_dropped_and_the_contract_stays) {
  OnnxFile f = net({1, 2, 3, 4, 5, 6}, {1, 2, 3}, {1, 0, -2});
  f.metadata("tactus.golden",
             R"({"by": "x", "tolerance": 100, "observation": [[0, 0]],
                 "action": [[0]]})");
  f.metadata("tactus.contract",
             R"({"observations": [{"name": "q", "shape": [2], "unit": "rad"}],
                 "action": {"name": "u", "kind": "k", "unit": "rad/s"}})");
  const Cut c = cut(f, 2);
  cr_assert(c.pruned.golden_dropped == 1);
  cr_assert(c.plan->describe().self_checked);
  cr_assert(c.plan->describe().contract.present);
}

Test(prune, kept_sizes_are_whole_blocks) {
  const OnnxFile f = net({1, 2, 3, 4, 5, 6}, {1, 2, 3}, {1, 0, -2});
  PruneOptions options;
  options.keep = 0.5;
  auto pruned = prune(*plan_of(f.bytes()), nullptr, options);
  cr_assert_not(bool(pruned));
  const std::string text = pruned.error().text();
  cr_assert(text.find("whole blocks") != std::string::npos, "%s", text.c_str());
}

Test(prune, says_by_name_what_cannot_be_cut) {
  OnnxFile residual;
  residual.input("x", {1, 2}).output("y", {1, 2});
  residual.weight(tensor("w", {2, 2}, {1, 2, 3, 4}));
  residual.node("MatMul", {"x", "w"}, {"a"}).node("Add", {"a", "x"}, {"b"});
  residual.node("MatMul", {"b", "w"}, {"y"});
  cr_assert(refusal(residual).find("residual") != std::string::npos);

  OnnxFile norm;
  norm.input("x", {1, 2}).output("y", {1, 2});
  norm.weight(tensor("w", {2, 2}, {1, 2, 3, 4}));
  norm.weight(tensor("g", {2}, {1, 1}));
  norm.node("MatMul", {"x", "w"}, {"a"});
  norm.node("LayerNormalization", {"a", "g"}, {"b"});
  norm.node("MatMul", {"b", "w"}, {"y"});
  cr_assert(refusal(norm).find("LayerNormalization") != std::string::npos);

  OnnxFile single;
  single.input("x", {1, 2}).output("y", {1, 2});
  single.weight(tensor("w", {2, 2}, {1, 2, 3, 4}));
  single.node("MatMul", {"x", "w"}, {"a"}).node("Tanh", {"a"}, {"y"});
  cr_assert(refusal(single).find("output 'y'") != std::string::npos);

  OnnxFile none;
  none.input("x", {1, 2}).output("y", {1, 2}).node("Tanh", {"x"}, {"y"});
  cr_assert(refusal(none).find("no product") != std::string::npos);
}
