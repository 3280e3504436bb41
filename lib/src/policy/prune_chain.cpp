// SPDX-License-Identifier: MIT
#include "policy/prune_chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "policy/ir/ops.hpp"

namespace tactus::policy {
namespace {

using ir::Value;
using onnx::Node;

bool among(std::span<const ir::Op> ops, const std::string& name) {
  return std::ranges::find(ops, name, &ir::Op::name) != ops.end();
}

// Each unit by itself, whatever stands beside it.
bool is_element_wise(const std::string& op) {
  return op == "Identity" || op == "Dropout" || op == "Cast" ||
         among(ir::unary_ops(), op) ||
         (among(ir::binary_ops(), op) && op != "Where");
}
// The units stay the last axis, if the output has them there.
bool moves_axes(const std::string& op) {
  return op == "Flatten" || op == "Squeeze" || op == "Unsqueeze";
}
bool is_product(const Node& n) {
  return (n.op == "Gemm" || n.op == "MatMul") && onnx::is_standard(n);
}

struct Kept {
  const char* op;
  const char* reason;
};
constexpr Kept kKept[] = {{"LSTM", "recurrent"},
                          {"GRU", "recurrent"},
                          {"RNN", "recurrent"},
                          {"Conv", "a convolution"},
                          {"ConvTranspose", "a convolution"}};

class Finder {
 public:
  Finder(const onnx::Model& model, const ir::Graph& graph) : model_(model) {
    for (const Value& v : graph.values) {
      if (!v.name.empty()) values_.emplace(v.name, &v);
    }
    for (const auto& o : model.outputs) outputs_.insert(o.name);
  }

  std::vector<Chain> run();

 private:
  [[nodiscard]] const Value* find(const std::string& name) const {
    const auto it = values_.find(name);
    return it == values_.end() ? nullptr : it->second;
  }
  [[nodiscard]] bool is_constant(const std::string& name) const {
    const Value* v = find(name);
    return v != nullptr && v->constant != nullptr;
  }
  bool begin(std::size_t at);
  void follow(std::size_t from);
  bool visit(std::size_t at);
  bool element_wise(std::size_t at);
  bool batch_norm(std::size_t at);
  bool product(std::size_t at);
  bool operand(std::size_t node, std::size_t input);
  void join(std::size_t at);
  bool refuse(const Node& n, const char* what);
  void cut(std::vector<Cut>& list, Cut c);

