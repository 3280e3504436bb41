// SPDX-License-Identifier: MIT
// The product's ONNX writer: what is written is read back, and what was not
// touched stays as it was.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>
#include <limits>

#include "plan_rig.hpp"
#include "policy/onnx/writer.hpp"
#include "policy/plan.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

const onnx::External kNoExternal =
    [](const std::string& name) -> Result<std::span<const std::byte>> {
  return Error(ErrorCode::kBadInput, "external " + name);
};

onnx::Model parsed(const std::string& bytes) {
  auto model = onnx::parse(as_image(bytes), "m.onnx", kNoExternal);
  cr_assert(bool(model), "%s", model ? "" : model.error().text());
  return *model;
}

std::string rewritten(const std::string& bytes, const onnx::Model& model) {
  auto out = onnx::rewrite(as_image(bytes), model);
  cr_assert(bool(out), "%s", out ? "" : out.error().text());
  return *out;
}

// y = tanh(W x).
OnnxFile small() {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2});
  f.weight(tensor("w", {2, 2}, {1, 2, 3, 4}));
  f.node("MatMul", {"x", "w"}, {"z"}).node("Tanh", {"z"}, {"y"});
  f.metadata("producer.note", "kept").metadata("tactus.state", "{}");
  return f;
}

std::vector<float> run(const std::string& bytes, const std::vector<float>& x) {
  return test::run(plan_of(as_image(bytes)), x);
}

}  // namespace

Test(writer, an_unchanged_model_keeps_every_field) {
  const std::string bytes = small().bytes();
  const onnx::Model model = parsed(bytes);
  const std::string again = rewritten(bytes, model);
  // Only the order of fields may differ.
  cr_assert(again.size() == bytes.size());
  const onnx::Model back = parsed(again);
  cr_assert(back.producer == "test" && back.opset == 17);
  cr_assert(back.ir_version == 8);
  cr_assert(back.metadata.size() == 2);
  cr_assert(back.metadata[0].value == "kept");
  cr_assert(run(again, {0.1F, -0.2F}) == run(bytes, {0.1F, -0.2F}));
}

Test(writer, adds_nodes_and_replaces_initializers_and_metadata) {
  const std::string bytes = small().bytes();
  onnx::Model model = parsed(bytes);
  model.initializers[0] = std::make_shared<onnx::Tensor>(
      onnx::Tensor{"w", DType::kF32, {2, 1}, {2, 4}});
  model.initializers.push_back(std::make_shared<onnx::Tensor>(
      onnx::Tensor{"shift", DType::kF32, {1}, {0.5}}));
  model.nodes[0].outputs = {"raw"};
  onnx::Node add{"Add", "add", "", {"raw", "shift"}, {"z"}, {}};
  model.nodes.insert(model.nodes.begin() + 1, add);
  model.metadata = {{"k", "v"}};
  const std::string again = rewritten(bytes, model);
  const onnx::Model back = parsed(again);
  cr_assert(back.nodes.size() == 3 && back.nodes[1].op == "Add");
  cr_assert(back.metadata.size() == 1 && back.metadata[0].key == "k");
  const std::vector<float> y = run(again, {0.25F, -0.25F});
  cr_assert(y.size() == 1);
  cr_assert(std::fabs(y[0] - std::tanh(0.0F)) < 1e-6);
}

Test(writer, a_missing_node_or_initializer_is_left_out) {
  OnnxFile f = small();
  f.weight(tensor("unused", {1}, {7}));
  f.node("Neg", {"z"}, {"extra"});
  const std::string bytes = f.bytes();
  onnx::Model model = parsed(bytes);
  model.nodes.pop_back();
  model.initializers.pop_back();
  const onnx::Model back = parsed(rewritten(bytes, model));
  cr_assert(back.nodes.size() == 2 && back.initializers.size() == 1);
  cr_assert(back.initializers[0]->data == std::vector<double>({1, 2, 3, 4}));
}

