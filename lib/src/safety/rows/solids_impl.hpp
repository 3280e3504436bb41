// SPDX-License-Identifier: MIT
// Spheres, capsules, half-spaces and convex hulls to stay in or out of.
// Included by rows_impl.hpp. C. Ericson, Real-Time Collision Detection, 2005:
// 5.1.2 (point to segment), 5.1.1 (to plane), 9.2 (separating axes).
#pragma once

#include "safety/rows/sphere_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// Exact: the sphere's centre against the capsule's axis. A sphere's axis has
// no length, and inverse 0 keeps its foot at `from`.
template <class F, class Root>
[[gnu::always_inline]] inline void capsule_slack(const Image& image,
                                                 uint32_t index,
                                                 const Sphere8& s,
                                                 Double8& out) {
  const Capsule& capsule = image.capsule[index];
  const double* along = image.derived.along[index];
  Double8 from[3];
  for (int a = 0; a < 3; ++a) from[a] = s.at[a] - capsule.from[a];
  // Share of the axis at the foot; NaN stays.
  Double8 foot =
      (from[0] * along[0] + from[1] * along[1] + from[2] * along[2]) *
      image.derived.inverse[index];
  if (!F::on(Fault::kCapsuleEnds)) {
    const Double8 zero = {};
    const Double8 one = zero + 1.0;
    select_le(foot, zero, zero, foot, foot);
    select_le(one, foot, one, foot, foot);
  }
  Double8 sum = {};
  for (int a = 0; a < 3; ++a) {
    const Double8 d = from[a] - foot * along[a];
    sum += d * d;
  }
  Double8 distance;
  if (index < image.capsules_in) {
    Root::most(sum, distance);
    out = capsule.radius - (distance + s.radius);
  } else {
    Root::least(sum, distance);
    out = distance - (capsule.radius + s.radius);
  }
}

// The largest signed distance to a face. Inside it is what is left to the
// nearest face, exact. Outside it is never more than the distance to the
// hull, which lies behind each of its faces: beside a face exact, beside an
// edge or a corner less than the truth.
template <class F>
void hull_slack(const Image& image, uint32_t index, const Sphere8& s,
                Double8& out) noexcept {
  const Hull& hull = image.hull[index];
  const uint32_t faces = F::on(Fault::kHullFaces) ? 1 : hull.faces;
  Double8 most = Double8{} - std::numeric_limits<double>::infinity();
  for (uint32_t f = 0; f < faces; ++f) {
    const Face& face = image.face[hull.first + f];
    const double* n = face.normal;
    const Double8 off =
        (s.at[0] * n[0] + s.at[1] * n[1] + s.at[2] * n[2]) - face.offset;
    larger8(most, off, most);
  }
  if (index < image.hulls_in) {
    out = -most - s.radius;
  } else {
    out = most - s.radius;
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
