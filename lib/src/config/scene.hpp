// SPDX-License-Identifier: MIT
// What a report draws that only the robot's description knows. Set-up only.
#pragma once

#include "trace/report.hpp"

namespace tactus::config {

// Links from the log's own URDF and limits; left out (the page says so) when
// the log has none that this build can read.
[[nodiscard]] trace::ReportOptions report_options(const trace::LogReader& log);

}  // namespace tactus::config
