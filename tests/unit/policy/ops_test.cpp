// SPDX-License-Identifier: MIT
// Operators one by one on `reference` and `fused`: small cases computed by
// hand, and the one-line errors for what is refused. ONNX's own node tests are
// tests/oracle/node_tests.sh.
#include <criterion/criterion.h>

#include <cmath>
#include <numeric>
#include <string>

#include "onnx_writer.hpp"
#include "policy/plan.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

using Floats = std::vector<float>;

// One node "x", weights… → "y".
struct OneOp {
  std::string op;
  Dims x;
  std::vector<Message> weights = {};
  std::vector<std::string> inputs = {"x"};
  std::vector<Message> attributes = {};
  uint64_t opset = 17;
  std::vector<std::string> outputs = {"y"};

  [[nodiscard]] Result<ModelPlan::Ptr> load(
      const char* backend = "reference") const {
    OnnxFile f;
    f.input("x", x).output(outputs.back(), {});
    for (const auto& w : weights) f.weight(w);
    f.node(op, inputs, outputs, attributes).opset(opset);
    Options options;
    options.backend = backend;
    const std::string bytes = f.bytes();
    return ModelPlan::from_image(as_image(bytes), "op.onnx", options);
  }
};

struct Answer {
  Dims dims;
  Floats y;
};

Answer answer(const OneOp& op, const Floats& x,
              const char* backend = "reference") {
  auto plan = op.load(backend);
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  auto context = Context::make(*plan);
  cr_assert(bool(context));
  const auto& d = (*plan)->describe();
  cr_assert_eq(d.inputs[0].size, x.size());
  Answer a{d.outputs[0].shape, Floats(d.outputs[0].size)};
  const InputView in{x.data()};
  const OutputView out(a.y);
  static_cast<void>(context->run({&in, 1}, {&out, 1}));
  return a;
}

std::string text_of(const Floats& values) {
  std::string text;
  for (const float v : values) text += std::to_string(v) + " ";
  return text;
}

void expect_on(const char* backend, const OneOp& op, const Floats& x,
               const Dims& dims, const Floats& want) {
  const Answer a = answer(op, x, backend);
  cr_assert(a.dims == dims, "%s: rank %zu", op.op.c_str(), a.dims.size());
  cr_assert_eq(a.y.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    const bool same = a.y[i] == want[i] ||
                      std::fabs(a.y[i] - want[i]) <= 1e-5F ||
                      (std::isnan(a.y[i]) && std::isnan(want[i]));
    cr_expect(same, "%s on %s: %s, not %s", op.op.c_str(), backend,
              text_of(a.y).c_str(), text_of(want).c_str());
  }
}

void expect(const OneOp& op, const Floats& x, const Dims& dims,
            const Floats& want) {
  for (const char* backend : {"reference", "fused"})
    expect_on(backend, op, x, dims, want);
}

// The error names operator, node, opset, and says `part`.
void refused(const OneOp& op, const std::string& part) {
  auto plan = op.load();
  cr_assert_not(bool(plan), "%s loaded, not refused: %s", op.op.c_str(),
                part.c_str());
  const std::string text = plan.error().text();
  for (const std::string& want : {op.op + " (node '" + op.op + "_node'",
                                  "opset " + std::to_string(op.opset), part}) {
    cr_expect(text.find(want) != std::string::npos, "'%s' does not say '%s'",
              text.c_str(), want.c_str());
  }
  cr_expect_eq(plan.error().exit_code(), 2);
  cr_expect_eq(text.find('\n'), std::string::npos);
}

Floats count_up(std::size_t n) {
  Floats v(n);
  std::iota(v.begin(), v.end(), 1.0F);
  return v;
}

Message ints(const char* name, const Dims& values) {
  return ints_attribute(name, values);
}

}  // namespace

// ------------------------------------------------------------ convolutions

namespace {

OneOp conv1d(const std::vector<Message>& attributes = {}) {
  return {"Conv",
          {1, 1, 5},
          {tensor("w", {1, 1, 3}, {1, 10, 100})},
          {"x", "w"},
          attributes};
}

OneOp conv2d(const std::vector<Message>& attributes = {}) {
  return {"Conv",
          {1, 1, 3, 3},
          {tensor("w", {1, 1, 2, 2}, {1, 0, 0, 1}), tensor("b", {1}, {0.5F})},
          {"x", "w", "b"},
          attributes};
}

OneOp transposed(const std::vector<Message>& attributes = {}) {
  return {"ConvTranspose",
          {1, 1, 3},
          {tensor("w", {1, 1, 2}, {1, 10})},
          {"x", "w"},
          attributes};
}

}  // namespace

