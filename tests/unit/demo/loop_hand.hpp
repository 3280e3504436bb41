// SPDX-License-Identifier: MIT
// The storm's hand: never faster than it may be, and otherwise as nasty as it
// can. And the eye that sees it: late, with lost frames, and always wrong
// towards what looks safer.
#pragma once

#include <array>

#include "loop_foe.hpp"

namespace loop {

enum class HandKind { kWalk, kChase, kAmbush };

class Hand {
 public:
  Hand(Random random, HandKind kind, double speed, Vec at)
      : random_(random), kind_(kind), speed_(speed), at_(at) {
    draw_plan();
  }

  void substep(const ArmState& arm) {
    const Nearest near = nearest(arm, at_);
    const double gap = near.gap - handover::kHandRadius;
    if (kind_ == HandKind::kWalk) return walk();
    if (pause_ > 0) return rest();
    if (away_ > 0) {
      --away_;
      return go(out_);
    }
    if (kind_ == HandKind::kAmbush && !lunges_) return lurk(arm, near, gap);
    // Right at the nearest point, and into it.
    if (gap > -0.02) return go(-1 * near.way);
    pause_ = static_cast<int>(random_.in(0, 600));
  }
  // Now, whatever it was about to do: the loop has just died.
  void provoke() {
    if (kind_ == HandKind::kWalk) kind_ = HandKind::kAmbush;
    lunges_ = true;
    pause_ = away_ = 0;
  }
  [[nodiscard]] Vec at() const { return at_; }
  // In a lunge, or coming: when an eye had better see.
  [[nodiscard]] bool attacks() const {
    return kind_ == HandKind::kWalk || (pause_ == 0 && away_ == 0 &&
                                        (kind_ == HandKind::kChase || lunges_));
  }

 private:
  void go(Vec way) { at_ = at_ + (speed_ * kSubstep) * way; }
  void draw_plan() {
    lunges_ = false;
    pause_ = 0;
    away_ = static_cast<int>(random_.in(800, 4800));
    out_ = any_way(random_);
    edge_ = random_.in(0.2, 1.3);
    bold_ = random_.in(0, 1) < 0.5 ? random_.in(0.05, 1) : 1e9;
  }
  // In contact: then away again, so that the robot moves once more.
  void rest() {
    if (--pause_ == 0) draw_plan();
  }
  void walk() {
    if (chance(random_, 0.004)) out_ = any_way(random_);
    const Vec home = Vec{0.3, 0, 0.5} - at_;
    const double far = handover::norm(home);
    if (far > 1.1) out_ = (1 / far) * home;
    go(out_);
  }
  // At the edge, until the robot comes fast enough, or any time.
  void lurk(const ArmState& arm, const Nearest& near, double gap) {
    const double closing =
        dot(arm.link[near.link].speed_at(near.point), near.way);
    lunges_ = closing > bold_ || chance(random_, 0.001);
    if (gap < 0.3 * edge_) return go(near.way);
    if (gap > edge_ + 0.02) return go(-1 * near.way);
  }

  Random random_;
  HandKind kind_;
  double speed_;
  Vec at_, out_{1, 0, 0};
  int pause_ = 0, away_ = 0;
  bool lunges_ = false;
  double edge_ = 0.3, bold_ = 0.3;
};

// What the controller is told of the hand.
class Eye {
 public:
  Eye(Random random, const Bounds& bounds) : random_(random), bounds_(bounds) {
    every_ = static_cast<int64_t>(random_.in(1, 6));
    const double dice = random_.in(0, 1);
    late_ = static_cast<int64_t>(random_.in(0, dice < 0.5 ? 6 : 90));
  }

  // At the release of cycle `k`.
  Sight look(int64_t k, const Hand& hand, const ArmState& arm) {
    take(k, hand, arm);
    return {seen_[index(taken_)], stamp_ns_};
  }

 private:
  void take(int64_t k, const Hand& hand, const ArmState& arm) {
    const Vec place = hand.at();
    seen_[index(k)] = place + bounds_.sensor * nearest(arm, place).way;
    if (first_ < 0) first_ = k;
    // Blind for as long as the age allows, now and then longer: then lost.
    if (blind_until_ < k && chance(random_, hand.attacks() ? 0.01 : 0.002))
      blind_until_ = k + static_cast<int64_t>(random_.in(1, 112 - late_));
    const int64_t taken = std::max((k - late_) / every_ * every_, first_);
    if (k <= blind_until_ || taken <= taken_) return;
    taken_ = taken;
    const int64_t old = bounds_.sight_ns > 0
                            ? -bounds_.sight_ns
                            : up_to(random_, bounds_.transport_ns);
    stamp_ns_ = std::min(taken * kMs - old, k * kMs);
  }
  static std::size_t index(int64_t k) {
    return static_cast<std::size_t>(k) % 256;
  }
  Random random_;
  Bounds bounds_;
  std::array<Vec, 256> seen_{};
  int64_t every_ = 1, late_ = 0, first_ = -1, taken_ = -1;
  int64_t blind_until_ = -1, stamp_ns_ = 0;
};

}  // namespace loop
