// SPDX-License-Identifier: MIT
#include "policy/prune_cut.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "core/error.hpp"
#include "policy/ir/ops.hpp"
#include "policy/observe.hpp"

namespace tactus::policy {
namespace {

using onnx::Node;
using onnx::Tensor;

const ir::Value& value_of(const ir::Graph& graph, const std::string& name) {
  return *std::ranges::find(graph.values, name, &ir::Value::name);
}

// A constant seen as [outer, units, inner].
struct Axes {
  std::size_t outer = 1, units = 1, inner = 1;
};
Axes axes_of(const std::vector<int64_t>& dims, std::size_t axis) {
  Axes a;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    std::size_t& part = i < axis ? a.outer : i == axis ? a.units : a.inner;
    part *= static_cast<std::size_t>(dims[i]);
  }
  return a;
}

template <class Visit>
void each_of_unit(const Axes& a, std::size_t unit, Visit visit) {
  for (std::size_t o = 0; o < a.outer; ++o) {
    for (std::size_t i = 0; i < a.inner; ++i) {
      visit((o * a.units + unit) * a.inner + i);
    }
  }
}

class Cutter {
 public:
  Cutter(const Chain& chain, const Selection& selection, const ir::Graph& graph,
         onnx::Model& model)
      : chain_(chain), selection_(selection), graph_(graph), model_(model) {}

  void run();

 private:
  using Doubles = std::vector<double>;
  void fold_equal(const Cut& cut, Doubles& data) const;
  [[nodiscard]] Doubles folded_means(std::size_t sink) const;
  void shrink(const Cut& cut, const Doubles& data);
  void add_bias(std::size_t sink, Doubles extra);
  bool add_to_gemm(Node& node, const Doubles& extra);
  bool add_to_next(const Node& node, const Doubles& extra);
  void add_node(std::size_t at, const Doubles& extra);
  void put(Node& node, std::size_t input, Tensor tensor);
  [[nodiscard]] std::string fresh(const std::string& base) const;
  void insert_nodes();

