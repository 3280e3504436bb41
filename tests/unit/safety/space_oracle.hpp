// SPDX-License-Identifier: MIT
// Where shapes are, in long double and from their corners: every shape is the
// convex hull of some points, grown by a radius. Distances are the smallest
// over all triangles between corners, so no face, normal, clamp or rotation
// matrix of the kernels is shared. A half-space is a plane.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "plant.hpp"

namespace oracle {

using Real = long double;
struct Vec {
  Real x = 0, y = 0, z = 0;
};
inline Vec operator+(Vec a, Vec b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec operator-(Vec a, Vec b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec operator*(Real s, Vec a) { return {s * a.x, s * a.y, s * a.z}; }
inline Real dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec cross(Vec a, Vec b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline Real norm(Vec a) { return std::sqrt(dot(a, a)); }

struct Solid {
  bool inside = false;  // to be kept in
  std::vector<Vec> corner;
  Real radius = 0;
  // A half-space instead: way . x <= offset.
  bool half = false;
  Vec way;
  Real offset = 0;
};

inline Real to_segment(Vec p, Vec a, Vec b) {
  const Vec along = b - a;
  const Real square = dot(along, along);
  Real t = square > 0 ? dot(p - a, along) / square : 0;
  t = t < 0 ? 0 : (t > 1 ? 1 : t);
  return norm(p - (a + t * along));
}

inline Real to_triangle(Vec p, Vec a, Vec b, Vec c) {
  Real least =
      std::min({to_segment(p, a, b), to_segment(p, b, c), to_segment(p, c, a)});
  const Vec n = cross(b - a, c - a);
  const Real area = dot(n, n);
  if (!(area > 0)) return least;
  const bool above = dot(cross(b - a, p - a), n) >= 0 &&
                     dot(cross(c - b, p - b), n) >= 0 &&
                     dot(cross(a - c, p - c), n) >= 0;
  if (above) least = std::min(least, std::fabs(dot(p - a, n)) / norm(n));
  return least;
}

// Depth behind the nearest plane that has all corners on one side; below 0:
// outside.
inline Real depth(Vec p, const std::vector<Vec>& c) {
  Real least = INFINITY;
  for (std::size_t i = 0; i < c.size(); ++i)
    for (std::size_t j = 0; j < c.size(); ++j)
      for (std::size_t k = 0; k < c.size(); ++k) {
        const Vec n = cross(c[j] - c[i], c[k] - c[i]);
        const Real size = norm(n);
        if (!(size > 1e-9L)) continue;
        bool outer = true;
        for (const Vec& v : c) outer &= dot(v - c[i], n) <= 1e-12L * size;
        if (outer) least = std::min(least, dot(c[i] - p, n) / size);
      }
  return least;
}

// 0 inside.
inline Real distance(Vec p, const std::vector<Vec>& c) {
  if (c.size() == 1) return norm(p - c[0]);
  if (c.size() == 2) return to_segment(p, c[0], c[1]);
  if (depth(p, c) >= 0) return 0;
  Real least = INFINITY;
  for (std::size_t i = 0; i < c.size(); ++i)
    for (std::size_t j = i + 1; j < c.size(); ++j)
      for (std::size_t k = j + 1; k < c.size(); ++k)
        least = std::min(least, to_triangle(p, c[i], c[j], c[k]));
  return least;
}

// What is left for a ball of radius r around p; below 0: violated.
inline Real left(const Solid& solid, Vec p, Real r) {
  if (solid.half) {
    const Real above = dot(solid.way, p) / norm(solid.way) - solid.offset;
    return (solid.inside ? -above : above) - r;
  }
  if (!solid.inside) return distance(p, solid.corner) - solid.radius - r;
  if (solid.corner.size() < 3)
    return solid.radius - distance(p, solid.corner) - r;
  return depth(p, solid.corner) - r;
}

using Balls = std::span<const rig::Ball>;

inline std::vector<Vec> centres(const double* q, Balls balls = rig::kBalls) {
  plant::Pose frame[8];
  plant::poses(q, frame);
  std::vector<Vec> out;
  for (const rig::Ball& ball : balls) {
    const plant::Vec at = frame[ball.link].map(plant::local(ball));
    out.push_back({at.x, at.y, at.z});
  }
  return out;
}

// Least over the balls of the given links, bit by bit.
inline Real least_left(const Solid& solid, const double* q,
                       uint32_t links = ~1u) {
  const auto at = centres(q);
  Real least = INFINITY;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const rig::Ball& ball = rig::kBalls[i];
    if ((links >> ball.link & 1u) == 0) continue;
    least = std::min(least, left(solid, at[i], ball.r));
  }
  return least;
}
// Over many shapes that are kept out of, and all moving balls of an arm: only
// where the balls around them come as near.
inline Real least_left(const std::vector<Solid>& solids, const double* q,
                       Balls balls) {
  const auto at = centres(q, balls);
  Real least = INFINITY;
  for (const Solid& solid : solids) {
    Vec middle;
    for (const Vec& c : solid.corner)
      middle = middle + (1 / static_cast<Real>(solid.corner.size())) * c;
    Real extent = 0;
    for (const Vec& c : solid.corner)
      extent = std::max(extent, norm(c - middle));
    for (std::size_t i = 0; i < at.size(); ++i) {
      const Real around = norm(at[i] - middle) - extent - solid.radius;
      if (balls[i].link != 0 && around - static_cast<Real>(balls[i].r) < least)
        least = std::min(least, left(solid, at[i], balls[i].r));
    }
  }
  return least;
}

// Least gap between balls of links that are far enough along the arm.
inline bool apart(uint32_t a, uint32_t b) {
  const uint32_t lo = std::min(a, b), hi = std::max(a, b);
  return (lo == 0 && hi >= 4) || (lo == 2 && hi >= 6);
}
inline Real self_gap(const double* q) {
  const auto at = centres(q);
  Real least = INFINITY;
  for (std::size_t i = 0; i < at.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const rig::Ball &a = rig::kBalls[i], &b = rig::kBalls[j];
      if (apart(a.link, b.link))
        least = std::min(least, norm(at[i] - at[j]) - a.r - b.r);
    }
  return least;
}

}  // namespace oracle
