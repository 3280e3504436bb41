// SPDX-License-Identifier: MIT
// A life in which everything that may go wrong does so at random, all the
// time: broad, and sharp nowhere. Also honest policies, to show what a ladder
// leaves of a task.
#pragma once

#include "loop_hand.hpp"
#include "loop_policy.hpp"

namespace loop {

// An honest policy: one that goes to places, with a loop that works.
struct Honest {
  PolicyKind policy;
};

class Storm : public Foe {
 public:
  Storm(uint64_t seed, const Bounds& bounds)
      : Storm(Random(seed * kSpread + 11), bounds, nullptr) {}
  Storm(uint64_t seed, const Bounds& bounds, const Honest& honest)
      : Storm(Random(seed * kSpread + 11), bounds, &honest) {}

  [[nodiscard]] const Policy& policy() const { return policy_; }

  Joints pose() override { return some_pose(random_); }
  [[nodiscard]] double blend_cycles() const override { return blend_; }
  [[nodiscard]] int64_t cycles() const override { return 1500; }

  void substep(const ArmState& arm, const Joints&) override {
    if (chance(random_, 0.01))
      lag_ = random_.in(bounds_.lag_lo, bounds_.lag_hi);
    hand_.substep(arm);
  }
  [[nodiscard]] Vec hand() const override { return hand_.at(); }
  [[nodiscard]] double lag() const override { return lag_; }

  // Frames are lost now and then; encoders err to one side for a while.
  bool measure(const Joints&, Errors& errors) override {
    ++measured_;
    if (chance(random_, 0.02)) bias_ = -bias_;
    if (measured_ > 2 && chance(random_, 0.01)) return false;
    for (std::size_t j = 0; j < kJoints; ++j) {
      const double side = (measured_ >> j & 1) != 0 ? bias_ : bias_ * tilt_;
      errors.q[j] = side * bounds_.encoder;
      errors.dq[j] = side * bounds_.tacho;
    }
    return true;
  }
  int64_t stamp_age_ns() override {
    return up_to(random_, bounds_.transport_ns);
  }
  Sight look(int64_t k, const ArmState& arm) override {
    return eye_.look(k, hand_, arm);
  }
  int64_t until_check_ns() override { return some(random_, 800'000); }
  bool propose(const Scene& scene, float* u) override {
    policy_.act(scene, u);
    if (honest_) return true;
    if (chance(random_, 1e-3)) u[2] = NAN;
    return !chance(random_, 1e-3);
  }
  // Best while only the hand's row holds the robot back. Before what is sent,
  // or between the send and its commit.
  Fate fate(const ArmState& arm, const Verdict& verdict) override {
    const Nearest near = nearest(arm, hand_.at());
    const auto& link = arm.link[near.link];
    const bool closes = dot(link.speed_at(near.point), near.way) > 0.1;
    const bool best = closes && !verdict.stopped && verdict.at_edge;
    if (!chance(random_, best ? 60 * hang_ : hang_)) return Fate::kGoesOn;
    const bool after = random_.bits() % 2 == 0;
    if (chance(random_, 0.7)) hand_.provoke();
    return after ? Fate::kHangsAfter : Fate::kHangsBefore;
  }
  int64_t hung_cycles() override {
    const int64_t most = chance(random_, 0.5) ? 30 : 400;
    return static_cast<int64_t>(random_.in(1, static_cast<double>(most)));
  }
  int64_t sends_at(const Slot& slot) override {
    const bool late = !honest_ && chance(random_, 0.01);
    const int64_t end = late ? slot.end : slot.deadline;
    return slot.from + some(random_, end - slot.from);
  }
  int64_t delay_ns() override { return up_to(random_, bounds_.delay_ns); }
  int64_t oversleeps_ns(bool counts) override {
    if (counts) return up_to(random_, bounds_.guardian_ns);
    // Between those no later than the heartbeat's age allows.
    const bool sleeps = chance(random_, 0.02);
    return sleeps ? up_to(random_, Bounds{}.guardian_ns) : 0;
  }

 private:
  static constexpr uint64_t kSpread = 0x9E3779B97F4A7C15u;

  // Each draw is a statement of its own, or an initialiser in the order of
  // the members: the same life from every compiler.
  Storm(Random random, const Bounds& bounds, const Honest* honest)
      : random_(random),
        bounds_(bounds),
        honest_(honest != nullptr),
        policy_stream_(random_.bits()),
        hand_stream_(random_.bits()),
        eye_stream_(random_.bits()),
        policy_(policy_stream_,
                honest != nullptr ? honest->policy : draw_policy()),
        hand_kind_(static_cast<HandKind>(random_.bits() % 3)),
        hand_(hand_stream_, hand_kind_, bounds.hand_speed, hand_place()),
        eye_(eye_stream_, bounds),
        hang_(honest_ || random_.bits() % 2 == 0 ? 0 : 1e-3),
        blend_(random_.in(1, 500)),
        tilt_(random_.bits() % 2 == 0 ? 1 : -1) {}
  PolicyKind draw_policy() {
    return static_cast<PolicyKind>(random_.bits() % kPolicyKinds);
  }
  Vec hand_place() {
    const double far = random_.in(0.9, 1.4);
    return Vec{0.2, 0, 0.5} + far * any_way(random_);
  }

  Random random_;
  Bounds bounds_;
  bool honest_;
  Random policy_stream_, hand_stream_, eye_stream_;
  Policy policy_;
  HandKind hand_kind_;
  Hand hand_;
  Eye eye_;
  double hang_, blend_, tilt_;
  double lag_ = 0.02, bias_ = 1;
  uint64_t measured_ = 0;
};

}  // namespace loop
