// SPDX-License-Identifier: MIT
// Integer plans of whatever layers: the same bits on every instruction set,
// whichever blockings were taken.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <numeric>

#include "rt/isa.hpp"
#include "tiers_rig.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

class OnIsa {
 public:
  explicit OnIsa(rt::Isa isa) { ::setenv("TACTUS_ISA", rt::isa_name(isa), 1); }
  ~OnIsa() { ::unsetenv("TACTUS_ISA"); }
  OnIsa(const OnIsa&) = delete;
  OnIsa& operator=(const OnIsa&) = delete;
};

using Load = std::function<ModelPlan::Ptr(const Options&)>;

void same_everywhere(Options options, const Load& load, const char* what,
                     std::size_t rows) {
  std::vector<float> want;
  for (const auto isa : rt::kIsas) {
    if (!rt::isa_here(isa)) continue;
    const OnIsa forced(isa);
    for (const auto choice : {KernelChoice::kRule, KernelChoice::kTimed}) {
      options.kernel_choice = choice;
      const auto plan = load(options);
      cr_assert(plan->describe().bit_exact);
      cr_assert(plan->describe().tier == *options.tier);
      const auto got = rollout(plan, rows);
      if (want.empty()) want = got;
      cr_assert(same(got, want), "%s, %s on %s", what, name_of(*options.tier),
                rt::isa_name(isa));
    }
  }
}

void same_everywhere(const OnnxFile& file, const char* what) {
  for (const Tier tier : kExact)
    same_everywhere(
        options_for(file, tier),
        [&](const Options& options) { return load(file, options); }, what, 40);
}

// Gates of 7 from 5 inputs, then a layer; `batch` above 1 are rows. Others than
// the usual activations leave the state unbounded.
OnnxFile recurrent(const std::string& op, int64_t batch, int64_t directions,
                   bool others = false) {
  const int64_t gates = op == "LSTM" ? 28 : op == "GRU" ? 21 : 7;
  const auto weights = static_cast<std::size_t>(directions * gates);
  const int64_t size = directions * batch * 7;
  const Dims state{directions, batch, 7};
  OnnxFile f;
  f.input("x", {1, batch, 5}).input("h_in", state);
  f.output("y", {1, 3}).output("h_out", state);
  f.output("all", {1, directions, batch, 7});
  f.weight(tensor("w", {directions, gates, 5}, normal(weights * 5, 0.5F, 1)));
  f.weight(tensor("r", {directions, gates, 7}, normal(weights * 7, 0.4F, 2)));
  f.weight(
      tensor("bias", {directions, 2 * gates}, normal(weights * 2, 0.1F, 3)));
  f.weight(int_tensor("flat", {2}, {1, size}));
  std::vector<std::string> in{"x", "w", "r", "bias", "", "h_in"};
  std::vector<std::string> out{"all", "h_out"};
  if (op == "LSTM") {
    f.input("c_in", state).output("c_out", state);
    in.emplace_back("c_in");
    out.emplace_back("c_out");
  }
  std::vector<Message> attributes{
      int_attribute("hidden_size", 7),
      text_attribute("direction",
                     directions == 1 ? "forward" : "bidirectional")};
  if (others) {
    const std::vector<std::string> each =
        op == "LSTM"  ? std::vector<std::string>{"Sigmoid", "Softsign", "Elu"}
        : op == "GRU" ? std::vector<std::string>{"HardSigmoid", "Softplus"}
                      : std::vector<std::string>{"LeakyRelu"};
    std::vector<std::string> all;
    for (int64_t d = 0; d < directions; ++d)
      all.insert(all.end(), each.begin(), each.end());
    attributes.push_back(texts_attribute("activations", all));
    attributes.push_back(real_attribute("clip", 2));
  }
  f.node(op, in, out, attributes);
  f.node("Reshape", {"h_out", "flat"}, {"h"});
  dense(f, "h", "y", size, 3);
  return f;
}

int64_t product_of(const Dims& dims) {
  return std::accumulate(dims.begin(), dims.end(), int64_t{1},
                         std::multiplies<>());
}

