// SPDX-License-Identifier: MIT
// What has more than one row, on `fused` of every instruction set here,
// against `reference`: no operator here may fall back to its double kernel.
// Products and convolutions are held to the bound of summation, (k + 2) u
// Σ|terms| (Higham, (3.5)), where Σ|terms| is the same graph on |x| and |w|;
// what only moves or picks must be equal. NaN reaches the same outputs as on
// `reference`, and nothing of it stays for the next run.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <array>
#include <cmath>
#include <functional>
#include <random>
#include <string>

#include "onnx_writer.hpp"
#include "policy/plan.hpp"
#include "rt/isa.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

using Floats = std::vector<float>;

enum class Sign : uint8_t { kAny, kPositive };

// Weights of a graph, or their sizes.
class Weights {
 public:
  explicit Weights(Sign sign) : sign_(sign) {}
  Message operator()(const std::string& name, const Dims& dims) {
    std::size_t n = 1;
    for (const int64_t d : dims) n *= static_cast<std::size_t>(d);
    return tensor(name, dims, draw(n));
  }
  Floats draw(std::size_t n) {
    std::normal_distribution<float> normal(0, 0.5F);
    Floats v(n);
    for (float& x : v) {
      x = normal(rng_);
      if (sign_ == Sign::kPositive) x = std::fabs(x);
    }
    return v;
  }

 private:
  Sign sign_;
  std::mt19937 rng_{3};
};

struct Case {
  std::string name;
  std::function<OnnxFile(Weights&)> file;
  double terms = 0;  // k + 2 of the longest sum; 0: equal to the last bit
  double loose = 0;  // where the bound is another one
};

ModelPlan::Ptr plan_of(const OnnxFile& file, const std::string& backend,
                       const std::string& name) {
  Options options;
  options.backend = backend;
  const std::string bytes = file.bytes();
  auto plan = ModelPlan::from_image(as_image(bytes), name, options);
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  return *plan;
}

// Runs on the given inputs, one vector each; all outputs in one.
class Runner {
 public:
  explicit Runner(const ModelPlan::Ptr& plan)
      : context_(std::move(*Context::make(plan))) {}
  Floats run(const std::vector<Floats>& x) {
    const auto& d = context_.plan().describe();
    std::vector<InputView> in;
    for (const Floats& v : x) in.push_back({v.data()});
    std::vector<Floats> y;
    for (const auto& o : d.outputs) y.emplace_back(o.size);
    const std::vector<OutputView> out(y.begin(), y.end());
    static_cast<void>(context_.run(in, out));
    Floats all;
    for (const Floats& v : y) all.insert(all.end(), v.begin(), v.end());
    return all;
  }

 private:
  Context context_;
};

std::vector<Floats> inputs_of(const ModelPlan& plan, Weights& weights) {
  std::vector<Floats> x;
  for (const auto& i : plan.describe().inputs)
    x.push_back(weights.draw(i.size));
  return x;
}

struct Checked {
  const Case& c;
  const char* isa;

  void agree(const Floats& got, const Floats& want, const Floats& size) const {
    cr_assert_eq(got.size(), want.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double allowed =
          c.loose + c.terms * std::ldexp(1.0, -24) * double(size[i]);
      const double error = std::fabs(double(got[i]) - double(want[i]));
      cr_assert(error <= allowed, "%s %s [%zu]: %g, not %g; allowed %g",
                c.name.c_str(), isa, i, double(got[i]), double(want[i]),
                allowed);
    }
  }
  void same_nans(const Floats& got, const Floats& want) const {
    for (std::size_t i = 0; i < got.size(); ++i)
      cr_assert(std::isnan(got[i]) == std::isnan(want[i]), "%s %s [%zu]",
                c.name.c_str(), isa, i);
  }
};

void check(const Case& c, const char* isa) {
  Weights weights(Sign::kAny), sizes(Sign::kPositive);
  const auto file = c.file(weights);
  const auto plan = plan_of(file, "fused", c.name);
  const std::string kernels = plan->describe().kernels;
  cr_assert(kernels.find("f64:") == std::string::npos, "%s: %s", c.name.c_str(),
            kernels.c_str());
  Runner fused(plan), reference(plan_of(file, "reference", c.name));
  Runner size(plan_of(c.file(sizes), "reference", c.name));
  const Checked checked{c, isa};
  auto x = inputs_of(*plan, weights);
  for (int round = 0; round < 3; ++round) {
    x = inputs_of(*plan, weights);
    auto absolute = x;
    for (Floats& v : absolute)
      for (float& f : v) f = std::fabs(f);
    const auto clean = fused.run(x);
    checked.agree(clean, reference.run(x), size.run(absolute));
    for (Floats& v : x) {
      const std::size_t at = v.size() * static_cast<std::size_t>(round) / 3;
      const float was = v[at];
      v[at] = NAN;
      checked.same_nans(fused.run(x), reference.run(x));
      v[at] = was;
    }
    const auto again = fused.run(x);
    for (std::size_t i = 0; i < clean.size(); ++i)
      cr_assert(again[i] == clean[i], "%s %s [%zu]: %g stayed, not %g",
                c.name.c_str(), isa, i, double(again[i]), double(clean[i]));
  }
}

