// SPDX-License-Identifier: MIT
// Boxes to stay in or out of, with or without a pose. Included by
// rows_impl.hpp. Distance of a point to a box: C. Ericson, Real-Time
// Collision Detection, 2005, 5.1.3 (aligned) and 5.1.4 (oriented).
#pragma once

#include "safety/rows/sphere_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// Of a sphere around `at`; Bounds has lo[3] and hi[3]. Exact.
template <class Bounds>
[[gnu::always_inline]] inline void inside_slack(const Bounds& box,
                                                const Double8* at,
                                                const Double8& radius,
                                                Double8& out) {
  // A NaN in place or radius is in all six, so the minimum keeps it.
  out = (at[0] - radius) - box.lo[0];
  for (int a = 0; a < 3; ++a) {
    const Double8 above = (at[a] - radius) - box.lo[a];
    const Double8 below = box.hi[a] - (at[a] + radius);
    Double8 side;
    select_le(above, below, above, below, side);
    select_le(out, side, out, side, out);
  }
}

template <class Root, class Bounds>
[[gnu::always_inline]] inline void outside_slack(const Bounds& box,
                                                 const Double8* at,
                                                 const Double8& radius,
                                                 Double8& out) {
  Double8 sum = {};
  const Double8 zero = {};
  for (int a = 0; a < 3; ++a) {
    const Double8 below = box.lo[a] - at[a];
    const Double8 above = at[a] - box.hi[a];
    Double8 out_of, gap;
    select_le(above, below, below, above, out_of);
    select_le(out_of, zero, zero, out_of, gap);
    sum += gap * gap;
  }
  Double8 distance;
  Root::least(sum, distance);
  out = distance - radius;
}

template <class Root>
[[gnu::always_inline]] inline void box_slack(const Image& image, uint32_t index,
                                             const Sphere8& s, Double8& out) {
  const Box& box = image.box[index];
  if (index < image.boxes_in) {
    inside_slack(box, s.at, s.radius, out);
  } else {
    outside_slack<Root>(box, s.at, s.radius, out);
  }
}

template <class F, class Root>
[[gnu::always_inline]] inline void turned_slack(const Image& image,
                                                uint32_t index,
                                                const Sphere8& s,
                                                Double8& out) {
  const TurnedBox& box = image.turned_box[index];
  Double8 from[3], local[3];
  for (int a = 0; a < 3; ++a) from[a] = s.at[a] - box.at[a];
  for (int a = 0; a < 3; ++a) {
    const double* axis = box.axis[a];
    local[a] = from[0] * axis[0] + from[1] * axis[1] + from[2] * axis[2];
    if (F::on(Fault::kTurn)) local[a] = from[a];
  }
  if (index < image.turned_in) {
    inside_slack(box, local, s.radius, out);
  } else {
    outside_slack<Root>(box, local, s.radius, out);
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
