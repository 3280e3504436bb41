// SPDX-License-Identifier: MIT
// A person's hand on a seeded path: comes in, puts the object down at the
// target, withdraws, then stays away, hovers near the arm, or walks into
// it. Pieces of minimum-jerk motion, never faster than kHandSpeed.
#pragma once

#include <cstdint>
#include <vector>

#include "plant_geometry.hpp"
#include "plant_random.hpp"

namespace handover {

inline constexpr double kHandRadius = 0.08;  // m
inline constexpr double kHandSpeed = 1.5;    // m/s; arm.toml assumes 1.6

enum class PathKind { kAbsent, kOffer, kHover, kWalkIn };
inline constexpr std::size_t kPathKinds = 4;
[[nodiscard]] const char* name(PathKind kind);

class HandPath {
 public:
  // Nobody comes: a hand out of reach, the object is there at once.
  static HandPath absent(Random random);
  // From `from` (where the last path left the hand).
  static HandPath draw(Random random, Vec from);

  [[nodiscard]] Vec at(double t) const;  // s from the episode's begin
  [[nodiscard]] Vec target() const { return target_; }
  [[nodiscard]] double offered_at() const { return offered_at_; }
  [[nodiscard]] PathKind kind() const { return kind_; }

 private:
  struct Piece {
    double begin, end;
    Vec from, to;
  };
  HandPath(Random& random, PathKind kind);
  void go(Vec to, double top_speed);
  void wait(double seconds);
  void walk_in(Random& random, Vec rest);

  PathKind kind_;
  Vec target_, here_;
  double now_ = 0, offered_at_ = 0;
  std::vector<Piece> pieces_;
};

}  // namespace handover
