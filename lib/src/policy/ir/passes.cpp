// SPDX-License-Identifier: MIT
#include "policy/ir/passes.hpp"

#include <algorithm>
#include <cmath>

#include "policy/ir/build.hpp"
#include "policy/ir/ops.hpp"
#include "policy/ir/rewrite.hpp"

namespace tactus::policy::ir {
namespace {

using onnx::is_floating;

// `c` spread over `dims`, or empty if the result would not have that size.
std::vector<double> spread(const Graph& graph, Id c,
                           std::span<const int64_t> dims, int64_t size) {
  if (onnx::elements(dims) != size) return {};
  std::vector<double> out(static_cast<std::size_t>(size));
  Broadcast at(dims, graph.at(c).dims);
  for (double& v : out) {
    v = data_of(graph, c)[static_cast<std::size_t>(at.offset())];
    at.next();
  }
  return out;
}

Id row_constant(Graph& graph, std::vector<double> data) {
  const auto n = static_cast<int64_t>(data.size());
  return add_constant(graph, {n}, std::move(data));
}

// Add and friends: which Affine operand the constant becomes.
struct Arithmetic {
  std::string_view op;
  bool constant_first;
  int slot;  // 1 pre, 2 scale, 3 shift
  double (*map)(double);
  bool negate_x;
};

constexpr Arithmetic kArithmetic[] = {
    {"Add", false, 3, [](double c) { return c; }, false},
    {"Add", true, 3, [](double c) { return c; }, false},
    {"Sub", false, 1, [](double c) { return c; }, false},
    {"Sub", true, 3, [](double c) { return c; }, true},
    {"Mul", false, 2, [](double c) { return c; }, false},
    {"Mul", true, 2, [](double c) { return c; }, false},
    {"Div", false, 2, [](double c) { return 1 / c; }, false},
};

bool to_affine(Graph& graph, Node& node, const Arithmetic& rule) {
  if (node.op != rule.op) return false;
  const Id c = node.in[rule.constant_first ? 0 : 1];
  const Id x = node.in[rule.constant_first ? 1 : 0];
  const Value& out = graph.at(node.out[0]);
  if (!graph.is_constant(c) || graph.is_constant(x) ||
      !is_floating(out.dtype)) {
    return false;
  }
  std::vector<double> data = spread(graph, c, out.dims, graph.at(x).size());
  if (data.empty()) return false;
  for (double& v : data) v = rule.map(v);
  node.op = "Affine";
  node.in = {x, kNone, kNone, kNone};
  const std::size_t size = data.size();
  node.in[static_cast<std::size_t>(rule.slot)] =
      row_constant(graph, std::move(data));
  if (rule.negate_x) {
    node.in[2] = row_constant(graph, std::vector<double>(size, -1.0));
  }
  return true;
}

bool batch_norm_to_affine(Graph& graph, Node& node) {
  if (node.op != "BatchNormalization") return false;
  for (std::size_t i = 1; i < 5; ++i) {
    if (!graph.is_constant(node.in[i])) return false;
  }
  const auto size = static_cast<std::size_t>(graph.at(node.out[0]).size());
  std::vector<double> pre(size), scale(size), shift(size);
  for (std::size_t i = 0; i < size; ++i) {
    const auto c = i / static_cast<std::size_t>(node.ints[1]) %
                   static_cast<std::size_t>(node.ints[0]);
    pre[i] = data_of(graph, node.in[3])[c];
    shift[i] = data_of(graph, node.in[2])[c];
    scale[i] = data_of(graph, node.in[1])[c] /
               std::sqrt(data_of(graph, node.in[4])[c] + node.reals[0]);
  }
  node = {"Affine", node.name, {node.in[0]}, node.out, {}, {}};
  for (auto* part : {&pre, &scale, &shift}) {
    node.in.push_back(row_constant(graph, std::move(*part)));
  }
  return true;
}

// x^2 is x·x, as both round it.
bool square_to_product(const Graph& graph, Node& node) {
  if (node.op != "Pow" || !graph.is_constant(node.in[1]) ||
      graph.at(node.in[0]).dims != graph.at(node.out[0]).dims) {
    return false;
  }
  const auto& power = data_of(graph, node.in[1]);
  if (!std::ranges::all_of(power, [](double p) { return p == 2; }))
    return false;
  node.op = "Mul";
  node.in[1] = node.in[0];
  return true;
}

struct Weights {
  int64_t n = 0, k = 0;
  Id as_is = kNone;          // W needs no change
  std::vector<double> w, b;  // otherwise W; b empty: none
};

std::vector<double> transposed(const std::vector<double>& m, int64_t rows,
                               int64_t cols) {
  std::vector<double> t(m.size());
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < cols; ++c) {
      t[static_cast<std::size_t>(c * rows + r)] =
          m[static_cast<std::size_t>(r * cols + c)];
    }
  }
  return t;
}

void scale_all(std::vector<double>& values, double factor) {
  if (factor == 1) return;
  for (double& v : values) v *= factor;
}

