// SPDX-License-Identifier: MIT
// Forward kinematics of one configuration (double); fk_impl.hpp has the same
// for eight at once (Double8), the same bits per lane. Pure functions,
// RT-safe, branch-free: the trip counts are the chain's. NaN or an angle
// beyond kMaxAngle gives NaN in everything that depends on it. Not for
// allocation, not for IK.
#pragma once

#include "kin/chain.hpp"
#include "kin/sincos.hpp"

namespace tactus::kin {

// Frame i of Chain, in the base frame; r row-major. Only the first
// chain.joints + 1 frames are written.
template <class V>
struct FramesOf {
  V r[kMaxFrames][9];
  V p[kMaxFrames][3];  // m
};
using Frames = FramesOf<double>;
using Frames8 = FramesOf<Double8>;

// Velocity of each frame in the base frame: that of a point x moving with
// frame i is v[i] + w[i] x (x - p[i]).
template <class V>
struct TwistsOf {
  V v[kMaxFrames][3];  // m/s, of the frame's origin
  V w[kMaxFrames][3];  // rad/s
};
using Twists = TwistsOf<double>;
using Twists8 = TwistsOf<Double8>;

// Structure of arrays: [joint] is eight samples of that joint. Its alignment
// is the lanes', so it is not the same type in every kernel.
inline namespace TACTUS_KERNEL_SPACE {
struct Samples8 {
  Double8 at[kMaxJoints];
};
}  // namespace TACTUS_KERNEL_SPACE

// q: joints values, rad or m.
void forward(const Chain& chain, const double* q, Frames& out) noexcept;

// dq: joints values, rad/s or m/s; frames from forward() at the same q.
void twists(const Chain& chain, const Frames& frames, const double* dq,
            Twists& out) noexcept;

inline namespace TACTUS_KERNEL_SPACE {

// A point fixed in frame `link` (m), in the base frame.
template <class V>
[[gnu::always_inline]] inline void point(const FramesOf<V>& frames,
                                         uint32_t link, const double* local,
                                         V* out) noexcept {
  const V* r = frames.r[link];
  const V* p = frames.p[link];
  for (int i = 0; i < 3; ++i) {
    out[i] = p[i] + (r[3 * i] * local[0] + r[3 * i + 1] * local[1] +
                     r[3 * i + 2] * local[2]);
  }
}

template <class V>
[[gnu::always_inline]] inline void cross(const V* a, const V* b,
                                         V* out) noexcept {
  out[0] = a[1] * b[2] - a[2] * b[1];
  out[1] = a[2] * b[0] - a[0] * b[2];
  out[2] = a[0] * b[1] - a[1] * b[0];
}

// Velocity (m/s) of the point at `at` (base frame) that moves with `link`.
template <class V>
[[gnu::always_inline]] inline void point_velocity(const FramesOf<V>& frames,
                                                  const TwistsOf<V>& twist,
                                                  uint32_t link, const V* at,
                                                  V* out) noexcept {
  V arm[3], turning[3];
  for (int i = 0; i < 3; ++i) arm[i] = at[i] - frames.p[link][i];
  cross(twist.w[link], arm, turning);
  for (int i = 0; i < 3; ++i) out[i] = twist.v[link][i] + turning[i];
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::kin
