// SPDX-License-Identifier: MIT
// Lane-wise choice, comparison and square root. RT-safe.
#pragma once

#include "kin/lanes.hpp"

namespace tactus::kin {
inline namespace TACTUS_KERNEL_SPACE {

// out = x <= y ? a : b; NaN on either side takes b.
template <class V>
[[gnu::always_inline]] inline void select_le(const V& x, const V& y, const V& a,
                                             const V& b, V& out) {
  out = x <= y ? a : b;
}
// All ones where x >= y, zero elsewhere and for NaN.
template <class V, class M>
[[gnu::always_inline]] inline void at_least(const V& x, const V& y, M& out) {
  out = x >= y;
}
// out = mask is not zero ? a : b.
template <class M, class V>
[[gnu::always_inline]] inline void choose(const M& mask, const V& a, const V& b,
                                          V& out) {
  out = mask != M{} ? a : b;
}

// The smaller (larger) of the two; NaN on either side takes x. An instruction.
template <class V>
[[gnu::always_inline]] inline void smaller_of(const V& x, const V& y, V& out) {
  out = y < x ? y : x;
}
template <class V>
[[gnu::always_inline]] inline void larger_of(const V& x, const V& y, V& out) {
  out = y > x ? y : x;
}

#if defined(__AVX512F__) && !defined(__clang__)
// Of registers with masks GCC 12 makes two of them; its builtins are taken to
// throw.
[[gnu::always_inline]] inline void smaller_of(const FloatPart& x,
                                              const FloatPart& y,
                                              FloatPart& out) {
  asm("vminps %2, %1, %0" : "=v"(out) : "v"(y), "v"(x));
}
[[gnu::always_inline]] inline void smaller_of(const DoublePart& x,
                                              const DoublePart& y,
                                              DoublePart& out) {
  asm("vminpd %2, %1, %0" : "=v"(out) : "v"(y), "v"(x));
}
[[gnu::always_inline]] inline void larger_of(const FloatPart& x,
                                             const FloatPart& y,
                                             FloatPart& out) {
  asm("vmaxps %2, %1, %0" : "=v"(out) : "v"(y), "v"(x));
}
[[gnu::always_inline]] inline void larger_of(const DoublePart& x,
                                             const DoublePart& y,
                                             DoublePart& out) {
  asm("vmaxpd %2, %1, %0" : "=v"(out) : "v"(y), "v"(x));
}
#endif
template <class T, class H>
[[gnu::always_inline]] inline void smaller_of(const Pair<T, H>& x,
                                              const Pair<T, H>& y,
                                              Pair<T, H>& out) {
  smaller_of(x.lo, y.lo, out.lo);
  smaller_of(x.hi, y.hi, out.hi);
}
template <class T, class H>
[[gnu::always_inline]] inline void larger_of(const Pair<T, H>& x,
                                             const Pair<T, H>& y,
                                             Pair<T, H>& out) {
  larger_of(x.lo, y.lo, out.lo);
  larger_of(x.hi, y.hi, out.hi);
}
template <class T, class H>
[[gnu::always_inline]] inline void select_le(const Pair<T, H>& x,
                                             const Pair<T, H>& y,
                                             const Pair<T, H>& a,
                                             const Pair<T, H>& b,
                                             Pair<T, H>& out) {
  select_le(x.lo, y.lo, a.lo, b.lo, out.lo);
  select_le(x.hi, y.hi, a.hi, b.hi, out.hi);
}
template <class T, class H, class I, class M>
[[gnu::always_inline]] inline void at_least(const Pair<T, H>& x,
                                            const Pair<T, H>& y,
                                            Pair<I, M>& out) {
  at_least(x.lo, y.lo, out.lo);
  at_least(x.hi, y.hi, out.hi);
}
template <class I, class M, class T, class H>
[[gnu::always_inline]] inline void choose(const Pair<I, M>& mask,
                                          const Pair<T, H>& a,
                                          const Pair<T, H>& b,
                                          Pair<T, H>& out) {
  choose(mask.lo, a.lo, b.lo, out.lo);
  choose(mask.hi, a.hi, b.hi, out.hi);
}

// Of a comparison's lanes, all ones or zero each.
[[gnu::always_inline]] inline bool any_of(const Int8& mask) {
  int64_t any = 0;
  for (uint32_t i = 0; i < kLanes; ++i) any |= mask[i];
  return any != 0;
}
[[gnu::always_inline]] inline bool all_of(const Int8& mask) {
  int64_t all = -1;
  for (uint32_t i = 0; i < kLanes; ++i) all &= mask[i];
  return all != 0;
}

[[gnu::always_inline]] inline void root(const DoublePart& x, DoublePart& out) {
  DoublePart roots = {};
  for (uint32_t i = 0; i < sizeof(DoublePart) / sizeof(double); ++i) {
    roots[i] = __builtin_sqrt(x[i]);
  }
  out = roots;
}
[[gnu::always_inline]] inline void root(const FloatPart& x, FloatPart& out) {
  FloatPart roots = {};
  for (uint32_t i = 0; i < sizeof(FloatPart) / sizeof(float); ++i) {
    roots[i] = __builtin_sqrtf(x[i]);
  }
  out = roots;
}
[[gnu::always_inline]] inline void root(double x, double& out) {
  out = __builtin_sqrt(x);
}
template <class T, class H>
[[gnu::always_inline]] inline void root(const Pair<T, H>& x, Pair<T, H>& out) {
  root(x.lo, out.lo);
  root(x.hi, out.hi);
}

// Bit i: lane i of x is at least that of y; zero for NaN.
#if defined(__AVX512F__)
inline constexpr int kOrderedGe = 13;  // _CMP_GE_OS
inline constexpr int kRoundAsSet = 4;  // _MM_FROUND_CUR_DIRECTION

[[gnu::always_inline]] inline uint32_t bits_at_least(const FloatPart& x,
                                                     const FloatPart& y) {
  return __builtin_ia32_cmpps512_mask(x, y, kOrderedGe, 0xffff, kRoundAsSet);
}
[[gnu::always_inline]] inline uint32_t bits_at_least(const DoublePart& x,
                                                     const DoublePart& y) {
  return __builtin_ia32_cmppd512_mask(x, y, kOrderedGe, 0xff, kRoundAsSet);
}
#else
#if defined(__AVX2__)
[[gnu::always_inline]] inline int signs_of(const FloatPart& x) {
  return __builtin_ia32_movmskps256(x);
}
[[gnu::always_inline]] inline int signs_of(const DoublePart& x) {
  return __builtin_ia32_movmskpd256(x);
}
#elif defined(__SSE2__) && !defined(__CUDA_ARCH__)
[[gnu::always_inline]] inline int signs_of(const FloatPart& x) {
  return __builtin_ia32_movmskps(x);
}
[[gnu::always_inline]] inline int signs_of(const DoublePart& x) {
  return __builtin_ia32_movmskpd(x);
}
#else
template <class V>
[[gnu::always_inline]] inline int signs_of(const V& x) {
  int signs = 0;
  for (uint32_t i = 0; i < sizeof x / sizeof x[0]; ++i)
    signs |= (__builtin_signbit(x[i]) != 0 ? 1 : 0) << i;
  return signs;
}
#endif
template <class V>
[[gnu::always_inline]] inline uint32_t bits_at_least(const V& x, const V& y) {
  V mask;
  same_bits(x >= y, mask);
  return static_cast<uint32_t>(signs_of(mask));
}
#endif
template <class T, class H>
[[gnu::always_inline]] inline uint32_t bits_at_least(const Pair<T, H>& x,
                                                     const Pair<T, H>& y) {
  return bits_at_least(x.lo, y.lo) | bits_at_least(x.hi, y.hi)
                                         << sizeof x.lo / sizeof(T);
}

// The same bits, and in `out` those lanes of x, of `other` the rest.
[[gnu::always_inline]] inline uint32_t keep_at_least(const Float16& x,
                                                     const Float16& y,
                                                     const Float16& other,
                                                     Float16& out) {
#if defined(__AVX512F__) && !defined(__clang__)
  const auto bits = static_cast<uint16_t>(bits_at_least(x, y));
  asm("vblendmps %2, %1, %0%{%3%}"
      : "=v"(out)
      : "v"(other), "v"(x), "Yk"(bits));
#else
  const uint32_t bits = bits_at_least(x, y);
  select_le(y, x, x, other, out);
#endif
  return bits;
}

typedef float HalfPart __attribute__((vector_size(kPartBytes / 2)));

[[gnu::always_inline]] inline void widen(const HalfPart& x, DoublePart& out) {
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
  const HalfPart squares = __builtin_convertvector(x, HalfPart);
  HalfPart roots = {};
  for (uint32_t i = 0; i < sizeof(HalfPart) / sizeof(float); ++i) {
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

// Of the nearest float, in the low half; the high half is zero.
[[gnu::always_inline]] inline void float_bits(const DoublePart& x,
                                              IntPart& out) {
  typedef int32_t HalfBits __attribute__((vector_size(kPartBytes / 2)));
  const HalfPart narrow = __builtin_convertvector(x, HalfPart);
  HalfBits bits;
  __builtin_memcpy(&bits, &narrow, sizeof bits);
  out = __builtin_convertvector(bits, IntPart) & int64_t{0xffff'ffff};
}
template <class H, class M>
[[gnu::always_inline]] inline void float_bits(const Pair<double, H>& x,
                                              Pair<int64_t, M>& out) {
  float_bits(x.lo, out.lo);
  float_bits(x.hi, out.hi);
}

// Twice eight doubles from sixteen floats.
[[gnu::always_inline]] inline void widen(const Float16& x, Double8& lo,
                                         Double8& hi) {
  for (uint32_t i = 0; i < kLanes; ++i) {
    lo[i] = static_cast<double>(x[i]);
    hi[i] = static_cast<double>(x[kLanes + i]);
  }
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::kin