bool gemm_weights(const Graph& graph, const Node& node, Weights& out) {
  if (!graph.is_constant(node.in[1]) || node.ints[0] != 0) return false;
  const auto& dims = graph.at(node.in[1]).dims;
  const bool ready = node.ints[1] != 0;  // transB: already [n, k]
  out.n = dims[ready ? 0 : 1];
  out.k = dims[ready ? 1 : 0];
  const auto& w = data_of(graph, node.in[1]);
  if (ready && node.reals[0] == 1) {
    out.as_is = node.in[1];
  } else {
    out.w = ready ? w : transposed(w, out.k, out.n);
    scale_all(out.w, node.reals[0]);
  }
  if (node.in.size() < 3 || node.in[2] == kNone) return true;
  if (!graph.is_constant(node.in[2])) return false;
  const auto& c = graph.at(node.in[2]).dims;
  if (c.size() > 1 && c[0] != 1) return false;  // differs by row
  out.b = spread(graph, node.in[2], std::vector<int64_t>{1, out.n}, out.n);
  scale_all(out.b, node.reals[1]);
  return true;
}

bool matmul_weights(const Graph& graph, const Node& node, Weights& out) {
  if (!graph.is_constant(node.in[1])) return false;
  const auto& dims = graph.at(node.in[1]).dims;
  if (dims.size() > 2) return false;
  out.k = dims[0];
  out.n = dims.size() > 1 ? dims[1] : 1;
  out.w = transposed(data_of(graph, node.in[1]), out.k, out.n);
  return true;
}

}  // namespace

bool make_linear(Graph& graph) {
  bool changed = false;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    Node& node = graph.nodes[i];
    Weights weights;
    const bool fits = node.op == "Gemm" ? gemm_weights(graph, node, weights)
                      : node.op == "MatMul"
                          ? matmul_weights(graph, node, weights)
                          : false;
    const bool real = is_floating(graph.at(node.out[0]).dtype);
    if (!fits || !real || weights.k == 0 || weights.n == 0) continue;
    const Id w =
        weights.as_is != kNone
            ? weights.as_is
            : add_constant(graph, {weights.n, weights.k}, std::move(weights.w));
    const Id b =
        weights.b.empty() ? kNone : row_constant(graph, std::move(weights.b));
    node = {"Linear", node.name, {node.in[0], w, b}, node.out, {}, {}};
    changed = true;
  }
  return changed;
}

bool make_affine(Graph& graph) {
  bool changed = false;
  for (Node& node : graph.nodes) {
    if (batch_norm_to_affine(graph, node)) changed = true;
    if (square_to_product(graph, node)) changed = true;
    for (const auto& rule : kArithmetic) {
      if (to_affine(graph, node, rule)) changed = true;
    }
  }
  return changed;
}

namespace {

bool is_all(const Graph& graph, Id id, double value) {
  return id == kNone || std::ranges::all_of(data_of(graph, id), [&](double v) {
           return v == value;
         });
}

bool does_nothing(const Graph& graph, const Node& node) {
  if (node.op == "Affine") {
    return is_all(graph, node.in[1], 0) && is_all(graph, node.in[2], 1) &&
           is_all(graph, node.in[3], 0);
  }
  return node.op == "Reshape" &&
         graph.at(node.in[0]).dims == graph.at(node.out[0]).dims;
}

// Element by element, or over all elements: the shape does not matter.
bool ignores_shape(const Graph& graph, const Node& node) {
  if (node.op == "Linear") return is_single_row(graph, node);
  return node.op == "Affine" || node.op == "Reshape" || is_unary(node);
}

}  // namespace

bool is_unary(const Node& node) {
  return node.in.size() == 1 && node.out.size() == 1 &&
         std::ranges::find(unary_ops(), node.op, &Op::name) !=
             unary_ops().end();
}

bool drop_renames(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    if (does_nothing(graph, node) && uses.count(node.out[0]) > 0) {
      replace_uses(graph, node.out[0], node.in[0]);
      return true;
    }
    if (!ignores_shape(graph, node)) continue;
    const Node* inner = uses.maker(node.in[0]);
    if (inner && inner->op == "Reshape") {
      node.in[0] = inner->in[0];
      return true;
    }
  }
  return false;
}

bool drop_dead(Graph& graph) {
  std::vector<bool> live(graph.values.size(), false);
  const auto mark = [&](Id id) {
    if (id != kNone) live[static_cast<std::size_t>(id)] = true;
  };
  for (const Id id : graph.outputs) mark(id);
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    const bool needed = std::ranges::any_of(node.out, [&](Id id) {
      return id != kNone && live[static_cast<std::size_t>(id)];
    });
    if (!needed) continue;
    for (const Id id : node.in) mark(id);
  }
  const std::size_t before = graph.nodes.size();
  std::erase_if(graph.nodes, [&](const Node& node) {
    return std::ranges::none_of(node.out, [&](Id id) {
      return id != kNone && live[static_cast<std::size_t>(id)];
    });
  });
  for (std::size_t i = 0; i < live.size(); ++i) {  // release dead weights
    if (!live[i]) graph.values[i].constant = nullptr;
  }
  return graph.nodes.size() != before;
}

void optimise(Graph& graph) {
  constexpr bool (*kPasses[])(Graph&) = {
      drop_renames, make_linear,  make_affine,  find_activations,
      sink_slices,  merge_affine, merge_linear, drop_dead};
  // First: what is a layer as it stands need not be taken apart.
  make_linear(graph);
  spell_out(graph);
  const std::size_t bound = 4 * graph.nodes.size() + 8;
  for (std::size_t round = 0; round < bound; ++round) {
    bool changed = false;
    for (const auto pass : kPasses) {
      while (pass(graph) && ++round < bound) changed = true;
    }
    if (!changed) break;
  }
  drop_dead(graph);
}

}  // namespace tactus::policy::ir
