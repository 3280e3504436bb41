// SPDX-License-Identifier: MIT
// Shapes as rung project sees them: which side of one a sphere is nearest to
// (an obstacle, near.hpp), and the way off it.
#pragma once

#include "safety/near.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// One sphere in one block of eight samples.
struct Passage {
  uint32_t block;
  uint32_t sphere;
  double cut;  // a slack above it cannot be used up within the bounds
  const Sphere8& s;
};

template <class V>
[[gnu::always_inline]] inline void dot(const V* a, const double* b, V& out) {
  out = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

inline uint32_t least_lane(const Double8& slack) {
  uint32_t lane = 0;
  for (uint32_t l = 1; l < kLanes; ++l) {
    if (slack[l] < slack[lane]) lane = l;
  }
  return lane;
}

// A pair of the robot's own counts in each block: beside one of its links the
// block that leaves least changes with u, while walls have many spheres.
inline uint32_t key_in(const Passage& way, uint32_t obstacle) {
  const uint32_t block = obstacle >= kOwnFrom ? way.block << 24 : 0;
  return key_of(way.sphere, obstacle) | block;
}

// The least slack of a block, if it counts.
inline void note(const Passage& way, uint32_t obstacle, const Double8& slack,
                 double margin, SpotList& out) noexcept {
  const uint32_t lane = least_lane(slack);
  const double least = slack[lane] - margin;
  if (least > way.cut) return;
  const uint32_t key = key_in(way, obstacle);
  Spot* spot = seat(out, key, least);
  if (spot != nullptr) *spot = {key, way.block * kLanes + lane, least};
}

// Each face of a box to stay in binds for itself.
template <class Bounds>
void note_faces(const Passage& way, const Bounds& box, const Double8* at,
                uint32_t obstacle, double margin, SpotList& out) noexcept {
  for (uint32_t a = 0; a < 3; ++a) {
    const Double8& r = way.s.radius;
    note(way, obstacle + 2 * a, (at[a] - r) - box.lo[a], margin, out);
    note(way, obstacle + 2 * a + 1, box.hi[a] - (at[a] + r), margin, out);
  }
}

inline void local_in(const TurnedBox& box, const Double8* at,
                     Double8* out) noexcept {
  Double8 from[3];
  for (int a = 0; a < 3; ++a) from[a] = at[a] - box.at[a];
  for (int a = 0; a < 3; ++a) dot(from, box.axis[a], out[a]);
}

inline void pass_box(const Image& image, uint32_t k, double margin,
                     const Passage& way, SpotList& out) noexcept {
  if (k < image.boxes_in) {
    note_faces(way, image.box[k], way.s.at, 6 * k, margin, out);
    return;
  }
  Double8 slack;
  BoxOf<double>(image, k).slack(way.s, slack);
  note(way, 6 * k, slack, margin, out);
}

template <class F>
void pass_turned(const Image& image, uint32_t k, double margin,
                 const Passage& way, SpotList& out) noexcept {
  const uint32_t obstacle = kTurnedFrom + 6 * k;
  if (k < image.turned_in) {
    Double8 local[3];
    local_in(image.turned_box[k], way.s.at, local);
    note_faces(way, image.turned_box[k], local, obstacle, margin, out);
    return;
  }
  Double8 slack;
  TurnedOf<F, double>(image, k).slack(way.s, slack);
  note(way, obstacle, slack, margin, out);
}

// Of a hull to stay in each face binds for itself; of one to stay out of the
// outermost, which is found again at the spot.
template <class F>
void pass_hull(const Image& image, uint32_t k, double margin,
               const Passage& way, SpotList& out) noexcept {
  const Hull& hull = image.hull[k];
  const uint32_t obstacle = kFaceFrom + hull.first;
  Double8 slack;
  if (k >= image.hulls_in) {
    HullOf<F, double>(image, k).slack(way.s, slack);
    note(way, obstacle, slack, margin, out);
    return;
  }
  for (uint32_t f = 0; f < hull.faces; ++f) {
    const Face& face = image.face[hull.first + f];
    dot(way.s.at, face.normal, slack);
    note(way, obstacle + f, face.offset - slack - way.s.radius, margin, out);
  }
}

// By its number among all shapes.
template <class F>
void pass_shape(const Image& image, uint32_t shape, double margin,
                const Passage& way, SpotList& out) noexcept {
  if (shape < kFirstTurned) {
    pass_box(image, shape, margin, way, out);
  } else if (shape < kFirstCapsule) {
    pass_turned<F>(image, shape - kFirstTurned, margin, way, out);
  } else if (shape < kFirstHull) {
    const uint32_t k = shape - kFirstCapsule;
    Double8 slack;
    CapsuleOf<F, double>(image, k).slack(way.s, slack);
    note(way, kCapsuleFrom + k, slack, margin, out);
  } else {
    pass_hull<F>(image, shape - kFirstHull, margin, way, out);
  }
}

// To length one; of what has none nothing is left to go by: NaN, and the row
// is none.
inline void to_unit(double* n) noexcept {
  const double length = std::sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
  for (int a = 0; a < 3; ++a) n[a] = n[a] / length;
}

// Away from one face of a box to stay in.
inline void off_face(uint32_t face, double* n) noexcept {
  for (uint32_t a = 0; a < 3; ++a) {
    n[a] = a != face / 2 ? 0 : (face % 2 == 0 ? 1 : -1);
  }
}

// Away from the nearest point of a box; inside of one there is no way out.
template <class Bounds>
void off_box(const Bounds& box, const double* point, double* n) noexcept {
  for (int a = 0; a < 3; ++a) {
    const double p = point[a];
    n[a] = p < box.lo[a] ? p - box.lo[a] : (p > box.hi[a] ? p - box.hi[a] : 0);
  }
  to_unit(n);
}

inline void off_turned(const Image& image, uint32_t obstacle,
                       const double* point, double* n) noexcept {
  const uint32_t k = (obstacle - kTurnedFrom) / 6;
  const TurnedBox& box = image.turned_box[k];
  double from[3], local[3], way[3];
  for (int a = 0; a < 3; ++a) from[a] = point[a] - box.at[a];
  for (int a = 0; a < 3; ++a) dot(from, box.axis[a], local[a]);
  if (k < image.turned_in) {
    off_face((obstacle - kTurnedFrom) % 6, way);
  } else {
    off_box(box, local, way);
  }
  for (int i = 0; i < 3; ++i) {
    n[i] = way[0] * box.axis[0][i] + way[1] * box.axis[1][i] +
           way[2] * box.axis[2][i];
  }
}

// From the foot on its axis, or towards it.
inline void off_capsule(const Image& image, uint32_t k, const double* point,
                        double* n) noexcept {
  const double* along = image.derived.along[k];
  double from[3], part;
  for (int a = 0; a < 3; ++a) from[a] = point[a] - image.capsule[k].from[a];
  dot(from, along, part);
  part *= image.derived.inverse[k];
  const double foot = part < 0 ? 0 : (part > 1 ? 1 : part);
  const double side = k < image.capsules_in ? -1 : 1;
  for (int a = 0; a < 3; ++a) n[a] = side * (from[a] - foot * along[a]);
  to_unit(n);
}

inline void off_hull(const Image& image, uint32_t face, const double* point,
                     double* n) noexcept {
  uint32_t k = 0;
  while (k + 1 < image.hulls && face >= image.hull[k + 1].first) ++k;
  double side = -1;
  if (k >= image.hulls_in) {
    side = 1;
    double most = -__builtin_inf();
    for (uint32_t f = image.hull[k].first;
         f < image.hull[k].first + image.hull[k].faces; ++f) {
      double off;
      dot(point, image.face[f].normal, off);
      off -= image.face[f].offset;
      if (off > most) face = f;
      most = larger(most, off);
    }
  }
  for (int a = 0; a < 3; ++a) n[a] = side * image.face[face].normal[a];
}

// The way off the obstacle that a spot's key names.
inline void off_shape(const Image& image, uint32_t obstacle,
                      const double* point, double* n) noexcept {
  if (obstacle < kTurnedFrom) {
    const uint32_t box = obstacle / 6;
    if (box < image.boxes_in) {
      off_face(obstacle % 6, n);
    } else {
      off_box(image.box[box], point, n);
    }
  } else if (obstacle < kCapsuleFrom) {
    off_turned(image, obstacle, point, n);
  } else if (obstacle < kFaceFrom) {
    off_capsule(image, obstacle - kCapsuleFrom, point, n);
  } else {
    off_hull(image, obstacle - kFaceFrom, point, n);
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
