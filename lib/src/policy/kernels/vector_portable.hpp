// SPDX-License-Identifier: MIT
// One register of floats and what the kernels do with it: the compiler's
// vectors of 16 bytes, which SSE2 and NEON have.
#pragma once

#include <cstring>

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {

typedef float Floats __attribute__((vector_size(16)));
typedef uint32_t Words __attribute__((vector_size(16)));

// Rounded twice: not every target has a fused one.
[[gnu::always_inline]] inline Floats fma(const Floats& a, const Floats& b,
                                         const Floats& c) {
  return a * b + c;
}
// `block` floats, again and again.
template <uint32_t block>
[[gnu::always_inline]] inline Floats repeat(const float* p) {
  if constexpr (block == 1) return Floats{} + *p;
  if constexpr (block == 2) return Floats{p[0], p[1], p[0], p[1]};
  if constexpr (block == 4) {
    Floats x;
    std::memcpy(&x, p, sizeof x);
    return x;
  }
}
// Sums of neighbouring lanes.
template <uint32_t stage>
[[gnu::always_inline]] inline Floats pairwise(const Floats& a,
                                              const Floats& b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6) +
         __builtin_shufflevector(a, b, 1, 3, 5, 7);
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
