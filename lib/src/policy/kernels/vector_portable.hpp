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
// x, held to a bound; NaN stays NaN.
[[gnu::always_inline]] inline Floats at_least(const Floats& x,
                                              const Floats& low) {
  return x < low ? low : x;
}
[[gnu::always_inline]] inline Floats at_most(const Floats& x,
                                             const Floats& high) {
  return x > high ? high : x;
}
// `block` floats, again and again.
template <uint32_t block>
[[gnu::always_inline]] inline Floats repeat(const float* p) {
  if constexpr (block == 1) return Floats{*p, *p, *p, *p};
  if constexpr (block == 2) return Floats{p[0], p[1], p[0], p[1]};
  if constexpr (block == 4) {
    Floats x;
    std::memcpy(&x, p, sizeof x);
    return x;
  }
}
// Neighbouring lanes brought together.
template <uint32_t stage>
[[gnu::always_inline]] inline Floats evens(const Floats& a, const Floats& b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6);
}
template <uint32_t stage>
[[gnu::always_inline]] inline Floats odds(const Floats& a, const Floats& b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7);
}
// The low half and the low quarter of each lane, one after the other.
[[gnu::always_inline]] inline void store_halves(const Words& w, void* p) {
  uint16_t narrow[4];
  for (int i = 0; i < 4; ++i) narrow[i] = static_cast<uint16_t>(w[i]);
  std::memcpy(p, narrow, sizeof narrow);
}
[[gnu::always_inline]] inline void store_quarters(const Words& w, void* p) {
  uint8_t narrow[4];
  for (int i = 0; i < 4; ++i) narrow[i] = static_cast<uint8_t>(w[i]);
  std::memcpy(p, narrow, sizeof narrow);
}
// c + a·b over each lane's pair of signed halves.
[[gnu::always_inline]] inline Words add_pairs(const Words& c, const Words& a,
                                              const Words& b) {
  typedef int32_t Signed __attribute__((vector_size(16)));
  const auto low = [](const Words& w) {
    return reinterpret_cast<Signed>(w << 16) >> 16;
  };
  const auto high = [](const Words& w) {
    return reinterpret_cast<Signed>(w) >> 16;
  };
  return c + reinterpret_cast<Words>(low(a) * low(b)) +
         reinterpret_cast<Words>(high(a) * high(b));
}

// The first `count` floats at p; `otherwise` in the lanes behind them.
[[gnu::always_inline]] inline Floats load_some(const float* p, uint32_t count,
                                               const Floats& otherwise) {
  Floats x = otherwise;
  for (uint32_t i = 0; i < 4; ++i)
    if (i < count) x[i] = p[i];
  return x;
}
[[gnu::always_inline]] inline void store_some(const Floats& x, float* p,
                                              uint32_t count) {
  for (uint32_t i = 0; i < 4; ++i)
    if (i < count) p[i] = x[i];
}
// Lane i has what lane i ^ 2^stage had.
template <uint32_t stage>
[[gnu::always_inline]] inline Floats swapped(const Floats& x) {
  if constexpr (stage == 0) return __builtin_shufflevector(x, x, 1, 0, 3, 2);
  if constexpr (stage == 1) return __builtin_shufflevector(x, x, 2, 3, 0, 1);
}
// Half the lanes, which as doubles fill a register.
typedef float HalfFloats __attribute__((vector_size(8)));
[[gnu::always_inline]] inline HalfFloats low_half(const Floats& x) {
  return __builtin_shufflevector(x, x, 0, 1);
}
[[gnu::always_inline]] inline HalfFloats high_half(const Floats& x) {
  return __builtin_shufflevector(x, x, 2, 3);
}
[[gnu::always_inline]] inline Floats both_halves(const HalfFloats& low,
                                                 const HalfFloats& high) {
  return __builtin_shufflevector(low, high, 0, 1, 2, 3);
}
[[gnu::always_inline]] inline Floats root(const Floats& x) {
  return Floats{__builtin_sqrtf(x[0]), __builtin_sqrtf(x[1]),
                __builtin_sqrtf(x[2]), __builtin_sqrtf(x[3])};
}
// Rows of a product's tile of 1, 2, 3 and 4 registers each: of the 16, one
// holds the input, one a product and `vectors` the weights.
inline constexpr uint32_t kTileRows[] = {10, 6, 3, 2};

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
