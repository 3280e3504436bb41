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

inline constexpr uint32_t kMaxLoads = 16;
inline constexpr uint32_t kMaxMasses = 64;

// What a signal measures and must not exceed: a torque or force at each
// joint, a force vector, or the power that joint torques have at the speeds
// of the motion.
struct Load {
  uint32_t signal;
  uint32_t first;  // of the three values of a force vector; else 0
  double limit[layout::kMaxJoints];  // per joint, N m or N; else [0], N or W
};

// A body that moves with frame `link`.
struct Mass {
  uint32_t link;
  uint32_t reserved;
  double mass;     // kg
  double arm;      // m, at most: from the frame's origin to its centre
  double inertia;  // kg m^2, at most: about its centre, any axis
};

inline constexpr uint32_t kMaxContacts = 16;

// A body region that the robot may touch, but not faster than its profile
// allows.
struct Contact {
  uint32_t signal;
  uint32_t reserved;
  double most;        // m/s, of a robot point that may touch: filled by seal()
  double force;       // N, transient, the least of what the profile gives
  double stiffness;   // N/m, effective spring constant of the region
  double body_mass;   // kg, effective mass of the region
  double robot_mass;  // kg, effective: M / 2 + payload
  double approach;    // m/s, at which the region itself meets the robot
  double speed;       // m/s, v_h: the reach set grows by it
  double intrusion;   // m
  double sensor;      // m
  double robot;       // m
};

inline constexpr uint32_t kMaxBarriers = 16;

enum class BarrierOf : uint32_t { kJoints = 0, kBox = 1, kHuman = 2 };

// A control barrier on the distance that another row keeps.
struct Barrier {
  BarrierOf of;
  uint32_t index;   // box (keep out) or human
  uint32_t degree;  // 1 or 2
  uint32_t reserved;
  double alpha[2];  // 1/s; the second of degree 2 only
};

struct Dynamics {
  Trajectory trajectory;
  uint32_t torques;  // load[0 .. torques)
  uint32_t forces;   // load[torques .. forces)
  uint32_t loads;    // load[forces .. loads): power
  uint32_t masses;
  double energy;  // J, kinetic, of all masses; 0: not limited
  uint32_t contacts;
  uint32_t barriers;
  Load load[kMaxLoads];
  Mass mass[kMaxMasses];
  Contact contact[kMaxContacts];
  Barrier barrier[kMaxBarriers];
};

}  // namespace tactus::safety
