// SPDX-License-Identifier: MIT
// Boxes to stay in or out of, with or without a pose. Included by
// rows_impl.hpp. Distance of a point to a box: C. Ericson, Real-Time
// Collision Detection, 2005, 5.1.3 (aligned) and 5.1.4 (oriented).
#pragma once

#include "safety/rows/sphere_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// The sides along its own axes. Exact but for rounding; L: the lane's type.
template <class L>
struct SidesOf {
  L lo[3], hi[3];
  bool inside;

  SidesOf(const double* low, const double* high, bool keeps_in)
      : inside(keeps_in) {
    for (int a = 0; a < 3; ++a) {
      lo[a] = static_cast<L>(low[a]);
      hi[a] = static_cast<L>(high[a]);
    }
  }
  template <class V>
  [[gnu::always_inline]] void inside_slack(const V* at, const V& radius,
                                           V& out) const {
    // A NaN in place or radius is in all six, so the minimum keeps it.
    out = (at[0] - radius) - lo[0];
    for (int a = 0; a < 3; ++a) {
      const V above = (at[a] - radius) - lo[a];
      const V below = hi[a] - (at[a] + radius);
      V side;
      kin::smaller_of(below, above, side);
      kin::smaller_of(side, out, out);
    }
  }
  template <class V>
  [[gnu::always_inline]] void outside_slack(const V* at, const V& radius,
                                            V& out) const {
    V gap[3], square, distance;
    for (int a = 0; a < 3; ++a) {
      const V below = lo[a] - at[a];
      const V above = at[a] - hi[a];
      kin::larger_of(above, below, gap[a]);
      kin::larger_of(gap[a], V{}, gap[a]);
    }
    square_of(gap, square);
    kin::root(square, distance);
    out = distance - radius;
  }
  template <class V>
  [[gnu::always_inline]] void slack(const V* at, const V& radius,
                                    V& out) const {
    if (inside) {
      inside_slack(at, radius, out);
    } else {
      outside_slack(at, radius, out);
    }
  }
};

template <class L>
struct BoxOf {
  SidesOf<L> sides;

  BoxOf(const Image& image, uint32_t index)
      : sides(image.box[index].lo, image.box[index].hi,
              index < image.boxes_in) {}
  template <class V>
  [[gnu::always_inline]] void slack(const Ball<V>& s, V& out) const {
    sides.slack(s.at, s.radius, out);
  }
};

template <class F, class L>
struct TurnedOf {
  SidesOf<L> sides;
  L from[3], axis[3][3];

  TurnedOf(const Image& image, uint32_t index)
      : sides(image.turned_box[index].lo, image.turned_box[index].hi,
              index < image.turned_in) {
    for (int a = 0; a < 3; ++a) {
      from[a] = static_cast<L>(image.turned_box[index].at[a]);
      for (int b = 0; b < 3; ++b)
        axis[a][b] = static_cast<L>(image.turned_box[index].axis[a][b]);
    }
  }
  template <class V>
  [[gnu::always_inline]] void slack(const Ball<V>& s, V& out) const {
    V off[3], local[3];
    for (int a = 0; a < 3; ++a) off[a] = s.at[a] - from[a];
    for (int a = 0; a < 3; ++a) {
      local[a] =
          off[0] * axis[a][0] + off[1] * axis[a][1] + off[2] * axis[a][2];
      if (F::on(Fault::kTurn)) local[a] = off[a];
    }
    sides.slack(local, s.radius, out);
  }
};

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