void check_all(const std::vector<Case>& cases) {
  for (const char* isa : {"portable", "avx2", "avx512"}) {
    const auto named = rt::choose_isa(isa);
    if (!named || !rt::isa_here(*named)) continue;
    ::setenv("TACTUS_ISA", isa, 1);
    for (const Case& c : cases) check(c, isa);
  }
  ::unsetenv("TACTUS_ISA");
}

// One node with one input "x" (and weights) → "y".
OnnxFile one(const std::string& op, const Dims& x,
             const std::vector<Message>& attributes = {},
             const std::vector<Message>& weights = {},
             std::vector<std::string> in = {"x"}) {
  OnnxFile f;
  f.input("x", x).output("y", {});
  for (const auto& w : weights) f.weight(w);
  return f.node(op, in, {"y"}, attributes);
}

std::string text_of(const Dims& dims) {
  std::string text;
  for (const int64_t d : dims) text += std::to_string(d) + ",";
  return text;
}

}  // namespace

// ---------------------------------------------------------------- products

Test(lowering, rows_times_weights) {
  std::vector<Case> cases;
  for (const int64_t rows : {2, 5, 12, 13, 50})
    for (const int64_t n : {1, 7, 16, 33, 96})
      for (const int64_t k : {1, 9, 64})
        cases.push_back({"linear " + text_of({rows, k, n}),
                         [=](Weights& w) {
                           return OnnxFile(one("MatMul", {1, rows, k}, {},
                                               {w("w", {k, n})}, {"x", "w"}));
                         },
                         double(k + 2)});
  check_all(cases);
}

Test(lowering, a_bias_that_repeats_is_the_products) {
  check_all({{"bias",
              [](Weights& w) {
                OnnxFile f;
                f.input("x", {5, 6}).output("y", {5, 9});
                f.weight(w("w", {6, 9})).weight(w("b", {9}));
                f.node("MatMul", {"x", "w"}, {"p"});
                f.node("Add", {"p", "b"}, {"s"});
                return f.node("Relu", {"s"}, {"y"});
              },
              8}});
}

Test(lowering, products_of_two_inputs) {
  std::vector<Case> cases;
  struct Shapes {
    Dims a, b;
    int64_t k;
  };
  for (const Shapes& s :
       std::vector<Shapes>{{{3, 5}, {5, 7}, 5},
                           {{2, 3, 5}, {2, 5, 18}, 5},
                           {{4, 1, 6, 8}, {1, 3, 8, 6}, 8},
                           {{2, 3, 17, 4}, {3, 4, 1}, 4},
                           {{1, 1}, {1, 33}, 1},
                           {{5, 2, 2, 3, 4}, {5, 2, 2, 4, 3}, 4}})
    cases.push_back({"matmul " + text_of(s.a),
                     [=](Weights&) {
                       OnnxFile f;
                       f.input("a", s.a).input("b", s.b).output("y", {});
                       return f.node("MatMul", {"a", "b"}, {"y"});
                     },
                     double(s.k + 2)});
  check_all(cases);
}

Test(lowering, gemms_with_sides_turned_and_computed_biases) {
  std::vector<Case> cases;
  for (const bool ta : {false, true})
    for (const bool tb : {false, true})
      for (const Dims& c : {Dims{}, Dims{7}, Dims{3, 7}, Dims{3, 1}, Dims{1}})
        cases.push_back({"gemm " + text_of(c),
                         [=](Weights&) {
                           OnnxFile f;
                           f.input("a", ta ? Dims{5, 3} : Dims{3, 5});
                           f.input("b", tb ? Dims{7, 5} : Dims{5, 7});
                           std::vector<std::string> in{"a", "b"};
                           if (!c.empty()) f.input("c", c), in.push_back("c");
                           f.output("y", {3, 7});
                           return f.node("Gemm", in, {"y"},
                                         {int_attribute("transA", ta),
                                          int_attribute("transB", tb)});
                         },
                         7 + 1});
  check_all(cases);
}

// Scores and their sum: K is turned, heads are split and joined.
OnnxFile attention(Weights& w, int64_t n, int64_t heads, int64_t each) {
  const int64_t width = heads * each;
  OnnxFile f;
  f.input("x", {1, n, width}).output("y", {1, n, width});
  f.weight(int_tensor("split", {4}, {1, n, heads, each}));
  f.weight(int_tensor("join", {3}, {1, n, width}));
  for (const std::string p : {"q", "k", "v"}) {
    f.weight(w("w" + p, {width, width}));
    f.node("MatMul", {"x", "w" + p}, {p + "0"});
    f.node("Reshape", {p + "0", "split"}, {p + "1"});
    const Dims turn = p == "k" ? Dims{0, 2, 3, 1} : Dims{0, 2, 1, 3};
    f.node("Transpose", {p + "1"}, {p}, {ints_attribute("perm", turn)});
  }
  f.node("MatMul", {"q", "k"}, {"s"}).node("Softmax", {"s"}, {"p"});
  f.node("MatMul", {"p", "v"}, {"o"});
  f.node("Transpose", {"o"}, {"t"}, {ints_attribute("perm", {0, 2, 1, 3})});
  return f.node("Reshape", {"t", "join"}, {"y"});
}

