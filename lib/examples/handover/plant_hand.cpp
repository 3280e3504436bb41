// SPDX-License-Identifier: MIT
#include "plant_hand.hpp"

#include <algorithm>
#include <array>

namespace handover {
namespace {

// Peak speed of a minimum-jerk motion is 15/8 of its mean (Flash, Hogan
// 1985).
constexpr double kPeak = 1.875;
constexpr Vec kAway{2.5, 0, 1.0};

double minimum_jerk(double s) { return s * s * s * (10 + s * (6 * s - 15)); }

Vec draw_target(Random& random) {
  return {random.in(0.38, 0.58), random.in(-0.34, 0.34), random.in(0.24, 0.56)};
}

// Where a person waits with the arm hanging down.
Vec draw_rest(Random& random) {
  return {random.in(1.5, 1.7), random.in(-0.3, 0.3), random.in(0.6, 0.9)};
}

PathKind draw_kind(Random& random) {
  const double dice = random.in(0, 1);
  if (dice < 0.3) return PathKind::kOffer;
  return dice < 0.7 ? PathKind::kHover : PathKind::kWalkIn;
}

}  // namespace

const char* name(PathKind kind) {
  constexpr std::array<const char*, kPathKinds> names{"absent", "offer",
                                                      "hover", "walk_in"};
  return names[static_cast<std::size_t>(kind)];
}

HandPath::HandPath(Random& random, PathKind kind)
    : kind_(kind), target_(draw_target(random)) {}

HandPath HandPath::absent(Random random) {
  HandPath path(random, PathKind::kAbsent);
  path.here_ = kAway;
  return path;
}

HandPath HandPath::draw(Random random, Vec from) {
  const PathKind kind = draw_kind(random);
  HandPath path(random, kind);
  const Vec rest = draw_rest(random);
  path.here_ = from;
  path.go(path.target_ + Vec{0.08, 0, 0.05}, random.in(0.8, kHandSpeed));
  path.wait(0.25);
  path.offered_at_ = path.now_;
  if (kind == PathKind::kHover) {
    const Vec way = rest - path.target_;
    const double gap = random.in(0.45, 0.85);
    path.go(path.target_ + (gap / norm(way)) * way, random.in(0.6, 1.2));
    return path;
  }
  path.go(rest, random.in(0.8, kHandSpeed));
  if (kind == PathKind::kWalkIn) path.walk_in(random, rest);
  return path;
}

// To somewhere between the object and the forearm, and out again: the arm
// may be on its way, there already, or stopped.
void HandPath::walk_in(Random& random, Vec rest) {
  wait(random.in(0.2, 2.0));
  const Vec forearm{0.30, 0.3 * target_.y, 0.60};
  const Vec into = target_ + random.in(0, 1) * (forearm - target_);
  go(into, random.in(0.5, kHandSpeed));
  wait(random.in(0.2, 0.6));
  go(rest, random.in(0.8, kHandSpeed));
}

void HandPath::go(Vec to, double top_speed) {
  const double end = now_ + kPeak * norm(to - here_) / top_speed;
  pieces_.push_back({now_, end, here_, to});
  now_ = end;
  here_ = to;
}

void HandPath::wait(double seconds) { now_ += seconds; }

Vec HandPath::at(double t) const {
  Vec place = pieces_.empty() ? here_ : pieces_.front().from;
  for (const Piece& piece : pieces_) {
    if (t < piece.begin || piece.end <= piece.begin) break;
    const double s = (t - piece.begin) / (piece.end - piece.begin);
    place =
        piece.from + minimum_jerk(std::min(s, 1.0)) * (piece.to - piece.from);
  }
  return place;
}

}  // namespace handover