Test(conv, slides_over_one_axis) {
  expect(conv1d(), count_up(5), {1, 1, 3}, {321, 432, 543});
}

Test(conv, strides_dilations_and_pads) {
  expect(conv1d({ints("strides", {2})}), count_up(5), {1, 1, 2}, {321, 543});
  expect(conv1d({ints("dilations", {2})}), count_up(5), {1, 1, 1}, {531});
  expect(conv1d({ints("pads", {1, 0})}), count_up(5), {1, 1, 4},
         {210, 321, 432, 543});
}

Test(conv, pads_wider_than_the_kernel_give_the_bias) {
  OneOp op = conv1d({ints("pads", {0, 4})});
  expect(op, count_up(5), {1, 1, 7}, {321, 432, 543, 54, 5, 0, 0});
}

Test(conv, auto_pad_puts_the_odd_one_where_it_says) {
  OneOp op{"Conv",
           {1, 1, 4},
           {tensor("w", {1, 1, 2}, {1, 10})},
           {"x", "w"},
           {text_attribute("auto_pad", "SAME_UPPER")}};
  expect(op, count_up(4), {1, 1, 4}, {21, 32, 43, 4});
  op.attributes = {text_attribute("auto_pad", "SAME_LOWER")};
  expect(op, count_up(4), {1, 1, 4}, {10, 21, 32, 43});
  op.attributes = {text_attribute("auto_pad", "VALID")};
  expect(op, count_up(4), {1, 1, 3}, {21, 32, 43});
}

Test(conv, two_axes_with_bias) {
  expect(conv2d(), count_up(9), {1, 1, 2, 2}, {6.5F, 8.5F, 12.5F, 14.5F});
  expect(conv2d({ints("pads", {0, 1, 0, 0})}), count_up(9), {1, 1, 2, 3},
         {4.5F, 6.5F, 8.5F, 7.5F, 12.5F, 14.5F});
}

Test(conv, groups_see_their_own_channels) {
  OneOp op{"Conv",
           {1, 2, 2},
           {tensor("w", {4, 1, 1}, {1, 2, 3, 4})},
           {"x", "w"},
           {int_attribute("group", 2)}};
  expect(op, {1, 2, 10, 20}, {1, 4, 2}, {1, 2, 2, 4, 30, 60, 40, 80});
}

Test(conv, transposed_spreads_each_element) {
  expect(transposed(), {1, 2, 3}, {1, 1, 4}, {1, 12, 23, 30});
  expect(transposed({ints("strides", {2})}), {1, 2, 3}, {1, 1, 6},
         {1, 10, 2, 20, 3, 30});
  expect(transposed({ints("strides", {2}), ints("output_padding", {1})}),
         {1, 2, 3}, {1, 1, 7}, {1, 10, 2, 20, 3, 30, 0});
  expect(transposed({ints("pads", {1, 1})}), {1, 2, 3}, {1, 1, 2}, {12, 23});
  expect(transposed({ints("dilations", {2})}), {1, 2, 3}, {1, 1, 5},
         {1, 2, 13, 20, 30});
}

Test(conv, transposed_to_a_given_shape) {
  expect(transposed({ints("strides", {2}), ints("output_shape", {5})}),
         {1, 2, 3}, {1, 1, 5}, {10, 2, 20, 3, 30});
  expect(transposed({ints("strides", {2}), ints("output_shape", {8})}),
         {1, 2, 3}, {1, 1, 8}, {1, 10, 2, 20, 3, 30, 0, 0});
}

Test(conv, transposed_groups_see_their_own_channels) {
  OneOp op{"ConvTranspose",
           {1, 2, 1},
           {tensor("w", {2, 2, 1}, {1, 2, 3, 4})},
           {"x", "w"},
           {int_attribute("group", 2)}};
  expect(op, {1, 10}, {1, 4, 1}, {1, 2, 30, 40});
}

