// SPDX-License-Identifier: MIT
// What the passes leave of a graph, and that it still means the same.
#include "policy/ir/passes.hpp"

#include <criterion/criterion.h>

#include <cmath>
#include <string>

#include "plan_rig.hpp"
#include "policy/ir/build.hpp"
#include "policy/onnx/model.hpp"
#include "policy/plan.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

// The operators after all passes, in order.
std::string compiled(const OnnxFile& file,
                     std::vector<std::string> outputs = {}) {
  const std::string bytes = file.bytes();
  auto model = onnx::parse(as_image(bytes), "t", {});
  cr_assert(bool(model), "%s", model ? "" : model.error().text());
  auto built = ir::build(*model, {std::move(outputs), {}});
  cr_assert(bool(built), "%s", built ? "" : built.error().text());
  ir::optimise(built->graph);
  std::string text;
  for (const auto& node : built->graph.nodes) {
    text += (text.empty() ? "" : " ") + node.op;
  }
  return text;
}

std::vector<float> run(const OnnxFile& file, const char* backend,
                       const std::vector<float>& x) {
  return test::run(plan_of(file, on(backend)), x);
}

// fused runs the optimised graph, reference the graph as built.
void same_meaning(const OnnxFile& file, std::size_t inputs) {
  std::vector<float> x(inputs);
  for (std::size_t i = 0; i < inputs; ++i) {
    x[i] = 0.7F * std::sin(static_cast<float>(3 * i + 1));
  }
  const auto a = run(file, "fused", x), b = run(file, "reference", x);
  for (std::size_t i = 0; i < a.size(); ++i) {
    cr_assert(std::fabs(a[i] - b[i]) <= 1e-5F * (1 + std::fabs(b[i])),
              "%zu: %g %g", i, double(a[i]), double(b[i]));
  }
}

void becomes(const OnnxFile& file, const char* ops, std::size_t inputs) {
  const std::string got = compiled(file);
  cr_assert_str_eq(got.c_str(), ops);
  same_meaning(file, inputs);
}

OnnxFile two_to_two() {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2});
  f.weight(tensor("w", {2, 2}, {1, -2, 3, 4}));
  f.weight(tensor("b", {2}, {0.5F, -0.25F}));
  f.weight(tensor("c", {2}, {3, 0.5F}));
  return f;
}

}  // namespace

Test(passes, matmul_and_add_become_one_layer) {
  OnnxFile f = two_to_two();
  f.node("MatMul", {"x", "w"}, {"m"}).node("Add", {"b", "m"}, {"y"});
  becomes(f, "Linear", 2);
}

Test(passes, gemm_keeps_alpha_beta_and_both_transpositions) {
  for (const int transposed : {0, 1}) {
    OnnxFile f = two_to_two();
    f.node("Gemm", {"x", "w", "b"}, {"y"},
           {real_attribute("alpha", 0.5F), real_attribute("beta", 2),
            int_attribute("transB", transposed)});
    becomes(f, "Linear", 2);
  }
}

Test(passes, a_chain_of_layers_without_activation_becomes_one) {
  OnnxFile f = two_to_two();
  f.node("Gemm", {"x", "w", "b"}, {"h"}).node("Gemm", {"h", "w", "b"}, {"y"});
  becomes(f, "Linear", 2);
}

Test(passes, a_chain_through_a_bottleneck_stays_two) {
  OnnxFile f;
  f.input("x", {1, 8}).output("y", {1, 8});
  f.weight(tensor("w", {8, 1}, std::vector<float>(8, 0.5F)));
  f.weight(tensor("v", {1, 8}, std::vector<float>(8, 0.25F)));
  f.node("MatMul", {"x", "w"}, {"h"}).node("MatMul", {"h", "v"}, {"y"});
  becomes(f, "Linear Linear", 8);
}

Test(passes, the_observation_normaliser_goes_into_the_first_layer) {
  for (const char* scale : {"Div", "Mul"}) {
    OnnxFile f = two_to_two();
    f.node("Sub", {"x", "b"}, {"s"}).node(scale, {"s", "c"}, {"n"});
    f.node("MatMul", {"n", "w"}, {"y"});
    becomes(f, "Linear", 2);
  }
}

