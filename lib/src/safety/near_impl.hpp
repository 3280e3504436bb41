// SPDX-License-Identifier: MIT
// Rows of pairs (near.hpp): a sphere that meets a shape, a human or another
// sphere.
#pragma once

#include "safety/near_shapes_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// One instant of the motion.
struct Instant {
  kin::Frames frames;
  double path, spread;
};

inline void instant_of(const Reference& at, uint32_t sample,
                       Instant& out) noexcept {
  const uint32_t block = sample / kLanes, lane = sample % kLanes;
  double q[kMaxJoints];
  for (uint32_t j = 0; j < at.image.joints; ++j) {
    q[j] = at.motion.q[block].at[j][lane];
  }
  kin::frames_of(at.image.chain, q, out.frames);
  out.path = at.motion.path[block][lane];
  out.spread = at.motion.spread[block][lane];
}

// n . dp/dq_j of a point that moves with frame j + 1 or a later one.
inline double lever(const kin::Chain& chain, const kin::Frames& frames,
                    uint32_t joint, const double* point,
                    const double* n) noexcept {
  double turn[3], slide[3], arm[3], swept[3];
  kin::detail::rotate(frames.r[joint], chain.joint[joint].turn, turn);
  kin::detail::rotate(frames.r[joint], chain.joint[joint].slide, slide);
  for (int i = 0; i < 3; ++i) arm[i] = point[i] - frames.p[joint + 1][i];
  kin::cross(turn, arm, swept);
  double sum = 0;
  for (int i = 0; i < 3; ++i) sum += n[i] * (swept[i] + slide[i]);
  return sum;
}

// Of a pair at its spot; `n` points from the obstacle to the sphere. The
// joints before `from` move both.
struct NearPair {
  const Spot& spot;
  uint32_t sphere;
  uint32_t obstacle;
  uint32_t from;
  double point[3];
};

inline void meet(const Reference& at, const Instant& now, const NearPair& pair,
                 const double* n, Near& row) noexcept {
  const layout::StopPlan* before = at.intent.before;
  row = Near{};
  row.key = pair.spot.key;
  row.slack = pair.spot.slack;
  const uint32_t link = at.image.chain.sphere[pair.sphere].link;
  // That plan stops a period before this one would.
  const double period = seconds(at.image.commit.period_ns);
  const double earlier = now.path > period ? 1 - period / now.path : 1;
  for (uint32_t j = pair.from; j < link; ++j) {
    const double arm = arm_of(at.image, pair.sphere, j);
    row.lever[j] =
        now.path * lever(at.image.chain, now.frames, j, pair.point, n);
    row.held[j] = arm * (now.spread + at.intent.room_s);
    row.turned[j] = arm * at.motion.reaction_s;
    if (before == nullptr) continue;
    // Both motions count: half of each in the middle, half in the width.
    row.lever[j] *= 0.5;
    row.joined[j] = 0.5 * arm * now.path;
    row.before[j] = before->held[j] * earlier;
  }
}

// Unit vector and distance from a human's centre to a point.
inline double from_human(const ShieldInput& in, uint32_t signal, uint32_t k,
                         const double* point, double* n) noexcept {
  double square = 0;
  for (uint32_t a = 0; a < 3; ++a) {
    n[a] = point[a] - static_cast<double>(in.value[signal][k + a]);
    square += n[a] * n[a];
  }
  const double distance = std::sqrt(square);
  for (uint32_t a = 0; a < 3; ++a) n[a] = n[a] / distance;
  return distance;
}

// The human comes nearer until the sphere is slow: a faster command takes
// longer to stop, and then longer to fall below that speed through the lag.
inline void let_grow(const Reference& at, uint32_t sphere,
                     const Meeting& meeting, Near& row) noexcept {
  const Image& image = at.image;
  const double speed = meeting.growth;
  const kin::Sphere& s = image.chain.sphere[sphere];
  row.growth = speed * steepness(image, at.intent.u);
  double fast[kMaxJoints], surface = 0;
  for (uint32_t j = 0; j < s.link; ++j) {
    fast[j] = arm_of(image, sphere, j) + image.derived.turn[j] * s.radius;
    surface += fast[j] * magnitude(at.intent.u[j]);
  }
  if (!(surface > meeting.slow)) return;
  const double lag = seconds(image.commit.lag_ns);
  for (uint32_t j = 0; j < s.link; ++j) {
    row.held[j] += speed * lag * fast[j] / surface;
  }
}

// Away from the nearest centre of somebody.
inline void off_human(const Reference& at, uint32_t signal, const double* point,
                      double* n) noexcept {
  double least = __builtin_inf();
  for (int a = 0; a < 3; ++a) n[a] = 0;
  for (uint32_t k = 0; k + 2 < at.image.signal[signal].count; k += 3) {
    double away[3];
    const double distance = from_human(at.in, signal, k, point, away);
    if (!(distance < least)) continue;
    least = distance;
    for (int a = 0; a < 3; ++a) n[a] = away[a];
  }
}

template <class F>
void meet_somebody(const Reference& at, const Instant& now,
                   const NearPair& pair, const Meeting& meeting,
                   Near& row) noexcept {
  double n[3];
  off_human(at, meeting.signal, pair.point, n);
  meet(at, now, pair, n, row);
  let_grow(at, pair.sphere, meeting, row);
}

// Another sphere of the robot, on a link before this one's.
inline void meet_own(const Reference& at, const Instant& now, NearPair& pair,
                     Near& row) noexcept {
  const uint32_t other = pair.obstacle - kOwnFrom;
  const kin::Sphere& sphere = at.image.chain.sphere[other];
  double centre[3], n[3];
  kin::point(now.frames, sphere.link, sphere.center, centre);
  for (int a = 0; a < 3; ++a) n[a] = pair.point[a] - centre[a];
  to_unit(n);
  pair.from = sphere.link;
  meet(at, now, pair, n, row);
}

// A spot's row.
template <class F>
void meet_spot(const Reference& at, const Spot& spot, const Instant& now,
               Near& row) noexcept {
  const Image& image = at.image;
  NearPair pair{spot, spot.key >> 16 & 0xFF, spot.key & 0xFFFF, 0, {}};
  const kin::Sphere& sphere = image.chain.sphere[pair.sphere];
  kin::point(now.frames, sphere.link, sphere.center, pair.point);
  if (pair.obstacle >= kOwnFrom) {
    meet_own(at, now, pair, row);
  } else if (pair.obstacle >= kContactFrom) {
    const Contact& contact =
        image.dynamics.contact[pair.obstacle - kContactFrom];
    meet_somebody<F>(at, now, pair, meeting_of<F>(image, contact), row);
  } else if (pair.obstacle >= kHumanFrom) {
    const Human& human = image.human[pair.obstacle - kHumanFrom];
    meet_somebody<F>(at, now, pair, meeting_of<F>(image, human), row);
  } else {
    double n[3];
    off_shape(image, pair.obstacle, pair.point, n);
    meet(at, now, pair, n, row);
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