Test(conv, refuses_what_does_not_fit) {
  refused(conv1d({ints("kernel_shape", {2})}), "kernel_shape");
  refused(conv1d({ints("strides", {0})}), "strides");
  refused(conv1d({ints("strides", {1, 1})}), "strides");
  refused(conv1d({ints("pads", {1})}), "pads");
  refused(conv1d({ints("pads", {-1, 0})}), "pads");
  refused(conv1d({ints("dilations", {9})}), "kernel of 19 over 5");
  refused(conv1d({text_attribute("auto_pad", "SAME")}), "auto_pad 'SAME'");
  refused(conv1d({int_attribute("group", 2)}), "groups");
  OneOp op = conv2d();
  op.weights[1] = tensor("b", {2}, {0, 0});
  refused(op, "bias");
  op = conv2d();
  op.x = {1, 9};
  refused(op, "do not fit");
  refused(transposed({ints("output_padding", {-1})}), "output_padding");
  refused(transposed({ints("output_shape", {1, 2, 3, 4})}), "output_shape");
  refused(transposed({ints("pads", {2, 2})}), "padding 4 of 4");
}

Test(conv, refuses_seconds_of_work) {
  OneOp op{"Conv",
           {1, 64, 512, 512},
           {tensor("w", {64, 64, 3, 3}, Floats(64 * 64 * 9, 0.0F))},
           {"x", "w"}};
  refused(op, "not a policy for one observation");
}

// ------------------------------------------------------------------- pools

namespace {

OneOp pool(const char* op, std::vector<Message> attributes,
           Dims x = {1, 1, 5}) {
  return {op, std::move(x), {}, {"x"}, std::move(attributes), 19};
}

const Message kTwo = ints("kernel_shape", {2});
const Message kThree = ints("kernel_shape", {3});
const Message kStride = ints("strides", {2});

}  // namespace

Test(pool, takes_the_largest) {
  const Floats x = {1, 5, 2, 4, 3};
  expect(pool("MaxPool", {kTwo}), x, {1, 1, 4}, {5, 5, 4, 4});
  expect(pool("MaxPool", {kTwo, kStride}), x, {1, 1, 2}, {5, 4});
  expect(pool("MaxPool", {kTwo, kStride, int_attribute("ceil_mode", 1)}), x,
         {1, 1, 3}, {5, 4, 3});
  expect(pool("MaxPool", {kTwo, ints("dilations", {3})}), x, {1, 1, 2}, {4, 5});
  expect(pool("MaxPool", {kTwo, ints("pads", {1, 0})}), {-1, -2, -3, -4, -5},
         {1, 1, 5}, {-1, -1, -2, -3, -4});
}

Test(pool, a_nan_is_not_lost) {
  expect(pool("MaxPool", {kTwo}), {1, NAN, 2, 4, 3}, {1, 1, 4},
         {NAN, NAN, 4, 4});
}

Test(pool, says_where_the_largest_was) {
  OneOp op = pool("MaxPool", {ints("kernel_shape", {2, 2})}, {1, 2, 2, 2});
  op.outputs = {"values", "y"};
  const Floats x = {1, 9, 2, 3, 4, 5, 8, 6};
  expect(op, x, {1, 2, 1, 1}, {1, 6});
  op.attributes.push_back(int_attribute("storage_order", 1));
  expect(op, x, {1, 2, 1, 1}, {2, 5});
}

Test(pool, averages_with_and_without_the_padding) {
  const Floats x = {2, 4, 6, 8, 10};
  const Message pads = ints("pads", {1, 1});
  expect(pool("AveragePool", {kThree, pads}), x, {1, 1, 5}, {3, 4, 6, 8, 9});
  expect(pool("AveragePool",
              {kThree, pads, int_attribute("count_include_pad", 1)}),
         x, {1, 1, 5}, {2, 4, 6, 8, 6});
}

Test(pool, cells_beyond_the_padding_never_count) {
  expect(pool("AveragePool", {kTwo, kStride, int_attribute("ceil_mode", 1),
                              int_attribute("count_include_pad", 1)}),
         {2, 4, 6, 8, 10}, {1, 1, 3}, {3, 7, 10});
  expect(pool("AveragePool",
              {kThree, kStride, ints("dilations", {2}),
               int_attribute("ceil_mode", 1),
               int_attribute("count_include_pad", 1)},
              {1, 1, 6}),
         {1, 2, 3, 4, 5, 6}, {1, 1, 2}, {3, 4});
}

Test(pool, a_place_in_the_padding_behind_is_left_out) {
  expect(
      pool("MaxPool",
           {ints("kernel_shape", {1}), kStride, int_attribute("ceil_mode", 1)},
           {1, 1, 2}),
      {1, 2}, {1, 1, 1}, {1});
}