Test(passes, a_mean_far_from_zero_stays_a_subtraction) {
  OnnxFile f = two_to_two();
  f.weight(tensor("far", {2}, {1000, 0})).weight(tensor("sd", {2}, {0.1F, 1}));
  f.node("Sub", {"x", "far"}, {"s"}).node("Div", {"s", "sd"}, {"n"});
  f.node("MatMul", {"n", "w"}, {"y"});
  becomes(f, "Affine Linear", 2);
}

Test(passes, scale_and_offset_behind_a_layer_go_into_it) {
  OnnxFile f = two_to_two();
  f.node("MatMul", {"x", "w"}, {"m"}).node("Mul", {"m", "c"}, {"s"});
  f.node("Sub", {"b", "s"}, {"y"});
  becomes(f, "Linear", 2);
}

Test(passes, silu_and_mish_are_recognised) {
  OnnxFile silu = two_to_two();
  silu.node("Sigmoid", {"x"}, {"s"}).node("Mul", {"s", "x"}, {"y"});
  becomes(silu, "Silu", 2);
  OnnxFile mish = two_to_two();
  mish.node("Softplus", {"x"}, {"s"}).node("Tanh", {"s"}, {"t"});
  mish.node("Mul", {"x", "t"}, {"y"});
  becomes(mish, "Mish", 2);
}

Test(passes, a_gate_by_another_value_is_no_silu) {
  OnnxFile f = two_to_two();
  f.node("Sigmoid", {"x"}, {"s"}).node("Tanh", {"x"}, {"t"});
  f.node("Mul", {"s", "t"}, {"y"});
  becomes(f, "Sigmoid Tanh Mul", 2);
}

Test(passes, gelu_as_pytorch_writes_it_is_recognised) {
  OnnxFile f = two_to_two();
  f.weight(tensor("r2", {}, {1.41421354F})).weight(tensor("one", {}, {1}));
  f.weight(tensor("half", {}, {0.5F}));
  f.node("Div", {"x", "r2"}, {"d"}).node("Erf", {"d"}, {"e"});
  f.node("Add", {"e", "one"}, {"a"}).node("Mul", {"x", "a"}, {"m"});
  f.node("Mul", {"m", "half"}, {"y"});
  becomes(f, "Gelu", 2);
}

Test(passes, renames_cost_nothing) {
  OnnxFile f = two_to_two();
  f.weight(int_tensor("axis", {1}, {1}));
  f.node("Identity", {"x"}, {"i"}).node("Dropout", {"i"}, {"d"});
  f.node("Flatten", {"d"}, {"f"}).node("Unsqueeze", {"f", "axis"}, {"u"});
  f.node("MatMul", {"u", "w"}, {"m"}).node("Squeeze", {"m", "axis"}, {"s"});
  f.node("Tanh", {"s"}, {"y"});
  becomes(f, "Linear Tanh", 2);
}

Test(passes, a_split_output_narrows_its_layer) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2}).opset(11);
  f.weight(tensor("w", {2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}));
  f.node("MatMul", {"x", "w"}, {"m"}).node("Tanh", {"m"}, {"t"});
  f.node("Split", {"t"}, {"a", "y"}, {int_attribute("axis", -1)});
  becomes(f, "Linear Tanh", 2);
}

Test(passes, what_no_selected_output_needs_is_gone) {
  OnnxFile f = two_to_two();
  f.output("value", {1, 2});
  f.node("MatMul", {"x", "w"}, {"y"}).node("Exp", {"x"}, {"value"});
  const std::string got = compiled(f, {"y"});
  cr_assert_str_eq(got.c_str(), "Linear");
}

Test(passes, shape_arithmetic_folds_away) {
  OnnxFile f = two_to_two();
  f.node("Shape", {"x"}, {"s"}).node("ConstantOfShape", {"s"}, {"zero"});
  f.node("Add", {"zero", "x"}, {"a"}).node("Expand", {"a", "s"}, {"e"});
  f.node("Tanh", {"e"}, {"y"});
  becomes(f, "Tanh", 2);
}

Test(passes, a_bias_for_every_row_is_the_layers) {
  OnnxFile f;
  f.input("x", {3, 2}).output("y", {3, 2});
  f.weight(tensor("w", {2, 2}, {1, 2, 3, 4})).weight(tensor("b", {2}, {5, 6}));
  f.node("MatMul", {"x", "w"}, {"p"}).node("Add", {"p", "b"}, {"y"});
  cr_assert(compiled(f) == "Linear", "%s", compiled(f).c_str());
  same_meaning(f, 6);
}

