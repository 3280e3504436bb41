// SPDX-License-Identifier: MIT
// The log section that names what a replay must do the same: backend, kernels,
// which fields go in and out and how, the commit rule's times. TOML. Set-up.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/blueprint.hpp"
#include "config/replay_limits.hpp"
#include "trace/reader.hpp"

namespace tactus::config {

struct Recipe {
  std::string backend;
  std::string kernels;
  std::vector<policy::Columns> slow;  // that layers were split for
  AtEngage state = AtEngage::kKeep;
  std::optional<policy::History> history;
  ReplayBasis basis;
};

[[nodiscard]] std::string replay_text(const Blueprint& blueprint);
// What replay_text wrote, now or before `slow`, `state` and `history` were.
Result<Recipe> read_recipe(const trace::LogReader& log);

// The frame fields that the policy of a log reads; none if it does not say.
[[nodiscard]] std::vector<std::string> policy_inputs(
    const trace::LogReader& log);

}  // namespace tactus::config
