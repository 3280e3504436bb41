// SPDX-License-Identifier: MIT
// A life with one plan: the hand waits where the rule just lets the robot
// move, sees the robot at its worst, and comes; in the same instant whatever
// makes the stop longer fails. Constants of it are genes (loop_search.hpp).
#pragma once

#include "loop_plan.hpp"

namespace loop {

class Duel : public Foe {
 public:
  Duel(const Strategy& strategy, const Genes& genes, const Bounds& bounds)
      : strategy_(strategy),
        g_(genes),
        bounds_(bounds),
        plan_(plan_of(strategy, genes)),
        at_(plan_.hand),
        lag_(between(kLag, bounds.lag_lo, bounds.lag_hi)) {}

  Joints pose() override { return plan_.pose; }
  [[nodiscard]] double blend_cycles() const override { return 1; }
  // Who lunges is there in less than half a second.
  [[nodiscard]] int64_t cycles() const override {
    return lunged_ < 0 ? 900 : lunged_ + 450;
  }

  void substep(const ArmState& arm, const Joints&) override {
    const Nearest near = nearest(arm, at_);
    if (phase_ != Phase::kStalks) return lunge(near);
    if (strategy_.drive == Drive::kWait || !(std::abs(room_) < 1)) return;
    // To where it wants to be at the next check, the robot's own way taken off.
    const double closing =
        dot(arm.link[near.link].speed_at(near.point), near.way);
    const double want = closing - room_ * 1e3;
    go(std::clamp(want, -bounds_.hand_speed, bounds_.hand_speed), near.way);
  }
  [[nodiscard]] Vec hand() const override { return at_; }
  // How far the hand was from the robot when it began to come.
  [[nodiscard]] double struck() const { return struck_; }
  [[nodiscard]] double lag() const override { return lag_; }

