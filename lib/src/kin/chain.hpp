// SPDX-License-Identifier: MIT
// A serial chain as plain data: what is left of a robot description once
// fixed joints are folded away. Frame 0 is the base, frame j+1 moves with
// joint j. Trivially copyable, so that the limits image can hold it.
// SI: m, rad, s, N, N m.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

namespace tactus::kin {

inline constexpr uint32_t kMaxJoints = 16;
inline constexpr uint32_t kMaxFrames = kMaxJoints + 1;
inline constexpr uint32_t kMaxSpheres = 256;
inline constexpr uint32_t kMaxInertials = 64;
inline constexpr uint32_t kMaxName = 32;  // with the terminating zero

enum class JointType : uint32_t { kRevolute, kContinuous, kPrismatic };

// x_parent = r x_child + p; r row-major.
struct Transform {
  double r[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  double p[3] = {};
};

struct Joint {
  JointType type = JointType::kRevolute;
  uint32_t reserved = 0;
  Transform origin;            // previous frame to this one at q = 0
  double axis[3] = {0, 0, 1};  // unit, in this frame
  double lo = 0;               // rad or m; a continuous joint has -inf, +inf
  double hi = 0;
  double velocity = 0;  // rad/s or m/s, > 0
  double effort = 0;    // N m or N, >= 0
  // Derived (finish_joint): origin.r * rotation(q) =
  // fixed + cos(q) cosine + sin(q) sine, and the child's origin is
  // origin.p + q slide. Revolute joints have slide = 0, prismatic ones
  // cosine = sine = 0: one branch-free formula for both.
  double fixed[9] = {};
  double cosine[9] = {};
  double sine[9] = {};
  double slide[3] = {};
  double turn[3] = {};  // axis in the previous frame; 0 for prismatic
};

// Conservative cover: every point of the collision geometry that moves with
// frame `link` lies in some sphere of that link.
struct Sphere {
  uint32_t link = 0;      // frame index, 0 = base
  uint32_t body = 0;      // index into Chain::body_name: where it came from
  double center[3] = {};  // m, in the frame of `link`
  double radius = 0;      // m
};

// A link that moves and has matter: an <inertial>, or geometry without one.
struct Inertial {
  uint32_t link = 0;      // frame index; 0: a joint outside the chain moves it
  uint32_t known = 0;     // 0: no usable <inertial>, the figures are zero
  double mass = 0;        // kg
  double center[3] = {};  // m, of mass, in the frame of `link`
  // kg m^2 about that centre, in axes of its own: xx, xy, xz, yy, yz, zz.
  double inertia[6] = {};
  char name[kMaxName] = {};
};

struct Chain {
  uint32_t joints = 0;
  uint32_t spheres = 0;
  uint32_t bodies = 0;
  uint32_t inertials = 0;  // more than kMaxInertials: the rest is left out
  Joint joint[kMaxJoints];
  Transform tip;  // last frame to the tip link
  Sphere sphere[kMaxSpheres];
  char name[kMaxName] = {};
  char joint_name[kMaxJoints][kMaxName] = {};
  // URDF links that carry spheres; several may move with one frame.
  static constexpr uint32_t kMaxBodies = 32;
  char body_name[kMaxBodies][kMaxName] = {};
  // Bits of the bodies that a joint connects with this one, links without
  // geometry left out; and of those that an SRDF says it never touches.
  uint32_t adjacent[kMaxBodies] = {};
  uint32_t disabled[kMaxBodies] = {};
  Inertial inertial[kMaxInertials];
  char base_name[kMaxName] = {};
  char tip_name[kMaxName] = {};
};

static_assert(std::is_trivially_copyable_v<Chain>);
static_assert(Chain::kMaxBodies <= 32);

// Fills the derived part from type, origin and axis.
void finish_joint(Joint& joint);

[[nodiscard]] constexpr bool is_angular(JointType type) {
  return type != JointType::kPrismatic;
}

}  // namespace tactus::kin
