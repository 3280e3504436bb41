// SPDX-License-Identifier: MIT
// What a file or a program leaves to the check: [limit] budget, or else what
// the stages do. Set-up only.
#pragma once

#include "config/shield_load.hpp"
#include "safety/budget.hpp"

namespace tactus::config {

// Of the stages; 0: they do not say.
struct StageTimes {
  int64_t infer_ns = 0;  // deadlines, from the release
  int64_t check_ns = 0;
  int64_t budget_ns = 0;  // the check stage's own
};
[[nodiscard]] StageTimes stage_times(const File& file);

[[nodiscard]] safety::Budget budget_of(const LoadedShield& shield,
                                       const StageTimes& stages);

// Refuses limits whose check is predicted to be over that budget on the
// kernel that this machine would run.
Result<void> check_budget(const LoadedShield& shield,
                          const safety::Budget& budget);

}  // namespace tactus::config
