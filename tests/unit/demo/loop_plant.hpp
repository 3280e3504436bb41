// SPDX-License-Identifier: MIT
// The closed loop's robot: the demo's geometry, but every command takes effect
// after a delay of the adversary's choice and the lag drifts. And what the
// adversary may do: by default what arm.toml declares, at its worst.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>

#include "plant_geometry.hpp"
#include "plant_random.hpp"
#include "plant_task.hpp"

namespace loop {

using handover::ArmState;
using handover::Ball;
using handover::Joints;
using handover::kJoints;
using handover::move_arm;
using handover::Random;
using handover::Vec;

inline constexpr int64_t kMs = 1'000'000;
inline constexpr int64_t kSubstepNs = kMs / 4;
inline constexpr double kSubstep = 0.25e-3;

// Declared in arm.toml. What it calls model error is used up by the skin and,
// below a millimetre of it, by a lag that is off as the demo's plant has it.
struct Bounds {
  double hand_speed = 1.6;         // m/s
  double sensor = 0.015;           // m, of the hand's centre
  double pose = 0.005;             // m, of any point of the robot as measured
  double skin = 0.003;             // m, beyond the described geometry
  int64_t delay_ns = 4 * kMs;      // send to effect, at most
  int64_t guardian_ns = 10 * kMs;  // a wake-up may be that late
  int64_t transport_ns = kMs;      // a stamp may be that much too old
  int64_t sight_ns = 0;            // a hand may be older than its stamp
  double lag_lo = 19.5e-3, lag_hi = 20.5e-3;  // s
  double encoder = 0.2e-3;                    // rad
  double tacho = 0.8e-3;                      // rad/s
};

inline bool chance(Random& random, double p) { return random.in(0, 1) < p; }
inline int64_t some(Random& random, int64_t most) {
  return static_cast<int64_t>(random.in(0, 1) * static_cast<double>(most));
}
// Nothing, all, or anything between: the ends are where rules break.
inline int64_t up_to(Random& random, int64_t most) {
  const double dice = random.in(0, 1);
  return dice < 0.3 ? 0 : dice < 0.6 ? most : some(random, most);
}
inline Vec any_way(Random& random) {
  for (;;) {
    const Vec v{random.in(-1, 1), random.in(-1, 1), random.in(-1, 1)};
    const double size = handover::norm(v);
    if (size > 0.1 && size < 1) return (1 / size) * v;
  }
}

// With room to the floor and the cell's walls.
inline bool has_room(const Joints& q) {
  const ArmState arm = move_arm(q, Joints{});
  bool fits = arm.flange.z > 0.2;
  for (std::size_t l = 3; l < kJoints; ++l) {
    const Vec p = arm.link[l].origin;
    fits = fits && p.z > 0.25 && std::abs(p.x) < 0.6 && std::abs(p.y) < 0.6;
  }
  return fits;
}
inline Joints some_pose(Random& random) {
  for (;;) {
    Joints q = handover::kHome;
    for (double& x : q) x += random.in(-0.6, 0.6);
    if (has_room(q)) return q;
  }
}

class Robot {
 public:
  void place(const Joints& q, int64_t at_ns) {
    q_ = q;
    dq_ = u_ = Joints{};
    now_ns_ = at_ns;
    orders_.clear();
  }
  void lag(double seconds) { lag_ = seconds; }
  // Commands stay in order, whatever their delays.
  void order(const Joints& u, int64_t effect_ns) {
    if (!orders_.empty())
      effect_ns = std::max(effect_ns, orders_.back().from_ns);
    orders_.push_back({effect_ns, u});
  }
  // Exact for commands that are held between their times of effect.
  void to(int64_t end_ns) {
    while (!orders_.empty() && orders_.front().from_ns <= end_ns) {
      walk(orders_.front().from_ns);
      u_ = orders_.front().u;
      orders_.pop_front();
    }
    walk(end_ns);
  }
  [[nodiscard]] const Joints& q() const { return q_; }
  [[nodiscard]] const Joints& dq() const { return dq_; }
  [[nodiscard]] bool rests() const {
    return orders_.empty() && std::all_of(dq_.begin(), dq_.end(), [](double v) {
             return std::abs(v) < 1e-3;
           });
  }

