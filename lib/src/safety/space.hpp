// SPDX-License-Identifier: MIT
// Tables of an Image for what the robot keeps in or out of, and for itself:
// plain data, base frame, m. A point is in a shape when it is in the closed
// set; half-spaces are hulls of one face, spheres are capsules that do not
// extend.
#pragma once

#include <cstdint>

#include "kin/chain.hpp"

namespace tactus::safety {

inline constexpr uint32_t kName = 32;
inline constexpr uint32_t kMaxBoxes = 16;
inline constexpr uint32_t kMaxTurned = 8;
inline constexpr uint32_t kMaxCapsules = 64;
inline constexpr uint32_t kMaxHulls = 8;
inline constexpr uint32_t kMaxFaces = 128;
inline constexpr uint32_t kMaxWindows = 4;
// All shapes, one after the other: boxes, posed boxes, capsules, hulls.
inline constexpr uint32_t kFirstTurned = kMaxBoxes;
inline constexpr uint32_t kFirstCapsule = kFirstTurned + kMaxTurned;
inline constexpr uint32_t kFirstHull = kFirstCapsule + kMaxCapsules;
inline constexpr uint32_t kMaxShapes = kFirstHull + kMaxHulls;
// Many pairs of shape and sphere are screened (rows/screen_impl.hpp): up to so
// many spheres and samples, and this many pairs are looked at closely.
inline constexpr uint32_t kScreenSpheres = 64;
inline constexpr uint32_t kScreenSamples = 32;
inline constexpr uint32_t kNearPairs = 96;
// Shapes up to this far from the origin, and spheres up to this far from a
// shape: the screen's bounds are in float (m).
inline constexpr double kScreenExtent = 1e3;
inline constexpr double kScreenFar = 1e6;
inline constexpr uint32_t kMaxPairs = 4096;
// One for each two frames, the base among them.
inline constexpr uint32_t kMaxPairGroups =
    kin::kMaxFrames * (kin::kMaxFrames - 1) / 2;

// Which parts of the robot a row binds, bit by Chain::body_name. All zero:
// every part, at all times.
struct Binds {
  uint32_t spared;   // these never
  uint32_t allowed;  // nor these while its window is open
  uint32_t window;   // index + 1; 0: none
  uint32_t reserved;
};

struct Box {
  char name[kName];
  double lo[3];
  double hi[3];
  Binds binds = {};
};

// A box with a pose: its point (x, y, z) is at + x axis[0] + y axis[1] +
// z axis[2].
struct TurnedBox {
  char name[kName];
  double lo[3];
  double hi[3];
  double at[3];
  double axis[3][3];  // unit, right-angled
  Binds binds = {};
};

struct Capsule {
  char name[kName];
  double from[3];
  double to[3];
  double radius;
  Binds binds = {};
};

// Points x with normal . x <= offset; normal: unit, outwards.
struct Face {
  double normal[3];
  double offset;
};

// Points on the inner side of all its faces.
struct Hull {
  char name[kName];
  uint32_t first;  // of Image::face
  uint32_t faces;
  Binds binds = {};
};

// A task window: open while the signal's value is above (below) the level,
// at most `longest_ns` at a time, and only on a fresh value within range.
struct Window {
  uint32_t signal;
  uint32_t element;
  uint32_t below;  // 1: open below the level
  uint32_t reserved;
  double level;
  int64_t longest_ns;
};

// Two spheres that must not meet; b's frame is the later one.
struct Pair {
  uint16_t a;
  uint16_t b;
};
// Pairs of the same two frames.
struct PairGroup {
  uint32_t from;  // frame of all a
  uint32_t to;    // frame of all b
  uint32_t first;
  uint32_t count;
};

}  // namespace tactus::safety