Test(pool, global_ones_cover_everything) {
  const Floats x = {1, 2, 3, 6, -1, -2, -3, -6};
  expect(pool("GlobalAveragePool", {}, {1, 2, 2, 2}), x, {1, 2, 1, 1}, {3, -3});
  expect(pool("GlobalMaxPool", {}, {1, 2, 4}), x, {1, 2, 1}, {6, -1});
}

Test(pool, refuses_what_does_not_fit) {
  refused(pool("MaxPool", {}), "kernel_shape");
  refused(pool("MaxPool", {ints("kernel_shape", {6})}), "kernel of 6 over 5");
  refused(pool("MaxPool", {kTwo, ints("pads", {2, 0})}), "padding");
  refused(pool("MaxPool",
               {ints("kernel_shape", {1}), kStride,
                text_attribute("auto_pad", "SAME_UPPER")},
               {1, 1, 6}),
          "SAME");
  refused(pool("MaxPool", {kTwo, ints("dilations", {2}),
                           text_attribute("auto_pad", "SAME_UPPER")}),
          "SAME");
  refused(pool("GlobalMaxPool", {}, {1, 3}), "spatial");
  refused(pool("AveragePool", {kTwo}, {1, 1, 1, 1, 1, 5}), "spatial");
}

// ----------------------------------------------------------- normalisation

namespace {

OneOp norm(const char* op, const Dims& x, const Floats& scale,
           std::vector<Message> attributes) {
  const auto n = static_cast<int64_t>(scale.size());
  attributes.push_back(real_attribute("epsilon", 0));
  return {op,
          x,
          {tensor("s", {n}, scale), tensor("b", {n}, Floats(scale.size(), 1))},
          {"x", "s", "b"},
          std::move(attributes),
          21};
}

}  // namespace

Test(norm, instances_and_groups) {
  const Floats x = {1, 3, 10, 30};
  expect(norm("InstanceNormalization", {1, 2, 2}, {1, 2}, {}), x, {1, 2, 2},
         {0, 2, -1, 3});
  const Floats y = {1, 1, 3, 3};
  const Message one = int_attribute("num_groups", 1);
  expect(norm("GroupNormalization", {1, 2, 2}, {1, 2}, {one}), y, {1, 2, 2},
         {0, 0, 3, 3});
  expect(norm("GroupNormalization", {1, 2, 2}, {3}, {one}), y, {1, 2, 2},
         {-2, -2, 4, 4});
}

Test(norm, layers_give_mean_and_inverse_deviation) {
  OneOp op = norm("LayerNormalization", {1, 2, 2}, {1, 1}, {});
  const Floats x = {1, 3, 10, 30};
  expect(op, x, {1, 2, 2}, {0, 2, 0, 2});
  op.outputs = {"values", "y"};
  expect(op, x, {1, 2, 1}, {2, 20});
  op.outputs = {"values", "mean", "y"};
  expect(op, x, {1, 2, 1}, {1, 0.1F});
}

Test(norm, refuses_what_does_not_fit) {
  refused(norm("GroupNormalization", {1, 3, 2}, {1, 1}, {}), "groups");
  refused(norm("GroupNormalization", {1, 4, 2}, {1, 1, 1},
               {int_attribute("num_groups", 2)}),
          "scale");
  refused(norm("InstanceNormalization", {1, 2, 2}, {1, 1, 1}, {}), "scale");
}

// ------------------------------------------------------------- quantisation

namespace {

OneOp quantize(const Message& scale, const Message& zero,
               std::vector<Message> attributes = {}, Dims x = {2, 2}) {
  return {"QuantizeLinear",       std::move(x),          {scale, zero},
          {"x", "scale", "zero"}, std::move(attributes), 21};
}

// int8 weights back to floats.
OneOp dequantize(const Message& q, const Message& scale,
                 const std::vector<Message>& attributes = {}) {
  return {"DequantizeLinear", {1}, {q, scale}, {"q", "scale"}, attributes, 21};
}

const Message kHalf = tensor("scale", {}, {0.5F});
const Message kZero8 = typed_tensor<int8_t>(3, "zero", {}, {0});

}  // namespace

