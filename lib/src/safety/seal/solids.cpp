// SPDX-License-Identifier: MIT
// Capsules, hulls, and task windows.
#include <cmath>

#include "safety/seal/family.hpp"

namespace tactus::safety::sealing {
namespace {

bool finite3(const double* p) {
  return std::isfinite(p[0]) && std::isfinite(p[1]) && std::isfinite(p[2]);
}

Check check_capsule(const Image& image, uint32_t i) {
  const Capsule& c = image.capsule[i];
  if (!finite3(c.from) || !finite3(c.to) || !positive(c.radius)) {
    return bad_input("limits image: capsule {}: bad place or radius", i);
  }
  return check_binds(image, c.binds, "capsule", i);
}

Check check_hull(const Image& image, uint32_t i) {
  const Hull& hull = image.hull[i];
  if (hull.faces == 0 || hull.first > image.faces ||
      hull.faces > image.faces - hull.first) {
    return bad_input("limits image: hull {}: no faces", i);
  }
  for (uint32_t f = hull.first; f < hull.first + hull.faces; ++f) {
    const Face& face = image.face[f];
    const double* n = face.normal;
    const double length = std::sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
    if (!(std::fabs(length - 1) <= kUnitError) || !std::isfinite(face.offset)) {
      return bad_input("limits image: hull {}: face {} is none", i,
                       f - hull.first);
    }
  }
  return check_binds(image, hull.binds, "hull", i);
}

}  // namespace

Check check_solids(const Image& image) {
  if (image.capsules > kMaxCapsules || image.capsules_in > image.capsules ||
      image.hulls > kMaxHulls || image.hulls_in > image.hulls ||
      image.faces > kMaxFaces) {
    return over_size();
  }
  if (image.capsules + image.hulls > 0) {
    if (Check r = needs_moving_spheres(image); !r) return r;
  }
  for (uint32_t i = 0; i < image.capsules; ++i) {
    if (Check r = check_capsule(image, i); !r) return r;
  }
  for (uint32_t i = 0; i < image.hulls; ++i) {
    if (Check r = check_hull(image, i); !r) return r;
  }
  return {};
}

Check check_windows(const Image& image) {
  if (image.windows > kMaxWindows) return over_size();
  for (uint32_t i = 0; i < image.windows; ++i) {
    const Window& w = image.window[i];
    if (w.signal >= image.signals ||
        w.element >= image.signal[w.signal].count || !std::isfinite(w.level) ||
        w.longest_ns <= 0) {
      return bad_input("limits image: window {}: no signal, level or time", i);
    }
  }
  return {};
}

}  // namespace tactus::safety::sealing
