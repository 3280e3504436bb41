// SPDX-License-Identifier: MIT
// Convex sets from points, and what half-spaces have in common. Set-up only:
// every plane through three points is tried, so the sizes are small.
#pragma once

#include <vector>

#include "safety/space.hpp"
#include "tactus/result.hpp"

namespace tactus::safety::limits {

inline constexpr uint32_t kMaxHullPoints = 32;
inline constexpr uint32_t kMaxHullFaces = 64;

struct Point {
  double at[3];
};

// Faces of the points' convex hull. Every point is behind every face, and
// every corner of what the faces enclose is within 10 um of a point, which is
// checked: neither more nor less than the hull. An error (what to
// do) for points that lie in one plane, or nearly: then nothing is certain.
Result<std::vector<Face>> faces_around(const std::vector<Point>& points);

// Whether the middle of what lies behind all faces, and within kilometres,
// is a tenth of a millimetre inside.
bool has_inside(const std::vector<Face>& faces);

}  // namespace tactus::safety::limits