Test(quant, rounds_half_to_even_and_saturates) {
  expect(quantize(kHalf, kZero8), {0.25F, 0.75F, 1000, -1000}, {2, 2},
         {0, 2, 127, -128});
  expect(quantize(kHalf, typed_tensor<uint8_t>(2, "zero", {}, {128})),
         {-0.5F, 0.5F, 1000, -1000}, {2, 2}, {127, 129, 255, 0});
}

Test(quant, a_nan_stays_one) {
  expect(quantize(kHalf, kZero8), {NAN, 0, 0, 0}, {2, 2}, {NAN, 0, 0, 0});
}

Test(quant, per_axis_and_in_blocks) {
  expect(quantize(tensor("scale", {2}, {1, 0.5F}),
                  typed_tensor<int8_t>(3, "zero", {2}, {0, 1})),
         {1, 1, 2, 2}, {2, 2}, {1, 3, 2, 5});
  expect(quantize(tensor("scale", {2}, {1, 0.5F}),
                  typed_tensor<int8_t>(3, "zero", {2}, {0, 1}),
                  {int_attribute("axis", 0)}),
         {1, 1, 2, 2}, {2, 2}, {1, 1, 5, 5});
  expect(quantize(tensor("scale", {1, 2}, {1, 0.5F}),
                  typed_tensor<int8_t>(3, "zero", {1, 2}, {0, 0}),
                  {int_attribute("block_size", 2)}, {1, 4}),
         {1, 2, 3, 4}, {1, 4}, {1, 2, 6, 8});
}

Test(quant, weights_come_back_as_floats) {
  OnnxFile f;
  f.input("x", {2}).output("y", {2}).opset(13);
  f.weight(typed_tensor<int8_t>(3, "q", {2}, {-128, 127}));
  f.weight(tensor("scale", {2}, {0.5F, 2}));
  f.weight(typed_tensor<int8_t>(3, "zero", {2}, {0, -1}));
  f.node("DequantizeLinear", {"q", "scale", "zero"}, {"w"},
         {int_attribute("axis", 0)});
  f.node("Add", {"x", "w"}, {"y"});
  const std::string bytes = f.bytes();
  Options options;
  options.backend = "reference";
  auto plan = ModelPlan::from_image(as_image(bytes), "q.onnx", options);
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  auto context = Context::make(*plan);
  const float x[] = {0, 0};
  Floats y(2);
  const InputView in{x};
  const OutputView out(y);
  cr_assert(context->run({&in, 1}, {&out, 1}) == Status::kOk);
  cr_assert_eq(y[0], -64.0F);
  cr_assert_eq(y[1], 256.0F);
}

Test(quant, refuses_what_does_not_fit) {
  refused(quantize(kHalf, int_tensor("zero", {}, {0})),
          "from float32 to int64");
  refused(quantize(tensor("scale", {3}, {1, 1, 1}),
                   typed_tensor<int8_t>(3, "zero", {3}, {0, 0, 0})),
          "scale fits neither");
  refused(quantize(kHalf, typed_tensor<int8_t>(3, "zero", {2}, {0, 0})),
          "differ in size");
  refused(dequantize(tensor("q", {2}, {1, 1}), kHalf), "from float32");
}

// ---------------------------------------------------------------- recurrent

namespace {

// One unit, weights 1 and recurrent 0.5, two steps.
OneOp rnn(std::vector<Message> attributes, Dims x = {2, 1, 1}) {
  attributes.push_back(int_attribute("hidden_size", 1));
  return {"RNN",
          std::move(x),
          {tensor("w", {1, 1, 1}, {1}), tensor("r", {1, 1, 1}, {0.5F})},
          {"x", "w", "r"},
          std::move(attributes)};
}

}  // namespace

Test(recurrent, a_plain_layer_takes_its_activation) {
  const float first = std::tanh(1.0F);
  expect(rnn({}), {1, 2}, {2, 1, 1, 1}, {first, std::tanh(2 + first / 2)});
  expect(rnn({texts_attribute("activations", {"Relu"})}), {-1, 2}, {2, 1, 1, 1},
         {0, 2});
}

Test(recurrent, layout_1_has_the_batch_first) {
  expect(rnn({int_attribute("layout", 1),
              texts_attribute("activations", {"Relu"})},
             {2, 2, 1}),
         {1, 2, 10, 20}, {2, 2, 1, 1}, {1, 2.5F, 10, 25});
}

