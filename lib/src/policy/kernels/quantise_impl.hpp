// SPDX-License-Identifier: MIT
// Floats to the words that integer products read: include a vector_*.hpp and
// gemv_impl.hpp first. The same bits on every instruction set.
#pragma once

#include "policy/kernels/gemv_impl.hpp"

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {

// Adding 1.5·2^23 rounds to an integer, to nearest even, and leaves it in the
// low bits in two's complement. |x| < 2^22.
[[gnu::always_inline]] inline Words rounded(const Floats& x) {
  return bits(x + 12582912.0F);
}
// A NaN passes.
[[gnu::always_inline]] inline Floats held(const Floats& x, float low,
                                          float high) {
  const Floats least = Floats{} + low, most = Floats{} + high;
  const Floats above = x < least ? least : x;
  return above > most ? most : above;
}

struct To16 {
  static constexpr std::size_t kBytes = 2;  // of a value
  static constexpr std::size_t kParts = 1;  // of a block's weights
  [[gnu::always_inline]] static Words round(const Floats& x, const float* w) {
    constexpr auto kMost = static_cast<float>(kLargest16);
    return rounded(held(x * load(w), -kMost, kMost));
  }
  [[gnu::always_inline]] static void store(const Words& w, void* to) {
    store_halves(w, to);
  }
};
struct To8 {
  static constexpr std::size_t kBytes = 1;
  static constexpr std::size_t kParts = 2;
  [[gnu::always_inline]] static Words round(const Floats& x, const float* w) {
    const Floats shifted = x * load(w) + load(w + kBlock);
    return rounded(held(shifted, 0, static_cast<float>(kLargest8)));
  }
  [[gnu::always_inline]] static void store(const Words& w, void* to) {
    store_quarters(w, to);
  }
};

// One block; `poison` becomes NaN if a value is not finite (∞ - ∞).
template <class To>
[[gnu::always_inline]] inline void quantise_block(const float* w,
                                                  const float* x, void* y,
                                                  Floats& poison) {
  auto* out = static_cast<unsigned char*>(y);
#pragma GCC unroll 4
  for (std::size_t i = 0; i < kBlock; i += kLanes) {
    const Floats in = load(x + i);
    poison += in - in;
    To::store(To::round(in, w + i), out + i * To::kBytes);
  }
}

template <class To>
void quantise(const float* w, const float* x, float* y, std::size_t n) {
  constexpr std::size_t kBytes = kBlock * To::kBytes;
  auto* out = reinterpret_cast<unsigned char*>(y);
  Floats poison = {};
  std::size_t i = 0;
  for (; i + kBlock <= n; i += kBlock, out += kBytes, w += To::kParts * kBlock)
    quantise_block<To>(w, x + i, out, poison);
  if (i < n) {
    // What lies behind is another value's, or nothing.
    float tail[kBlock] = {};
    for (std::size_t t = 0; i + t < n; ++t) tail[t] = x[i + t];
    quantise_block<To>(w, tail, out, poison);
  }
  add_lanes<0, log2_of(kLanes), 1>(&poison);
  y[-1] = poison[0];
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