  const Chain& chain_;
  const Selection& selection_;
  const ir::Graph& graph_;
  onnx::Model& model_;
  std::map<std::size_t, Node> after_;  // new nodes, by the one before
};

// W·h with h_removed = h_kept: the kept one takes both weights.
void Cutter::fold_equal(const Cut& cut, Doubles& data) const {
  const auto& name = model_.nodes[cut.node].inputs[cut.input];
  const Axes a = axes_of(value_of(graph_, name).dims, cut.axis);
  for (const auto& [removed, kept] : selection_.equal) {
    std::vector<std::size_t> to;
    each_of_unit(a, kept, [&](std::size_t at) { to.push_back(at); });
    std::size_t next = 0;
    each_of_unit(a, removed,
                 [&](std::size_t at) { data[to[next++]] += data[at]; });
  }
}

// What the removed units' means add to each output of the product.
Cutter::Doubles Cutter::folded_means(std::size_t sink) const {
  const Cut& cut = chain_.read[sink];
  const Node& node = model_.nodes[cut.node];
  const ir::Value& w = value_of(graph_, node.inputs[cut.input]);
  const double alpha = ir::real_attribute(node, "alpha", 1);
  const Axes a = axes_of(w.dims, cut.axis);
  Doubles extra(w.constant->size() / a.units, 0.0);
  for (std::size_t unit = 0; unit < a.units; ++unit) {
    if (std::ranges::binary_search(selection_.kept, unit)) continue;
    if (selection_.equal.contains(unit)) continue;
    std::size_t out = 0;
    each_of_unit(a, unit, [&](std::size_t at) {
      extra[out++] += alpha * selection_.mean[sink][unit] * (*w.constant)[at];
    });
  }
  return extra;
}

void Cutter::shrink(const Cut& cut, const Doubles& data) {
  Node& node = model_.nodes[cut.node];
  const ir::Value& v = value_of(graph_, node.inputs[cut.input]);
  const Axes a = axes_of(v.dims, cut.axis);
  Tensor t{v.name, v.dtype, v.dims, {}};
  t.dims[cut.axis] = static_cast<int64_t>(selection_.kept.size());
  for (std::size_t o = 0; o < a.outer; ++o) {
    for (const std::size_t unit : selection_.kept) {
      for (std::size_t i = 0; i < a.inner; ++i) {
        t.data.push_back(data[(o * a.units + unit) * a.inner + i]);
      }
    }
  }
  put(node, cut.input, std::move(t));
}

// Under its old name if nobody else reads that initializer.
void Cutter::put(Node& node, std::size_t input, Tensor tensor) {
  const bool there = input < node.inputs.size() && !node.inputs[input].empty();
  const std::string old = there ? node.inputs[input] : "";
  if (!there) node.inputs.resize(std::max(node.inputs.size(), input + 1));
  std::ptrdiff_t readers = 0;
  for (const Node& n : model_.nodes) {
    readers += std::ranges::count(n.inputs, old);
  }
  const bool own = there && readers == 1 &&
                   std::erase_if(model_.initializers, [&](const auto& t) {
                     return t->name == old;
                   }) > 0;
  if (own) {
    tensor.name = old;
  } else {
    tensor.name = fresh(tensor.name);
  }
  node.inputs[input] = tensor.name;
  model_.initializers.push_back(std::make_shared<Tensor>(std::move(tensor)));
}

std::string Cutter::fresh(const std::string& base) const {
  const auto taken = [&](const std::string& name) {
    const auto among = [&](const std::vector<std::string>& list) {
      return std::ranges::find(list, name) != list.end();
    };
    return std::ranges::any_of(model_.nodes,
                               [&](const Node& n) {
                                 return among(n.inputs) || among(n.outputs);
                               }) ||
           std::ranges::any_of(model_.initializers,
                               [&](const auto& t) { return t->name == name; });
  };
  std::string name = base + ".pruned";
  for (int i = 2; taken(name); ++i) name = fmt::format("{}.pruned{}", base, i);
  return name;
}

// y = alpha·A·B + beta·C
bool Cutter::add_to_gemm(Node& node, const Doubles& extra) {
  const double beta = ir::real_attribute(node, "beta", 1);
  if (node.op != "Gemm" || beta == 0) return false;
  const auto width = static_cast<int64_t>(extra.size());
  const ir::Value& w = value_of(graph_, node.outputs[0]);
  Tensor t{node.outputs[0] + ".bias", w.dtype, {width}, Doubles(extra.size())};
  if (node.inputs.size() > 2 && !node.inputs[2].empty()) {
    const auto known =
        std::ranges::find(graph_.values, node.inputs[2], &ir::Value::name);
    const bool row = known != graph_.values.end() && known->constant &&
                     (known->size() == 1 || known->size() == width) &&
                     (known->dims.empty() || known->dims.back() == width ||
                      known->size() == 1);
    if (!row) return false;
    t.name = known->name;
    for (std::size_t i = 0; i < t.data.size(); ++i) {
      t.data[i] = (*known->constant)[known->size() == 1 ? 0 : i];
    }
  }
  for (std::size_t i = 0; i < t.data.size(); ++i) t.data[i] += extra[i] / beta;
  put(node, 2, std::move(t));
  return true;
}

// Into the bias that an Add behind a MatMul holds.
bool Cutter::add_to_next(const Node& node, const Doubles& extra) {
  Node* reader = nullptr;
  for (Node& n : model_.nodes) {
    const auto uses = std::ranges::count(n.inputs, node.outputs[0]);
    if (uses == 0) continue;
    if (reader != nullptr || uses != 1) return false;
    reader = &n;
  }
  const bool output = std::ranges::any_of(
      model_.outputs, [&](const auto& o) { return o.name == node.outputs[0]; });
  if (reader == nullptr || output || reader->op != "Add") return false;
  const std::size_t other = reader->inputs[0] == node.outputs[0] ? 1 : 0;
  const auto bias =
      std::ranges::find(graph_.values, reader->inputs[other], &ir::Value::name);
  if (bias == graph_.values.end() || !bias->constant ||
      bias->size() != static_cast<int64_t>(extra.size()) ||
      bias->dims.back() != bias->size()) {
    return false;
  }
  Tensor t{bias->name, bias->dtype, bias->dims, *bias->constant};
  for (std::size_t i = 0; i < extra.size(); ++i) t.data[i] += extra[i];
  put(*reader, other, std::move(t));
  return true;
}

void Cutter::add_node(std::size_t at, const Doubles& extra) {
  Node& node = model_.nodes[at];
  const std::string name = node.outputs[0];
  const ir::Value& y = value_of(graph_, name);
  Node add{"Add", fresh(name), "", {fresh(name), ""}, {name}, {}};
  node.outputs[0] = add.inputs[0];
  put(add, 1,
      {name + ".bias", y.dtype, {static_cast<int64_t>(extra.size())}, extra});
  after_.emplace(at, std::move(add));
}

void Cutter::add_bias(std::size_t sink, Doubles extra) {
  if (std::ranges::all_of(extra, [](double v) { return v == 0; })) return;
  const std::size_t at = chain_.read[sink].node;
  if (add_to_gemm(model_.nodes[at], extra)) return;
  if (add_to_next(model_.nodes[at], extra)) return;
  add_node(at, extra);
}

void Cutter::insert_nodes() {
  for (auto it = after_.rbegin(); it != after_.rend(); ++it) {
    model_.nodes.insert(
        model_.nodes.begin() + static_cast<std::ptrdiff_t>(it->first) + 1,
        it->second);
  }
}

void Cutter::run() {
  std::vector<Doubles> extra;
  for (std::size_t i = 0; i < chain_.read.size(); ++i) {
    extra.push_back(folded_means(i));
  }
  for (const Cut& cut : chain_.made) {
    const auto& name = model_.nodes[cut.node].inputs[cut.input];
    shrink(cut, *value_of(graph_, name).constant);
  }
  for (std::size_t i = 0; i < chain_.read.size(); ++i) {
    const Cut& cut = chain_.read[i];
    const auto& name = model_.nodes[cut.node].inputs[cut.input];
    Doubles data = *value_of(graph_, name).constant;
    fold_equal(cut, data);
    shrink(cut, data);
    add_bias(i, std::move(extra[i]));
  }
  insert_nodes();
  drop_unread(model_);
}

}  // namespace