Test(recurrent, the_first_output_may_be_left_out) {
  OneOp op = rnn({texts_attribute("activations", {"Relu"})});
  op.outputs = {"", "y"};
  expect(op, {1, 2}, {1, 1, 1}, {2.5F});
}

Test(recurrent, peepholes_see_the_cell) {
  // All weights 0: gates see only the cell, 1 at the start.
  OneOp op{"LSTM",
           {1, 1, 1},
           {tensor("w", {1, 4, 1}, {0, 0, 0, 0}),
            tensor("r", {1, 4, 1}, {0, 0, 0, 0}), tensor("h", {1, 1, 1}, {0}),
            tensor("c", {1, 1, 1}, {1}), tensor("p", {1, 3}, {5, 2, 3})},
           {"x", "w", "r", "", "", "h", "c", "p"},
           {int_attribute("hidden_size", 1)}};
  const auto sigmoid = [](float v) { return 1 / (1 + std::exp(-v)); };
  const float c = sigmoid(3);  // the candidate is tanh(0)
  expect(op, {0}, {1, 1, 1, 1}, {sigmoid(2 * c) * std::tanh(c)});
}

Test(recurrent, full_sequence_lengths_are_none) {
  OneOp op = rnn({});
  op.inputs = {"x", "w", "r", "", "lengths"};
  op.weights.push_back(typed_tensor<int32_t>(6, "lengths", {1}, {2}));
  cr_assert(bool(op.load()));
  op.weights.back() = typed_tensor<int32_t>(6, "lengths", {1}, {1});
  refused(op, "sequence lengths");
}

Test(recurrent, refuses_what_it_would_compute_otherwise) {
  refused(rnn({real_attribute("clip", 0)}), "clip");
  refused(rnn({texts_attribute("activations", {"Affine"})}), "'Affine'");
  refused(rnn({texts_attribute("activations", {"Relu", "Relu"})}),
          "2 activations, not 1");
  refused(rnn({int_attribute("input_forget", 1)}), "input_forget");
}

namespace {

// All weights 0: the gates see their biases alone.
OneOp by_bias(const std::string& op, const Floats& biases,
              std::vector<Message> attributes) {
  const auto gates = static_cast<int64_t>(biases.size());
  Floats bias = biases;
  bias.resize(2 * biases.size());
  const Floats zeros(biases.size());
  attributes.push_back(int_attribute("hidden_size", 1));
  return {op,
          {1, 1, 1},
          {tensor("w", {1, gates, 1}, zeros), tensor("r", {1, gates, 1}, zeros),
           tensor("b", {1, 2 * gates}, bias), tensor("h", {1, 1, 1}, {1})},
          {"x", "w", "r", "b", "", "h"},
          std::move(attributes)};
}

}  // namespace

Test(recurrent, gates_go_through_what_is_named) {
  const Dims dims{1, 1, 1, 1};
  // z = 0.75, candidate -2 · 0.1: (1 - z) n + z h.
  expect(by_bias("GRU", {1, 0, -2},
                 {texts_attribute("activations", {"HardSigmoid", "leakyrelu"}),
                  floats_attribute("activation_alpha", {0.25F, 0.1F})}),
         {0}, dims, {0.25F * -0.2F + 0.75F});
  // i = 0.5, o = 1, f = 0.5, of a cell that begins at 0: c = 0.5 · 3.
  expect(by_bias("LSTM", {0, 9, 0, 3},
                 {texts_attribute("activations",
                                  {"HardSigmoid", "Relu", "Softsign"})}),
         {0}, dims, {1.5F / 2.5F});
}

Test(recurrent, sums_are_clipped_but_not_the_cell) {
  const auto sigmoid = [](float v) { return 1 / (1 + std::exp(-v)); };
  const Dims dims{1, 1, 1, 1};
  const auto clip = real_attribute("clip", 0.5F);
  expect(by_bias("RNN", {9}, {clip}), {0}, dims, {std::tanh(0.5F)});
  OneOp op = by_bias("LSTM", {9, 9, 9, 9}, {clip});
  op.weights.push_back(tensor("c", {1, 1, 1}, {4}));
  op.inputs.push_back("c");
  const float gate = sigmoid(0.5F);
  const float cell = gate * 4 + gate * std::tanh(0.5F);
  expect(op, {0}, dims, {gate * std::tanh(cell)});
  expect(by_bias("GRU", {9, 9, 9}, {clip}), {0}, dims,
         {(1 - gate) * std::tanh(0.5F) + gate});
}