// The derivative of a softmax is at most 1/4 of its scores', those err by
// (2k + 4) u of products of about k: 1e-5 is above it for k up to 32.
Test(lowering, attention_with_heads) {
  std::vector<Case> cases;
  for (const int64_t n : {3, 13, 16, 20})
    for (const int64_t each : {4, 8, 17})
      cases.push_back({"attention " + text_of({n, each}),
                       [=](Weights& w) { return attention(w, n, 2, each); },
                       double(4 * each + n + 4), 1e-5});
  check_all(cases);
}

// ------------------------------------------------------------------- moves

Test(lowering, moves_are_exact) {
  const auto transpose = [](const Dims& x, const Dims& perm) {
    return Case{"transpose " + text_of(perm), [=](Weights&) {
                  return one("Transpose", x, {ints_attribute("perm", perm)});
                }};
  };
  const auto slice = [](const Dims& from, const Dims& to, const Dims& step) {
    return Case{
        "slice " + text_of(step), [=](Weights&) {
          return one(
              "Slice", {3, 4, 10}, {},
              {int_tensor("s", {3}, from), int_tensor("e", {3}, to),
               int_tensor("a", {3}, {0, 1, 2}), int_tensor("p", {3}, step)},
              {"x", "s", "e", "a", "p"});
        }};
  };
  const auto gather = [](int64_t axis, const Dims& shape, const Dims& index) {
    return Case{"gather " + text_of(index), [=](Weights&) {
                  return one("Gather", {4, 5, 6}, {int_attribute("axis", axis)},
                             {int_tensor("i", shape, index)}, {"x", "i"});
                }};
  };
  check_all({transpose({3, 4}, {1, 0}),
             transpose({2, 3, 4, 5}, {3, 1, 0, 2}),
             transpose({1, 7, 1, 2}, {2, 3, 0, 1}),
             slice({0, 1, 2}, {3, 3, 9}, {1, 1, 1}),
             slice({2, 0, 9}, {-9, 4, 0}, {-1, 2, -3}),
             gather(0, {}, {2}),
             gather(1, {3}, {0, 2, 4}),
             gather(2, {2, 2}, {5, 0, -1, 3}),
             gather(1, {1}, {-2}),
             {"expand",
              [](Weights&) {
                return one("Expand", {3, 1}, {},
                           {int_tensor("s", {3}, {2, 3, 4})}, {"x", "s"});
              }},
             {"flip and join", [](Weights&) {
                OnnxFile f;
                f.input("x", {2, 3, 4}).input("z", {2, 5, 4}).output("y", {});
                f.node("Concat", {"x", "z"}, {"c"}, {int_attribute("axis", 1)});
                f.node("Transpose", {"c"}, {"t"},
                       {ints_attribute("perm", {2, 0, 1})});
                f.weight(int_tensor("s", {2}, {8, 8}));
                return f.node("Reshape", {"t", "s"}, {"y"});
              }}});
}

Test(lowering, activations_of_what_lies_turned) {
  check_all({{"relu", [](Weights&) {
                OnnxFile f;
                f.input("x", {3, 5}).output("y", {5, 3});
                f.node("Transpose", {"x"}, {"t"},
                       {ints_attribute("perm", {1, 0})});
                return f.node("Relu", {"t"}, {"y"});
              }}});
}

// Behind the 3 elements lies what the activations make of padding: for them
// the hard sigmoid is 0, for the padding 1/2, and the root of -1/2 is no
// number. The product that follows must not read it.
Test(lowering, a_root_of_padding_reaches_no_product) {
  check_all({{"root", [](Weights& w) {
                OnnxFile f;
                f.input("x", {1, 7}).output("y", {1, 5});
                f.weight(w("v", {7, 3})).weight(w("u", {3, 5}));
                f.node("MatMul", {"x", "v"}, {"a"});
                f.node("Abs", {"a"}, {"b"}).node("Neg", {"b"}, {"c"});
                f.node("HardSigmoid", {"c"}, {"d"},
                       {real_attribute("alpha", 1e6F)});
                f.node("Neg", {"d"}, {"e"}).node("Sqrt", {"e"}, {"g"});
                return f.node("MatMul", {"g", "u"}, {"y"});
              }}});
}

// -------------------------------------------------------------------- rows

Test(lowering, softmax_over_any_axis) {
  std::vector<Case> cases;
  for (const int64_t axis : {0, 1, 2})
    cases.push_back({"softmax " + std::to_string(axis),
                     [=](Weights&) {
                       return one("Softmax", {3, 17, 5},
                                  {int_attribute("axis", axis)});
                     },
                     0, 2e-6});
  check_all(cases);
}

// The scores' rounding and the logarithm's: a few units of what is at most 6.
Test(lowering, logarithms_of_softmax_over_any_axis) {
  std::vector<Case> cases;
  for (const int64_t axis : {0, 1, 2})
    cases.push_back({"log softmax " + std::to_string(axis),
                     [=](Weights&) {
                       return one("LogSoftmax", {3, 17, 5},
                                  {int_attribute("axis", axis)});
                     },
                     0, 4e-6});
  check_all(cases);
}

Test(lowering, reductions_over_any_axes) {
  std::vector<Case> cases;
  for (const char* op :
       {"ReduceProd", "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin",
        "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"})
    for (const Dims& axes : {Dims{0}, Dims{1}, Dims{2}, Dims{0, 2}, Dims{}})
      for (const int64_t keep : {0, 1})
        cases.push_back({op + text_of(axes),
                         [=](Weights&) {
                           std::vector<Message> a{
                               int_attribute("keepdims", keep)};
                           if (!axes.empty())
                             a.push_back(ints_attribute("axes", axes));
                           OnnxFile f = one(op, {3, 4, 19}, a);
                           return f.opset(11);
                         },
                         3 * 4 * 19 + 2.0});
  check_all(cases);
}

