// SPDX-License-Identifier: MIT
// One register of floats and what the kernels do with it: AVX-512.
#pragma once

#include <immintrin.h>

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {

typedef float Floats __attribute__((vector_size(64)));
typedef uint32_t Words __attribute__((vector_size(64)));

// a · b + c, rounded once.
[[gnu::always_inline]] inline Floats fma(const Floats& a, const Floats& b,
                                         const Floats& c) {
  return _mm512_fmadd_ps(a, b, c);
}
// x, held to a bound; NaN stays NaN: the instruction then gives its second
// operand.
[[gnu::always_inline]] inline Floats at_least(const Floats& x,
                                              const Floats& low) {
  return _mm512_maskz_max_ps(0xFFFF, low, x);
}
[[gnu::always_inline]] inline Floats at_most(const Floats& x,
                                             const Floats& high) {
  return _mm512_maskz_min_ps(0xFFFF, high, x);
}
// `block` floats, again and again.
template <uint32_t block>
[[gnu::always_inline]] inline Floats repeat(const float* p) {
  // maskz: the plain forms read an undefined register, which GCC 12 warns of.
  if constexpr (block == 1) return _mm512_set1_ps(*p);
  if constexpr (block == 2) {
    double both;
    __builtin_memcpy(&both, p, sizeof both);
    return _mm512_castpd_ps(_mm512_set1_pd(both));
  }
  if constexpr (block == 4)
    return _mm512_maskz_broadcast_f32x4(0xFFFF, _mm_loadu_ps(p));
  if constexpr (block == 8)
    return _mm512_maskz_broadcast_f32x8(0xFFFF, _mm256_loadu_ps(p));
  if constexpr (block == 16) return _mm512_loadu_ps(p);
}
// Neighbours brought together: of lanes in the first two stages, then of
// quarters.
template <uint32_t stage>
[[gnu::always_inline]] inline Floats evens(const Floats& a, const Floats& b) {
  if constexpr (stage < 2)
    return _mm512_maskz_shuffle_ps(0xFFFF, a, b, 0x88);
  else
    return _mm512_maskz_shuffle_f32x4(0xFFFF, a, b, 0x88);
}
template <uint32_t stage>
[[gnu::always_inline]] inline Floats odds(const Floats& a, const Floats& b) {
  if constexpr (stage < 2)
    return _mm512_maskz_shuffle_ps(0xFFFF, a, b, 0xDD);
  else
    return _mm512_maskz_shuffle_f32x4(0xFFFF, a, b, 0xDD);
}
// The low half and the low quarter of each lane, one after the other.
[[gnu::always_inline]] inline void store_halves(const Words& w, void* p) {
  const __m256i narrow =
      _mm512_maskz_cvtepi32_epi16(0xFFFF, reinterpret_cast<__m512i>(w));
  __builtin_memcpy(p, &narrow, sizeof narrow);
}
[[gnu::always_inline]] inline void store_quarters(const Words& w, void* p) {
  const __m128i narrow =
      _mm512_maskz_cvtepi32_epi8(0xFFFF, reinterpret_cast<__m512i>(w));
  __builtin_memcpy(p, &narrow, sizeof narrow);
}
// c + a·b over each lane's pair of signed halves.
[[gnu::always_inline]] inline Words add_pairs(const Words& c, const Words& a,
                                              const Words& b) {
  return c + reinterpret_cast<Words>(_mm512_madd_epi16(
                 reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}

// The first `count` floats at p; `otherwise` in the lanes behind them.
[[gnu::always_inline]] inline Floats load_some(const float* p, uint32_t count,
                                               const Floats& otherwise) {
  const auto first = static_cast<__mmask16>((1U << count) - 1);
  return _mm512_mask_loadu_ps(otherwise, first, p);
}
[[gnu::always_inline]] inline void store_some(const Floats& x, float* p,
                                              uint32_t count) {
  const auto first = static_cast<__mmask16>((1U << count) - 1);
  _mm512_mask_storeu_ps(p, first, x);
}
// Lane i has what lane i ^ 2^stage had.
template <uint32_t stage>
[[gnu::always_inline]] inline Floats swapped(const Floats& x) {
  if constexpr (stage == 0)
    return __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10,
                                   13, 12, 15, 14);
  if constexpr (stage == 1)
    return __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9,
                                   14, 15, 12, 13);
  if constexpr (stage == 2)
    return __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15,
                                   8, 9, 10, 11);
  if constexpr (stage == 3)
    return __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2,
                                   3, 4, 5, 6, 7);
}
// Half the lanes, which as doubles fill a register.
typedef float HalfFloats __attribute__((vector_size(32)));
[[gnu::always_inline]] inline HalfFloats low_half(const Floats& x) {
  return __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7);
}
[[gnu::always_inline]] inline HalfFloats high_half(const Floats& x) {
  return __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
}
[[gnu::always_inline]] inline Floats both_halves(const HalfFloats& low,
                                                 const HalfFloats& high) {
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
                                 11, 12, 13, 14, 15);
}
[[gnu::always_inline]] inline Floats root(const Floats& x) {
  return _mm512_maskz_sqrt_ps(0xFFFF, x);
}
// Rows of a product's tile of 1, 2, 3 and 4 registers each: of the 32, one
// holds the input and `vectors` hold the weights.
inline constexpr uint32_t kTileRows[] = {12, 12, 8, 6};

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
