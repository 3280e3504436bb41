// SPDX-License-Identifier: MIT
// Tables of the families that look at how a motion changes and at what it
// does to the robot or to a human: part of the image (image.hpp). Plain data,
// SI. All zero is: none of them is configured.
#pragma once

#include <cstdint>

#include "core/layout/stop_page.hpp"

namespace tactus::safety {

enum TrajectoryBit : uint32_t { kLimitAcceleration = 1, kLimitJerk = 2 };

// Of the commanded velocities as they are sent, one each period.
struct Trajectory {
  uint32_t limited;  // TrajectoryBit; what is not limited is +inf below
  uint32_t reserved;
  double acceleration[layout::kMaxJoints];  // rad/s^2 or m/s^2
  double jerk[layout::kMaxJoints];          // rad/s^3 or m/s^3
};

struct Dynamics {
  Trajectory trajectory;
};

}  // namespace tactus::safety