  const onnx::Model& model_;
  std::unordered_map<std::string, const Value*> values_;
  std::unordered_set<std::string> outputs_;
  Chain chain_;
  std::unordered_set<std::string> group_;  // values that hold the units
};

std::string label(const Node& n) {
  return n.name.empty() ? n.outputs[0] : n.name;
}

bool Finder::refuse(const Node& n, const char* what) {
  chain_.reason = fmt::format("{} '{}' {}", n.op, label(n), what);
  return false;
}

void Finder::cut(std::vector<Cut>& list, Cut c) {
  list.push_back(c);
  const Value* v = find(model_.nodes[c.node].inputs[c.input]);
  chain_.bytes +=
      static_cast<std::size_t>(v->size()) * onnx::bytes_of(v->dtype);
}

// A product by constant weights starts a chain.
bool Finder::begin(std::size_t at) {
  const Node& n = model_.nodes[at];
  chain_ = {};
  group_.clear();
  const Value* out = find(n.outputs[0]);
  if (out == nullptr || out->constant || n.inputs.size() < 2) return false;
  chain_.name = label(n);
  if (is_constant(n.inputs[0]) || !is_constant(n.inputs[1])) return false;
  const Value* w = find(n.inputs[1]);
  if (w->dims.size() != 2) return false;
  const bool gemm = n.op == "Gemm";
  const bool transposed = gemm && ir::int_attribute(n, "transB", 0) != 0;
  chain_.units = static_cast<std::size_t>(w->dims[transposed ? 0 : 1]);
  cut(chain_.made, {at, 1, transposed ? 0U : 1U});
  join(at);
  if (gemm && n.inputs.size() > 2 && !n.inputs[2].empty()) {
    if (!is_constant(n.inputs[2])) return refuse(n, "has a computed bias");
    return operand(at, 2);
  }
  return true;
}

void Finder::join(std::size_t at) {
  const std::string& name = model_.nodes[at].outputs[0];
  group_.insert(name);
  if (outputs_.contains(name)) {
    chain_.reason = "its units are the output '" + name + "'";
  }
}

// A constant beside the units: one for all, or one per unit.
bool Finder::operand(std::size_t node, std::size_t input) {
  const Node& n = model_.nodes[node];
  const Value* v = find(n.inputs[input]);
  if (v->dims.empty() || v->dims.back() == 1) return true;
  if (v->dims.back() != static_cast<int64_t>(chain_.units)) {
    return refuse(n, "has a constant of another size");
  }
  cut(chain_.made, {node, input, v->dims.size() - 1});
  return true;
}

bool Finder::element_wise(std::size_t at) {
  const Node& n = model_.nodes[at];
  for (std::size_t i = 0; i < n.inputs.size(); ++i) {
    const std::string& name = n.inputs[i];
    if (name.empty() || group_.contains(name)) continue;
    if (!is_constant(name)) {
      return refuse(n, "joins its units with another value (a residual)");
    }
    if (!operand(at, i)) return false;
  }
  const Value* out = find(n.outputs[0]);
  if (out->dims.empty() ||
      out->dims.back() != static_cast<int64_t>(chain_.units)) {
    return refuse(n, "gives its units another shape");
  }
  join(at);
  return true;
}

bool Finder::batch_norm(std::size_t at) {
  const Node& n = model_.nodes[at];
  const Value* out = find(n.outputs[0]);
  if (out->dims.size() != 2) return refuse(n, "normalises another axis");
  for (std::size_t i = 1; i < n.inputs.size(); ++i) {
    if (!is_constant(n.inputs[i])) return refuse(n, "is computed");
    if (!operand(at, i)) return false;
  }
  join(at);
  return true;
}

bool Finder::product(std::size_t at) {
  const Node& n = model_.nodes[at];
  const bool reads = n.inputs.size() > 1 && group_.contains(n.inputs[0]) &&
                     is_constant(n.inputs[1]) &&
                     find(n.inputs[1])->dims.size() == 2;
  if (!reads) return refuse(n, "multiplies its units by what is computed");
  if (ir::int_attribute(n, "transA", 0) != 0) return refuse(n, "turns them");
  const bool transposed =
      n.op == "Gemm" && ir::int_attribute(n, "transB", 0) != 0;
  cut(chain_.read, {at, 1, transposed ? 1U : 0U});
  return true;
}

bool Finder::visit(std::size_t at) {
  const Node& n = model_.nodes[at];
  if (!onnx::is_standard(n)) return refuse(n, "needs all of its units");
  if (is_product(n)) return product(at);
  if (n.op == "BatchNormalization") return batch_norm(at);
  if (is_element_wise(n.op)) return element_wise(at);
  if (moves_axes(n.op)) {
    const Value* out = find(n.outputs[0]);
    if (!out->dims.empty() &&
        out->dims.back() == static_cast<int64_t>(chain_.units)) {
      join(at);
      return true;
    }
  }
  return refuse(n, "needs all of its units");
}

// Nodes are sorted: one pass sees every reader.
void Finder::follow(std::size_t from) {
  for (std::size_t i = from + 1; i < model_.nodes.size(); ++i) {
    const Node& n = model_.nodes[i];
    const bool reads = std::ranges::any_of(
        n.inputs, [&](const auto& name) { return group_.contains(name); });
    const bool live = !n.outputs.empty() && find(n.outputs[0]) != nullptr;
    if (!reads || !live) continue;
    if (!visit(i) || !chain_.reason.empty()) return;
  }
  if (chain_.read.empty()) chain_.reason = "no product reads its units";
}

std::vector<Chain> Finder::run() {
  std::vector<Chain> chains;
  for (std::size_t i = 0; i < model_.nodes.size(); ++i) {
    const Node& n = model_.nodes[i];
    if (n.outputs.empty() || find(n.outputs[0]) == nullptr) continue;
    const auto* kept = std::ranges::find(kKept, n.op, &Kept::op);
    if (kept != std::end(kKept) && onnx::is_standard(n)) {
      chains.push_back({label(n), 0, 0, {}, {}, kept->reason});
    }
    if (!is_product(n)) continue;
    const bool begun = begin(i);
    if (!begun && chain_.reason.empty()) continue;  // attention, a constant
    if (begun && chain_.reason.empty()) follow(i);
    chains.push_back(chain_);
  }
  return chains;
}

}  // namespace

std::vector<Chain> find_chains(const onnx::Model& model,
                               const ir::Graph& graph) {
  return Finder(model, graph).run();
}

}  // namespace tactus::policy
