// SPDX-License-Identifier: MIT
// Timing and verdict of one cycle, for people and as JSON. Not for the RT
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "trace/report.hpp"

namespace tactus::trace {

// A cycle's check, computed again by whoever knows the limits.
struct CycleCheck {
  std::string text;  // whole lines
  std::string json;  // one value
};
using Recheck = std::function<CycleCheck(uint64_t cycle)>;

// An error when the log has no such cycle: it names the nearest ones, or
// the gap or skip that took it.
Result<std::string> explain(const LogReader& log, uint64_t cycle,
                            const ReportOptions& options = {},
                            const Recheck& recheck = {});
Result<std::string> explain_json(const LogReader& log, uint64_t cycle,
                                 const ReportOptions& options = {},
                                 const Recheck& recheck = {});

}  // namespace tactus::trace