// ------------------------------------------------------------------- others

Test(ops, clip_bounds_may_be_computed) {
  OnnxFile f;
  f.input("x", {3}).input("low", {}).output("y", {3});
  f.weight(tensor("high", {}, {2}));
  f.node("Clip", {"x", "low", "high"}, {"y"});
  const std::string bytes = f.bytes();
  Options options;
  options.backend = "reference";
  auto plan = ModelPlan::from_image(as_image(bytes), "clip.onnx", options);
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  auto context = Context::make(*plan);
  const float x[] = {-5, 1, 5};
  Floats y(3);
  const OutputView out(y);
  for (const float low : {-1.0F, 3.0F}) {
    const InputView in[] = {{x}, {&low}};
    cr_assert(context->run(in, {&out, 1}) == Status::kOk);
    // A lower bound above the upper one: the upper one.
    cr_assert_eq(y[0], low < 2 ? low : 2.0F);
    cr_assert_eq(y[2], 2.0F);
  }
}

Test(ops, casts_to_narrow_integers_wrap) {
  OneOp op{"Cast", {3}, {}, {"x"}, {int_attribute("to", 2)}};
  expect(op, {255, 256, -1}, {3}, {255, 0, 255});
  op.attributes = {int_attribute("to", 3)};
  expect(op, {127, 128, -129}, {3}, {127, -128, 127});
}

Test(ops, arithmetic_that_would_wrap_is_refused) {
  OneOp op{"Add",
           {1},
           {typed_tensor<uint8_t>(2, "a", {1}, {200}),
            typed_tensor<uint8_t>(2, "b", {1}, {100})},
           {"a", "b"}};
  refused(op, "arithmetic on uint8");
}

Test(ops, a_mean_of_several) {
  OneOp op{"Mean", {2}, {tensor("a", {}, {3})}, {"x", "a"}};
  expect(op, {1, 5}, {2}, {2, 4});
}

// ------------------------------------------------------ element by element

Test(elements, ask_for_what_is_no_number) {
  const Floats odd{NAN, INFINITY, -INFINITY, 0};
  const auto flag = [](const char* name, int64_t value) {
    return std::vector{int_attribute(name, value)};
  };
  expect({"IsNaN", {4}}, odd, {4}, {1, 0, 0, 0});
  expect({"IsInf", {4}}, odd, {4}, {0, 1, 1, 0});
  expect({"IsInf", {4}, {}, {"x"}, flag("detect_negative", 0)}, odd, {4},
         {0, 1, 0, 0});
  expect({"IsInf", {4}, {}, {"x"}, flag("detect_positive", 0)}, odd, {4},
         {0, 0, 1, 0});
}

Test(elements, of_nan_are_nan) {
  for (const char* op : {"Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh",
                         "Cosh", "Round", "Sinh", "Tan", "ThresholdedRelu"})
    expect({op, {1}}, {NAN}, {1}, {NAN});
}

Test(elements, round_to_even_and_keep_what_is_above_a_threshold) {
  expect({"Round", {6}}, {0.5F, 1.5F, 2.5F, -0.5F, -1.5F, 2.4F}, {6},
         {0, 2, 2, -0.0F, -2, 2});
  expect({"ThresholdedRelu", {3}}, {0.9F, 1, 1.1F}, {3}, {0, 0, 1.1F});
  expect({"ThresholdedRelu", {3}, {}, {"x"}, {real_attribute("alpha", -1)}},
         {-1, -0.5F, 2}, {3}, {0, -0.5F, 2});
}

// ------------------------------------------------------------------- rows

Test(rows, the_smallest_and_the_largest_are_found) {
  const Floats x{3, 1, 1, -2, 5, 5};
  const auto last = int_attribute("select_last_index", 1);
  const auto axis = int_attribute("axis", 1);
  expect({"ArgMin", {2, 3}, {}, {"x"}, {axis}}, x, {2, 1}, {1, 0});
  expect({"ArgMin", {2, 3}, {}, {"x"}, {axis, last}}, x, {2, 1}, {2, 0});
  expect({"Hardmax", {2, 3}}, x, {2, 3}, {1, 0, 0, 0, 1, 0});
  expect({"Hardmax", {2, 3}, {}, {"x"}, {int_attribute("axis", 0)}}, x, {2, 3},
         {1, 0, 0, 0, 1, 1});
  // Before opset 13: over all axes from the first on.
  expect({"Hardmax", {2, 3}, {}, {"x"}, {int_attribute("axis", 0)}, 11}, x,
         {2, 3}, {0, 0, 0, 0, 1, 0});
}

