// SPDX-License-Identifier: MIT
// The constant parts of the HTML report, and its charts. Private to the
// report. Not for the RT thread.
#pragma once

#include <string>

#include "trace/report.hpp"

namespace tactus::trace {

extern const char* const kPageStyle;   // CSS, light and dark
extern const char* const kPageScript;  // plays the animation, plain JS

[[nodiscard]] std::string lateness_svg(const LogReader& log);
[[nodiscard]] std::string stages_svg(const Summary& summary);
[[nodiscard]] std::string rungs_svg(const LogReader& log);
[[nodiscard]] std::string separation_svg(const LogReader& log);
// JSON for kPageScript; empty when the log has nothing to draw.
[[nodiscard]] std::string scene_data(const LogReader& log,
                                     const ReportOptions& options);

}  // namespace tactus::trace
