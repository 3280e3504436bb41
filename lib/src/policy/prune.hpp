// SPDX-License-Identifier: MIT
// Structured pruning: whole hidden units of Linear → element-wise → Linear
// chains are taken out, so that the file and its matrices really get smaller.
// Units are ranked by what of them the next layer sees: the standard
// deviation of the activation over recorded rows times the norm of its
// outgoing weights (its mean is folded into the next bias; a unit that equals
// a kept one is folded into that one's weights). Set-up only.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "policy/rows.hpp"
#include "tactus/result.hpp"

namespace tactus::policy {

struct PruneOptions {
  double keep = 0.75;  // of each layer's units, if keep_units is 0
  std::size_t keep_units = 0;
  // Kept sizes are rounded up to a multiple: kernels compute whole blocks, so
  // the units in between cost nothing.
  std::size_t multiple = 16;
};

struct LayerReport {
  std::string name;  // of the node, or its output where it has none
  std::size_t before = 0, after = 0;
  std::size_t duplicates = 0;  // of the removed: folded into an equal unit
  std::string reason;          // why it was kept whole; else empty
};

struct Pruned {
  std::vector<std::byte> image;  // an ONNX file, without golden vectors
  std::vector<LayerReport> layers;
  std::size_t golden_dropped = 0;  // they are the unpruned model's
};

// Without rows (null) the norm of a unit's incoming weights is what ranks it
// instead of the deviation, and its value at an observation of zeros stands
// in for the mean. kBadInput when no layer
// can be pruned: the reasons are in it.
Result<Pruned> prune(const ModelPlan& plan, const Rows* rows,
                     const PruneOptions& options);

}  // namespace tactus::policy
