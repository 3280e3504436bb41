// SPDX-License-Identifier: MIT
// Boxes to stay in or out of. Included by rows_impl.hpp.
#pragma once

#include "safety/rows/sphere_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

inline void box_slack(const Image& image, uint32_t index, const Sphere8& s,
                      uint32_t who, Slack8& out) {
  const Box& box = image.box[index];
  if (index < image.boxes_in) {
    // A NaN in place or radius is in all six, so the minimum keeps it.
    Double8 least = (s.at[0] - s.radius) - box.lo[0];
    for (int a = 0; a < 3; ++a) {
      const Double8 above = (s.at[a] - s.radius) - box.lo[a];
      const Double8 below = box.hi[a] - (s.at[a] + s.radius);
      Double8 side;
      select_le(above, below, above, below, side);
      select_le(least, side, least, side, least);
    }
    out.take(least, who);
    return;
  }
  Double8 sum = {};
  const Double8 zero = {};
  for (int a = 0; a < 3; ++a) {
    const Double8 below = box.lo[a] - s.at[a];
    const Double8 above = s.at[a] - box.hi[a];
    Double8 out_of, gap;
    select_le(above, below, below, above, out_of);
    select_le(out_of, zero, zero, out_of, gap);
    sum += gap * gap;
  }
  Double8 distance;
  kin::root(sum, distance);
  out.take(distance - s.radius, who);
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
