// SPDX-License-Identifier: MIT
// Angles and logarithms of one register of floats: include gemv_impl.hpp
// first. Additions and products alone, nowhere fused: the same bits on every
// instruction set. Their error is in the table of activations_impl.hpp, which
// holds for every float there is.
#pragma once

#include "policy/kernels/kernel_set.hpp"

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {
namespace angles {

#define TACTUS_INLINE [[gnu::always_inline]] inline

typedef double Doubles __attribute__((vector_size(sizeof(Floats))));
typedef uint64_t Longs __attribute__((vector_size(sizeof(Floats))));
typedef uint32_t HalfWords __attribute__((vector_size(sizeof(Floats) / 2)));
typedef int32_t Signed __attribute__((vector_size(sizeof(Floats))));

// x = quadrant · π/2 + rest, |rest| ≤ π/4.
struct Angle {
  Floats rest;
  Words quadrant;  // its low two bits
};

// π/2 = high + low; 28 bits of high times 25 of a quadrant are exact.
inline constexpr double kHigh = 1.570796325802803, kLow = 9.920935796805404e-10;
inline constexpr double kTwoOverPi = 0.6366197723675814;
inline constexpr uint32_t kNear = 0x4c000000;  // 2^25, as bits

// In double: the rest errs by 2^-55, where no float below 2^25 is nearer to a
// multiple of π/2 than 2^-29. Larger ones have no meaning here.
struct HalfAngle {
  HalfFloats rest, quadrant;  // the latter's words
};
TACTUS_INLINE HalfAngle near_half(const HalfFloats& x) {
  constexpr double kShifter = 6755399441055744.0;  // 1.5·2^52
  const Doubles wide = __builtin_convertvector(x, Doubles);
  const Doubles shifted = wide * kTwoOverPi + kShifter;
  const Doubles n = shifted - kShifter;
  const HalfWords quadrant =
      __builtin_convertvector(reinterpret_cast<Longs>(shifted), HalfWords);
  return {__builtin_convertvector((wide - n * kHigh) - n * kLow, HalfFloats),
          reinterpret_cast<HalfFloats>(quadrant)};
}
TACTUS_INLINE Angle near_angle(const Floats& x) {
  const HalfAngle low = near_half(low_half(x)), high = near_half(high_half(x));
  return {both_halves(low.rest, high.rest),
          bits(both_halves(low.quadrant, high.quadrant))};
}

// Payne and Hanek's reduction of m · 2^e, e ≥ 2, by 2/π from the bit on that
// still counts: of m times 96 bits the multiples of 4 drop out of the word.
// What is left errs by 2^-62 quadrants.
struct FarAngle {
  float rest;
  uint32_t quadrant;
};
inline FarAngle far_angle(uint32_t x) {
  // 2/π behind the point.
  constexpr uint32_t kBits[] = {0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0,
                                0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561};
  if ((x & 0x7f800000U) == 0x7f800000U) return {__builtin_nanf(""), 0};
  const uint64_t m = (x & 0x7fffffU) | 0x800000U;
  const uint32_t first = (x >> 23 & 0xffU) - 150 - 2;  // the bit of weight 2
  const uint32_t* w = kBits + first / 32;
  const uint32_t by = first % 32;
  const uint64_t high = uint64_t{w[0]} << 32 | w[1];
  const uint64_t low = uint64_t{w[2]} << 32 | w[3];
  const uint64_t top = by ? high << by | low >> (64 - by) : high;
  const uint64_t phase = m * top + (m * (low << by >> 32) >> 32);
  const uint64_t n = (phase + (uint64_t{1} << 61)) >> 62;
  const auto rest = static_cast<int64_t>(phase - (n << 62));
  const double angle = static_cast<double>(rest) * 0x1p-62 * (kHigh + kLow);
  const bool negative = x >> 31 != 0;
  return {static_cast<float>(negative ? -angle : angle),
          static_cast<uint32_t>(negative ? 0 - n : n)};
}

TACTUS_INLINE Angle angle_of(const Floats& x) {
  Angle a = near_angle(x);
  uint32_t lanes[kLanes];
  __builtin_memcpy(lanes, &x, sizeof lanes);
  uint64_t far[sizeof(Floats) / sizeof(uint64_t)], any = 0;
  const auto is_far = (bits(x) & 0x7fffffffU) >= kNear;
  __builtin_memcpy(far, &is_far, sizeof far);
  for (const uint64_t two : far) any |= two;
  if (any == 0) return a;
  for (uint32_t i = 0; i < kLanes; ++i) {
    if ((lanes[i] & 0x7fffffffU) < kNear) continue;
    const FarAngle f = far_angle(lanes[i]);
    a.rest[i] = f.rest;
    a.quadrant[i] = f.quadrant;
  }
  return a;
}

// Taylor's series on |rest| ≤ π/4: what is left out of the sine's is
// rest^11/11! ≤ 2e-9 of it, of the cosine's rest^12/12! ≤ 2e-10 of it.
TACTUS_INLINE Floats sine_of(const Angle& a) {
  const Floats r = a.rest, z = r * r;
  const Floats s =
      ((z * (1.0F / 362880) - 1.0F / 5040) * z + 1.0F / 120) * z - 1.0F / 6;
  const Floats c =
      (((z * (-1.0F / 3628800) + 1.0F / 40320) * z - 1.0F / 720) * z +
       1.0F / 24) *
          z -
      0.5F;
  const Floats size = (a.quadrant & 1U) != 0U ? c * z + 1.0F : r + r * z * s;
  return floats(bits(size) ^ (a.quadrant << 30 & 0x80000000U));
}

TACTUS_INLINE Floats sin_of(const Floats& x) {
  return x == 0.0F ? x : sine_of(angle_of(x));  // of a negative zero, too
}
// Of the two the shared polynomials are computed once.
TACTUS_INLINE Floats tan_of(const Floats& x) {
  const Angle a = angle_of(x);
  const Floats y = sine_of(a) / sine_of({a.rest, a.quadrant + 1U});
  return x == 0.0F ? x : y;
}
TACTUS_INLINE Floats cos_of(const Floats& x) {
  const Angle a = angle_of(x);
  return sine_of({a.rest, a.quadrant + 1U});
}

// x = 2^k (1 + f), f in [√½ - 1, √2 - 1], of a finite x above zero.
struct Parted {
  Floats k, f;
};
TACTUS_INLINE Parted parted(const Floats& x) {
  constexpr uint32_t kRootHalf = 0x3f3504f3;
  const auto tiny = x < 0x1p-126F;
  const Words b = bits(tiny ? x * 0x1p24F : x);
  const Signed shift = reinterpret_cast<Signed>(b - kRootHalf) >> 23;
  const Floats whole = __builtin_convertvector(shift, Floats);
  return {tiny ? whole - 24.0F : whole,
          floats(b - (reinterpret_cast<Words>(shift) << 23)) - 1.0F};
}

// log(1 + f) = f - f²/2 + s (f²/2 + q)
// with s = f / (2 + f), q = 2 s² (1/3 + s²/5 + …): small f lose nothing. The
// first omitted term is s^10/11 ≤ 2e-9 of the result.
TACTUS_INLINE Floats log_of(const Floats& x) {
  const auto [k, f] = parted(x);
  const Floats s = f / (f + 2.0F), z = s * s, half = 0.5F * f * f;
  const Floats q =
      (((z * (2.0F / 9) + 2.0F / 7) * z + 2.0F / 5) * z + 2.0F / 3) * z;
  const Floats small = s * (half + q) - k * 2.12194440e-4F;
  const Floats y = k * 0.693359375F - ((half - small) - f);
  const Floats none = Floats{} + __builtin_nanf("");
  const Floats infinite = Floats{} + __builtin_inff();
  return x > 0.0F ? (x < infinite ? y : x) : (x == 0.0F ? -infinite : none);
}

TACTUS_INLINE Floats size_of(const Floats& x) {
  return floats(bits(x) & 0x7fffffffU);
}
TACTUS_INLINE Floats signed_as(const Floats& size, const Floats& x) {
  return floats(bits(size) ^ (bits(x) & 0x80000000U));
}

// Halves to the even side; beyond 2^23 every float is whole.
TACTUS_INLINE Floats round_of(const Floats& x) {
  const Floats size = size_of(x);
  const Floats rounded = (size + 0x1p23F) - 0x1p23F;
  return size < 0x1p23F ? signed_as(rounded, x) : x;
}
TACTUS_INLINE Floats floor_of(const Floats& x) {
  const Floats near = round_of(x);
  return near > x ? near - 1.0F : near;
}

inline constexpr float kHalfPi = 1.57079632679489662F;

// Cephes' atanf (Moshier, 1989): its polynomial is for sizes to tan π/8, larger
// ones are turned back by π/4 or π/2.
TACTUS_INLINE Floats atan_of(const Floats& x) {
  const Floats size = size_of(x);
  const auto far = size > 2.41421356F, wide = size > 0.414213562F;
  const Floats turned = (size - 1.0F) / (size + 1.0F);
  const Floats t = far ? -1.0F / size : wide ? turned : size;
  const Floats from = far    ? Floats{} + kHalfPi
                      : wide ? Floats{} + kHalfPi / 2
                             : Floats{};
  const Floats z = t * t;
  const Floats p =
      ((z * 8.05374449538e-2F - 1.38776856032e-1F) * z + 1.99777106478e-1F) *
          z -
      3.33329491539e-1F;
  return signed_as(from + (t + p * z * t), x);
}

// asin(s), s = √z ≤ ½ (Cephes' asinf).
TACTUS_INLINE Floats arc_of(const Floats& s, const Floats& z) {
  const Floats p =
      (((z * 4.2163199048e-2F + 2.4181311049e-2F) * z + 4.5470025998e-2F) * z +
       7.4953002686e-2F) *
          z +
      1.6666752422e-1F;
  return s + p * z * s;
}
// Beyond ½ by asin(x) = π/2 - 2 asin √((1 - x) / 2).
TACTUS_INLINE Floats asin_of(const Floats& x) {
  const Floats size = size_of(x);
  const auto wide = size > 0.5F;
  const Floats z = wide ? 0.5F * (1.0F - size) : size * size;
  const Floats arc = arc_of(wide ? root(z) : size, z);
  return signed_as(wide ? kHalfPi - 2.0F * arc : arc, x);
}
TACTUS_INLINE Floats acos_of(const Floats& x) {
  const Floats size = size_of(x);
  const auto wide = size > 0.5F;
  const Floats z = wide ? 0.5F * (1.0F - size) : size * size;
  const Floats arc = arc_of(wide ? root(z) : size, z);
  const Floats from_end = x < 0.0F ? 2.0F * (kHalfPi - arc) : 2.0F * arc;
  return wide ? from_end : kHalfPi - signed_as(arc, x);
}

#undef TACTUS_INLINE

}  // namespace angles
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
