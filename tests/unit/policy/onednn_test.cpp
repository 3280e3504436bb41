// SPDX-License-Identifier: MIT
// The module libtactus-onednn.so against `reference`: what it is forced to
// run, and that NaN passes through all of it.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>
#include <random>
#include <string>

#include "plan_rig.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

using Floats = std::vector<float>;

Floats drawn(std::size_t n, unsigned seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> draw(0, 0.5F);
  Floats v(n);
  for (float& x : v) x = draw(rng);
  return v;
}

Message weight(const std::string& name, const Dims& dims) {
  std::size_t n = 1;
  for (const int64_t d : dims) n *= static_cast<std::size_t>(d);
  return tensor(name, dims, drawn(n, 3));
}

struct Answer {
  Floats y;
  std::size_t inputs = 0;
};

// All inputs drawn; the `broken`-th element of the first is NaN.
Answer answer(const OnnxFile& file, const char* backend, long broken = -1) {
  Context context = context_of(plan_of(file, on(backend)));
  const auto& d = context.plan().describe();
  std::vector<Floats> x;
  std::vector<InputView> in;
  for (const auto& i : d.inputs)
    x.push_back(drawn(i.size, static_cast<unsigned>(x.size())));
  if (broken >= 0) x[0][static_cast<std::size_t>(broken)] = NAN;
  for (const Floats& v : x) in.push_back({v.data()});
  Answer a{Floats(d.outputs[0].size), x[0].size()};
  const OutputView out(a.y);
  static_cast<void>(context.run(in, {&out, 1}));
  return a;
}

// Sums of at most 75 terms of about 0.25: (k + 2) u Σ|terms| < 1e-4.
void same(const OnnxFile& file, const char* what) {
  const Answer a = answer(file, "onednn"), b = answer(file, "reference");
  for (std::size_t i = 0; i < b.y.size(); ++i)
    cr_assert(std::fabs(a.y[i] - b.y[i]) <= 1e-4F, "%s [%zu]: %g, not %g", what,
              i, double(a.y[i]), double(b.y[i]));
  for (std::size_t at = 0; at < b.inputs; at += b.inputs / 3 + 1) {
    const auto place = static_cast<long>(at);
    const Answer c = answer(file, "onednn", place);
    const Answer d = answer(file, "reference", place);
    for (std::size_t i = 0; i < d.y.size(); ++i)
      cr_assert(std::isnan(c.y[i]) == std::isnan(d.y[i]), "%s [%zu]", what, i);
  }
}

OnnxFile one(const std::string& op, const Dims& x,
             const std::vector<Message>& attributes = {},
             const std::vector<Message>& weights = {},
             const std::vector<std::string>& in = {"x"}) {
  OnnxFile f;
  f.input("x", x).output("y", {});
  for (const auto& w : weights) f.weight(w);
  return f.node(op, in, {"y"}, attributes);
}

}  // namespace

Test(onednn, convolutions) {
  use_built_modules();
  same(one("Conv", {1, 3, 11}, {ints_attribute("strides", {2})},
           {weight("w", {5, 3, 4}), weight("b", {5})}, {"x", "w", "b"}),
       "strides");
  same(one("Conv", {2, 4, 7, 9},
           {int_attribute("group", 2), ints_attribute("dilations", {1, 2}),
            ints_attribute("pads", {1, 0, 2, 1})},
           {weight("w", {6, 2, 3, 2})}, {"x", "w"}),
       "groups, dilations, pads");
}

Test(onednn, pools) {
  use_built_modules();
  for (const std::string op : {"MaxPool", "AveragePool"})
    same(one(op, {1, 3, 7, 8},
             {ints_attribute("kernel_shape", {3, 2}),
              ints_attribute("strides", {2, 2}),
              ints_attribute("pads", {1, 0, 1, 1})}),
         op.c_str());
  same(one("GlobalAveragePool", {2, 3, 4, 5}), "global average");
  same(one("GlobalMaxPool", {2, 3, 5}), "global max");
}

Test(onednn, products_of_many_rows) {
  use_built_modules();
  same(one("MatMul", {2, 5, 9}, {}, {weight("w", {9, 7})}, {"x", "w"}), "rows");
  OnnxFile f;
  f.input("x", {2, 3, 5}).input("z", {1, 5, 4}).output("y", {});
  same(f.node("MatMul", {"x", "z"}, {"y"}), "batch");
}

Test(onednn, rows_and_moves) {
  use_built_modules();
  same(one("Softmax", {2, 3, 7}), "softmax");
  same(one("LayerNormalization", {2, 9}, {},
           {weight("s", {9}), weight("b", {9})}, {"x", "s", "b"}),
       "layer norm");
  same(one("InstanceNormalization", {2, 3, 5}, {},
           {weight("s", {3}), weight("b", {3})}, {"x", "s", "b"}),
       "instance norm");
  same(one("Transpose", {2, 3, 4}, {ints_attribute("perm", {2, 0, 1})}),
       "transpose");
  same(one("Gather", {3, 4, 2}, {int_attribute("axis", 1)},
           {int_tensor("i", {3}, {3, 0, -2})}, {"x", "i"}),
       "gather");
  OnnxFile f;
  f.input("x", {2, 3, 4}).input("z", {3, 1}).output("y", {});
  f.node("Mul", {"x", "z"}, {"p"});
  same(f.node("Concat", {"p", "x"}, {"y"}, {int_attribute("axis", 1)}),
       "repeated and joined");
  for (const char* op : {"ReduceSum", "ReduceMean", "ReduceL2"}) {
    OnnxFile g = one(op, {2, 3, 4}, {ints_attribute("axes", {1})});
    same(g.opset(11), op);
  }
}

