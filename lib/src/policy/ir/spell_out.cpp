// SPDX-License-Identifier: MIT
// Operators that are others put together: with these written out, a backend
// has fewer to know, and what is constant in them merges with its neighbours.
#include <numeric>
#include <span>

#include "policy/ir/build.hpp"
#include "policy/ir/passes.hpp"
#include "policy/ir/rewrite.hpp"
#include "policy/onnx/model.hpp"

namespace tactus::policy::ir {
namespace {

using Dims = std::vector<int64_t>;

// One node, and the nodes written in its place.
struct Spelling {
  Graph& graph;
  const Uses& uses;
  const Node& node;
  std::vector<Node>& nodes;

  [[nodiscard]] bool has(std::size_t i) const {
    return i < node.in.size() && node.in[i] != kNone;
  }
  [[nodiscard]] const Value& out() const { return graph.at(node.out[0]); }
  [[nodiscard]] bool is_real() const { return onnx::is_floating(out().dtype); }

  Id make(const char* op, std::vector<Id> in, Dims dims, Dims ints = {},
          std::vector<double> reals = {}) {
    const Id id = graph.add({"", out().dtype, std::move(dims), nullptr});
    Node made{op,   node.name,       std::move(in),
              {id}, std::move(ints), std::move(reals)};
    if (!fold(graph, made)) nodes.push_back(std::move(made));
    return id;
  }
  // The last one makes what the node made.
  bool finish(const char* op, std::vector<Id> in, Dims ints = {},
              std::vector<double> reals = {}) {
    nodes.push_back({op,
                     node.name,
                     std::move(in),
                     {node.out[0]},
                     std::move(ints),
                     std::move(reals)});
    return true;
  }
  Id shaped(Id id, Dims dims) {
    if (!graph.is_constant(id)) return make("Reshape", {id}, std::move(dims));
    return add_constant(graph, std::move(dims), data_of(graph, id));
  }
  Id constant(double value) { return add_constant(graph, {}, {value}); }
};

// Rows of n, each with a mean of zero and a variance of one.
Id normalised(Spelling& s, int64_t rows, int64_t n) {
  const Id flat = s.shaped(s.node.in[0], {rows, n});
  const Id ones = add_constant(
      s.graph, {n}, std::vector<double>(static_cast<std::size_t>(n), 1.0));
  return s.make("LayerNormalization", {flat, ones}, {rows, n}, {rows, n, 1},
                s.node.reals);
}

// x · scale + bias, which are of `each`, spread over x as `dims`.
bool scaled(Spelling& s, Id x, const Dims& dims, const Dims& each) {
  Id y = s.make("Mul", {s.shaped(x, dims), s.shaped(s.node.in[1], each)}, dims);
  if (s.has(2)) y = s.make("Add", {y, s.shaped(s.node.in[2], each)}, dims);
  return s.finish("Reshape", {y});
}

bool grouped_norm(Spelling& s) {
  const Dims& ints = s.node.ints;
  const int64_t size = s.out().size(), channels = ints[1], inner = ints[2];
  if (size == 0) return false;
  const int64_t run = channels / ints[0] * inner, scales = channels / ints[3];
  const Id x = normalised(s, size / run, run);
  return scaled(s, x, {size / channels / inner, scales, ints[3] * inner},
                {scales, 1});
}

bool computed_grouped_norm(Spelling& s) {
  const bool constant =
      s.graph.is_constant(s.node.in[1]) && s.graph.is_constant(s.node.in[2]);
  return !constant && grouped_norm(s);
}

// With a scale or bias that is computed.
bool layer_norm(Spelling& s) {
  const bool computed = !s.graph.is_constant(s.node.in[1]) ||
                        (s.has(2) && !s.graph.is_constant(s.node.in[2]));
  bool more = false;
  for (std::size_t i = 1; i < s.node.out.size(); ++i)
    more = more || s.uses.count(s.node.out[i]) > 0;
  if (!computed || more || s.out().size() == 0) return false;
  const int64_t rows = s.node.ints[0], n = s.node.ints[1];
  return scaled(s, normalised(s, rows, n), {rows, n}, {n});
}

// With a parameter that is computed: ints {channels, inner}.
bool batch_norm(Spelling& s) {
  bool computed = false;
  for (std::size_t i = 1; i < 5; ++i)
    computed = computed || !s.graph.is_constant(s.node.in[i]);
  const int64_t channels = s.node.ints[0], inner = s.node.ints[1];
  if (!computed || s.out().size() == 0) return false;
  const Dims dims{s.out().size() / channels / inner, channels, inner};
  const Dims each{channels, 1};
  const Id above = s.make(
      "Add", {s.shaped(s.node.in[4], each), s.constant(s.node.reals[0])}, each);
  const Id spread = s.make("Sqrt", {above}, each);
  const Id middle = s.shaped(s.node.in[3], each);
  const Id x = s.make("Sub", {s.shaped(s.node.in[0], dims), middle}, dims);
  return scaled(s, s.make("Div", {x, spread}, dims), dims, each);
}

// Of any number of inputs, two by two.
bool chain(Spelling& s) {
  const std::vector<Id>& in = s.node.in;
  const bool mean = s.node.op == "Mean", sum = mean || s.node.op == "Sum";
  if ((in.size() == 2 && !sum) || (mean && !s.is_real())) return false;
  const char* op = sum ? "Add" : s.node.op == "Min" ? "Min" : "Max";
  Id all = in[0];
  const std::size_t last = mean ? in.size() : in.size() - 1;
  for (std::size_t i = 1; i < last; ++i)
    all = s.make(op, {all, in[i]}, s.out().dims);
  const auto n = static_cast<double>(in.size());
  if (in.size() == 1) return s.finish("Reshape", {all});
  if (mean) return s.finish("Mul", {all, s.constant(1 / n)});
  return s.finish(op, {all, in.back()});
}

// Clip with a bound that is computed.
bool clip_between(Spelling& s) {
  if (!s.is_real()) return false;
  const auto bound = [&](std::size_t i) {
    return s.has(i) ? s.shaped(s.node.in[i], {})
                    : s.constant(s.node.reals[i - 1]);
  };
  const Id low = s.make("Max", {s.node.in[0], bound(1)}, s.out().dims);
  return s.finish("Min", {low, bound(2)});
}

// Over no axis: of each element alone.
bool reduce_nothing(Spelling& s) {
  for (const int64_t reduced : s.node.ints)
    if (reduced != 0) return false;
  const std::string& op = s.node.op;
  const Id x = s.node.in[0];
  if (op == "ReduceSumSquare") return s.finish("Mul", {x, x});
  const bool size = op == "ReduceL1" || op == "ReduceL2";
  if (op == "ReduceLogSum") return s.finish("Log", {x});
  return s.finish(size ? "Abs" : "Reshape", {x});
}

bool reduce_log_sum(Spelling& s) {
  if (s.out().size() == 0) return false;
  const Id sum = s.make("ReduceSum", s.node.in, s.out().dims, s.node.ints);
  return s.finish("Log", {sum});
}

bool arg_min(Spelling& s) {
  const Dims dims = s.graph.at(s.node.in[0]).dims;
  return s.finish("ArgMax", {s.make("Neg", s.node.in, dims)}, s.node.ints);
}

// Each place is the largest's or not: ints {outer, n, inner}.
bool hardmax(Spelling& s) {
  if (s.out().size() == 0) return false;
  const int64_t outer = s.node.ints[0], n = s.node.ints[1],
                inner = s.node.ints[2];
  const Id best =
      s.make("ArgMax", s.node.in, {outer, 1, inner}, {outer, n, inner, 0});
  std::vector<double> places(static_cast<std::size_t>(n));
  std::iota(places.begin(), places.end(), 0.0);
  const Id each = add_constant(s.graph, {n, 1}, std::move(places));
  return s.finish("Reshape",
                  {s.make("Equal", {best, each}, {outer, n, inner})});
}

// alpha A B + beta C.
bool gemm(Spelling& s) {
  const double alpha = s.node.reals[0], beta = s.node.reals[1];
  const bool plain = alpha == 1 && (!s.has(2) || beta == 1);
  if (plain || !s.is_real()) return false;
  const Dims dims = s.out().dims;
  const Id product = s.make("Gemm", {s.node.in[0], s.node.in[1]}, dims,
                            s.node.ints, {1.0, 1.0});
  if (!s.has(2)) return s.finish("Mul", {product, s.constant(alpha)});
  const Id more = s.make("Mul", {s.node.in[2], s.constant(beta)},
                         s.graph.at(s.node.in[2]).dims);
  const Id scaled = s.make("Mul", {product, s.constant(alpha)}, dims);
  return s.finish("Add", {scaled, more});
}

// A vector is a row on the left, a column on the right.
bool matmul(Spelling& s) {
  Dims a = s.graph.at(s.node.in[0]).dims, b = s.graph.at(s.node.in[1]).dims;
  if (a.size() > 1 && b.size() > 1) return false;
  Dims dims = s.out().dims;
  if (b.size() == 1) b.push_back(1), dims.push_back(1);
  if (a.size() == 1) {
    a.insert(a.begin(), 1);
    dims.insert(dims.end() - 1, 1);
  }
  const Id left = s.shaped(s.node.in[0], a), right = s.shaped(s.node.in[1], b);
  return s.finish("Reshape", {s.make("MatMul", {left, right}, dims)});
}

// To a truth, or of one, which is 0 or 1 as any other type has it: ints {is
// bool, …}.
bool cast(Spelling& s) {
  const Id x = s.node.in[0];
  if (s.graph.at(x).dtype == DType::kBool) return s.finish("Reshape", {x});
  if (s.node.ints[0] == 0) return false;
  return s.finish("Not", {s.make("Not", {x}, s.out().dims)});
}

struct Rule {
  std::string_view op;
  bool (*spell)(Spelling&);
};
constexpr Rule kRules[] = {
    {"ArgMin", arg_min},
    {"BatchNormalization", batch_norm},
    {"Cast", cast},
    {"ClipBetween", clip_between},
    {"Gemm", gemm},
    {"GroupNormalization", computed_grouped_norm},
    {"Hardmax", hardmax},
    {"InstanceNormalization", computed_grouped_norm},
    {"LayerNormalization", layer_norm},
    {"MatMul", matmul},
    {"Max", chain},
    {"Mean", chain},
    {"Min", chain},
    {"Sum", chain},
    {"ReduceL1", reduce_nothing},
    {"ReduceL2", reduce_nothing},
    {"ReduceLogSum", reduce_nothing},
    {"ReduceLogSum", reduce_log_sum},
    {"ReduceLogSumExp", reduce_nothing},
    {"ReduceMax", reduce_nothing},
    {"ReduceMean", reduce_nothing},
    {"ReduceMin", reduce_nothing},
    {"ReduceProd", reduce_nothing},
    {"ReduceSum", reduce_nothing},
    {"ReduceSumSquare", reduce_nothing},
};

constexpr Rule kNorms[] = {
    {"GroupNormalization", grouped_norm},
    {"InstanceNormalization", grouped_norm},
};

bool spell(Graph& graph, std::span<const Rule> rules) {
  const Uses uses(graph);
  std::vector<Node> nodes;
  bool changed = false;
  for (const Node& node : graph.nodes) {
    Spelling spelling{graph, uses, node, nodes};
    bool spelled = false;
    for (const Rule& rule : rules)
      spelled = spelled || (rule.op == node.op && rule.spell(spelling));
    if (!spelled) nodes.push_back(node);
    changed = changed || spelled;
  }
  graph.nodes = std::move(nodes);
  return changed;
}

}  // namespace

bool spell_out(Graph& graph) { return spell(graph, kRules); }

bool spell_out_norms(Graph& graph) { return spell(graph, kNorms); }

}  // namespace tactus::policy::ir