Test(lowering, layers_normalised) {
  check_all({{"layer norm",
              [](Weights& w) {
                return one("LayerNormalization", {5, 3, 21}, {},
                           {w("s", {21}), w("b", {21})}, {"x", "s", "b"});
              },
              0, 1e-5}});
}

// Half of the elements either way; what is picked is equal.
Test(lowering, where_picks_by_a_comparison) {
  std::vector<Case> cases;
  for (const char* op :
       {"Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal"})
    for (const auto& [c, a, b] : std::vector<std::array<Dims, 3>>{
             {{{3, 5, 19}, {3, 5, 19}, {3, 5, 19}}},
             {{{5, 1}, {3, 1, 7}, {}}},
             {{{1}, {4, 1}, {1, 17}}},
             {{{2, 18}, {18}, {2, 1}}}})
      cases.push_back(
          {op + text_of(c) + text_of(a), [=](Weights& w) {
             OnnxFile f;
             f.input("c", c).input("a", a).input("b", b);
             f.output("y", {}).weight(w("w", {1}));
             f.node(op, {"c", "w"}, {"t"}).node("Not", {"t"}, {"n"});
             f.node("Where", {"n", "a", "b"}, {"y"});
             return f;
           }});
  check_all(cases);
}

Test(lowering, truths_are_joined) {
  std::vector<Case> cases;
  for (const char* op : {"And", "Or"})
    cases.push_back({op, [=](Weights&) {
                       OnnxFile f;
                       f.input("a", {3, 19}).input("b", {19}).output("y", {});
                       f.weight(tensor("zero", {}, {0}));
                       f.node("Greater", {"a", "zero"}, {"p"});
                       f.node("Less", {"b", "zero"}, {"q"});
                       f.node(op, {"p", "q"}, {"t"});
                       f.weight(tensor("one", {}, {1}));
                       return f.node("Where", {"t", "one", "a"}, {"y"});
                     }});
  check_all(cases);
}

Test(lowering, numbers_become_truths_and_these_numbers) {
  check_all({{"casts", [](Weights&) {
                OnnxFile f;
                f.input("x", {3, 19}).output("y", {});
                f.node("Relu", {"x"}, {"r"});
                f.node("Cast", {"r"}, {"t"}, {int_attribute("to", 9)});
                f.node("Cast", {"t"}, {"i"}, {int_attribute("to", 7)});
                return f.node("Cast", {"i"}, {"y"}, {int_attribute("to", 1)});
              }}});
}

// A comparison with what no float is goes its old way, in double.
Test(lowering, integers_beyond_floats_are_compared_as_they_are) {
  OnnxFile f;
  f.input("x", {3}).output("y", {});
  f.weight(int_tensor("n", {1}, {16777217})).weight(tensor("o", {}, {1}));
  f.node("Cast", {"x"}, {"i"}, {int_attribute("to", 7)});
  f.node("Less", {"i", "n"}, {"l"}).node("Where", {"l", "o", "x"}, {"y"});
  Runner fused(plan_of(f, "fused", "compare"));
  const auto y = fused.run({{16777214, 16777216, 16777218}});
  cr_assert(y == Floats({1, 1, 16777218}));
}

// 2^24 + 5 + 1 + … and 5 (2^24 + 1) are others when done in floats.
Test(lowering, integers_beyond_floats_are_summed_as_they_are) {
  struct Sum {
    const char* op;
    std::vector<std::string> in;
  };
  const Dims ones(7, 1);
  for (const Sum& sum : std::vector<Sum>{{"Add", {"i", "n"}},
                                         {"Sub", {"n", "i"}},
                                         {"Mul", {"i", "n"}},
                                         {"MatMul", {"i", "ones"}},
                                         {"MatMul", {"i", "k"}},
                                         {"Gemm", {"i", "ones"}},
                                         {"Gemm", {"i", "k"}},
                                         {"ReduceSum", {"i"}}}) {
    OnnxFile f;
    f.input("x", {1, 7}).input("z", {7, 1}).output("y", {});
    f.weight(int_tensor("n", {1, 7}, Dims(7, 16777217)));
    f.weight(int_tensor("ones", {7, 1}, ones));
    f.node("Cast", {"x"}, {"i"}, {int_attribute("to", 7)});
    f.node("Cast", {"z"}, {"k"}, {int_attribute("to", 7)});
    f.node(sum.op, sum.in, {"y"});
    Runner fused(plan_of(f, "fused", sum.op));
    Runner reference(plan_of(f, "reference", sum.op));
    const std::vector<Floats> x{{16777216, 5, 1, 1, 1, 1, 1}, Floats(7, 1)};
    cr_assert(fused.run(x) == reference.run(x), "%s of %s", sum.op,
              sum.in.back().c_str());
  }
}

