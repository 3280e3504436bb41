// SPDX-License-Identifier: MIT
// A limits file by itself, as the tools that look at limits read it: whole,
// and no key unknown; a run's, or a program's. Set-up only.
#pragma once

#include <string>

#include "config/shield_load.hpp"

namespace tactus::config {

struct LimitsFile {
  LoadedShield shield;
  File file;
};
Result<LimitsFile> load_limits(const std::string& path);

// Time that the check stage has when infer ended at its own deadline, and its
// deadline from the release; 0: the file has no stages.
struct CheckTime {
  int64_t left_ns = 0;
  int64_t deadline_ns = 0;
};
[[nodiscard]] CheckTime check_time(const File& file);

}  // namespace tactus::config
