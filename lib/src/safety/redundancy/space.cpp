// SPDX-License-Identifier: MIT
// What is kept in and out: sets within sets, sets apart, sets out of reach.
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "safety/redundancy/shapes.hpp"

namespace tactus::safety::redundant {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
using enum RowKernel;

bool same_bytes(const void* a, const void* b, std::size_t size) {
  return std::memcmp(a, b, size) == 0;
}

// The figures of two shapes of one kind, names and what they bind left out.
bool same_shape(const Image& image, const Row& row, const Row& other) {
  const uint32_t i = row.index, k = other.index;
  if (row.kernel == kTurnedIn || row.kernel == kTurnedOut) {
    const TurnedBox &a = image.turned_box[i], &b = image.turned_box[k];
    return same_bytes(a.lo, b.lo, sizeof a.lo) &&
           same_bytes(a.hi, b.hi, sizeof a.hi) &&
           same_bytes(a.at, b.at, sizeof a.at) &&
           same_bytes(a.axis, b.axis, sizeof a.axis);
  }
  if (row.kernel == kCapsuleIn || row.kernel == kCapsuleOut) {
    const Capsule &a = image.capsule[i], &b = image.capsule[k];
    return same_bytes(a.from, b.from, sizeof a.from) &&
           same_bytes(a.to, b.to, sizeof a.to) && a.radius == b.radius;
  }
  if (row.kernel == kHullIn || row.kernel == kHullOut) {
    const Hull &a = image.hull[i], &b = image.hull[k];
    return a.faces == b.faces &&
           same_bytes(image.face + a.first, image.face + b.first,
                      a.faces * sizeof(Face));
  }
  return false;  // boxes: box_within
}

// Every operation of a box's slack is monotone in its ends, rounded or not.
bool box_within(const Box& inner, const Box& outer) {
  for (int a = 0; a < 3; ++a)
    if (!(inner.lo[a] >= outer.lo[a] && inner.hi[a] <= outer.hi[a]))
      return false;
  return true;
}

// Of two that keep out the one inside the other, of two boxes that keep in
// the one around the other.
Verdict same_or_within(const Image& image, const Row& row, const Row& other) {
  if (row.kernel != other.kernel || row.margin > other.margin)
    return std::nullopt;
  if (same_shape(image, row, other))
    return Reason{fmt::format("{} implies it", other.id),
                  "the same shape, and the margin is no greater"};
  if (row.kernel != kKeepIn && row.kernel != kKeepOut) return std::nullopt;
  const Box &a = image.box[row.index], &b = image.box[other.index];
  if (row.kernel == kKeepIn && box_within(b, a))
    return Reason{fmt::format("{} implies it", other.id),
                  "that box lies inside of it, and the margin is no less"};
  if (row.kernel == kKeepOut && box_within(a, b))
    return Reason{fmt::format("{} implies it", other.id),
                  "it lies inside of that box, and the margin is no greater"};
  return std::nullopt;
}

// Whoever is `margin` off a set is more than that off what is deeper in it. A
// hull that is kept out has its nearest face for a distance, which is less.
Verdict inside_other(const Image& image, const Row& row, const Row& other) {
  const auto solid = solid_of(image, row);
  const double depth = depth_in(image, other, *solid);
  if (!(depth > kClear && row.margin <= other.margin)) return std::nullopt;
  return Reason{
      fmt::format("{} implies it", other.id),
      fmt::format("it lies {:.3g} m inside of that one, at least", depth)};
}

// A sphere that is inside of the box is as far from what is off the box.
Verdict off_the_room(const Image& image, const Row& row, const Row& other) {
  const Box& room = image.box[other.index];
  const double gap = row.kernel == kHullOut
                         ? gap_to_hull(image, image.hull[row.index], room)
                         : gap_to(*solid_of(image, row), room);
  if (!(gap > row.margin + 2 * rounding_at(image, row))) return std::nullopt;
  return Reason{fmt::format("{} implies it", other.id),
                fmt::format("it is {:.3g} m off that box, at least", gap)};
}

// How far from the first joint's origin a point of sphere `i`'s cover may
// count, as a motion that keeps joint.position is judged: joints stretched
// out, prismatic ones as far out as they go, and half of each joint's range
// as what is not known of its place (`wide` on both sides is within it).
double counted_reach(const Image& image, uint32_t i) {
  const kin::Sphere& s = image.chain.sphere[i];
  double reach = image.derived.arm[i] + s.radius + image.commit.model_error;
  for (uint32_t j = 0; j < s.link; ++j) {
    const kin::Joint& joint = image.chain.joint[j];
    const double lo = image.position_lo[j], hi = image.position_hi[j];
    const double wide = 0.5 * (hi - lo);
    if (!(wide < kInf)) return kInf;
    const double arm = image.derived.reach[s.link][j] +
                       image.derived.turn[j] * image.derived.arm[i];
    reach += wide * arm;
    const double* p = joint.origin.p;
    if (j > 0) reach += std::sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
    if (!kin::is_angular(joint.type))
      reach += std::fmax(std::fabs(lo), std::fabs(hi));
  }
  return reach + kClear;
}

double farthest(const Image& image, const Binds& binds) {
  double most = 0;
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    const kin::Sphere& s = image.chain.sphere[i];
    if (s.link == 0 || (binds.spared >> s.body & 1u) != 0) continue;
    most = std::fmax(most, counted_reach(image, i));
  }
  return most;
}

