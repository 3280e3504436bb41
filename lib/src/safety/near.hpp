// SPDX-License-Identifier: MIT
// A pair of robot sphere and obstacle as rung project sees it: its slack, and
// what changes it, about one motion. What is left out or wrong here costs a
// candidate, never safety: rows_impl.hpp judges it. Pure, RT-safe.
#pragma once

#include "safety/qp.hpp"
#include "safety/rows.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// A motion and the command it belongs to, about which rows are linearised.
struct Reference {
  const Image& image;
  const ShieldInput& in;
  const Past& past;
  const Intent& intent;
  const Motion& motion;
};

struct Bounds {
  double lo[kMaxJoints];
  double hi[kMaxJoints];
};

// Slack of a pair for a command u near the reference r:
//   slack + lever (u - r) - held (|u| - |r|) - turned (|u - last| - |r - last|)
//         - joined (|u - before| - |r - before|)
//         - growth (fall(u) - fall(r))
// The robot is the less certain the faster it goes, the farther the command
// is from the last, and the farther from what the plan before holds, which
// the guardian may play instead; a human comes nearer until it stands. That
// makes it concave in u.
struct Near {
  uint32_t key;  // sphere and obstacle, and of own pairs the block
  double slack;
  double lever[kMaxJoints];
  double held[kMaxJoints];
  double turned[kMaxJoints];
  double joined[kMaxJoints];
  double before[kMaxJoints];
  double growth;  // m per second that the stop takes longer
};
// Where a pair is nearest: its key, and which sample of the motion.
struct Spot {
  uint32_t key;
  uint32_t sample;
  double slack;
};
struct SpotList {
  uint32_t count = 0;
  Spot row[kMaxNearRows];
};

struct NearList {
  uint32_t count = 0;
  Near row[kMaxNearRows];
};

// The margin of a hard row; false when there is none: nothing to keep.
inline bool hard_margin(const Image& image, RowKernel kernel, uint32_t index,
                        double& margin) noexcept {
  bool any = false;
  margin = 0;
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Row& row = image.row[r];
    if (row.kernel != kernel || row.index != index) continue;
    if (row.kind != RowKind::kHard) continue;
    any = true;
    margin = larger(margin, row.margin + image.derived.rounding[r]);
  }
  return any;
}

inline double sign_of(double x) { return x > 0 ? 1 : (x < 0 ? -1 : 0); }

// dwide/du of one joint: what it is held for, and how far it leaves the last
// command.
inline double widening(const Reference& at, uint32_t joint,
                       double spread) noexcept {
  const double u = at.intent.u[joint];
  return (spread + at.intent.room_s) * sign_of(u) +
         at.motion.reaction_s * sign_of(u - at.past.last[joint]);
}

// How long the stop takes: as long as the slowest joint's to fall.
struct Fall {
  double seconds;
  uint32_t joint;
};
inline Fall fall_of(const Image& image, const double* u) noexcept {
  Fall out{0, 0};
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double t = magnitude(u[j]) / image.commit.decel[j];
    if (t > out.seconds) out = {t, j};
  }
  return out;
}

// A stop takes seconds + ramp, or 2 sqrt(u / jerk) where that is longer than
// its ramps: by how much more than `seconds` it changes.
inline double steepness(const Image& image, const double* u) noexcept {
  const Fall fall = fall_of(image, u);
  const double ramp =
      image.commit.decel[fall.joint] / image.commit.jerk[fall.joint];
  const double ratio = ramp / larger(fall.seconds, 0.01 * ramp);
  return ratio > 1 ? __builtin_sqrt(ratio) : 1;
}

// Where a pair's row goes: its place if it is listed, a free one, or that of
// the widest, if this one is nearer.
template <class List>
auto* seat(List& list, uint32_t key, double slack) noexcept {
  auto* widest = &list.row[0];
  for (uint32_t i = 0; i < list.count; ++i) {
    auto& row = list.row[i];
    if (row.key == key) return slack < row.slack ? &row : nullptr;
    if (row.slack > widest->slack) widest = &row;
  }
  if (list.count < kMaxNearRows) return &list.row[list.count++];
  return slack < widest->slack ? widest : nullptr;
}

// Obstacle numbers: six faces for each box, posed ones after the aligned,
// capsules, faces of hulls, humans, regions of contact, humans now, of the
// robot's own spheres the other one; then linear rows and ends of expressions,
// which have no sphere.
inline constexpr uint32_t kTurnedFrom = 6 * kMaxBoxes;
inline constexpr uint32_t kCapsuleFrom = kTurnedFrom + 6 * kMaxTurned;
inline constexpr uint32_t kFaceFrom = kCapsuleFrom + kMaxCapsules;
inline constexpr uint32_t kHumanFrom = kFaceFrom + kMaxFaces;
inline constexpr uint32_t kContactFrom = kHumanFrom + kMaxHumans;
inline constexpr uint32_t kNowFrom = kContactFrom + kMaxContacts;
inline constexpr uint32_t kOwnFrom = kNowFrom + kMaxHumans;
inline constexpr uint32_t kLinearFrom = kOwnFrom + kin::kMaxSpheres;
inline constexpr uint32_t kExprFrom = kLinearFrom + kMaxLinear;
inline uint32_t key_of(uint32_t sphere, uint32_t obstacle) {
  return sphere << 16 | obstacle;
}

// By how much a sphere's centre can move per radian of joint `joint`.
inline double arm_of(const Image& image, uint32_t sphere,
                     uint32_t joint) noexcept {
  const uint32_t link = image.chain.sphere[sphere].link;
  return image.derived.reach[link][joint] +
         image.derived.turn[joint] * image.derived.arm[sphere];
}

// How far a sphere can be moved by what the bounds leave free, per second,
// seen from frame `from`.
inline double swing(const Image& image, const Bounds& bounds, uint32_t sphere,
                    uint32_t from = 0) noexcept {
  double sum = 0;
  for (uint32_t j = from; j < image.chain.sphere[sphere].link; ++j) {
    sum += arm_of(image, sphere, j) * (bounds.hi[j] - bounds.lo[j]);
  }
  return sum;
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
