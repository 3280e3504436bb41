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
// Sums of neighbours: of lanes in the first two stages, then of halves.
template <uint32_t stage>
[[gnu::always_inline]] inline Floats pairwise(const Floats& a,
                                              const Floats& b) {
  if constexpr (stage < 2)
    return _mm256_shuffle_ps(a, b, 0x88) + _mm256_shuffle_ps(a, b, 0xDD);
  else
    return _mm256_permute2f128_ps(a, b, 0x20) +
           _mm256_permute2f128_ps(a, b, 0x31);
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
