// SPDX-License-Identifier: MIT
// Bodies of fk.hpp as templates, for fk.cpp and for kernels that are compiled
// once per instruction set. RT-safe.
#pragma once

#include "kin/fk.hpp"

namespace tactus::kin {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// out = a * b, 3x3 row-major; one fixed order of summation.
template <class V>
[[gnu::always_inline]] inline void multiply(const V* a, const V* b, V* out) {
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      out[3 * i + j] =
          a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j];
    }
  }
}

template <class V>
[[gnu::always_inline]] inline void rotate(const V* r, const V* x, V* out) {
  for (int i = 0; i < 3; ++i) {
    out[i] = r[3 * i] * x[0] + r[3 * i + 1] * x[1] + r[3 * i + 2] * x[2];
  }
}

template <class V>
[[gnu::always_inline]] inline void set_base(FramesOf<V>& out) {
  for (int i = 0; i < 9; ++i) out.r[0][i] = V{} + (i % 4 == 0 ? 1.0 : 0.0);
  for (int i = 0; i < 3; ++i) out.p[0][i] = V{};
}

// A slide is no angle: it must not meet sincos' range.
inline double angular_part(const Joint& joint) {
  return is_angular(joint.type) ? 1.0 : 0.0;
}
template <class V>
[[gnu::always_inline]] inline void sines_of(const Chain& chain, const V* q,
                                            V* s, V* c) {
  for (uint32_t j = 0; j < chain.joints; ++j)
    sincos(V(q[j] * angular_part(chain.joint[j])), s[j], c[j]);
}
// Eight joints at once: the same bits.
[[gnu::always_inline]] inline void sines_of(const Chain& chain, const double* q,
                                            double* s, double* c) {
  static_assert(kMaxJoints % kLanes == 0);
  for (uint32_t first = 0; first < chain.joints; first += kLanes) {
    Double8 angle = {}, sines, cosines;
    for (uint32_t i = 0; i < kLanes && first + i < chain.joints; ++i)
      angle[i] = q[first + i] * angular_part(chain.joint[first + i]);
    sincos(angle, sines, cosines);
    store(sines, s + first);
    store(cosines, c + first);
  }
}

template <class V>
[[gnu::always_inline]] inline void step(const Joint& joint, const V& q,
                                        const V& s, const V& c, const V* r,
                                        const V* p, V* next_r, V* next_p) {
  V local_r[9], local_p[3], moved[3];
  for (int i = 0; i < 9; ++i) {
    local_r[i] = joint.fixed[i] + (c * joint.cosine[i] + s * joint.sine[i]);
  }
  for (int i = 0; i < 3; ++i) {
    local_p[i] = joint.origin.p[i] + q * joint.slide[i];
  }
  multiply(r, local_r, next_r);
  rotate(r, local_p, moved);
  for (int i = 0; i < 3; ++i) next_p[i] = p[i] + moved[i];
}

template <class V>
[[gnu::always_inline]] inline void carry(const Joint& joint, const V* r,
                                         const V* lever, const V& dq,
                                         const V* v, const V* w, V* next_v,
                                         V* next_w) {
  V swept[3], turn[3], slide[3], local_turn[3], local_slide[3];
  for (int i = 0; i < 3; ++i) {
    local_turn[i] = V{} + joint.turn[i];
    local_slide[i] = V{} + joint.slide[i];
  }
  cross(w, lever, swept);
  rotate(r, local_turn, turn);
  rotate(r, local_slide, slide);
  for (int i = 0; i < 3; ++i) {
    next_w[i] = w[i] + turn[i] * dq;
    next_v[i] = v[i] + swept[i] + slide[i] * dq;
  }
}

}  // namespace detail

// forward() for a scalar or eight lanes: q holds chain.joints values.
template <class V>
[[gnu::always_inline]] inline void frames_of(const Chain& chain, const V* q,
                                             FramesOf<V>& out) {
  V s[kMaxJoints], c[kMaxJoints];
  detail::sines_of(chain, q, s, c);
  detail::set_base(out);
  for (uint32_t j = 0; j < chain.joints; ++j) {
    detail::step(chain.joint[j], q[j], s[j], c[j], out.r[j], out.p[j],
                 out.r[j + 1], out.p[j + 1]);
  }
}

// twists() likewise, frames from the same q.
template <class V>
[[gnu::always_inline]] inline void twists_of(const Chain& chain,
                                             const FramesOf<V>& frames,
                                             const V* dq, TwistsOf<V>& out) {
  for (int i = 0; i < 3; ++i) out.v[0][i] = out.w[0][i] = V{};
  for (uint32_t j = 0; j < chain.joints; ++j) {
    V lever[3];
    for (int i = 0; i < 3; ++i) lever[i] = frames.p[j + 1][i] - frames.p[j][i];
    detail::carry(chain.joint[j], frames.r[j], lever, dq[j], out.v[j], out.w[j],
                  out.v[j + 1], out.w[j + 1]);
  }
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::kin