Test(lowering, powers_and_slopes) {
  std::vector<Case> cases;
  for (const char* op : {"PRelu", "Pow"})
    cases.push_back({op,
                     [=](Weights&) {
                       OnnxFile f;
                       f.input("x", {2, 3, 19}).input("s", {3, 1});
                       f.output("y", {}).node("Abs", {"x"}, {"a"});
                       const bool pow = std::string(op) == "Pow";
                       return f.node(op, {pow ? "a" : "x", "s"}, {"y"});
                     },
                     // The reference's own rounding beside the kernel's.
                     std::string(op) == "Pow" ? 0.0 : 2.0,
                     std::string(op) == "Pow" ? 2e-5 : 0.0});
  check_all(cases);
}

// b = |x| + 1/2 is rounded, by u b, and the result: slopes are at most 4 where
// b is small and 1/b² elsewhere, b at most 4.
Test(lowering, elements_one_by_one) {
  std::vector<Case> cases;
  for (const char* op :
       {"Sin", "Cos", "Log", "Reciprocal", "Sign", "Floor", "Ceil"})
    for (const Dims& x : {Dims{1}, Dims{17}, Dims{3, 5, 19}})
      cases.push_back({op + text_of(x),
                       [=](Weights&) {
                         OnnxFile f;
                         f.input("x", x).output("y", {});
                         f.node("Abs", {"x"}, {"a"});
                         f.weight(tensor("half", {}, {0.5}));
                         f.node("Add", {"a", "half"}, {"b"});
                         return f.node(op, {"b"}, {"y"});
                       },
                       0, 5 * std::ldexp(1.0, -24)});
  check_all(cases);
}

// As layers_normalised, by the same kernel: a mean of zero and a variance of
// one, then scales of about 1/2.
Test(lowering, groups_of_channels_normalised) {
  std::vector<Case> cases;
  const auto add = [&](const std::string& op, const Dims& x, int64_t groups,
                       int64_t scales, uint64_t opset) {
    for (const bool computed : {false, true})
      cases.push_back({op + text_of(x) + (computed ? "computed" : "constant"),
                       [=](Weights& w) {
                         std::vector<Message> a;
                         if (groups) a = {int_attribute("num_groups", groups)};
                         OnnxFile f;
                         f.input("x", x).output("y", {});
                         if (computed) {
                           f.input("s", {scales}).input("b", {scales});
                         } else {
                           f.weight(w("s", {scales})).weight(w("b", {scales}));
                         }
                         f.node(op, {"x", "s", "b"}, {"y"}, a);
                         return f.opset(opset);
                       },
                       0, 1e-5});
  };
  add("InstanceNormalization", {2, 3, 7}, 0, 3, 17);
  add("InstanceNormalization", {1, 5, 4, 9}, 0, 5, 17);
  add("GroupNormalization", {2, 6, 5, 3}, 2, 2, 18);
  add("GroupNormalization", {1, 6, 17}, 3, 6, 21);
  add("GroupNormalization", {3, 8}, 4, 8, 21);
  check_all(cases);
}

Test(lowering, norms_with_computed_parameters) {
  check_all({{"layer norm",
              [](Weights&) {
                OnnxFile f;
                f.input("x", {5, 3, 7}).input("s", {3, 7}).input("b", {3, 7});
                f.output("y", {});
                return f.node("LayerNormalization", {"x", "s", "b"}, {"y"},
                              {int_attribute("axis", 1)});
              },
              0, 1e-5},
             {"batch norm",
              [](Weights& w) {
                OnnxFile f;
                f.input("x", {2, 5, 4, 3}).input("s", {5}).input("m", {5});
                f.input("v", {5}).output("y", {}).weight(w("b", {5}));
                f.node("Abs", {"v"}, {"a"}).weight(tensor("c", {}, {1}));
                f.node("Add", {"a", "c"}, {"u"});
                return f.node("BatchNormalization", {"x", "s", "b", "m", "u"},
                              {"y"});
              },
              0, 4e-6}});
}

Test(lowering, any_number_of_terms) {
  std::vector<Case> cases;
  for (const char* op : {"Sum", "Mean", "Min", "Max"})
    for (const std::size_t n : {1UL, 2UL, 3UL, 5UL})
      cases.push_back({op + std::to_string(n),
                       [=](Weights&) {
                         const Dims dims[] = {
                             {3, 5, 19}, {19}, {3, 1, 1}, {1}, {5, 1}};
                         OnnxFile f;
                         std::vector<std::string> in;
                         for (std::size_t i = 0; i < n; ++i) {
                           in.push_back("x" + std::to_string(i));
                           f.input(in.back(), dims[i]);
                         }
                         return f.output("y", {}).node(op, in, {"y"});
                       },
                       0, 2e-6});
  check_all(cases);
}

Test(lowering, bounds_that_are_computed) {
  std::vector<Case> cases;
  for (const auto& in : std::vector<std::vector<std::string>>{
           {"x", "l", "h"}, {"x", "", "h"}, {"x", "l"}, {"x", "c", "h"}})
    cases.push_back({"clip " + std::to_string(cases.size()), [=](Weights&) {
                       OnnxFile f;
                       f.input("x", {3, 7});
                       for (const std::string v : {"l", "h"})
                         if (std::ranges::count(in, v)) f.input(v, {1});
                       f.weight(tensor("c", {}, {-0.25F})).output("y", {});
                       return f.node("Clip", in, {"y"});
                     }});
  check_all(cases);
}

