// SPDX-License-Identifier: MIT
// One register of floats and what the kernels do with it: AVX2 with FMA.
#pragma once

#include <immintrin.h>

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {

typedef float Floats __attribute__((vector_size(32)));
typedef uint32_t Words __attribute__((vector_size(32)));

// a · b + c, rounded once.
[[gnu::always_inline]] inline Floats fma(const Floats& a, const Floats& b,
                                         const Floats& c) {
  return _mm256_fmadd_ps(a, b, c);
}
// x, held to a bound; NaN stays NaN: the instruction then gives its second
// operand.
[[gnu::always_inline]] inline Floats at_least(const Floats& x,
                                              const Floats& low) {
  return _mm256_max_ps(low, x);
}
[[gnu::always_inline]] inline Floats at_most(const Floats& x,
                                             const Floats& high) {
  return _mm256_min_ps(high, x);
}
// `block` floats, again and again.
template <uint32_t block>
[[gnu::always_inline]] inline Floats repeat(const float* p) {
  if constexpr (block == 1) return _mm256_set1_ps(*p);
  if constexpr (block == 2) {
    double both;
    __builtin_memcpy(&both, p, sizeof both);
    return _mm256_castpd_ps(_mm256_set1_pd(both));
  }
  if constexpr (block == 4)
    return _mm256_broadcast_ps(reinterpret_cast<const __m128*>(p));
  if constexpr (block == 8) return _mm256_loadu_ps(p);
}
// Neighbours brought together: of lanes in the first two stages, then of
// halves.
template <uint32_t stage>
[[gnu::always_inline]] inline Floats evens(const Floats& a, const Floats& b) {
  if constexpr (stage < 2)
    return _mm256_shuffle_ps(a, b, 0x88);
  else
    return _mm256_permute2f128_ps(a, b, 0x20);
}
template <uint32_t stage>
[[gnu::always_inline]] inline Floats odds(const Floats& a, const Floats& b) {
  if constexpr (stage < 2)
    return _mm256_shuffle_ps(a, b, 0xDD);
  else
    return _mm256_permute2f128_ps(a, b, 0x31);
}
// The low half and the low quarter of each lane, one after the other.
[[gnu::always_inline]] inline void store_halves(const Words& w, void* p) {
  const __m256i each = _mm256_shuffle_epi8(
      reinterpret_cast<__m256i>(w),
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, -1,
                                                -1, -1, -1, -1, -1, -1, -1)));
  const __m128i narrow =
      _mm256_castsi256_si128(_mm256_permute4x64_epi64(each, 0x08));
  __builtin_memcpy(p, &narrow, sizeof narrow);
}
[[gnu::always_inline]] inline void store_quarters(const Words& w, void* p) {
  const __m256i each = _mm256_shuffle_epi8(
      reinterpret_cast<__m256i>(w),
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1,
                                                -1, -1, -1, -1, -1, -1, -1)));
  const __m256i both = _mm256_permutevar8x32_epi32(
      each, _mm256_setr_epi32(0, 4, 0, 0, 0, 0, 0, 0));
  const int64_t narrow = _mm256_extract_epi64(both, 0);
  __builtin_memcpy(p, &narrow, sizeof narrow);
}
// c + a·b over each lane's pair of signed halves.
[[gnu::always_inline]] inline Words add_pairs(const Words& c, const Words& a,
                                              const Words& b) {
  return c + reinterpret_cast<Words>(_mm256_madd_epi16(
                 reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
}

[[gnu::always_inline]] inline __m256i first_lanes(uint32_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
// The first `count` floats at p; `otherwise` in the lanes behind them.
[[gnu::always_inline]] inline Floats load_some(const float* p, uint32_t count,
                                               const Floats& otherwise) {
  const __m256i first = first_lanes(count);
  return _mm256_blendv_ps(otherwise, _mm256_maskload_ps(p, first),
                          _mm256_castsi256_ps(first));
}
[[gnu::always_inline]] inline void store_some(const Floats& x, float* p,
                                              uint32_t count) {
  _mm256_maskstore_ps(p, first_lanes(count), x);
}
// Lane i has what lane i ^ 2^stage had.
template <uint32_t stage>
[[gnu::always_inline]] inline Floats swapped(const Floats& x) {
  if constexpr (stage == 0)
    return __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6);
  if constexpr (stage == 1)
    return __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5);
  if constexpr (stage == 2)
    return __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3);
}
// Half the lanes, which as doubles fill a register.
typedef float HalfFloats __attribute__((vector_size(16)));
[[gnu::always_inline]] inline HalfFloats low_half(const Floats& x) {
  return __builtin_shufflevector(x, x, 0, 1, 2, 3);
}
[[gnu::always_inline]] inline HalfFloats high_half(const Floats& x) {
  return __builtin_shufflevector(x, x, 4, 5, 6, 7);
}
[[gnu::always_inline]] inline Floats both_halves(const HalfFloats& low,
                                                 const HalfFloats& high) {
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
}
[[gnu::always_inline]] inline Floats root(const Floats& x) {
  return _mm256_sqrt_ps(x);
}
// Rows of a product's tile of 1, 2, 3 and 4 registers each: of the 16, one
// holds the input and `vectors` hold the weights.
inline constexpr uint32_t kTileRows[] = {10, 6, 4, 2};

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
