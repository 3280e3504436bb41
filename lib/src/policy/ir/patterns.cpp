// SPDX-License-Identifier: MIT
// Passes that recognise: activations written out by exporters, and slices
// that can move up to where they make a layer smaller.
#include <algorithm>
#include <cmath>

#include "policy/ir/passes.hpp"
#include "policy/ir/rewrite.hpp"

namespace tactus::policy::ir {
namespace {

bool is_uniform(const Graph& graph, Id id, double value, double tolerance) {
  if (id == kNone) return false;
  return std::ranges::all_of(data_of(graph, id), [&](double v) {
    return std::fabs(v - value) <= tolerance;
  });
}

void become(Node& node, const char* op, Id x) {
  node.op = op;
  node.in = {x};
}

// Mul(x, f(g…(x))): `gate` is the other factor.
bool is_silu(const Uses& uses, Id x, Id gate) {
  const Node* s = uses.maker(gate);
  return s && s->op == "Sigmoid" && s->in[0] == x;
}

bool is_mish(const Uses& uses, Id x, Id gate) {
  const Node* t = uses.maker(gate);
  const Node* s = t && t->op == "Tanh" ? uses.maker(t->in[0]) : nullptr;
  return s && s->op == "Softplus" && s->in[0] == x;
}

// 1 + erf(x / sqrt 2), as PyTorch writes it before opset 20.
bool is_gelu_gate(const Graph& graph, const Uses& uses, Id x, Id gate) {
  const Node* plus = uses.maker(gate);
  if (!plus || plus->op != "Affine" || plus->in[1] != kNone ||
      plus->in[2] != kNone || !is_uniform(graph, plus->in[3], 1, 0)) {
    return false;
  }
  const Node* erf = uses.maker(plus->in[0]);
  const Node* arg = erf && erf->op == "Erf" ? uses.maker(erf->in[0]) : nullptr;
  return arg && arg->op == "Affine" && arg->in[0] == x && arg->in[1] == kNone &&
         arg->in[3] == kNone && is_uniform(graph, arg->in[2], M_SQRT1_2, 1e-6);
}

// Mul(x, 1 + erf(…)) → 2·gelu(x); the halving that follows merges later.
bool gelu(Graph& graph, const Uses& uses, std::size_t at, Id x, Id gate) {
  if (!is_gelu_gate(graph, uses, x, gate)) return false;
  const Node node = graph.nodes[at];
  const Value out = graph.at(node.out[0]);
  if (graph.at(x).dims != out.dims) return false;
  const Id half = graph.add({"", out.dtype, out.dims, nullptr});
  const auto n = out.size();
  const Id two = add_constant(
      graph, {n}, std::vector<double>(static_cast<std::size_t>(n), 2.0));
  graph.nodes[at] = {"Gelu", node.name, {x}, {half}, {}, {}};
  graph.nodes.insert(
      graph.nodes.begin() + static_cast<std::ptrdiff_t>(at) + 1,
      {"Affine", node.name, {half, kNone, two, kNone}, node.out, {}, {}});
  return true;
}

bool activation(Graph& graph, const Uses& uses, std::size_t at) {
  Node& node = graph.nodes[at];
  if (node.op != "Mul") return false;
  for (const int first : {0, 1}) {
    const Id x = node.in[static_cast<std::size_t>(first)];
    const Id gate = node.in[static_cast<std::size_t>(1 - first)];
    if (is_silu(uses, x, gate)) return become(node, "Silu", x), true;
    if (is_mish(uses, x, gate)) return become(node, "Mish", x), true;
    if (gelu(graph, uses, at, x, gate)) return true;
  }
  return false;
}

// The slice as [start, start + size) of the flattened input, if it is one.
bool contiguous(const Graph& graph, const Node& slice, int64_t& start) {
  const auto& in = graph.at(slice.in[0]).dims;
  const auto& out = graph.at(slice.out[0]).dims;
  const std::size_t rank = in.size();
  start = 0;
  int64_t stride = 1;
  bool cut = false;  // an inner axis was: outer ones may only pick one
  for (std::size_t d = rank; d-- > 0;) {
    if (cut && out[d] != 1) return false;
    if (out[d] > 1 && slice.ints[rank + d] != 1) return false;
    start += slice.ints[d] * stride;
    stride *= in[d];
    cut = cut || out[d] != in[d];
  }
  return true;
}

// Slice(Linear(x)) → a Linear of those rows, if every use is a Slice.
bool narrow_linear(Graph& graph, Node& slice, const Node& linear) {
  int64_t start = 0;
  if (!is_single_row(graph, linear) || !contiguous(graph, slice, start)) {
    return false;
  }
  const int64_t k = graph.at(linear.in[1]).dims[1];
  const int64_t n = graph.at(slice.out[0]).size();
  if (n == 0) return false;
  const auto& w = data_of(graph, linear.in[1]);
  std::vector<double> rows(w.begin() + start * k, w.begin() + (start + n) * k);
  std::vector<double> bias;
  if (linear.in[2] != kNone) {
    const auto& b = data_of(graph, linear.in[2]);
    bias.assign(b.begin() + start, b.begin() + start + n);
  }
  const Id x = linear.in[0];
  const Id small = add_constant(graph, {n, k}, std::move(rows));
  const Id shift =
      bias.empty() ? kNone : add_constant(graph, {n}, std::move(bias));
  slice = {"Linear", slice.name, {x, small, shift}, slice.out, {}, {}};
  return true;
}

// Slice(f(x)) → f(Slice(x)).
void swap_with_unary(Graph& graph, std::size_t at, const Node& unary) {
  Node slice = graph.nodes[at];
  Node f = unary;
  const Value out = graph.at(slice.out[0]);
  const Id mid = graph.add({"", out.dtype, out.dims, nullptr});
  f.in = {mid};
  f.out = slice.out;
  slice.in = {unary.in[0]};
  slice.out = {mid};
  graph.nodes[at] = std::move(slice);
  graph.nodes.insert(graph.nodes.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                     std::move(f));
}

// Only slices use `id`, and together they are no larger than it.
bool only_sliced(const Graph& graph, const Uses& uses, Id id) {
  int slices = 0;
  int64_t total = 0;
  for (const Node& node : graph.nodes) {
    if (node.op != "Slice" || node.in[0] != id) continue;
    ++slices;
    total += graph.at(node.out[0]).size();
  }
  return slices == uses.count(id) && total <= graph.at(id).size();
}

bool sink_one(Graph& graph, const Uses& uses, std::size_t at) {
  Node& slice = graph.nodes[at];
  if (slice.op != "Slice") return false;
  const Node* maker = uses.maker(slice.in[0]);
  if (!maker || !only_sliced(graph, uses, slice.in[0])) return false;
  if (maker->op == "Linear") return narrow_linear(graph, slice, *maker);
  const bool same = is_unary(*maker) &&
                    graph.at(maker->in[0]).dims == graph.at(maker->out[0]).dims;
  if (!same) return false;
  swap_with_unary(graph, at, Node(*maker));
  return true;
}

using Rewrite = bool (*)(Graph&, const Uses&, std::size_t);

bool first_change(Graph& graph, Rewrite rewrite) {
  const Uses uses(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (rewrite(graph, uses, i)) return drop_dead(graph), true;
  }
  return false;
}

}  // namespace

bool find_activations(Graph& graph) { return first_change(graph, activation); }

bool sink_slices(Graph& graph) { return first_change(graph, sink_one); }

}  // namespace tactus::policy::ir
