// SPDX-License-Identifier: MIT
// Timing and verdict of one cycle, for people and as JSON. Not for the RT
// thread.
#pragma once

#include <cstdint>
#include <string>

#include "trace/report.hpp"

namespace tactus::trace {

// An error when the log has no such cycle: it names the nearest ones, or
// the gap or skip that took it.
Result<std::string> explain(const LogReader& log, uint64_t cycle,
                            const ReportOptions& options = {});
Result<std::string> explain_json(const LogReader& log, uint64_t cycle,
                                 const ReportOptions& options = {});

}  // namespace tactus::trace