// Three outputs in one, so that all of them are compared.
OnnxFile recurrent(const std::string& op, std::vector<Message> attributes,
                   const std::vector<std::string>& states) {
  const int64_t gates = op == "LSTM" ? 4 : op == "GRU" ? 3 : 1;
  const bool lstm = gates == 4;
  OnnxFile f;
  f.input("x", {4, 3, 5}).output("all", {});
  for (const std::string& s : states)
    if (!s.empty()) f.input(s, {1, 3, 7});
  f.weight(weight("w", {1, gates * 7, 5}))
      .weight(weight("r", {1, gates * 7, 7}));
  f.weight(weight("b", {1, 2 * gates * 7}));
  std::vector<std::string> in{"x", "w", "r", "b", ""};
  in.insert(in.end(), states.begin(), states.end());
  std::vector<std::string> out{"y", "h_out"};
  if (lstm) out.push_back("c_out");
  attributes.push_back(int_attribute("hidden_size", 7));
  f.node(op, in, out, attributes);
  f.weight(int_tensor("flat", {1}, {-1}));
  std::vector<std::string> parts;
  for (const std::string& o : out) {
    parts.push_back(o + "_flat");
    f.node("Reshape", {o, "flat"}, {parts.back()});
  }
  return f.node("Concat", parts, {"all"}, {int_attribute("axis", 0)});
}

Test(onednn, recurrent_layers) {
  use_built_modules();
  const Message reverse = text_attribute("direction", "reverse");
  for (const std::vector<std::string>& states :
       std::vector<std::vector<std::string>>{
           {}, {"h"}, {"h", "c"}, {"", "c"}}) {
    same(recurrent("LSTM", {}, states), "LSTM");
    same(recurrent("LSTM", {reverse}, states), "LSTM reversed");
  }
  for (const std::vector<std::string>& states :
       std::vector<std::vector<std::string>>{{}, {"h"}}) {
    for (const int64_t late : {0, 1})
      same(recurrent("GRU", {int_attribute("linear_before_reset", late)},
                     states),
           "GRU");
    same(recurrent("GRU", {reverse}, states), "GRU reversed");
    same(recurrent("RNN", {}, states), "RNN");
    same(recurrent("RNN", {texts_attribute("activations", {"Relu"})}, states),
         "RNN of Relu");
  }
}

Test(onednn, a_missing_state_reaches_all_that_reads_it) {
  use_built_modules();
  OnnxFile f;  // c is the first input, so it is the one that breaks
  f.input("c", {1, 2, 7}).input("x", {3, 2, 5}).output("y", {});
  f.weight(weight("w", {1, 28, 5})).weight(weight("r", {1, 28, 7}));
  f.node("LSTM", {"x", "w", "r", "", "", "", "c"}, {"y"},
         {int_attribute("hidden_size", 7)});
  same(f, "LSTM from a broken cell");
}

Test(onednn, refuses_layers_that_it_does_not_run_by_name) {
  use_built_modules();
  Options options;
  options.backend = "onednn";
  OnnxFile f;
  f.input("x", {4, 1, 5}).output("y", {});
  f.weight(weight("w", {2, 28, 5})).weight(weight("r", {2, 28, 7}));
  f.node("LSTM", {"x", "w", "r"}, {"y"},
         {int_attribute("hidden_size", 7),
          text_attribute("direction", "bidirectional")});
  const std::string bytes = f.bytes();
  auto plan = ModelPlan::from_image(as_image(bytes), "t", options);
  cr_assert_not(bool(plan));
  const std::string text = plan.error().text();
  cr_assert(text.find("two directions") != std::string::npos, "%s",
            text.c_str());
}

Test(onednn, nan_passes_every_activation) {
  use_built_modules();
  for (const char* op :
       {"Relu", "LeakyRelu", "Elu", "Tanh", "Sigmoid", "Softplus", "Mish",
        "HardSwish", "Abs", "Exp", "Neg", "Sqrt"}) {
    const Answer a = answer(one(op, {1, 3}).opset(18), "onednn", 1);
    cr_assert(std::isnan(a.y[1]), "%s", op);
  }
  OnnxFile f = one("Clip", {1, 3}, {},
                   {tensor("low", {}, {-1}), tensor("high", {}, {1})},
                   {"x", "low", "high"});
  cr_assert(std::isnan(answer(f, "onednn", 1).y[1]));
}

Test(onednn, refuses_what_has_no_elements) {
  use_built_modules();
  Options options;
  options.backend = "onednn";
  OnnxFile f;
  f.input("x", {2, 3}).output("y", {2, 3});
  for (const char* name : {"from", "to", "axis"})
    f.weight(int_tensor(name, {1}, {1}));
  f.node("Slice", {"x", "from", "to", "axis"}, {"none"});
  f.node("Concat", {"none", "x"}, {"y"}, {int_attribute("axis", 1)});
  const std::string bytes = f.bytes();
  auto plan = ModelPlan::from_image(as_image(bytes), "t", options);
  cr_assert_not(bool(plan));
  const std::string text = plan.error().text();
  cr_assert(text.find("no elements") != std::string::npos, "%s", text.c_str());
}
