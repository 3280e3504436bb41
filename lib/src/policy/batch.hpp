// SPDX-License-Identifier: MIT
// Many observations of a model without state, for evaluation offline: a
// thread per core, each with a Context of its own, so that every row is what
// Context::run gives for it, bit by bit, and in its place. Not for the loop.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "policy/plan.hpp"
#include "tactus/result.hpp"

namespace tactus::policy {

struct BatchOptions {
  unsigned threads = 0;  // 0: one per core; for onednn always one
  // Called now and then on the calling thread, with the rows done so far; the
  // last time with all of them.
  std::function<void(std::size_t)> progress = {};
};

// Of each input and output, in the order of Description: its rows, one behind
// the other.
struct BatchRows {
  std::size_t rows = 0;
  std::vector<std::span<const float>> inputs;
  std::vector<std::span<float>> outputs;
};

// What is not finite is written all the same. kBadInput for a recurrent model
// and for arrays that do not hold `rows` rows.
Result<void> run_batch(const ModelPlan::Ptr& plan, const BatchRows& rows,
                       const BatchOptions& options = {});

}  // namespace tactus::policy