Test(rows, logarithms_of_sums) {
  const auto all = int_attribute("keepdims", 0);
  expect({"ReduceLogSum", {3}, {}, {"x"}, {all}}, {1, 2, 4}, {},
         {std::log(7.0F)});
  // Where e^x alone has no float.
  expect({"ReduceLogSumExp", {2}, {}, {"x"}, {all}}, {200, 200}, {},
         {200 + std::log(2.0F)});
  expect({"ReduceLogSumExp", {2}, {}, {"x"}, {all}}, {-INFINITY, -INFINITY}, {},
         {-INFINITY});
  expect({"ReduceLogSumExp", {2}, {}, {"x"}, {all}}, {INFINITY, 0}, {},
         {INFINITY});
  expect({"ReduceLogSumExp", {2}, {}, {"x"}, {all}}, {NAN, 0}, {}, {NAN});
}

// ------------------------------------------------------- what adds elements

namespace {

OneOp pad(const Dims& dims, const Dims& pads, const char* mode = "constant") {
  return {"Pad",
          dims,
          {int_tensor("p", {static_cast<int64_t>(pads.size())}, pads)},
          {"x", "p"},
          {text_attribute("mode", mode)},
          19};
}

}  // namespace

Test(fill, pads_with_a_constant_and_cuts) {
  expect(pad({2, 2}, {1, 0, 0, 1}), {1, 2, 3, 4}, {3, 3},
         {0, 0, 0, 1, 2, 0, 3, 4, 0});
  expect(pad({4}, {-1, -2}), {1, 2, 3, 4}, {1}, {2});
  expect(pad({2}, {-3, 4}), {1, 2}, {3}, {0, 0, 0});
  expect(pad({2}, {0, 0}), {1, 2}, {2}, {1, 2});
  OneOp with = pad({2}, {1, 0});
  with.weights.push_back(tensor("v", {}, {9}));
  with.inputs.push_back("v");
  expect(with, {1, 2}, {3}, {9, 1, 2});
  expect({"Pad",
          {2},
          {},
          {"x"},
          {ints("pads", {0, 2}), real_attribute("value", 5)},
          10},
         {1, 2}, {4}, {1, 2, 5, 5});
}

Test(fill, pads_by_what_is_there) {
  const Floats x{1, 2, 3};
  expect(pad({3}, {2, 3}, "reflect"), x, {8}, {3, 2, 1, 2, 3, 2, 1, 2});
  expect(pad({3}, {2, 2}, "edge"), x, {7}, {1, 1, 1, 2, 3, 3, 3});
  expect(pad({3}, {2, 2}, "wrap"), x, {7}, {2, 3, 1, 2, 3, 1, 2});
  expect(pad({1}, {1, 1}, "reflect"), {4}, {3}, {4, 4, 4});
  refused(pad({3}, {-1, 2}, "edge"), "cut off");
  refused(pad({3}, {1, 2}, "around"), "mode 'around'");
  refused(pad({3}, {1}, "edge"), "differ in length");
  refused(pad({3}, {-9, 2}), "out of range");
}

Test(fill, pads_named_axes) {
  OneOp op = pad({1, 2}, {1, 0});
  op.weights.push_back(int_tensor("a", {1}, {-1}));
  op.inputs = {"x", "p", "", "a"};
  expect(op, {1, 2}, {1, 3}, {0, 1, 2});
}

Test(fill, tiles) {
  const OneOp op{"Tile", {2, 1}, {int_tensor("r", {2}, {2, 3})}, {"x", "r"}};
  expect(op, {1, 2}, {4, 3}, {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2});
}

Test(fill, blots_out_a_triangle) {
  const Floats x{1, NAN, 3, 4};
  expect({"Trilu", {2, 2}}, x, {2, 2}, {1, NAN, 0, 4});
  expect({"Trilu", {2, 2}, {}, {"x"}, {int_attribute("upper", 0)}}, x, {2, 2},
         {1, 0, 3, 4});
  expect({"Trilu", {2, 2}, {int_tensor("k", {}, {1})}, {"x", "k"}}, x, {2, 2},
         {0, NAN, 0, 0});
  refused({"Trilu", {3}}, "of no matrix");
}