Test(lowering, gemms_with_factors_and_vectors_times_matrices) {
  std::vector<Case> cases;
  for (const bool bias : {false, true})
    cases.push_back({"factors",
                     [=](Weights&) {
                       OnnxFile f;
                       f.input("a", {3, 5}).input("b", {5, 7}).output("y", {});
                       std::vector<std::string> in{"a", "b"};
                       if (bias) f.input("c", {7}), in.push_back("c");
                       return f.node("Gemm", in, {"y"},
                                     {real_attribute("alpha", 0.3F),
                                      real_attribute("beta", 2.5F)});
                     },
                     5 + 5});
  for (const auto& [a, b] : std::vector<std::pair<Dims, Dims>>{
           {{5}, {5, 7}}, {{3, 5}, {5}}, {{5}, {5}}, {{2, 3, 5}, {5}}})
    cases.push_back({"vector " + text_of(a) + text_of(b),
                     [=](Weights&) {
                       OnnxFile f;
                       f.input("a", a).input("b", b).output("y", {});
                       return f.node("MatMul", {"a", "b"}, {"y"});
                     },
                     5 + 2});
  check_all(cases);
}

Test(lowering, reductions_over_nothing) {
  std::vector<Case> cases;
  for (const char* op :
       {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceProd", "ReduceL1",
        "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"})
    cases.push_back({op,
                     [=](Weights&) {
                       OnnxFile f =
                           one(op, {3, 17},
                               {int_attribute("noop_with_empty_axes", 1)});
                       return f.opset(18);
                     },
                     2});
  check_all(cases);
}

Test(lowering, the_largest_by_its_place) {
  std::vector<Case> cases;
  for (const int64_t axis : {0, 1, 2})
    for (const int64_t last : {0, 1})
      cases.push_back({"argmax " + text_of({axis, last}), [=](Weights&) {
                         OnnxFile f;  // of signs, many are equal
                         f.input("x", {3, 17, 5}).output("y", {});
                         f.node("Sign", {"x"}, {"s"});
                         f.node("ArgMax", {"s"}, {"i"},
                                {int_attribute("axis", axis),
                                 int_attribute("select_last_index", last),
                                 int_attribute("keepdims", last)});
                         return f.node("Cast", {"i"}, {"y"},
                                       {int_attribute("to", 1)});
                       }});
  check_all(cases);
}

Test(lowering, arithmetic_repeats_the_smaller_side) {
  std::vector<Case> cases;
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Min", "Max"})
    for (const auto& [a, b] :
         std::vector<std::pair<Dims, Dims>>{{{3, 5, 19}, {19}},
                                            {{3, 5, 19}, {5, 1}},
                                            {{1, 5, 1}, {3, 1, 2}},
                                            {{}, {7}},
                                            {{4, 1}, {3, 4, 18}}})
      cases.push_back({op + text_of(b),
                       [=](Weights&) {
                         OnnxFile f;
                         f.input("a", a).input("b", b).output("y", {});
                         return f.node(op, {"a", "b"}, {"y"});
                       },
                       0, std::string(op) == "Div" ? 1e9 : 2e-6});
  check_all(cases);
}

// ------------------------------------------------------------------ windows

struct Window {
  Dims x, w;  // w: [M, C / group, kernel…]
  int64_t group;
  Dims strides, dilations, pads;
};

Case convolution(const Window& c) {
  return {"conv " + text_of(c.x) + " by " + text_of(c.w),
          [=](Weights& w) {
            return one("Conv", c.x,
                       {int_attribute("group", c.group),
                        ints_attribute("strides", c.strides),
                        ints_attribute("dilations", c.dilations),
                        ints_attribute("pads", c.pads)},
                       {w("w", c.w), w("b", {c.w[0]})}, {"x", "w", "b"});
          },
          double(c.w[1] * c.w[2] * (c.w.size() > 3 ? c.w[3] : 1) + 3)};
}

Test(lowering, convolutions) {
  check_all({
      convolution({{1, 3, 11}, {5, 3, 4}, 1, {1}, {1}, {0, 0}}),
      convolution({{1, 45, 50}, {32, 45, 8}, 1, {4}, {1}, {0, 0}}),
      convolution({{2, 4, 13}, {6, 2, 3}, 2, {2}, {3}, {2, 5}}),
      convolution(
          {{1, 1, 9, 9}, {8, 1, 3, 3}, 1, {2, 2}, {1, 1}, {0, 0, 0, 0}}),
      convolution(
          {{1, 3, 7, 10}, {17, 3, 3, 2}, 1, {1, 2}, {2, 1}, {1, 0, 2, 1}}),
      convolution(
          {{1, 6, 5, 5}, {6, 1, 3, 3}, 6, {1, 1}, {1, 1}, {1, 1, 1, 1}}),
      convolution(
          {{1, 8, 4, 4}, {33, 8, 1, 1}, 1, {1, 1}, {1, 1}, {0, 0, 0, 0}}),
      convolution(
          {{2, 2, 4, 4}, {3, 2, 4, 4}, 1, {3, 3}, {1, 1}, {9, 0, 0, 9}}),
  });
}

struct Spread {
  Dims x, w;  // w: [C, M / group, kernel…]
  int64_t group;
  Dims strides, dilations, pads, more;
};

