// SPDX-License-Identifier: MIT
#include "policy/ir/rewrite.hpp"

namespace tactus::policy::ir {

Uses::Uses(const Graph& graph)
    : graph_(graph),
      maker_(graph.values.size(), -1),
      count_(graph.values.size(), 0) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const Id id : graph.nodes[i].out) {
      if (id != kNone) {
        maker_[static_cast<std::size_t>(id)] = static_cast<int>(i);
      }
    }
    for (const Id id : graph.nodes[i].in) {
      if (id != kNone) ++count_[static_cast<std::size_t>(id)];
    }
  }
  for (const Id id : graph.outputs) ++count_[static_cast<std::size_t>(id)];
}

const Node* Uses::maker(Id id) const {
  if (id == kNone) return nullptr;
  const int node = maker_[static_cast<std::size_t>(id)];
  return node < 0 ? nullptr : &graph_.nodes[static_cast<std::size_t>(node)];
}

int Uses::count(Id id) const { return count_[static_cast<std::size_t>(id)]; }

const Node* Uses::only(Id id, std::string_view op) const {
  const Node* node = maker(id);
  return node && node->op == op && count(id) == 1 ? node : nullptr;
}

void replace_uses(Graph& graph, Id from, Id to) {
  for (Node& node : graph.nodes) {
    for (Id& id : node.in) {
      if (id == from) id = to;
    }
  }
  for (Id& id : graph.outputs) {
    if (id == from) id = to;
  }
}

Id add_constant(Graph& graph, std::vector<int64_t> dims,
                std::vector<double> data) {
  Value value;
  value.dims = std::move(dims);
  value.constant = std::make_shared<const std::vector<double>>(std::move(data));
  return graph.add(std::move(value));
}

const std::vector<double>& data_of(const Graph& graph, Id id) {
  return *graph.at(id).constant;
}

bool reads_matrix(const Node& node) {
  return node.op == "Linear" || node.op == "LSTM" || node.op == "GRU";
}

std::string name_of_value(const Graph& graph, Id id) {
  const std::string& name = graph.at(id).name;
  return name.empty() ? "#" + std::to_string(id) : name;
}

bool is_single_row(const Graph& graph, const Node& linear) {
  return graph.at(linear.in[0]).size() == graph.at(linear.in[1]).dims[1];
}

}  // namespace tactus::policy::ir
