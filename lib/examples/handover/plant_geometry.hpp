// SPDX-License-Identifier: MIT
// The plant's own geometry, in double precision, from its own
// Denavit-Hartenberg table: where the arm's link capsules are, how fast their
// points move, how near a hand is. It judges the shield, so it shares no code
// with kin/ or safety/; arm.urdf says the same in another form. SI, base
// frame.
#pragma once

#include <array>
#include <cstddef>

namespace handover {

inline constexpr std::size_t kJoints = 7;
using Joints = std::array<double, kJoints>;

struct Vec {
  double x = 0, y = 0, z = 0;
};
[[nodiscard]] constexpr Vec operator+(Vec a, Vec b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}
[[nodiscard]] constexpr Vec operator-(Vec a, Vec b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
[[nodiscard]] constexpr Vec operator*(double s, Vec a) {
  return {s * a.x, s * a.y, s * a.z};
}
[[nodiscard]] constexpr double dot(Vec a, Vec b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
[[nodiscard]] constexpr Vec cross(Vec a, Vec b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
[[nodiscard]] double norm(Vec a);

// Range and top speed of each joint, rad and rad/s.
struct JointLimit {
  double lo, hi, speed;
};
extern const std::array<JointLimit, kJoints> kLimits;

// All points within `radius` of the segment a-b, in the frame of `link`
// (0 = after joint 1).
struct Capsule {
  std::size_t link;
  Vec a, b;
  double radius;
};
extern const std::array<Capsule, kJoints> kCapsules;

// One link: axes and origin of its frame, its angular velocity and the
// velocity of its origin.
struct LinkState {
  Vec ex{1, 0, 0}, ey{0, 1, 0}, ez{0, 0, 1};
  Vec origin, omega, velocity;

  [[nodiscard]] Vec place(Vec local) const;
  [[nodiscard]] Vec speed_at(Vec point) const;  // point in the base frame
};

struct ArmState {
  std::array<LinkState, kJoints> link;
  Vec flange;
};
[[nodiscard]] ArmState move_arm(const Joints& q, const Joints& dq);

struct Ball {
  Vec center;
  double radius = 0;
};

// Distance between the nearest capsule surface and the ball's surface;
// negative when they overlap.
[[nodiscard]] double separation(const ArmState& arm, const Ball& ball);

// Speed of the fastest point on a capsule's surface that is closer than
// `distance` to the ball's surface; 0 where no point is. Looks at the point
// nearest to the ball, at 16 around each of 17 cross sections, and at the caps.
[[nodiscard]] double fastest_within(const ArmState& arm, const Ball& ball,
                                    double distance);

}  // namespace handover
