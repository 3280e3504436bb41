// SPDX-License-Identifier: MIT
// Lane-wise choice, comparison and square root. RT-safe.
#pragma once

#include "kin/lanes.hpp"

namespace tactus::kin {
inline namespace TACTUS_KERNEL_SPACE {

// out = x <= y ? a : b; NaN on either side takes b.
[[gnu::always_inline]] inline void select_le(double x, double y, double a,
                                             double b, double& out) {
  out = x <= y ? a : b;
}
[[gnu::always_inline]] inline void select_le(const DoublePart& x,
                                             const DoublePart& y,
                                             const DoublePart& a,
                                             const DoublePart& b,
                                             DoublePart& out) {
  out = x <= y ? a : b;
}
template <class H>
[[gnu::always_inline]] inline void select_le(const Pair<double, H>& x,
                                             const Pair<double, H>& y,
                                             const Pair<double, H>& a,
                                             const Pair<double, H>& b,
                                             Pair<double, H>& out) {
  select_le(x.lo, y.lo, a.lo, b.lo, out.lo);
  select_le(x.hi, y.hi, a.hi, b.hi, out.hi);
}

// All ones where x >= y, zero elsewhere and for NaN.
[[gnu::always_inline]] inline void at_least(const DoublePart& x,
                                            const DoublePart& y, IntPart& out) {
  out = x >= y;
}
template <class H, class M>
[[gnu::always_inline]] inline void at_least(const Pair<double, H>& x,
                                            const Pair<double, H>& y,
                                            Pair<int64_t, M>& out) {
  at_least(x.lo, y.lo, out.lo);
  at_least(x.hi, y.hi, out.hi);
}

// out = mask is not zero ? a : b.
[[gnu::always_inline]] inline void choose(const IntPart& mask,
                                          const DoublePart& a,
                                          const DoublePart& b,
                                          DoublePart& out) {
  out = mask != IntPart{} ? a : b;
}
template <class M, class H>
[[gnu::always_inline]] inline void choose(const Pair<int64_t, M>& mask,
                                          const Pair<double, H>& a,
                                          const Pair<double, H>& b,
                                          Pair<double, H>& out) {
  choose(mask.lo, a.lo, b.lo, out.lo);
  choose(mask.hi, a.hi, b.hi, out.hi);
}

[[gnu::always_inline]] inline void root(const DoublePart& x, DoublePart& out) {
  DoublePart roots = {};
  for (uint32_t i = 0; i < sizeof(DoublePart) / sizeof(double); ++i) {
    roots[i] = __builtin_sqrt(x[i]);
  }
  out = roots;
}
template <class H>
[[gnu::always_inline]] inline void root(const Pair<double, H>& x,
                                        Pair<double, H>& out) {
  root(x.lo, out.lo);
  root(x.hi, out.hi);
}

typedef float FloatPart __attribute__((vector_size(kPartBytes / 2)));

[[gnu::always_inline]] inline void widen(const FloatPart& x, DoublePart& out) {
#if defined(__AVX512F__)
  // GCC 12 converts it in two halves; its builtin is taken to throw.
  asm("vcvtps2pd %1, %0" : "=v"(out) : "v"(x));
#else
  out = __builtin_convertvector(x, DoublePart);
#endif
}

// The square root in float, which takes a quarter of the time: within 2^-23 of
// the truth (three roundings, one of them under the root) or 1e-18; infinite
// for roots from 1.9e19 on.
[[gnu::always_inline]] inline void coarse_root(const DoublePart& x,
                                               DoublePart& out) {
  const FloatPart squares = __builtin_convertvector(x, FloatPart);
  FloatPart roots = {};
  for (uint32_t i = 0; i < sizeof(FloatPart) / sizeof(float); ++i) {
    roots[i] = __builtin_sqrtf(squares[i]);
  }
  widen(roots, out);
}
template <class H>
[[gnu::always_inline]] inline void coarse_root(const Pair<double, H>& x,
                                               Pair<double, H>& out) {
  coarse_root(x.lo, out.lo);
  coarse_root(x.hi, out.hi);
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::kin
