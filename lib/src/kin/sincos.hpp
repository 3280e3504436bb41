// SPDX-License-Identifier: MIT
// sin and cos from + - * and bit masks alone: the same bits on every
// machine and in every lane, which libm does not promise. Absolute error
// below 2e-15 for |x| <= kMaxAngle (measured against long double in the
// tests: 1.2e-16); beyond it, and for NaN, both are NaN. RT-safe.
//
// Reduction: Cody and Waite, Software Manual for the Elementary Functions,
// 1980; the polynomials on [-pi/4, pi/4] are the minimax ones of fdlibm
// (k_sin.c, k_cos.c; errors below 2^-58 and 2^-57).
#pragma once

#include <limits>

#include "kin/select.hpp"

namespace tactus::kin {
inline namespace TACTUS_KERNEL_SPACE {

// 2^16 quarter turns: n * kPio2High stays exact (33 + 17 bits).
inline constexpr double kMaxAngle = 1e5;

namespace detail {

inline constexpr double kTwoOverPi = 6.36619772367581382433e-01;
inline constexpr double kPio2High = 1.57079632673412561417e+00;  // 33 bits
inline constexpr double kPio2Mid = 6.07710050630396597660e-11;   // 33 bits
inline constexpr double kPio2Low = 2.02226624879595063154e-21;
// Adding it rounds to an integer and leaves that integer in the low bits.
inline constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52

// Of z^1 .. z^5 and z^2 .. z^7, lowest first.
inline constexpr double kSinTerms[] = {
    -1.66666666666666324348e-01, 8.33333333332248946124e-03,
    -1.98412698298579493134e-04, 2.75573137070700676789e-06,
    -2.50507602534068634195e-08, 1.58969099521155010221e-10};
inline constexpr double kCosTerms[] = {
    4.16666666666666019037e-02, -1.38888888888741095749e-03,
    2.48015872894767294178e-05, -2.75573143513906633035e-07,
    2.08757232129817482790e-09, -1.13596475577881948265e-11};

template <class V>
[[gnu::always_inline]] inline void sin_kernel(const V& r, const V& z, V& out) {
  const auto& k = kSinTerms;
  const V p = k[1] + z * (k[2] + z * (k[3] + z * (k[4] + z * k[5])));
  out = r + (z * r) * (k[0] + z * p);
}

template <class V>
[[gnu::always_inline]] inline void cos_kernel(const V& z, V& out) {
  const auto& k = kCosTerms;
  const V p =
      k[0] + z * (k[1] + z * (k[2] + z * (k[3] + z * (k[4] + z * k[5]))));
  out = 1.0 - (0.5 * z - z * z * p);
}

// Bits of `a` where `mask` has ones, else those of `b`; `minus`: its ones in
// bit 63 flip the sign.
template <class V>
[[gnu::always_inline]] inline void choose(const LaneBits<V>& mask, const V& a,
                                          const V& b, const LaneBits<V>& minus,
                                          V& out) {
  LaneBits<V> x, y;
  same_bits(a, x);
  same_bits(b, y);
  x = ((mask & x) | (~mask & y)) ^ minus;
  same_bits(x, out);
}

}  // namespace detail

template <class V>
[[gnu::always_inline]] inline void sincos(const V& x, V& sin_x, V& cos_x) {
  using Bits = LaneBits<V>;
  const V shifted = x * detail::kTwoOverPi + detail::kRound;
  const V n = shifted - detail::kRound;
  Bits quarter;
  same_bits(shifted, quarter);
  const V r = ((x - n * detail::kPio2High) - n * detail::kPio2Mid) -
              n * detail::kPio2Low;
  const V z = r * r;
  V s, c;
  detail::sin_kernel(r, z, s);
  detail::cos_kernel(z, c);

  // Odd quarters swap sine and cosine; the next bit is the sign.
  const Bits odd = -(quarter & 1);
  V out_s, out_c;
  detail::choose(odd, c, s, Bits((quarter & 2) << 62), out_s);
  detail::choose(odd, s, c, Bits(((quarter + 1) & 2) << 62), out_c);

  const V top = x * 0 + kMaxAngle;
  const V nan = x * 0 + std::numeric_limits<double>::quiet_NaN();
  select_le(x, top, out_s, nan, sin_x);
  select_le(V(-top), x, sin_x, nan, sin_x);
  select_le(x, top, out_c, nan, cos_x);
  select_le(V(-top), x, cos_x, nan, cos_x);
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::kin
