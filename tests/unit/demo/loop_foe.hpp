// SPDX-License-Identifier: MIT
// Whatever is against the shield in one life of the closed loop: policy, hand,
// eye, encoders, clocks, actuators, and a loop that hangs. Two of them:
// loop_storm.hpp draws all of it again and again, loop_duel.hpp pursues one
// plan. Neither leaves what Bounds allow.
#pragma once

#include <functional>

#include "loop_plant.hpp"

namespace loop {

// What a policy may look at: all of it, and the shield's own answer.
struct Scene {
  const ArmState& arm;
  const Joints& q;
  const Joints& dq;
  Vec hand;
  const float* sent;  // last command
  bool stopped;       // the last rung was stop
  const std::function<bool(const float*)>& passes;
};

// The hand, as the controller is told.
struct Sight {
  Vec place;
  int64_t stamp_ns = 0;
};

// Encoders and tachometers, beside the truth.
struct Errors {
  Joints q{}, dq{};
};

// What became of the policy's proposal.
struct Verdict {
  bool engaged;
  bool stopped;  // rung stop
  bool passed;   // rung pass
  bool at_edge;  // the hand's row held the robot back
  double slack;  // m, left of the hand's row; NaN: not judged
};

enum class Fate {
  kGoesOn,
  kHangsBefore,  // nothing is sent
  kHangsAfter,   // sent, but not committed before the loop goes on
};

// When a command may leave: not before `from`, late after `deadline`, and
// before the next release.
struct Slot {
  int64_t from, deadline, end;
};

class Foe {
 public:
  virtual ~Foe() = default;
  // A life begins.
  virtual Joints pose() = 0;
  [[nodiscard]] virtual double blend_cycles() const = 0;
  [[nodiscard]] virtual int64_t cycles() const = 0;
  // The world, each quarter of a millisecond.
  virtual void substep(const ArmState& arm, const Joints& dq) = 0;
  [[nodiscard]] virtual Vec hand() const = 0;
  [[nodiscard]] virtual double lag() const = 0;
  // A cycle.
  // False: the frame is lost.
  virtual bool measure(const Joints& q, Errors& errors) = 0;
  virtual int64_t stamp_age_ns() = 0;  // of the robot's frame
  virtual Sight look(int64_t k, const ArmState& arm) = 0;
  virtual int64_t until_check_ns() = 0;                    // from the release
  virtual bool propose(const Scene& scene, float* u) = 0;  // false: none
  virtual Fate fate(const ArmState& arm, const Verdict& verdict) = 0;
  virtual int64_t hung_cycles() = 0;
  virtual int64_t sends_at(const Slot& slot) = 0;
  virtual int64_t delay_ns() = 0;  // of one command
  // The guardian's wake-ups: the one that may act, and others.
  virtual int64_t oversleeps_ns(bool counts) = 0;
};

}  // namespace loop
