// SPDX-License-Identifier: MIT
// Which spheres of a chain must not meet: links that no joint connects and
// that no SRDF sets apart, grouped by their frames. Set-up only.
#pragma once

#include <string>

#include "safety/limits/ir.hpp"

namespace tactus::safety::limits {

SelfIr self_pairs(const kin::Chain& chain);

// A pair of links that is closer than `gap` (m, between sphere surfaces) in
// every pose that was tried over the joints' ranges, as "link" and "link";
// empty: there is none. Such a row would never let the robot move.
struct Stuck {
  std::string one, other;
};
Stuck always_close(const kin::Chain& chain, const SelfIr& self, double gap);

// Poses that always_close tries.
inline constexpr uint32_t kTriedPoses = 1000;

}  // namespace tactus::safety::limits