std::vector<std::vector<double>> unit_constants(const Chain& chain,
                                                const onnx::Model& model,
                                                const ir::Graph& graph) {
  std::vector<std::vector<double>> units(chain.units);
  for (const Cut& cut : chain.made) {
    const ir::Value& v =
        value_of(graph, model.nodes[cut.node].inputs[cut.input]);
    const Axes a = axes_of(v.dims, cut.axis);
    for (std::size_t unit = 0; unit < chain.units; ++unit) {
      each_of_unit(a, unit, [&](std::size_t at) {
        units[unit].push_back((*v.constant)[at]);
      });
    }
  }
  return units;
}

std::vector<double> unit_norms(const Cut& cut, const onnx::Model& model,
                               const ir::Graph& graph) {
  const ir::Value& w = value_of(graph, model.nodes[cut.node].inputs[cut.input]);
  const Axes a = axes_of(w.dims, cut.axis);
  std::vector<double> norms;
  for (std::size_t unit = 0; unit < a.units; ++unit) {
    double sum = 0;
    each_of_unit(a, unit, [&](std::size_t at) {
      sum += (*w.constant)[at] * (*w.constant)[at];
    });
    norms.push_back(std::sqrt(sum));
  }
  return norms;
}

void cut_units(const Chain& chain, const Selection& selection,
               const ir::Graph& graph, onnx::Model& model) {
  Cutter(chain, selection, graph, model).run();
}

}  // namespace tactus::policy
