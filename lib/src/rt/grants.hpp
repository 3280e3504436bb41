// SPDX-License-Identifier: MIT
// What was asked of the machine and what it gave. Printed by rtctl, stored
// in the log header; `require` turns a missing one into a start-up error.
// Set-up only.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tactus/result.hpp"

namespace tactus::rt {

struct Grant {
  std::string name;     // fifo, affinity, memlock, stack, qos, tsc, ...
  std::string asked;    // "priority 45"
  std::string granted;  // what was read back: "priority 45", "other"
  bool ok = false;      // granted is what was asked
  std::string reason;   // why not, and the remedy; empty when ok
};
using Grants = std::vector<Grant>;

// kUnavailable naming the first required grant that is missing, with its
// reason; kBadInput when a name is none of `grants`.
Result<void> check_required(const Grants& grants,
                            std::span<const std::string> required);

// "fifo priority 45, affinity cpu 1, qos refused (…)": one line.
[[nodiscard]] std::string to_text(const Grants& grants);

}  // namespace tactus::rt
