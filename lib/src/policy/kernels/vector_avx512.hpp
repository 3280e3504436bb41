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
// `block` floats, again and again.
template <uint32_t block>
[[gnu::always_inline]] inline Floats repeat(const float* p) {
  // maskz: the plain forms read an undefined register, which GCC 12 warns of.
  if constexpr (block == 1) return Floats{} + *p;
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
// Sums of neighbours: of lanes in the first two stages, then of quarters.
template <uint32_t stage>
[[gnu::always_inline]] inline Floats pairwise(const Floats& a,
                                              const Floats& b) {
  if constexpr (stage < 2)
    return _mm512_maskz_shuffle_ps(0xFFFF, a, b, 0x88) +
           _mm512_maskz_shuffle_ps(0xFFFF, a, b, 0xDD);
  else
    return _mm512_maskz_shuffle_f32x4(0xFFFF, a, b, 0x88) +
           _mm512_maskz_shuffle_f32x4(0xFFFF, a, b, 0xDD);
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
