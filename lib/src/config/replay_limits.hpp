// SPDX-License-Identifier: MIT
// The limits that a replay checks with: the log's own, or another file's. A
// replay injects what the loop decided while recording (times, lateness, the
// frame), so another file may change robot, limits, the guard's times and how
// signals are judged; what it cannot change is refused. Set-up only.
#pragma once

#include <string>
#include <vector>

#include "config/shield_load.hpp"
#include "trace/reader.hpp"

namespace tactus::config {

// What of a log's replay_text (replay_recipe.hpp) limits depend on.
struct ReplayBasis {
  Timing timing;
  std::vector<std::string> input;
  std::string output;
};

struct ReplayLimits {
  LoadedShield shield;
  File file;  // signals only
};

// kUnavailable when this build compiles the log's limits otherwise.
Result<ReplayLimits> own_limits(const trace::LogReader& log,
                                const ReplayBasis& basis);

// The file at `path`, read as strictly as whoever recorded the log (rtctl run
// or a program) reads its own, with its own URDF and guard.
Result<ReplayLimits> other_limits(const trace::LogReader& log,
                                  const ReplayBasis& basis,
                                  const safety::Image& own,
                                  const std::string& path);

}  // namespace tactus::config