// Between two layers; it makes "m", of `made` elements, from "s".
struct Between {
  const char* kernel;  // that it comes to
  Dims shape;
  int64_t made;
  void (*add)(OnnxFile&);
};

OnnxFile net(const Between& b) {
  const int64_t size = product_of(b.shape);
  OnnxFile f;
  f.opset(18).input("x", {1, 11}).output("y", {1, 3});
  f.weight(int_tensor("shape", {static_cast<int64_t>(b.shape.size())}, b.shape))
      .weight(int_tensor("flat", {2}, {1, b.made}));
  dense(f, "x", "a", 11, size);
  f.node("Reshape", {"a", "shape"}, {"s"});
  b.add(f);
  f.node("Reshape", {"m", "flat"}, {"n"});
  f.output("n", {1, b.made});  // as it is: the layer behind rounds it
  dense(f, "n", "y", b.made, 3);
  return f;
}

void weight(OnnxFile& f, const std::string& name, const Dims& dims) {
  f.weight(tensor(name, dims,
                  normal(static_cast<std::size_t>(product_of(dims)), 0.4F, 5)));
}

void softmax(OnnxFile& f) { f.node("Softmax", {"s"}, {"m"}); }
void log_softmax(OnnxFile& f) { f.node("LogSoftmax", {"s"}, {"m"}); }
void layer_norm(OnnxFile& f) {
  weight(f, "scale", {37});
  weight(f, "bias", {37});
  f.node("LayerNormalization", {"s", "scale", "bias"}, {"m"});
}
void instance_norm(OnnxFile& f) {
  weight(f, "scale", {6});
  weight(f, "bias", {6});
  f.node("InstanceNormalization", {"s", "scale", "bias"}, {"m"});
}
void group_norm(OnnxFile& f) {
  weight(f, "scale", {3});
  weight(f, "bias", {3});
  f.node("GroupNormalization", {"s", "scale", "bias"}, {"m"},
         {int_attribute("num_groups", 3)});
}
void l2_norm(OnnxFile& f) {
  f.weight(int_tensor("axes", {1}, {-1}));
  f.node("ReduceL2", {"s", "axes"}, {"size"});
  f.node("Div", {"s", "size"}, {"m"});
}
void conv_1d(OnnxFile& f) {
  weight(f, "w", {9, 6, 3});
  f.node("Conv", {"s", "w"}, {"c"});
  f.node("Elu", {"c"}, {"m"});
}
void conv_2d(OnnxFile& f) {
  weight(f, "w", {21, 2, 3, 3});
  weight(f, "b", {21});
  f.node("Conv", {"s", "w", "b"}, {"m"},
         {ints_attribute("pads", {1, 1, 1, 1}), int_attribute("group", 1)});
}
void conv_transpose(OnnxFile& f) {
  weight(f, "w", {6, 5, 3});
  f.node("ConvTranspose", {"s", "w"}, {"m"}, {ints_attribute("strides", {2})});
}
void max_pool(OnnxFile& f) {
  f.node("MaxPool", {"s"}, {"m"}, {ints_attribute("kernel_shape", {3})});
}
void average_pool(OnnxFile& f) {
  f.node("AveragePool", {"s"}, {"m"}, {ints_attribute("kernel_shape", {3})});
}
void global_average(OnnxFile& f) { f.node("GlobalAveragePool", {"s"}, {"m"}); }
// Every one of them, side by side.
void reductions(OnnxFile& f) {
  std::vector<std::string> made;
  f.weight(int_tensor("axes", {1}, {-1}));
  for (const char* op :
       {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd",
        "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"}) {
    made.emplace_back(op);
    f.node(op, {"s", "axes"}, {made.back()});
  }
  f.node("Concat", made, {"m"}, {int_attribute("axis", 1)});
}
void attention(OnnxFile& f) {
  weight(f, "w", {9, 9});
  f.node("MatMul", {"s", "w"}, {"q"});
  f.node("Transpose", {"s"}, {"t"}, {ints_attribute("perm", {1, 0})});
  f.node("MatMul", {"q", "t"}, {"scores"});
  f.node("Softmax", {"scores"}, {"p"});
  f.node("MatMul", {"p", "s"}, {"m"});
}
void powers(OnnxFile& f) {
  weight(f, "e", {37});
  f.node("Abs", {"s"}, {"size"});
  f.node("Pow", {"size", "e"}, {"p"});
  weight(f, "slope", {1, 37});
  f.node("PRelu", {"s", "slope"}, {"r"});
  f.node("Max", {"p", "r"}, {"m"});
}
// Weights that are computed: in double.
void boxed(OnnxFile& f) {
  weight(f, "w", {1, 28, 9});
  weight(f, "r", {1, 28, 7});
  f.node("ReduceMean", {"s"}, {"mean"}, {int_attribute("keepdims", 1)});
  f.node("Mul", {"w", "mean"}, {"made"});
  f.node("LSTM", {"s", "made", "r"}, {"m"}, {int_attribute("hidden_size", 7)});
}

