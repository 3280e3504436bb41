// SPDX-License-Identifier: MIT
// A robot sphere, with what is not known of its place. V: eight samples, or
// one.
#pragma once

#include "safety/rows/slack_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// A frame's share of the bound on a point that moves with it:
// along + turning * arm (Derived).
template <class V>
struct ReachOf {
  V along, turning;
};
template <class V>
void reach_of(const Image& image, uint32_t frame, const V* per_joint,
              ReachOf<V>& out) {
  out.along = V{};
  out.turning = V{};
  for (uint32_t j = 0; j < frame; ++j) {
    out.along += per_joint[j] * image.derived.reach[frame][j];
    out.turning += per_joint[j] * image.derived.turn[j];
  }
}

// Of a length. Without an addition to zero, which compilers have to keep.
template <class V>
[[gnu::always_inline]] inline void square_of(const V* d, V& out) {
  out = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
}

// What shapes look at.
template <class V>
struct Ball {
  V at[3];
  V radius;  // with everything that is not known about its place
};
template <class V>
struct SphereOf : Ball<V> {
  V speed;  // bound, of its surface
};
using Sphere8 = SphereOf<Double8>;

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
