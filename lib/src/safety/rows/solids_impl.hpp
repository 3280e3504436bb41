// SPDX-License-Identifier: MIT
// Spheres, capsules, half-spaces and convex hulls to stay in or out of.
// Included by rows_impl.hpp. C. Ericson, Real-Time Collision Detection, 2005:
// 5.1.2 (point to segment), 5.1.1 (to plane), 9.2 (separating axes).
#pragma once

#include "safety/rows/sphere_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// Exact but for rounding: the sphere's centre against the capsule's axis. A
// sphere's axis has no length, and inverse 0 keeps its foot at `from`. L: the
// lane's type, or Float16: each lane is a capsule, from `index` on, all to stay
// in or none.
template <class F, class L>
struct CapsuleOf {
  L from[3], along[3], inverse, radius;
  bool inside;

  CapsuleOf(const Image& image, uint32_t index)
    requires std::is_same_v<L, kin::Float16>
      : inside(index < image.capsules_in) {
    const CapsuleLanes& lanes = image.derived.capsule;
    for (int a = 0; a < 3; ++a) {
      load(lanes.from[a] + index, from[a]);
      load(lanes.along[a] + index, along[a]);
    }
    load(lanes.inverse + index, inverse);
    load(lanes.radius + index, radius);
  }
  CapsuleOf(const Image& image, uint32_t index)
      : inverse(static_cast<L>(image.derived.inverse[index])),
        radius(static_cast<L>(image.capsule[index].radius)),
        inside(index < image.capsules_in) {
    for (int a = 0; a < 3; ++a) {
      from[a] = static_cast<L>(image.capsule[index].from[a]);
      along[a] = static_cast<L>(image.derived.along[index][a]);
    }
  }
  template <class V>
  [[gnu::always_inline]] void slack(const Ball<V>& s, V& out) const {
    V off[3];
    for (int a = 0; a < 3; ++a) off[a] = s.at[a] - from[a];
    // Share of the axis at the foot; NaN stays.
    V foot =
        (off[0] * along[0] + off[1] * along[1] + off[2] * along[2]) * inverse;
    if (!F::on(Fault::kCapsuleEnds)) {
      const V zero = {};
      const V one = zero + kin::Lane<V>{1};
      kin::larger_of(foot, zero, foot);
      kin::smaller_of(foot, one, foot);
    }
    V square, distance;
    for (int a = 0; a < 3; ++a) off[a] = off[a] - foot * along[a];
    square_of(off, square);
    kin::root(square, distance);
    if (inside) {
      out = radius - (distance + s.radius);
    } else {
      out = distance - (radius + s.radius);
    }
  }
};

// The largest signed distance to a face. Inside it is what is left to the
// nearest face, exact. Outside it is never more than the distance to the
// hull, which lies behind each of its faces: beside a face exact, beside an
// edge or a corner less than the truth.
template <class F, class L>
struct HullOf {
  const Face* face;
  uint32_t faces;
  bool inside;

  HullOf(const Image& image, uint32_t index)
      : face(image.face + image.hull[index].first),
        faces(F::on(Fault::kHullFaces) ? 1 : image.hull[index].faces),
        inside(index < image.hulls_in) {}
  template <class V>
  void slack(const Ball<V>& s, V& out) const noexcept {
    V most = V{} - std::numeric_limits<L>::infinity();
    for (uint32_t f = 0; f < faces; ++f) {
      L n[3];
      for (int a = 0; a < 3; ++a) n[a] = static_cast<L>(face[f].normal[a]);
      const V off = (s.at[0] * n[0] + s.at[1] * n[1] + s.at[2] * n[2]) -
                    static_cast<L>(face[f].offset);
      larger8(most, off, most);
    }
    out = inside ? -most - s.radius : most - s.radius;
  }
};

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
