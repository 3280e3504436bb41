// SPDX-License-Identifier: MIT
// Where the robot can be from now until it stands: the commit rule's motion
// as samples with half-widths that cover everything between and beside them.
// Pure, RT-safe; trip counts depend on the image only (and the number of
// commands in flight).
//
// Model: a command takes effect at most `actuator_delay` after it was sent
// (how much earlier is not known), then the joint velocity follows with a
// first-order lag: lag dv/dt = u - v. Both are integrated in closed form.
// The filter is monotone and has gain one, which gives every bound here:
// an error e(t) of the input shifts the position by at most the integral of
// |e|, and |v| never exceeds the largest of |v_0| and |u|.
#pragma once

#include <cstdint>

#include "kin/fk_impl.hpp"
#include "safety/fault.hpp"
#include "safety/planner.hpp"
#include "safety/shield.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {

using kin::Double8;
inline constexpr uint32_t kLanes = kin::kLanes;
inline constexpr uint32_t kEarly = 4;  // samples before u_k takes effect

// Task windows that are open now: bit index + 1, and for how much longer, s.
struct Windows {
  uint32_t open;
  double left[kMaxWindows];
};

// The robot at one instant.
struct Posture {
  kin::Frames frames;
  double centre[kin::kMaxSpheres][3];  // of its spheres, m
};

// What all candidates of one cycle share: the past, up to the instant t1 at
// which the command of this cycle takes effect.
struct Past {
  int64_t now_ns;
  int64_t t1_ns;                     // now + actuator delay
  double q[kEarly + 1][kMaxJoints];  // at now .. t1, evenly spaced
  double v[kEarly + 1][kMaxJoints];
  double hull[kMaxJoints];   // bound of |v| on [now, t1]
  double error[kMaxJoints];  // of q, from commands effective early
  double swing[kMaxJoints];  // what the commands in flight change by, in all
  double last[kMaxJoints];   // newest command sent
  // s from the release of the newest command to this one, the period at most,
  // and the same of that command.
  double step_s, last_step_s;
  // The one before it, NaN where that is not known; only of an image that
  // limits the trajectory or looks back.
  double earlier[kMaxJoints];
  Windows windows;
  // What each past-time row has left of its window now, s (past_time_impl.hpp).
  double left[kMaxMemories];
  // Of an image without humans predict_past() leaves it as it was.
  Posture now;
};

// A motion to judge: hold u until the stop begins, then follow `shape`.
struct Intent {
  double u[kMaxJoints];
  StopShape shape;
  int64_t origin_ns;  // command time of the stop's begin
  int64_t early_ns;   // the stop may begin that much before its origin
  int64_t stale_ns;   // a played command may be that old
  bool fresh;         // u is not out yet
  // The plan that the guardian goes on in if the loop dies between the send
  // of u and its commit; null: none.
  const layout::StopPlan* before;
  // No plan was ever committed: there it stands still at once.
  bool holds_still = false;
  // Every joint's place counts as that much wider, in seconds of |u|, and
  // kRoom beyond it, unless zero. No rule: a choice of candidates.
  double room_s = 0;
};
inline constexpr double kRoom = 2e-5;  // rad or m: f32 and where samples lie

struct alignas(64) Motion {
  uint32_t blocks;  // of eight samples
  kin::Samples8 q[kMaxSamples / kLanes];
  kin::Samples8 wide[kMaxSamples / kLanes];   // |q_true - q| <= wide
  kin::Samples8 speed[kMaxSamples / kLanes];  // |dq_true| <= speed
  Double8 until[kMaxSamples / kLanes];  // s after now: end of the interval
  // What a command u that is held moves each sample by, s: dq/du, and
  // dwide/d|u|, to first order (rung project).
  Double8 path[kMaxSamples / kLanes];
  Double8 spread[kMaxSamples / kLanes];
  double peak[kMaxJoints];  // max of speed
  double reaction_s;        // now to the latest begin of braking
  // The only instant there is, in every lane of one block; null: samples.
  const Posture* still = nullptr;
};

// False when commands in flight are not known.
template <class F>
bool predict_past(const Image& image, const ShieldState& state,
                  const ShieldInput& in, bool still, Past& out) noexcept;

template <class F>
void predict(const Image& image, const Past& past, const Intent& intent,
             Motion& out) noexcept;

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety

#include "safety/predict_impl.hpp"