// Every tap of every input channel is a term, at the most.
Case transposed(const Spread& c) {
  int64_t taps = 1;
  for (std::size_t d = 2; d < c.w.size(); ++d) taps *= c.w[d];
  return {"transposed " + text_of(c.x) + " by " + text_of(c.w),
          [=](Weights& w) {
            OnnxFile f;
            f.input("x", c.x).output("y", {});
            f.weight(w("w", c.w)).weight(w("b", {c.w[1] * c.group}));
            f.node("ConvTranspose", {"x", "w", "b"}, {"t"},
                   {int_attribute("group", c.group),
                    ints_attribute("strides", c.strides),
                    ints_attribute("dilations", c.dilations),
                    ints_attribute("pads", c.pads),
                    ints_attribute("output_padding", c.more)});
            return f.node("Relu", {"t"}, {"y"});
          },
          double(c.x[1] / c.group * taps + 2)};
}

Test(lowering, convolutions_transposed) {
  check_all({
      transposed({{1, 3, 7}, {3, 5, 4}, 1, {1}, {1}, {0, 0}, {0}}),
      transposed({{2, 5, 9}, {5, 17, 3}, 1, {2}, {1}, {1, 1}, {1}}),
      transposed({{1, 4, 6}, {4, 3, 5}, 2, {3}, {2}, {4, 2}, {2}}),
      // A stride beyond the kernel: places that no tap reaches.
      transposed({{1, 2, 4}, {2, 6, 2}, 1, {5}, {1}, {0, 0}, {4}}),
      transposed({{1, 3, 5, 4},
                  {3, 8, 3, 3},
                  1,
                  {2, 2},
                  {1, 1},
                  {1, 1, 1, 1},
                  {1, 1}}),
      transposed({{2, 6, 3, 5},
                  {6, 1, 4, 2},
                  6,
                  {2, 3},
                  {1, 2},
                  {1, 0, 2, 1},
                  {0, 2}}),
      // Padding as wide as the kernel: only the middle is left.
      transposed({{1, 2, 9, 9},
                  {2, 33, 3, 3},
                  1,
                  {1, 1},
                  {1, 1},
                  {3, 3, 3, 3},
                  {0, 0}}),
      transposed({{1, 2, 3, 2, 4},
                  {2, 3, 2, 1, 3},
                  1,
                  {2, 1, 2},
                  {1, 1, 1},
                  {0, 0, 0, 1, 0, 1},
                  {1, 0, 0}}),
  });
}

// Between two others, as a decoder has it; what lies turned is read turned.
Test(lowering, a_decoder_of_windows) {
  check_all({{"decoder",
              [](Weights& w) {
                OnnxFile f;
                f.input("x", {1, 4, 4, 3}).output("y", {});
                f.weight(w("a", {3, 9, 2, 2})).weight(w("c", {9, 5, 3, 3}));
                f.weight(w("d", {2, 5, 3, 3}));
                f.node("Transpose", {"x"}, {"p"},
                       {ints_attribute("perm", {0, 3, 2, 1})});
                f.node("ConvTranspose", {"p", "a"}, {"q"},
                       {ints_attribute("strides", {2, 2})});
                f.node("Relu", {"q"}, {"r"});
                f.node("ConvTranspose", {"r", "c"}, {"s"},
                       {ints_attribute("strides", {2, 2}),
                        ints_attribute("pads", {1, 1, 1, 1})});
                f.node("Relu", {"s"}, {"t"});
                return f.node("Conv", {"t", "d"}, {"y"});
              },
              // Three layers: their terms add up.
              3 * 4 + 9 * 9 + 5 * 9 + 6.0}});
}

Test(lowering, a_stack_of_windows) {
  check_all({{"stack",
              [](Weights& w) {
                OnnxFile f;
                f.input("x", {1, 2, 20, 20}).output("y", {1, 5});
                f.weight(w("a", {7, 2, 3, 3})).weight(w("b", {9, 7, 3, 3}));
                f.weight(w("c", {5, 9 * 4 * 4}));
                f.node("Conv", {"x", "a"}, {"p"},
                       {ints_attribute("pads", {1, 1, 1, 1})});
                f.node("Relu", {"p"}, {"q"});
                f.node("MaxPool", {"q"}, {"r"},
                       {ints_attribute("kernel_shape", {2, 2}),
                        ints_attribute("strides", {2, 2})});
                f.node("Conv", {"r", "b"}, {"s"},
                       {ints_attribute("strides", {2, 2})});
                f.node("Relu", {"s"}, {"t"}).node("Flatten", {"t"}, {"u"});
                return f.node("Gemm", {"u", "c"}, {"y"},
                              {int_attribute("transB", 1)});
              },
              // Three layers one after the other: their terms add up.
              18 + 63 + 144 + 6.0}});
}

Test(lowering, pools) {
  std::vector<Case> cases;
  struct Pool {
    Dims x, kernel, strides, pads;
    int64_t up, count;
  };
  for (const Pool& p :
       std::vector<Pool>{{{1, 3, 9}, {3}, {2}, {1, 1}, 0, 0},
                         {{2, 18, 6, 7}, {2, 2}, {2, 2}, {0, 0, 0, 0}, 0, 0},
                         {{1, 5, 7, 7}, {3, 2}, {2, 3}, {1, 1, 1, 0}, 1, 1},
                         {{1, 1, 5, 5}, {3, 3}, {1, 1}, {1, 2, 2, 1}, 0, 1}})
    for (const std::string op : {"MaxPool", "AveragePool"})
      cases.push_back(
          {op + text_of(p.x),
           [=](Weights&) {
             std::vector<Message> a{ints_attribute("kernel_shape", p.kernel),
                                    ints_attribute("strides", p.strides),
                                    ints_attribute("pads", p.pads),
                                    int_attribute("ceil_mode", p.up)};
             if (op == "AveragePool")
               a.push_back(int_attribute("count_include_pad", p.count));
             return one(op, p.x, a);
           },
           op == "MaxPool" ? 0.0 : 11.0});
  for (const std::string op : {"GlobalMaxPool", "GlobalAveragePool"})
    cases.push_back({op, [=](Weights&) { return one(op, {2, 7, 3, 5}); },
                     op == "GlobalMaxPool" ? 0.0 : 17.0});
  check_all(cases);
}