const Between kBetween[] = {
    {";softmax:5x13", {5, 13}, 65, softmax},
    {";softmax:3x37", {3, 37}, 111, softmax},
    {";logsoftmax", {3, 37}, 111, log_softmax},
    {";layernorm", {3, 37}, 111, layer_norm},
    {";groupnorm:6x11", {1, 6, 11}, 66, instance_norm},
    {";groupnorm:3x22", {1, 6, 11}, 66, group_norm},
    {";rowReduceL2", {3, 21}, 63, l2_norm},
    {";product", {1, 6, 12}, 90, conv_1d},
    {";product", {1, 2, 5, 7}, 735, conv_2d},
    {";product", {1, 6, 8}, 85, conv_transpose},
    {";poolMaxPool", {1, 6, 12}, 60, max_pool},
    {";poolAveragePool", {1, 6, 12}, 60, average_pool},
    {";poolGlobalAveragePool", {1, 6, 12}, 6, global_average},
    {";rowReduceMean", {4, 37}, 36, reductions},
    {";product", {7, 9}, 63, attention},
    {";gridPow", {3, 37}, 111, powers},
    {";f64:LSTM", {2, 1, 9}, 14, boxed},
};

}  // namespace

Test(exact, integer_plans_give_the_same_bits_on_every_instruction_set) {
  for (const char* activation :
       {"Elu", "Relu", "Selu", "Tanh", "Sigmoid", "Softplus", "LeakyRelu",
        "Sin", "Cos", "Tan", "Atan", "Asinh", "Round", "ThresholdedRelu"})
    same_everywhere(actor(activation), activation);
}

Test(exact, whatever_lies_between_their_layers) {
  for (const Between& b : kBetween) {
    const OnnxFile file = net(b);
    const auto plan = load(file, options_for(file, Tier::kInt16));
    cr_assert(says(plan->describe().kernels, b.kernel), "%s: %s", b.kernel,
              plan->describe().kernels.c_str());
    same_everywhere(file, b.kernel);
  }
}

Test(exact, recurrent_ones_do_too) {
  for (const char* op : {"LSTM", "GRU", "RNN"})
    for (const int64_t batch : {1, 3})
      for (const int64_t directions : {1, 2})
        for (const bool others : {false, true})
          same_everywhere(recurrent(op, batch, directions, others), op);
}

// What of them has no layer of one row has no such tier.
Test(exact, shared_models_do_too) {
  const char* folder = std::getenv("TACTUS_TEST_MODELS");
  if (!folder) cr_skip_test("TACTUS_TEST_MODELS is not set");
  std::size_t checked = 0;
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(folder)) {
    const std::string path = file.path();
    if (!path.ends_with(".onnx")) continue;
    const auto plain = ModelPlan::load(path, {});
    cr_assert(bool(plain), "%s", plain ? "" : plain.error().text());
    Options options = options_for(**plain, Tier::kInt16, 32);
    for (const Tier tier : kExact) {
      options.tier = tier;
      const auto first = ModelPlan::load(path, options);
      if (!first && says(first.error().text(), "no layer")) continue;
      const auto load = [&](const Options& o) {
        const auto plan = ModelPlan::load(path, o);
        cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
        return *plan;
      };
      same_everywhere(options, load, path.c_str(), 32);
      ++checked;
    }
  }
  cr_log_info("%zu plans", checked);
  cr_assert(checked > 0);
}
