// SPDX-License-Identifier: MIT
// Powers of one register of floats, by logarithms in double: include
// angles_impl.hpp first. Nothing is fused, as there.
#pragma once

#include "policy/kernels/angles_impl.hpp"

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {
namespace angles {

#define TACTUS_INLINE [[gnu::always_inline]] inline

// y log2(2^k (1 + f)), held in ±200: beyond is no float. The logarithm is
// 2 atanh(s), s = f / (2 + f), |s| ≤ 0.172; the first omitted term of its
// series is s^18/19 ≤ 1e-15 of it.
TACTUS_INLINE Doubles exponent_of(const Doubles& k, const Doubles& f,
                                  const Doubles& y) {
  const Doubles s = f / (f + 2.0), z = s * s;
  Doubles q = Doubles{} + 1.0 / 17;
  for (const double c :
       {1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0})
    q = q * z + c;
  constexpr double kTwoOverLn2 = 2.8853900817779268;
  const Doubles t = (k + s * q * kTwoOverLn2) * y;
  const Doubles most = Doubles{} + 200.0;
  return t > most ? most : t < -most ? -most : t;
}

// 2^t by e^r's series, |r| ≤ ln2/2: the first omitted term is r^10/10! ≤ 7e-12.
TACTUS_INLINE Doubles exp2_of(const Doubles& t) {
  constexpr double kShifter = 6755399441055744.0;  // 1.5·2^52
  const Doubles shifted = t + kShifter;
  const Doubles r = (t - (shifted - kShifter)) * 0.6931471805599453;
  Doubles e = Doubles{} + 1.0 / 362880;
  for (const double c : {1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
                         1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0})
    e = e * r + c;
  const Longs scale = (reinterpret_cast<Longs>(shifted) + 1023U) << 52;
  return e * reinterpret_cast<Doubles>(scale);
}

// size^y of a finite size above zero; the last conversion rounds, to a
// denormal, to nothing or beyond all floats.
TACTUS_INLINE HalfFloats power_of_half(const HalfFloats& k, const HalfFloats& f,
                                       const HalfFloats& y) {
  const Doubles t = exponent_of(__builtin_convertvector(k, Doubles),
                                __builtin_convertvector(f, Doubles),
                                __builtin_convertvector(y, Doubles));
  return __builtin_convertvector(exp2_of(t), HalfFloats);
}
TACTUS_INLINE Floats power_of_size(const Floats& size, const Floats& y) {
  const auto [k, f] = parted(size);
  return both_halves(power_of_half(low_half(k), low_half(f), low_half(y)),
                     power_of_half(high_half(k), high_half(f), high_half(y)));
}

// What is not a plain size: C's rules (C17, F.10.4.4).
TACTUS_INLINE Floats power_of(const Floats& x, const Floats& y) {
  const Floats size = floats(bits(x) & 0x7fffffffU);
  const Floats infinite = Floats{} + __builtin_inff();
  const Floats zero{}, one = zero + 1.0F, none = zero + __builtin_nanf("");
  Floats p = power_of_size(size, y);
  p = size == zero ? (y > zero ? zero : infinite) : p;
  p = size == infinite ? (y > zero ? infinite : zero) : p;
  p = (size == one) & (y == y) ? one : p;
  p = y == y ? p : none;
  const Floats size_y = floats(bits(y) & 0x7fffffffU), half = y * 0.5F;
  const auto odd =
      (floor_of(y) == y) & (floor_of(half) != half) & (size_y < 0x1p24F);
  const auto signless =
      (floor_of(y) == y) | (size == zero) | (size == infinite);
  const auto minus = (bits(x) & 0x80000000U) != 0U;
  p = minus ? (odd ? -p : signless ? p : none) : p;
  p = x == x ? p : none;
  return (y == zero) | (x == one) ? one : p;
}

#undef TACTUS_INLINE

}  // namespace angles
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
