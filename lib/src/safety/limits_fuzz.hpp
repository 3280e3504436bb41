// SPDX-License-Identifier: MIT
// Tries to make these limits let something out that they should not: random
// cycles, moved to the very edge of what is accepted, and spoilt inputs. Not
// an oracle of the whole motion; what is checked of each accepted action is
//   - every kernel here gives the same bits,
//   - it lies within action box, rate and acceleration, in exact arithmetic,
//   - the robot as it stands obeys joint, shape, self, human and contact rows
//     and what torque, force and power rows measure, by forward kinematics of
//     its own in long double (not jerk, energy, barriers, linear rows,
//     expressions, nor a part while its window may be open),
// and of each spoilt one that the rung is stop. Not for the RT thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/json.hpp"
#include "safety/image.hpp"

namespace tactus::safety {

struct FuzzAsk {
  uint64_t cases = 2000;
  uint64_t seed = 1;  // of the first case; the next has the next one
  std::function<void(uint64_t done)> progress;
};

struct FuzzFinding {
  uint64_t seed = 0;  // --seed, with --cases 1
  std::string what;
};

struct FuzzResult {
  uint64_t cases = 0;
  uint64_t checks = 0;
  uint64_t accepted = 0;  // pass, scale or project
  uint64_t edges = 0;     // cases with an edge between accepted and not
  uint64_t spoilt = 0;    // inputs that had to be a stop
  uint32_t kernels = 0;   // compared
  std::optional<FuzzFinding> finding;  // the first; ends the search
};

[[nodiscard]] FuzzResult fuzz_limits(const Image& image, const FuzzAsk& ask);

[[nodiscard]] json::Value to_value(const FuzzResult& result);
[[nodiscard]] std::string to_text(const FuzzResult& result);

}  // namespace tactus::safety
