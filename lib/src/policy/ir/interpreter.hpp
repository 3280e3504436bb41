// SPDX-License-Identifier: MIT
// Runs a graph node by node with every operator's double kernel, over memory
// of its own. RT-safe once made.
#pragma once

#include <cstddef>
#include <vector>

#include "policy/ir/graph.hpp"
#include "policy/ir/ops.hpp"

namespace tactus::policy::ir {

class Interpreter {
 public:
  explicit Interpreter(const Graph& graph);  // which outlives it
  // A value that is not constant: inputs to write before run().
  [[nodiscard]] double* at(Id id) noexcept {
    return arena_.data() + offset_[static_cast<std::size_t>(id)];
  }
  // Any value.
  [[nodiscard]] const double* read(Id id) noexcept {
    const Value& value = graph_.at(id);
    return value.constant ? value.constant->data() : at(id);
  }
  void run() noexcept;

 private:
  struct Step {
    const Node* node;
    Eval eval;
    std::vector<In> in;
    std::vector<Out> out;
  };
  void add_step(const Node& node);

  const Graph& graph_;
  std::vector<double> arena_;
  std::vector<std::size_t> offset_;
  std::vector<Step> steps_;
};

}  // namespace tactus::policy::ir
