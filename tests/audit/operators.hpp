// SPDX-License-Identifier: MIT
// One graph of the operators that the models at hand do not have, for the
// audit: by a kernel in f32 those above the line, by their double ones those
// below it.
#pragma once

#include <string>
#include <vector>

#include "../unit/policy/onnx_writer.hpp"

namespace tactus::policy::test {

class Operators {
 public:
  Operators() {
    f_.input("x", {1, 6, 8}).opset(21);
    windows();
    elements();
    rows();
    moves();
    layers();
    boxed();
  }
  [[nodiscard]] std::string bytes() const { return f_.bytes(); }

 private:
  static Message weight(const std::string& name, const Dims& dims) {
    std::size_t n = 1;
    for (const int64_t d : dims) n *= static_cast<std::size_t>(d);
    std::vector<float> v(n);
    for (std::size_t i = 0; i < n; ++i)
      v[i] = 0.01F * static_cast<float>(i * 37 % 101) - 0.4F;
    return tensor(name, dims, v);
  }
  void op(const std::string& name, const std::vector<std::string>& in,
          const std::string& out, const std::vector<Message>& attributes = {}) {
    f_.node(name, in, {out}, attributes);
  }
  void windows() {
    f_.weight(weight("tw", {6, 4, 3})).weight(weight("four", {4}));
    op("ConvTranspose", {"x", "tw", "four"}, "t",
       {ints_attribute("strides", {2})});
    op("InstanceNormalization", {"t", "four", "four"}, "in");
    op("GroupNormalization", {"in", "four", "four"}, "gn",
       {int_attribute("num_groups", 2)});
    f_.output("gn", {});
  }
  void elements() {
    f_.weight(tensor("one", {}, {1})).weight(weight("slope", {6, 1}));
    op("Sin", {"x"}, "sin");
    op("Cos", {"x"}, "cos");
    op("Abs", {"x"}, "abs");
    op("Add", {"abs", "one"}, "above");
    op("Log", {"above"}, "log");
    op("Reciprocal", {"above"}, "part");
    op("Pow", {"above", "slope"}, "pow");
    op("PRelu", {"sin", "slope"}, "prelu");
    op("Floor", {"pow"}, "floor");
    op("Greater", {"sin", "cos"}, "more");
    op("Not", {"more"}, "less");
    op("Where", {"less", "log", "prelu"}, "where");
    op("Mean", {"where", "part", "floor"}, "mean");
    angles();
    f_.output("mean", {});
  }
  void angles() {
    op("Tanh", {"x"}, "small");
    op("Acos", {"small"}, "acos");
    op("Asin", {"small"}, "asin");
    op("Tan", {"asin"}, "tan");
    op("Atan", {"tan"}, "atan");
    op("Sinh", {"acos"}, "sinh");
    op("Cosh", {"atan"}, "cosh");
    op("Sub", {"sinh", "cosh"}, "apart");
    op("Round", {"apart"}, "round");
    op("ThresholdedRelu", {"apart"}, "kept");
    op("IsNaN", {"round"}, "none");
    op("IsInf", {"kept"}, "far");
    op("Xor", {"none", "far"}, "either");
    op("Where", {"either", "round", "kept"}, "angles");
    f_.output("angles", {});
  }
  void rows() {
    op("LogSoftmax", {"mean"}, "ls");
    f_.weight(int_tensor("axis", {1}, {2}));
    op("ReduceProd", {"above", "axis"}, "prod");
    op("ArgMax", {"mean"}, "best", {int_attribute("axis", 1)});
    op("Cast", {"best"}, "index", {int_attribute("to", 1)});
    op("ArgMin", {"mean"}, "worst", {int_attribute("axis", 2)});
    op("Hardmax", {"mean"}, "hard");
    op("ReduceLogSum", {"above", "axis"}, "log_sum");
    op("ReduceLogSumExp", {"mean", "axis"}, "log_sum_exp");
    op("Sum", {"hard", "log_sum", "log_sum_exp"}, "rows");
    f_.output("ls", {}).output("prod", {}).output("index", {});
    f_.output("worst", {}).output("rows", {});
  }
  void moves() {
    f_.weight(int_tensor("pads", {6}, {0, 1, 2, 0, 0, 3}));
    f_.weight(int_tensor("twice", {3}, {2, 1, 1})).weight(tensor("v", {}, {7}));
    op("Pad", {"mean", "pads", "v"}, "padded");
    op("Pad", {"mean", "pads"}, "turned", {text_attribute("mode", "reflect")});
    op("Tile", {"mean", "twice"}, "tiled");
    op("Trilu", {"mean"}, "upper");
    for (const char* made : {"padded", "turned", "tiled", "upper"})
      f_.output(made, {});
  }
  void layers() {
    f_.weight(weight("w", {2, 20, 8})).weight(weight("r", {2, 20, 5}));
    f_.weight(weight("b", {2, 40})).weight(weight("p", {2, 15}));
    f_.weight(int_tensor("turn", {3}, {6, 1, 8}));
    op("Reshape", {"mean", "turn"}, "steps");
    op("LSTM", {"steps", "w", "r", "b", "", "", "", "p"}, "lstm",
       {int_attribute("hidden_size", 5),
        text_attribute("direction", "bidirectional")});
    f_.weight(weight("gw", {2, 15, 8})).weight(weight("gr", {2, 15, 5}));
    op("GRU", {"steps", "gw", "gr"}, "gru",
       {int_attribute("hidden_size", 5),
        text_attribute("direction", "bidirectional")});
    op("GRU", {"steps", "gw", "gr"}, "other_gru",
       {int_attribute("hidden_size", 5), real_attribute("clip", 0.5F),
        texts_attribute("activations",
                        {"HardSigmoid", "Relu", "HardSigmoid", "Softsign"}),
        text_attribute("direction", "bidirectional")});
    f_.output("lstm", {}).output("gru", {}).output("other_gru", {});
  }
  // ------------------------------------------------------------------------
  void boxed() {
    op("Mod", {"log", "pow"}, "rest", {int_attribute("fmod", 1)});
    op("Cast", {"above"}, "whole", {int_attribute("to", 7)});
    op("Cast", {"whole"}, "real", {int_attribute("to", 1)});
    op("Asinh", {"x"}, "asinh");
    op("Acosh", {"cosh"}, "acosh");
    op("Mul", {"small", "part"}, "within");
    op("Atanh", {"within"}, "atanh");
    op("Sum", {"asinh", "acosh", "atanh"}, "areas");
    f_.output("areas", {}).weight(tensor("scale", {}, {0.02F}));
    op("QuantizeLinear", {"sin", "scale"}, "q");
    op("DequantizeLinear", {"q", "scale"}, "dq");
    f_.output("rest", {}).output("real", {}).output("dq", {});
  }

  OnnxFile f_;
};

}  // namespace tactus::policy::test