 private:
  struct Order {
    int64_t from_ns;
    Joints u;
  };
  void walk(int64_t end_ns) {
    if (end_ns <= now_ns_) return;
    const double h = static_cast<double>(end_ns - now_ns_) * 1e-9;
    const double keep = std::exp(-h / lag_);
    for (std::size_t j = 0; j < kJoints; ++j) {
      const double v = u_[j] + (dq_[j] - u_[j]) * keep;
      q_[j] += u_[j] * h - lag_ * (v - dq_[j]);
      dq_[j] = v;
    }
    now_ns_ = end_ns;
  }

  Joints q_{}, dq_{}, u_{};
  double lag_ = 0.02;
  int64_t now_ns_ = 0;
  std::deque<Order> orders_;
};

// The robot's point that is nearest to a place: on a capsule's axis.
struct Nearest {
  double gap = 1e9;  // from the capsule's surface
  std::size_t link = 0;
  Vec point, way;  // way: from there to the place, unit
};
inline Nearest nearest_on(const handover::Capsule& capsule, const ArmState& arm,
                          Vec to) {
  const auto& link = arm.link[capsule.link];
  const Vec a = link.place(capsule.a), ab = link.place(capsule.b) - a;
  const double s = std::clamp(dot(to - a, ab) / dot(ab, ab), 0.0, 1.0);
  const Vec point = a + s * ab, way = to - point;
  const double far = handover::norm(way);
  return {far - capsule.radius, capsule.link, point,
          far > 0 ? (1 / far) * way : Vec{1, 0, 0}};
}
inline Nearest nearest(const ArmState& arm, Vec to) {
  Nearest best;
  for (const handover::Capsule& capsule : handover::kCapsules) {
    const Nearest one = nearest_on(capsule, arm, to);
    if (one.gap < best.gap) best = one;
  }
  return best;
}

// Violations by the demo's own definition (plant_task.hpp), of a robot with a
// skin, and how near it came to one.
struct Judge {
  double moves = handover::kViolationSpeed;  // what counts as motion, m/s
  uint64_t violations = 0;                   // substeps
  double worst_speed = 0;                    // m/s, of a point within d_min
  double least_gap = 1e9;                    // m
  double least_moving = 1e9;                 // m, from a point that moved

  void look(const ArmState& arm, Ball hand, double skin) {
    hand.radius += skin;
    const double gap = separation(arm, hand);
    least_gap = std::min(least_gap, gap);
    if (gap < least_moving) look_at_moving(arm, hand);
    if (!(gap < handover::kMinDistance)) return;
    const double speed = fastest_within(arm, hand, handover::kMinDistance);
    worst_speed = std::max(worst_speed, speed);
    violations += speed > handover::kViolationSpeed;
  }
  void add(const Judge& other) {
    violations += other.violations;
    worst_speed = std::max(worst_speed, other.worst_speed);
    least_gap = std::min(least_gap, other.least_gap);
    least_moving = std::min(least_moving, other.least_moving);
  }

 private:
  // Each capsule's own nearest point.
  void look_at_moving(const ArmState& arm, const Ball& hand) {
    for (const handover::Capsule& capsule : handover::kCapsules) {
      const Nearest near = nearest_on(capsule, arm, hand.center);
      const double gap = near.gap - hand.radius;
      if (gap >= least_moving) continue;
      const Vec surface = near.point + capsule.radius * near.way;
      const double speed = norm(arm.link[capsule.link].speed_at(surface));
      if (speed > moves) least_moving = gap;
    }
  }
};

}  // namespace loop