// From the first joint's origin to a set; of a hull to its farthest face.
double distance_to(const Image& image, const Row& row) {
  Box point{};
  for (int a = 0; a < 3; ++a)
    point.lo[a] = point.hi[a] = image.chain.joint[0].origin.p[a];
  if (row.kernel == kHullOut)
    return gap_to_hull(image, image.hull[row.index], point);
  return gap_to(*solid_of(image, row), point);
}

// The largest radius of a sphere that both bind at all times; 0: none.
double common_radius(const Image& image, const Binds& a, const Binds& b) {
  double most = 0;
  const auto freed = [](const Binds& binds) {
    return binds.spared | (binds.window != 0 ? binds.allowed : 0);
  };
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    const kin::Sphere& s = image.chain.sphere[i];
    const bool free = ((freed(a) | freed(b)) >> s.body & 1u) != 0;
    if (s.link != 0 && !free) most = std::fmax(most, s.radius);
  }
  return most;
}

}  // namespace

Verdict space_implied(const Image& image, const Row& row, const Row& other) {
  const auto mine = solid_of(image, row), theirs = solid_of(image, other);
  if (!mine || !theirs || !binds_all_of(theirs->binds, mine->binds))
    return std::nullopt;
  if (Verdict found = same_or_within(image, row, other)) return found;
  if (mine->keeps_in) return std::nullopt;
  if (other.kernel == kKeepIn) return off_the_room(image, row, other);
  if (theirs->keeps_in) return std::nullopt;
  return inside_other(image, row, other);
}

Verdict out_of_reach(const Image& image, const Row& row) {
  const auto solid = solid_of(image, row);
  const bool kept_out = solid && !solid->keeps_in;
  if (!kept_out || hard_row(image, kJointPosition) == nullptr)
    return std::nullopt;
  const double reach = farthest(image, solid->binds);
  const double away = distance_to(image, row);
  const bool far =
      reach < kInf && away > reach + row.margin + 2 * rounding_at(image, row);
  if (!far) return std::nullopt;
  return Reason{"it is out of reach",
                fmt::format("{:.3g} m from the first joint; what can count as "
                            "the robot is within {:.3g} m",
                            away, reach)};
}

// A sphere that both boxes hold needs its diameter on every axis, and each
// row's margin at its own ends.
Verdict no_room(const Image& image, const Row& row, const Row& other) {
  if (row.kernel != kKeepIn || other.kernel != kKeepIn) return std::nullopt;
  const Box &a = image.box[row.index], &b = image.box[other.index];
  const double radius = common_radius(image, a.binds, b.binds);
  if (!(radius > 0)) return std::nullopt;
  const double needed = 2 * (radius + image.commit.model_error);
  for (int axis = 0; axis < 3; ++axis) {
    const double lo =
        std::fmax(a.lo[axis] + row.margin, b.lo[axis] + other.margin);
    const double hi =
        std::fmin(a.hi[axis] - row.margin, b.hi[axis] - other.margin);
    if (!(hi - lo < needed - kClear)) continue;
    const bool alone = &row == &other;
    return Reason{alone ? std::string("nothing satisfies it")
                        : fmt::format("nothing satisfies it and {}", other.id),
                  fmt::format("{:.3g} m of room on axis {}, and the largest "
                              "sphere of the robot needs {:.3g} m",
                              hi - lo, "xyz"[axis], needed)};
  }
  return std::nullopt;
}

}  // namespace tactus::safety::redundant