  // The whole robot seems farther from the hand by what is declared, and each
  // joint slower.
  bool measure(const Joints& q, Errors& errors) override {
    const double size = bounds_.pose / reach_of_errors(q, plan_.away);
    for (std::size_t j = 0; j < kJoints; ++j) {
      errors.q[j] = size * (2 * g_[kEncoder] - 1) * plan_.away[j];
      const double way = plan_.way[j];
      errors.dq[j] = way > 0 ? -bounds_.tacho : way < 0 ? bounds_.tacho : 0;
    }
    return true;
  }
  int64_t stamp_age_ns() override { return part(kStamp, bounds_.transport_ns); }
  Sight look(int64_t k, const ArmState& arm) override {
    const double off = bounds_.sensor * (2 * g_[kSensor] - 1);
    const auto index = static_cast<std::size_t>(k) % places_.size();
    places_[index] = at_ + off * nearest(arm, at_).way;
    if (first_ < 0) first_ = k;
    now_ = k - first_;
    const bool blind = g_[kBlind] > 0.5 && phase_ != Phase::kStalks;
    const int64_t at = std::max(k - bounds_.sight_ns / kMs, first_);
    if (!blind)
      seen_ = {places_[static_cast<std::size_t>(at) % places_.size()], k * kMs};
    return seen_;
  }
  int64_t until_check_ns() override { return part(kCheck, 800'000); }
  bool propose(const Scene& scene, float* u) override {
    drive(scene, u);
    return phase_ != Phase::kFails;
  }
  Fate fate(const ArmState& arm, const Verdict& verdict) override {
    room_ = verdict.slack - between(kStalk, 0, 0.15);
    passed_ = verdict.passed;
    if (!verdict.engaged) return Fate::kGoesOn;
    ++engaged_;
    if (phase_ == Phase::kStalks && ready(verdict)) {
      phase_ = Phase::kLunges;
      lunged_ = now_;
    }
    if (phase_ == Phase::kLunges && !(struck_ > 0)) struck_ = gap(arm);
    if (phase_ == Phase::kLunges && strikes(verdict)) return strike();
    const bool hangs =
        phase_ == Phase::kFails && strategy_.trouble != Trouble::kStop;
    if (!hangs) return Fate::kGoesOn;
    return ++failed_ > holds() ? Fate::kHangsBefore : Fate::kGoesOn;
  }
  int64_t hung_cycles() override { return 1000; }
  int64_t sends_at(const Slot& slot) override {
    // At the deadline itself nobody could tell whether it was met.
    return slot.from + part(kSend, slot.deadline - kMs / 1000 - slot.from);
  }
  int64_t delay_ns() override {
    return part(phase_ == Phase::kFails ? kPlanDelay : kDelay,
                bounds_.delay_ns);
  }
  int64_t oversleeps_ns(bool counts) override {
    return counts ? part(kSleep, bounds_.guardian_ns) : 0;
  }

 private:
  enum class Phase { kStalks, kLunges, kFails };

  [[nodiscard]] double between(Gene gene, double lo, double hi) const {
    return lo + g_[gene] * (hi - lo);
  }
  [[nodiscard]] int64_t part(Gene gene, int64_t most) const {
    return static_cast<int64_t>(g_[gene] * static_cast<double>(most));
  }

  // ------------------------------------------------------------- the hand

  [[nodiscard]] double gap(const ArmState& arm) const {
    return nearest(arm, at_).gap - handover::kHandRadius - bounds_.skin;
  }

  void go(double speed, Vec way) { at_ = at_ + (speed * kSubstep) * way; }
  void lunge(const Nearest& near) {
    if (near.gap - handover::kHandRadius > -0.02)
      go(-bounds_.hand_speed, near.way);
  }

  // ------------------------------------------------------------ the policy

  void drive(const Scene& s, float* u) {
    const bool waits = strategy_.drive == Drive::kWait;
    if (waits && phase_ == Phase::kStalks) return step(s, Joints{}, 0, u);
    switch (strategy_.drive) {
      case Drive::kCharge:
      case Drive::kFlee:
        return step(s, plan_.way, speed(), u);
      case Drive::kBang:
        for (std::size_t j = 0; j < kJoints; ++j)
          u[j] = static_cast<float>(towards(s.arm, at_)[j]);
        return;
      case Drive::kThreshold:
        return ride(s, towards(s.arm, at_), 0.02, u);
      case Drive::kPush:
      case Drive::kWait:
        return push(s, towards(s.arm, at_), u);
      case Drive::kCreep:
        return ride(s, plan_.way, 1e-4, u);
    }
  }
  [[nodiscard]] double speed() const { return between(kSpeed, 0.02, 1); }
  static void step(const Scene& s, const Joints& way, double speed, float* u) {
    for (std::size_t j = 0; j < kJoints; ++j) {
      const double last = static_cast<double>(s.sent[j]);
      const double by = std::clamp(speed * way[j] - last, -0.01199, 0.01199);
      u[j] = static_cast<float>(last + by);
    }
  }
  // A little faster whenever it passed, slower when not.
  void ride(const Scene& s, const Joints& way, double least, float* u) {
    gain_ = std::clamp(gain_ * (passed_ ? 1.02 : 0.92), least, 1.0);
    step(s, way, gain_, u);
  }
  // As far on the way to full speed as still passes.
  void push(const Scene& s, const Joints& way, float* u) {
    step(s, way, speed(), u);
    const bool far = passed_ && room_ > 0.02;
    if (far || s.passes(u)) return;
    float all[kJoints];
    std::copy_n(u, kJoints, all);
    double good = 0, bad = 1;
    for (int i = 0; i < 3; ++i) {
      const double part = 0.5 * (good + bad);
      for (std::size_t j = 0; j < kJoints; ++j)
        u[j] = s.sent[j] + static_cast<float>(part) * (all[j] - s.sent[j]);
      (s.passes(u) ? good : bad) = part;
    }
    for (std::size_t j = 0; j < kJoints; ++j)
      u[j] = s.sent[j] + static_cast<float>(good) * (all[j] - s.sent[j]);
  }

  // --------------------------------------------------------- the instant

  [[nodiscard]] bool ready(const Verdict& verdict) const {
    if (engaged_ < between(kRunUp, 100, 400)) return false;
    if (strategy_.drive == Drive::kCreep || strategy_.drive == Drive::kWait)
      return true;
    return verdict.passed && room_ >= 0 && room_ < 2e-3;
  }
  // The last command that passes before the hand is too near.
  [[nodiscard]] bool strikes(const Verdict& verdict) const {
    if (strategy_.trouble == Trouble::kNone) return false;
    return verdict.passed && verdict.slack < 4e-3;
  }
  Fate strike() {
    phase_ = Phase::kFails;
    lag_ = between(kStopLag, bounds_.lag_lo, bounds_.lag_hi);
    const bool after = strategy_.trouble == Trouble::kHangAfter;
    return after ? Fate::kHangsAfter : Fate::kGoesOn;
  }
  [[nodiscard]] int64_t holds() const {
    return strategy_.trouble == Trouble::kStopHangs ? part(kHold, 62) : 0;
  }

  Strategy strategy_;
  Genes g_;
  Bounds bounds_;
  Plan plan_;
  Vec at_;
  std::array<Vec, 512> places_{};
  Sight seen_;
  Phase phase_ = Phase::kStalks;
  double lag_, room_ = NAN, gain_ = 0.1, struck_ = NAN;
  int64_t first_ = -1, now_ = 0, lunged_ = -1, engaged_ = 0, failed_ = 0;
  bool passed_ = false;
};

}  // namespace loop
