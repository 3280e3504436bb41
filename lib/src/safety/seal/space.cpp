// SPDX-License-Identifier: MIT
// The robot's spheres, and boxes that they keep in or out of.
#include <algorithm>
#include <cmath>
#include <limits>

#include "safety/seal/family.hpp"

namespace tactus::safety::sealing {
namespace {

uint32_t moving_spheres(const Image& image) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    n += image.chain.sphere[i].link > 0 ? 1 : 0;
  }
  return n;
}

}  // namespace

Check needs_moving_spheres(const Image& image) {
  if (moving_spheres(image) > 0) return {};
  return bad_input("limits image: no robot sphere moves: cover the robot");
}

Check check_spheres(const Image& image) {
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    const kin::Sphere& s = image.chain.sphere[i];
    if (s.link > image.joints || s.body >= kin::Chain::kMaxBodies ||
        !positive(s.radius)) {
      return bad_input("limits image: robot sphere {}: bad link or radius", i);
    }
  }
  return {};
}

Check check_binds(const Image& image, const Binds& binds, const char* what,
                  uint32_t index) {
  bool bound = false;
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    const kin::Sphere& s = image.chain.sphere[i];
    bound |= s.link > 0 && (binds.spared >> s.body & 1u) == 0;
  }
  if (!bound) {
    return bad_input("limits image: {} {}: binds no part that moves", what,
                     index);
  }
  if (binds.window > image.windows) {
    return bad_input("limits image: {} {}: no such window", what, index);
  }
  return {};
}

namespace {

Check check_sides(const double* lo, const double* hi, uint32_t index) {
  for (int a = 0; a < 3; ++a) {
    if (!(lo[a] < hi[a])) {
      return bad_input("limits image: box {}: empty on axis {}", index, a);
    }
  }
  return {};
}

double dot(const double* a, const double* b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

// Unit axes at right angles, somewhere.
bool is_pose(const TurnedBox& box) {
  bool good = true;
  for (int a = 0; a < 3; ++a) {
    good = good && std::isfinite(box.at[a]);
    for (int b = 0; b < 3; ++b) {
      const double wanted = a == b ? 1 : 0;
      good = good &&
             std::fabs(dot(box.axis[a], box.axis[b]) - wanted) <= kUnitError;
    }
  }
  return good;
}

float rounded_up(double x) {
  const auto near = static_cast<float>(x);
  return static_cast<double>(near) < x
             ? std::nextafter(near, std::numeric_limits<float>::infinity())
             : near;
}

double size_of(const double* v) {
  return std::fabs(v[0]) + std::fabs(v[1]) + std::fabs(v[2]);
}
double sides_of(const double* lo, const double* hi) {
  return size_of(lo) + size_of(hi);
}

// All that a slack is made of, but for the sphere's own; of any shape.
double extent_of(const Image& image) {
  double most = 0;
  for (uint32_t i = 0; i < image.boxes; ++i)
    most = std::max(most, sides_of(image.box[i].lo, image.box[i].hi));
  for (uint32_t i = 0; i < image.turned; ++i) {
    const TurnedBox& box = image.turned_box[i];
    most = std::max(most, size_of(box.at) + sides_of(box.lo, box.hi));
  }
  for (uint32_t i = 0; i < image.capsules; ++i) {
    const Capsule& capsule = image.capsule[i];
    const double axis = size_of(capsule.from) + size_of(capsule.to);
    most = std::max(most, 2 * axis + capsule.radius);
  }
  for (uint32_t i = 0; i < image.hulls; ++i) {
    const Hull& hull = image.hull[i];
    for (uint32_t f = hull.first; f < hull.first + hull.faces; ++f)
      most = std::max(most, std::fabs(image.face[f].offset));
  }
  return most;
}

}  // namespace

Check check_boxes(const Image& image) {
  if (image.boxes > kMaxBoxes || image.boxes_in > image.boxes ||
      image.turned > kMaxTurned || image.turned_in > image.turned) {
    return over_size();
  }
  if (image.boxes + image.turned > 0) {
    if (Check r = needs_moving_spheres(image); !r) return r;
  }
  for (uint32_t i = 0; i < image.boxes; ++i) {
    const Box& box = image.box[i];
    if (Check r = check_sides(box.lo, box.hi, i); !r) return r;
    if (Check r = check_binds(image, box.binds, "box", i); !r) return r;
  }
  for (uint32_t i = 0; i < image.turned; ++i) {
    const TurnedBox& box = image.turned_box[i];
    if (Check r = check_sides(box.lo, box.hi, i); !r) return r;
    if (!is_pose(box)) {
      return bad_input("limits image: box {}: its pose is none", i);
    }
    if (Check r = check_binds(image, box.binds, "turned box", i); !r) return r;
  }
  return {};
}

void derive_capsules(Image& image) {
  const Derived& derived = image.derived;
  CapsuleLanes& out = image.derived.capsule;
  for (uint32_t k = 0; k < image.capsules; ++k) {
    for (int a = 0; a < 3; ++a) {
      out.from[a][k] = static_cast<float>(image.capsule[k].from[a]);
      out.along[a][k] = static_cast<float>(derived.along[k][a]);
    }
    out.inverse[k] = static_cast<float>(derived.inverse[k]);
    out.radius[k] = static_cast<float>(image.capsule[k].radius);
  }
}

void derive_screen(Image& image) {
  Derived& derived = image.derived;
  uint32_t shapes = 0;
  for (uint32_t r = 0; r < image.rows; ++r) {
    const uint32_t shape = shape_number(image.row[r]);
    if (shape == kMaxShapes) continue;
    if (shapes++ == 0) derived.spare = shape;
    const Row& row = image.row[r];
    const double more = row.warn > row.hysteresis ? row.warn : row.hysteresis;
    const double need = row.margin + derived.rounding[r] + more;
    const float up = rounded_up(need);
    if (up > derived.need[shape]) derived.need[shape] = up;
  }
  derived.extent = extent_of(image);
  // Below twice the pairs that are looked at anyway, the bound gains nothing.
  const uint32_t spheres = moving_spheres(image);
  const bool pays = shapes * spheres > 2 * kNearPairs;
  const bool fits = image.chain.spheres <= kScreenSpheres &&
                    image.ladder.samples <= kScreenSamples &&
                    derived.extent <= kScreenExtent;
  derived.screened = pays && fits ? 1 : 0;
  derive_capsules(image);
}

}  // namespace tactus::safety::sealing