Test(passes, a_bias_of_one_row_stays_apart) {
  OnnxFile f;
  f.input("x", {2, 2}).output("y", {2, 2});
  f.weight(tensor("w", {2, 2}, {1, 2, 3, 4}));
  f.weight(tensor("b", {2, 2}, {5, 6, 7, 8}));
  f.node("MatMul", {"x", "w"}, {"p"}).node("Add", {"p", "b"}, {"y"});
  cr_assert(compiled(f) == "Linear Affine", "%s", compiled(f).c_str());
  same_meaning(f, 4);
}

Test(passes, batch_normalisation_is_the_convolutions) {
  OnnxFile f;
  f.input("x", {2, 1, 4}).output("y", {2, 2, 3});
  f.weight(tensor("w", {2, 1, 2}, {1, 2, 3, 4}));
  for (const char* part : {"scale", "shift", "mean", "variance"})
    f.weight(tensor(part, {2}, {1.5F, 0.5F}));
  f.node("Conv", {"x", "w"}, {"c"});
  f.node("BatchNormalization", {"c", "scale", "shift", "mean", "variance"},
         {"y"});
  cr_assert(compiled(f) == "Conv", "%s", compiled(f).c_str());
  same_meaning(f, 8);
}

Test(passes, a_renamed_convolution_stays_apart) {
  OnnxFile f;
  f.input("x", {1, 1, 4}).output("y", {1, 6});
  f.weight(tensor("w", {2, 1, 2}, {1, 2, 3, 4}));
  f.weight(tensor("k", {}, {2}));
  f.node("Conv", {"x", "w"}, {"c"}).node("Flatten", {"c"}, {"d"});
  f.node("Mul", {"d", "k"}, {"y"});
  cr_assert(compiled(f) == "Conv Affine", "%s", compiled(f).c_str());
  same_meaning(f, 4);
}

Test(passes, what_differs_within_a_channel_stays_apart) {
  OnnxFile f;
  f.input("x", {1, 1, 4}).output("y", {1, 2, 3});
  f.weight(tensor("w", {2, 1, 2}, {1, 2, 3, 4}));
  f.weight(tensor("b", {3}, {1, 2, 3}));
  f.node("Conv", {"x", "w"}, {"c"}).node("Add", {"c", "b"}, {"y"});
  cr_assert(compiled(f) == "Conv Affine", "%s", compiled(f).c_str());
  same_meaning(f, 4);
}

Test(passes, a_square_is_a_product) {
  OnnxFile f;
  f.input("x", {3}).output("y", {3});
  f.weight(tensor("two", {}, {2}));
  f.node("Pow", {"x", "two"}, {"y"});
  cr_assert(compiled(f) == "Mul", "%s", compiled(f).c_str());
  same_meaning(f, 3);
}

// Its variance is constant, its mean is not: of the variance nothing is left
// to compute.
Test(passes, what_is_constant_in_a_computed_norm_is_computed_once) {
  OnnxFile f;
  f.input("x", {2, 2}).output("y", {2, 2});
  for (const char* part : {"scale", "shift", "variance"})
    f.weight(tensor(part, {2}, {1.5F, 0.5F}));
  f.weight(tensor("w", {2, 2}, {1, 2, 3, 4}));
  f.weight(int_tensor("axis", {1}, {0}));
  f.node("ReduceSum", {"x", "axis"}, {"mean"}, {int_attribute("keepdims", 0)});
  f.node("BatchNormalization", {"x", "scale", "shift", "mean", "variance"},
         {"y"});
  becomes(f, "ReduceSum Reshape Reshape Sub Affine Reshape", 4);
}

Test(passes, a_scaled_product_with_a_bias_for_each_row_is_a_layer) {
  OnnxFile f;
  f.input("x", {2, 2}).output("y", {2, 2});
  f.weight(tensor("w", {2, 2}, {1, 2, 3, 4}));
  f.weight(tensor("b", {2, 2}, {5, 6, 7, 8}));
  f.node("Gemm", {"x", "w", "b"}, {"y"},
         {real_attribute("alpha", 0.5F), real_attribute("beta", 2)});
  becomes(f, "Linear Affine", 4);
}

Test(passes, a_vector_times_constant_matrices_is_a_product_of_matrices) {
  OnnxFile f;
  f.input("x", {2}).output("y", {2, 3});
  f.weight(tensor("w", {2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 7, 6}));
  f.node("MatMul", {"x", "w"}, {"y"});
  becomes(f, "Reshape MatMul Reshape", 2);
}
