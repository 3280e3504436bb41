// SPDX-License-Identifier: MIT
// The oracle: every operator's double kernel, node by node, on the graph as
// built (no passes: it also judges them). Slow, but it allocates nothing
// after set-up, so it may run in the loop where nothing faster takes a model.
#include <algorithm>

#include "core/error.hpp"
#include "policy/backend.hpp"
#include "policy/ir/interpreter.hpp"

namespace tactus::policy {
namespace {

using ir::Graph;
using ir::Id;

class ReferenceExecutor : public Executor {
 public:
  ReferenceExecutor(const Graph& graph, std::size_t states)
      : graph_(graph), states_(states), interpreter_(graph) {}
  Status run(const RunFrame& frame) noexcept override;

 private:
  const Graph& graph_;  // lives in the plan, which the Context keeps
  std::size_t states_;
  ir::Interpreter interpreter_;
};

Status ReferenceExecutor::run(const RunFrame& frame) noexcept {
  const std::size_t own = graph_.inputs.size() - states_;
  for (std::size_t i = 0; i < own; ++i) {
    const Id id = graph_.inputs[i];
    std::copy_n(frame.inputs[i].data, graph_.at(id).size(),
                interpreter_.at(id));
  }
  const auto* state = reinterpret_cast<const double*>(frame.state_in);
  for (std::size_t i = own; i < graph_.inputs.size(); ++i) {
    const Id id = graph_.inputs[i];
    std::copy_n(state, graph_.at(id).size(), interpreter_.at(id));
    state += graph_.at(id).size();
  }
  interpreter_.run();
  const std::size_t selected = graph_.outputs.size() - states_;
  for (std::size_t i = 0; i < selected; ++i) {
    const double* from = interpreter_.read(graph_.outputs[i]);
    for (float& value : frame.outputs[i]) value = static_cast<float>(*from++);
  }
  auto* next = reinterpret_cast<double*>(frame.state_out);
  for (std::size_t i = selected; i < graph_.outputs.size(); ++i) {
    const Id id = graph_.outputs[i];
    next = std::copy_n(interpreter_.read(id), graph_.at(id).size(), next);
  }
  return Status::kOk;
}

class ReferencePlan : public Compiled {
 public:
  ReferencePlan(Graph graph, std::size_t states)
      : graph_(std::move(graph)), states_(states) {}

  Result<std::unique_ptr<Executor>> make_executor() const override {
    return std::unique_ptr<Executor>(
        std::make_unique<ReferenceExecutor>(graph_, states_));
  }
  bool rt_safe() const noexcept override { return true; }
  std::size_t state_width() const noexcept override { return sizeof(double); }
  std::size_t weight_bytes() const noexcept override {
    std::size_t bytes = 0;
    for (const auto& v : graph_.values) {
      if (v.constant) bytes += v.constant->size() * sizeof(double);
    }
    return bytes;
  }
  std::string kernels() const override { return "reference/1:f64"; }
  std::vector<OpCount> ops() const override { return count_ops(graph_); }

 private:
  Graph graph_;
  std::size_t states_;
};

}  // namespace

Result<std::unique_ptr<const Compiled>> compile_reference(
    const CompileInput& input) {
  return std::unique_ptr<const Compiled>(
      std::make_unique<ReferencePlan>(input.graph, input.states));
}

}  // namespace tactus::policy