Test(writer, attributes_of_new_nodes_are_read_back) {
  const std::string bytes = small().bytes();
  onnx::Model model = parsed(bytes);
  onnx::Attribute number, real, text, list;
  number.name = "to", number.type = 2, number.i = -3;
  real.name = "alpha", real.type = 1, real.f = 0.5F;
  text.name = "mode", text.type = 3, text.s = "up";
  list.name = "axes", list.type = 7, list.ints = {1, -1};
  model.nodes.push_back(
      {"Any", "n", "d", {"z"}, {"q"}, {number, real, text, list}});
  const onnx::Model back = parsed(rewritten(bytes, model));
  const onnx::Node& n = back.nodes.back();
  cr_assert(n.domain == "d" && n.attributes.size() == 4);
  cr_assert(n.attributes[0].i == -3 && n.attributes[1].f == 0.5F);
  cr_assert(n.attributes[2].s == "up");
  cr_assert(n.attributes[3].ints == std::vector<int64_t>({1, -1}));
}

Test(writer, tensors_of_every_type_come_back) {
  const std::string bytes = small().bytes();
  for (const DType type : {DType::kF32, DType::kF64, DType::kF16, DType::kBf16,
                           DType::kI64, DType::kI32, DType::kI16, DType::kI8}) {
    onnx::Model model = parsed(bytes);
    const std::vector<double> data = {0, 1, -2, 96, -128, 127};
    model.initializers.push_back(
        std::make_shared<onnx::Tensor>(onnx::Tensor{"t", type, {2, 3}, data}));
    const onnx::Model back = parsed(rewritten(bytes, model));
    cr_assert(back.initializers[1]->dtype == type);
    cr_assert(back.initializers[1]->data == data, "%s", name_of(type));
  }
}

Test(writer, halves_are_rounded_to_nearest_even) {
  const std::string bytes = small().bytes();
  onnx::Model model = parsed(bytes);
  const double tiny = std::ldexp(1.0, -24);
  model.initializers.push_back(std::make_shared<onnx::Tensor>(onnx::Tensor{
      "t", DType::kF16, {6}, {2049, 2051, 0.4 * tiny, 3 * tiny, -1e6, 65519}}));
  const onnx::Model back = parsed(rewritten(bytes, model));
  cr_assert(
      back.initializers[1]->data ==
      std::vector<double>({2048, 2052, 0, 3 * tiny,
                           -std::numeric_limits<double>::infinity(), 65504}));
}

Test(writer, integers_saturate) {
  const std::string bytes = small().bytes();
  onnx::Model model = parsed(bytes);
  model.initializers.push_back(std::make_shared<onnx::Tensor>(
      onnx::Tensor{"t", DType::kI8, {3}, {300, -300, 5}}));
  const onnx::Model back = parsed(rewritten(bytes, model));
  cr_assert(back.initializers[1]->data == std::vector<double>({127, -128, 5}));
}

// Files before IR version 4 list initializers as inputs, with their shapes.
Test(writer, inputs_that_are_initializers_follow_them) {
  OnnxFile f = small();
  f.input("w", {2, 2});
  std::string bytes = f.bytes();
  cr_assert(bytes[1] == 8);
  bytes[1] = 3;  // ir_version
  onnx::Model model = parsed(bytes);
  cr_assert(model.inputs.size() == 1 && model.ir_version == 3);
  model.initializers[0] = std::make_shared<onnx::Tensor>(
      onnx::Tensor{"w2", DType::kF32, {2, 1}, {2, 4}});
  model.nodes[0].inputs[1] = "w2";
  const std::string again = rewritten(bytes, model);
  const onnx::Model back = parsed(again);
  cr_assert(back.inputs.size() == 1, "%zu", back.inputs.size());
  cr_assert(again.find("w2") != again.rfind("w2"));
  cr_assert(run(again, {1, 1}).size() == 1);
}

Test(writer, a_model_of_another_file_is_refused) {
  const std::string bytes = small().bytes();
  onnx::Model model = parsed(bytes);
  model.nodes[0].origin = 9;
  cr_assert_not(bool(onnx::rewrite(as_image(bytes), model)));
}
