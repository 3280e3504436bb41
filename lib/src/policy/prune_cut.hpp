// SPDX-License-Identifier: MIT
// Takes units out of one chain of a model. Set-up only.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/prune_chain.hpp"

namespace tactus::policy {

// What becomes of the units of a chain.
struct Selection {
  std::vector<std::size_t> kept;  // ascending
  // Removed unit → kept unit that always has its value.
  std::unordered_map<std::size_t, std::size_t> equal;
  // For each of Chain::read: the value that stands in for a removed unit that
  // is not in `equal`, one per unit.
  std::vector<std::vector<double>> mean;
};

// The columns of Chain::made, one list per unit: equal lists, equal units.
std::vector<std::vector<double>> unit_constants(const Chain& chain,
                                                const onnx::Model& model,
                                                const ir::Graph& graph);

// Norm of each unit's part of one constant.
std::vector<double> unit_norms(const Cut& cut, const onnx::Model& model,
                               const ir::Graph& graph);

// Cuts the constants, folds means and equal units into what reads them.
void cut_units(const Chain& chain, const Selection& selection,
               const ir::Graph& graph, onnx::Model& model);

}  // namespace tactus::policy