// ---------------------------------------------------------------- recurrent

// How a layer differs from the plainest.
struct Layer {
  std::string op;
  std::vector<Message> attributes;
  int64_t directions = 1;
  bool batch_first = false, peepholes = false;
};

OnnxFile recurrent(Weights& w, const Layer& l, int64_t batch, int64_t steps) {
  const int64_t gates = l.op == "LSTM" ? 4 : l.op == "GRU" ? 3 : 1;
  const int64_t in = 3, hidden = 9, d = l.directions;
  const bool lstm = gates == 4;
  OnnxFile f;
  const Dims held =
      l.batch_first ? Dims{batch, d, hidden} : Dims{d, batch, hidden};
  f.input("x", l.batch_first ? Dims{batch, steps, in} : Dims{steps, batch, in});
  f.input("h", held).output("y", {}).output("last", {});
  f.weight(w("w", {d, gates * hidden, in}));
  f.weight(w("r", {d, gates * hidden, hidden}));
  f.weight(w("b", {d, 2 * gates * hidden}));
  std::vector<std::string> inputs{"x", "w", "r", "b", "", "h"};
  std::vector<std::string> outputs{"y", "last"};
  if (lstm) {
    f.input("c", held).output("cell", {});
    inputs.push_back("c"), outputs.push_back("cell");
  }
  if (l.peepholes) f.weight(w("p", {d, 3 * hidden})), inputs.push_back("p");
  auto all = l.attributes;
  all.push_back(int_attribute("hidden_size", hidden));
  all.push_back(int_attribute("layout", l.batch_first));
  if (d > 1) all.push_back(text_attribute("direction", "bidirectional"));
  return f.node(l.op, inputs, outputs, all);
}

// Gates' slopes are at most 1, and states are halved by their gates: the
// error of a step, (k + 2) u Σ|terms| ≈ 1e-6, at most adds up.
Test(lowering, recurrent_layers_of_a_batch) {
  std::vector<Case> cases;
  const auto add = [&](const Layer& l) {
    for (const int64_t batch : {1, 2, 5, 12})
      for (const int64_t steps : {1, 4})
        cases.push_back(
            {l.op + text_of({batch, steps, l.directions, l.batch_first}),
             [=](Weights& w) { return recurrent(w, l, batch, steps); }, 0,
             1e-5});
  };
  const Message reverse = text_attribute("direction", "reverse");
  for (const bool first : {false, true})
    for (const int64_t directions : {1, 2}) {
      add({"LSTM", {}, directions, first});
      add({"LSTM", {}, directions, first, true});
      add({"GRU",
           {int_attribute("linear_before_reset", first)},
           directions,
           first});
      add({"RNN", {}, directions, first});
    }
  add({"LSTM", {reverse}});
  add({"LSTM", {reverse}, 1, true, true});
  add({"GRU", {int_attribute("linear_before_reset", 1)}});
  add({"GRU", {reverse}, 1, true});
  for (const char* activation : {"Relu", "Sigmoid"})
    for (const int64_t directions : {1, 2})
      add({"RNN",
           {texts_attribute(
               "activations",
               std::vector<std::string>(static_cast<std::size_t>(directions),
                                        activation))},
           directions});
  // Longer than what one row's kernel takes.
  for (const char* op : {"LSTM", "GRU", "RNN"})
    cases.push_back({op + std::string(" long"),
                     [=](Weights& w) { return recurrent(w, {op, {}}, 1, 100); },
                     0, 1e-5});
  check_all(cases);
}

// Two fell through to the kernel for one row, which knows neither.
Test(lowering, one_row_with_peepholes_or_the_batch_first_is_right) {
  Weights w(Sign::kAny);
  OnnxFile f;
  f.input("x", {1, 1, 3}).output("y", {});
  f.weight(w("w", {1, 20, 3})).weight(w("r", {1, 20, 5}));
  f.weight(w("p", {1, 15})).weight(w("b", {1, 40}));
  f.weight(w("h", {1, 1, 5})).weight(w("c", {1, 1, 5}));
  f.node("LSTM", {"x", "w", "r", "b", "", "h", "c", "p"}, {"y"},
         {int_attribute("hidden_size", 5)});
  const auto plan = plan_of(f, "fused", "peepholes");
  Runner fused(plan), reference(plan_of(f, "reference", "peepholes"));
  const auto x = inputs_of(*plan, w);
  const auto got = fused.run(x), want = reference.run(x);
  for (std::size_t i = 0; i < got.size(); ++i)
    cr_assert(std::fabs(got[i] - want[i]) <= 1e-6F);
}
