// SPDX-License-Identifier: MIT
// Which hidden units of a model can be removed, and what has to be cut then.
// Set-up only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "policy/ir/graph.hpp"
#include "policy/onnx/model.hpp"

namespace tactus::policy {

// A constant operand that has the units along `axis`.
struct Cut {
  std::size_t node = 0;   // in Model::nodes
  std::size_t input = 0;  // of the node
  std::size_t axis = 0;
};

// From the product that makes the units to the products that read them.
struct Chain {
  std::string name;
  std::size_t units = 0;
  std::size_t bytes = 0;  // of the weights that shrink with the units
  std::vector<Cut> made;  // incoming weights, biases, normalisers
  std::vector<Cut> read;  // outgoing weights
  std::string reason;     // why it cannot be cut; else empty
};

// A model with static shapes, as ir::build has made `graph` of it.
std::vector<Chain> find_chains(const onnx::Model& model,
                               const ir::Graph& graph);

}  // namespace tactus::policy
