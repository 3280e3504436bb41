// SPDX-License-Identifier: MIT
// ONNX model → Graph: dead code from the selected outputs, static shapes,
// constants folded, recurrent pairs found. Set-up only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/ir/graph.hpp"
#include "policy/onnx/model.hpp"
#include "tactus/result.hpp"

namespace tactus::policy::ir {

struct BuildOptions {
  std::vector<std::string> outputs;  // selected; empty: all but states
  // Recurrent pairs (input, output) by name; empty: x_in/x_out and the like.
  std::vector<std::pair<std::string, std::string>> states;
  // Selected where `outputs` is empty, if there is an output of that name.
  std::string preferred = {};
};

struct Built {
  Graph graph;  // inputs: run's, then the states'; outputs: selected, states'
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  std::vector<StatePair> states;  // offsets are the plan's business
};

// kBadInput names op, node, opset and remedy.
Result<Built> build(const onnx::Model& model, const BuildOptions& options);

// Gives `node` its outputs' values, if all inputs are constant and it is
// cheap enough; false otherwise.
bool fold(Graph& graph, const Node& node);

}  // namespace tactus::policy::ir
