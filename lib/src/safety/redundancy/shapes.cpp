// SPDX-License-Identifier: MIT
#include "safety/redundancy/shapes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tactus::safety::redundant {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
using enum RowKernel;

Vec vec(const double* from) { return {from[0], from[1], from[2]}; }

double dot(const double* a, const Vec& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

// Corner `c` of a box: bit a says which end of axis a.
Vec corner(const double* lo, const double* hi, uint32_t c) {
  Vec out;
  for (uint32_t a = 0; a < 3; ++a) out[a] = (c >> a & 1u) != 0 ? hi[a] : lo[a];
  return out;
}

Solid of_box(const Box& box) {
  Solid out{{}, 0, box.binds};
  for (uint32_t c = 0; c < 8; ++c)
    out.points.push_back(corner(box.lo, box.hi, c));
  return out;
}

Solid of_turned(const TurnedBox& box) {
  Solid out{{}, 0, box.binds};
  for (uint32_t c = 0; c < 8; ++c) {
    const Vec in = corner(box.lo, box.hi, c);
    Vec at = vec(box.at);
    for (uint32_t k = 0; k < 3; ++k)
      for (uint32_t a = 0; a < 3; ++a) at[a] += in[k] * box.axis[k][a];
    out.points.push_back(at);
  }
  return out;
}

double to_axis(const Capsule& capsule, const Vec& point) {
  Vec along, away;
  double square = 0, foot = 0;
  for (uint32_t a = 0; a < 3; ++a) {
    along[a] = capsule.to[a] - capsule.from[a];
    away[a] = point[a] - capsule.from[a];
    square += along[a] * along[a];
    foot += along[a] * away[a];
  }
  const double part = square > 0 ? std::clamp(foot / square, 0.0, 1.0) : 0;
  double sum = 0;
  for (uint32_t a = 0; a < 3; ++a) {
    const double d = away[a] - part * along[a];
    sum += d * d;
  }
  return std::sqrt(sum);
}

double depth_in_box(const Box& box, const Vec& p) {
  double least = kInf;
  for (uint32_t a = 0; a < 3; ++a)
    least = std::fmin(least, std::fmin(p[a] - box.lo[a], box.hi[a] - p[a]));
  return least;
}

double depth_in_turned(const TurnedBox& box, const Vec& p) {
  Box local{};
  Vec in{};
  for (uint32_t k = 0; k < 3; ++k) {
    local.lo[k] = box.lo[k];
    local.hi[k] = box.hi[k];
    for (uint32_t a = 0; a < 3; ++a)
      in[k] += (p[a] - box.at[a]) * box.axis[k][a];
  }
  return depth_in_box(local, in);
}

double depth_in_hull(const Image& image, const Hull& hull, const Vec& p) {
  double least = kInf;
  for (uint32_t f = hull.first; f < hull.first + hull.faces; ++f) {
    const Face& face = image.face[f];
    least = std::fmin(least, face.offset - dot(face.normal, p));
  }
  return least;
}

double depth_of(const Image& image, const Row& row, const Vec& p) {
  switch (row.kernel) {
    case kKeepIn:
    case kKeepOut:
      return depth_in_box(image.box[row.index], p);
    case kTurnedIn:
    case kTurnedOut:
      return depth_in_turned(image.turned_box[row.index], p);
    case kCapsuleIn:
    case kCapsuleOut: {
      const Capsule& capsule = image.capsule[row.index];
      return capsule.radius - to_axis(capsule, p);
    }
    case kHullIn:
    case kHullOut:
      return depth_in_hull(image, image.hull[row.index], p);
    default:
      return -kInf;
  }
}

}  // namespace

std::optional<Solid> solid_of(const Image& image, const Row& row) {
  Solid out;
  if (row.kernel == kKeepIn || row.kernel == kKeepOut) {
    out = of_box(image.box[row.index]);
  } else if (row.kernel == kTurnedIn || row.kernel == kTurnedOut) {
    out = of_turned(image.turned_box[row.index]);
  } else if (row.kernel == kCapsuleIn || row.kernel == kCapsuleOut) {
    const Capsule& c = image.capsule[row.index];
    out = {{vec(c.from), vec(c.to)}, c.radius, c.binds};
  } else if (row.kernel == kHullIn || row.kernel == kHullOut) {
    out = {{}, 0, image.hull[row.index].binds};
  } else {
    return std::nullopt;
  }
  out.keeps_in = row.kernel == kKeepIn || row.kernel == kTurnedIn ||
                 row.kernel == kCapsuleIn || row.kernel == kHullIn;
  return out;
}

// The box around the points is no farther off than they are.
double gap_to(const Solid& solid, const Box& box) {
  if (solid.points.empty()) return -1;
  double square = 0;
  for (uint32_t a = 0; a < 3; ++a) {
    double lo = kInf, hi = -kInf;
    for (const Vec& p : solid.points) {
      lo = std::fmin(lo, p[a]);
      hi = std::fmax(hi, p[a]);
    }
    const double gap = std::fmax(0, std::fmax(lo - box.hi[a], box.lo[a] - hi));
    square += gap * gap;
  }
  return std::sqrt(square) - solid.radius - kClear;
}

// All shapes are convex: who has the corners has what lies between them; and
// depth is a concave function, so the least is at a corner.
double depth_in(const Image& image, const Row& row, const Solid& solid) {
  if (solid.points.empty()) return -kInf;
  double least = kInf;
  for (const Vec& p : solid.points)
    least = std::fmin(least, depth_of(image, row, p));
  return least - solid.radius - kClear;
}

double gap_to_hull(const Image& image, const Hull& hull, const Box& box) {
  double best = -kInf;
  for (uint32_t f = hull.first; f < hull.first + hull.faces; ++f) {
    const Face& face = image.face[f];
    double least = 0;
    for (uint32_t a = 0; a < 3; ++a)
      least +=
          std::fmin(face.normal[a] * box.lo[a], face.normal[a] * box.hi[a]);
    best = std::fmax(best, least - face.offset);
  }
  return best - kClear;
}

bool binds_all_of(const Binds& wide, const Binds& narrow) {
  if ((wide.spared & ~narrow.spared) != 0) return false;
  if (wide.window == 0 || wide.allowed == 0) return true;
  const uint32_t free = narrow.allowed | narrow.spared;
  return wide.window == narrow.window && (wide.allowed & ~free) == 0;
}

}  // namespace tactus::safety::redundant
