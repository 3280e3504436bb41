// SPDX-License-Identifier: MIT
// What another form of a model costs and saves: the error of its actions over
// recorded rows, in the action's unit, and the time of its calls beside the
// original's. Set-up only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "policy/rows.hpp"
#include "tactus/result.hpp"

namespace tactus::policy {

struct ErrorStats {
  double max = 0, p99 = 0, rms = 0;  // of |other - exact|
  double spread = 0;                 // largest minus smallest exact value
};

struct OutputAccuracy {
  std::string output;
  std::string unit;     // of the contract's action; empty: the raw output
  bool action = false;  // the output that moves the robot
  ErrorStats all;       // spread: the widest element's
  std::vector<ErrorStats> elements;
};

// Both over the same rows from zero state on, each carrying its own state, as
// in the loop. The action's values are decoded by the contract. Not finite in
// `other` alone is an infinite error.
Result<std::vector<OutputAccuracy>> action_errors(const ModelPlan::Ptr& exact,
                                                  const ModelPlan::Ptr& other,
                                                  const Rows& rows);

// Times of one call in ns. A sample is the mean of `calls` calls one after
// the other, so that reading the clock stays below a few per cent.
struct Timing {
  std::size_t samples = 0, calls = 0;
  double min = 0, p50 = 0, p99 = 0, p999 = 0, max = 0;
};

// In turn, sample by sample, over the rows (null: the same input again and
// again), for about this long in all.
Result<std::vector<Timing>> time_calls(std::span<const ModelPlan::Ptr> plans,
                                       const Rows* rows, int64_t duration_ns);

}  // namespace tactus::policy
