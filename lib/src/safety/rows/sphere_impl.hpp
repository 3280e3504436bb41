// SPDX-License-Identifier: MIT
// A robot sphere on eight samples, with what is not known of its place.
#pragma once

#include "safety/rows/slack_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// A frame's share of the bound on a point that moves with it:
// along + turning * arm (Derived).
struct Reach8 {
  Double8 along, turning;
};
inline void reach_of(const Image& image, uint32_t frame,
                     const kin::Samples8& per_joint, Reach8& out) {
  out.along = Double8{};
  out.turning = Double8{};
  for (uint32_t j = 0; j < frame; ++j) {
    out.along += per_joint.at[j] * image.derived.reach[frame][j];
    out.turning += per_joint.at[j] * image.derived.turn[j];
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
struct Sphere8 : Ball<Double8> {
  Double8 speed;  // bound, of its surface
};

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
