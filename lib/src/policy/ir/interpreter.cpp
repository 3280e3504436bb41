// SPDX-License-Identifier: MIT
#include "policy/ir/interpreter.hpp"

namespace tactus::policy::ir {

Interpreter::Interpreter(const Graph& graph)
    : graph_(graph), offset_(graph.values.size()) {
  std::size_t total = 0;
  for (std::size_t i = 0; i < graph.values.size(); ++i) {
    if (graph.values[i].constant) continue;
    offset_[i] = total;
    total += static_cast<std::size_t>(graph.values[i].size());
  }
  arena_.assign(total, 0.0);
  steps_.reserve(graph.nodes.size());
  for (const Node& node : graph.nodes) add_step(node);
}

void Interpreter::add_step(const Node& node) {
  Step step{&node, find_op(node.op)->eval, {}, {}};
  for (const Id id : node.in) {
    if (id == kNone) {
      step.in.emplace_back();
    } else {
      step.in.push_back({read(id), graph_.at(id).dims, graph_.at(id).size()});
    }
  }
  for (const Id id : node.out) {
    step.out.push_back({at(id), graph_.at(id).dims, graph_.at(id).size()});
  }
  steps_.push_back(std::move(step));
}

void Interpreter::run() noexcept {
  for (const Step& step : steps_) step.eval(*step.node, step.in, step.out);
}

}  // namespace tactus::policy::ir
