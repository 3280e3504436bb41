// SPDX-License-Identifier: MIT
// Strategies of a duel, and where one begins: a pose, a way to move, where the
// hand waits, and how the encoders are off.
#pragma once

#include "loop_policy.hpp"
#include "loop_search.hpp"

namespace loop {

enum class Drive {
  kCharge,     // one way, whatever the hand does
  kPush,       // at the hand, as fast as still passes
  kBang,       // at the hand, as fast as can be asked for
  kWait,       // stands until the hand comes, then at it
  kThreshold,  // at the hand, by turns just passing and just not
  kFlee,       // one way, the hand behind it
  kCreep,      // one way, at the touch
};
enum class Trouble {
  kNone,
  kStop,       // no more actions: the loop plays its stop
  kHang,       // right behind a commit
  kStopHangs,  // the loop plays its stop, and hangs in the middle of it
  kHangAfter,  // between a send and its commit
};
struct Strategy {
  const char* name;
  Drive drive;
  Trouble trouble;
};
inline constexpr std::array<Strategy, 13> kStrategies{{
    {"charge, hang in the stop", Drive::kCharge, Trouble::kStopHangs},
    {"charge, hang", Drive::kCharge, Trouble::kHang},
    {"charge, hang after a send", Drive::kCharge, Trouble::kHangAfter},
    {"charge", Drive::kCharge, Trouble::kNone},
    {"push, hang in the stop", Drive::kPush, Trouble::kStopHangs},
    {"push", Drive::kPush, Trouble::kNone},
    {"bang", Drive::kBang, Trouble::kNone},
    {"wait, hang in the stop", Drive::kWait, Trouble::kStopHangs},
    {"threshold, hang in the stop", Drive::kThreshold, Trouble::kStopHangs},
    {"threshold", Drive::kThreshold, Trouble::kNone},
    {"flee, stop", Drive::kFlee, Trouble::kStop},
    {"flee, hang in the stop", Drive::kFlee, Trouble::kStopHangs},
    {"creep", Drive::kCreep, Trouble::kNone},
}};

struct Plan {
  Joints pose{};
  Joints way{};   // of the joints, the largest speed 1
  Joints away{};  // from the hand, the same
  Vec hand;
};

// Joint speeds that bring the nearest point to a place, the largest one 1.
inline Joints towards(const ArmState& arm, Vec place) {
  Joints way = gradient(arm, place);
  double most = 1e-9;
  for (const double w : way) most = std::max(most, std::abs(w));
  for (double& w : way) w /= most;
  return way;
}

inline Joints pose_of(const Genes& g) {
  for (double size = 1.4;; size *= 0.85) {
    Joints pose = handover::kHome;
    for (std::size_t j = 0; j < kJoints; ++j)
      pose[j] += size * (2 * g[kPose + j] - 1);
    if (has_room(pose)) return pose;
  }
}

// Some joints rest.
inline Joints way_of(const Genes& g) {
  Joints way{};
  double most = 1e-3;
  for (std::size_t j = 0; j < kJoints; ++j) {
    way[j] = 2 * g[kWeight + j] - 1;
    if (std::abs(way[j]) < 0.2) way[j] = 0;
    most = std::max(most, std::abs(way[j]));
  }
  for (double& w : way) w /= most;
  return way;
}

// Ahead of the point that is meant, or beside that; behind one that flees.
inline Vec hand_of(const Strategy& strategy, const Genes& g, const Plan& plan) {
  const ArmState arm = move_arm(plan.pose, plan.way);
  const auto body = std::min(static_cast<std::size_t>(5 * g[kBody]), 4ul);
  const handover::Capsule& capsule = handover::kCapsules[2 + body];
  const auto& link = arm.link[capsule.link];
  const Vec point = link.place(capsule.b);
  const Vec speed = link.speed_at(point);
  const double size = handover::norm(speed);
  const Vec ahead = size > 1e-6 ? (1 / size) * speed : Vec{1, 0, 0};
  const Vec side = cross(ahead, Vec{0.36, 0.48, 0.8});
  const Vec up = cross(side, ahead);
  const Vec way = ahead + (g[kSide] - 0.5) * side + (g[kSide + 1] - 0.5) * up;
  const double far = strategy.drive == Drive::kFlee ? -1.1 : 1.1;
  return point + (far / handover::norm(way)) * way;
}

inline Plan plan_of(const Strategy& strategy, const Genes& g) {
  Plan plan;
  plan.pose = pose_of(g);
  plan.way = way_of(g);
  plan.hand = hand_of(strategy, g, plan);
  plan.away = towards(move_arm(plan.pose, Joints{}), plan.hand);
  for (double& way : plan.away) way = -way;
  return plan;
}

// How far the farthest point of the robot lies from where encoders that are
// off by `away` have it, for each unit of that: m. By a small part of it.
inline double reach_of_errors(const Joints& q, const Joints& away) {
  constexpr double kPart = 1e-3;
  Joints off = q;
  double angle = 0, most = 0;
  for (std::size_t j = 0; j < kJoints; ++j) {
    off[j] += kPart * away[j];
    angle += kPart * std::abs(away[j]);
  }
  const ArmState is = move_arm(q, Joints{}), seems = move_arm(off, Joints{});
  for (const handover::Capsule& capsule : handover::kCapsules)
    for (const Vec end : {capsule.a, capsule.b}) {
      const auto& link = is.link[capsule.link];
      const Vec moved = seems.link[capsule.link].place(end) - link.place(end);
      most = std::max(most, norm(moved) + angle * capsule.radius);
    }
  return std::max(most / kPart, 1e-3);
}

}  // namespace loop
