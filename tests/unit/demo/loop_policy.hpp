// SPDX-License-Identifier: MIT
// The closed loop's policies: all but two want harm and know the true state.
// The last go where they are told, and are there to show what a ladder leaves
// of a task.
#pragma once

#include <array>
#include <vector>

#include "loop_foe.hpp"

namespace loop {

enum class PolicyKind {
  kRandom,    // anything, held for a while
  kBang,      // full speed at the hand
  kBoundary,  // as fast at the hand as the rate row lets it
  kReversal,  // at the hand and away again
  kReplay,    // what it once did, at another time
  kGoal,      // to a place, as networks do: with jumps
  kSteps,     // to a place, in steps that the rate row allows
};
inline constexpr std::size_t kPolicyKinds = 7;

// Per joint, how fast its unit speed brings the nearest point to a place.
inline Joints gradient(const ArmState& arm, Vec place) {
  const Nearest near = nearest(arm, place);
  Joints out{};
  for (std::size_t j = 0; j <= near.link; ++j) {
    const auto& link = arm.link[j];
    out[j] = dot(cross(link.ez, near.point - link.origin), near.way);
  }
  return out;
}

class Policy {
 public:
  Policy(Random random, PolicyKind kind) : random_(random), kind_(kind) {
    draw_goal();
  }

  void act(const Scene& scene, float* u) {
    switch (kind_) {
      case PolicyKind::kRandom:
        return anything(u);
      case PolicyKind::kBang:
        return at_the_hand(scene, 1, u);
      case PolicyKind::kBoundary:
        return at_the_edge(scene, u);
      case PolicyKind::kReversal:
        return reverse(scene, u);
      case PolicyKind::kReplay:
        return replay(scene, u);
      case PolicyKind::kGoal:
        return to_goal(scene, 2, u);
      case PolicyKind::kSteps:
        return to_goal(scene, 0.01, u);
    }
  }
  [[nodiscard]] uint64_t reached() const { return reached_; }
  [[nodiscard]] double approached() const { return approached_; }

 private:
  void draw_goal() {
    goal_ = some_pose(random_);
    best_ = 1e9;
  }
  void anything(float* u) {
    if (--held_ < 0) {
      held_ = static_cast<int>(random_.in(0, 60));
      const double size = random_.in(0, 1.02);
      for (double& v : aim_) v = random_.in(-size, size);
    }
    for (std::size_t j = 0; j < kJoints; ++j)
      u[j] = static_cast<float>(aim_[j]);
  }
  static void at_the_hand(const Scene& s, double side, float* u) {
    const Joints way = gradient(s.arm, s.hand);
    for (std::size_t j = 0; j < kJoints; ++j)
      u[j] = static_cast<float>(way[j] > 0 ? side : way[j] < 0 ? -side : 0);
  }
  // From what was sent, by the row's whole step or a hair less.
  void at_the_edge(const Scene& s, float* u) {
    const Joints way = gradient(s.arm, s.hand);
    const double step = random_.in(0, 1) < 0.5 ? 0.012 : 0.01199;
    for (std::size_t j = 0; j < kJoints; ++j) {
      const double last = static_cast<double>(s.sent[j]);
      const double aim = way[j] > 0 ? 1 : -1;
      u[j] = static_cast<float>(last + std::clamp(aim - last, -step, step));
    }
  }
  void reverse(const Scene& s, float* u) {
    if (--held_ < 0) {
      held_ = static_cast<int>(random_.in(5, 250));
      side_ = -side_;
    }
    at_the_hand(s, side_, u);
  }
  void replay(const Scene& s, float* u) {
    if (tape_.size() < 400) {
      at_the_edge(s, u);
      tape_.emplace_back();
      std::copy_n(u, kJoints, tape_.back().begin());
      return;
    }
    std::copy_n(tape_[at_++ % tape_.size()].begin(), kJoints, u);
    if (chance(random_, 0.002)) at_ = random_.bits() % tape_.size();
  }
  void to_goal(const Scene& s, double step, float* u) {
    double far = 0;
    for (std::size_t j = 0; j < kJoints; ++j) {
      const double way = goal_[j] - s.q[j];
      far = std::max(far, std::abs(way));
      if (s.stopped) own_[j] = static_cast<double>(s.sent[j]);
      const double aim = std::clamp(4 * way, -0.9, 0.9);
      own_[j] += std::clamp(aim - own_[j], -step, step);
      u[j] = static_cast<float>(own_[j]);
    }
    if (best_ < 1e8 && far < best_) approached_ += best_ - far;
    best_ = std::min(best_, far);
    if (far > 0.05) return;
    ++reached_;
    draw_goal();
  }

  Random random_;
  PolicyKind kind_;
  Joints aim_{}, goal_{}, own_{};
  std::vector<std::array<float, kJoints>> tape_;
  std::size_t at_ = 0;
  int held_ = 0;
  double side_ = 1, best_ = 1e9, approached_ = 0;
  uint64_t reached_ = 0;
};

}  // namespace loop
