// SPDX-License-Identifier: MIT
// The rest of a kernel set, and how its table is made: include a
// vector_*.hpp first.
#pragma once

#include "policy/kernels/activations_impl.hpp"

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {

template <class F>
[[gnu::always_inline]] inline void binary(const float* x, const float* other,
                                          float* y, std::size_t blocks, F f) {
  for (std::size_t i = 0; i < blocks * kBlock; i += kLanes)
    store(f(load(x + i), load(other + i)), y + i);
}
inline void add(const float* x, const float* other, float* y,
                std::size_t blocks) {
  binary(x, other, y, blocks, [](Floats a, Floats b) { return a + b; });
}
inline void sub(const float* x, const float* other, float* y,
                std::size_t blocks) {
  binary(x, other, y, blocks, [](Floats a, Floats b) { return a - b; });
}
inline void mul(const float* x, const float* other, float* y,
                std::size_t blocks) {
  binary(x, other, y, blocks, [](Floats a, Floats b) { return a * b; });
}
inline void div(const float* x, const float* other, float* y,
                std::size_t blocks) {
  binary(x, other, y, blocks, [](Floats a, Floats b) { return a / b; });
}
inline void affine(const float* weights, const float* x, float* y,
                   std::size_t blocks) {
  for (std::size_t i = 0; i < blocks * kBlock; i += kLanes) {
    const float* w = weights + i / kBlock * 3 * kBlock + i % kBlock;
    store((load(x + i) - load(w)) * load(w + kBlock) + load(w + 2 * kBlock),
          y + i);
  }
}

constexpr KernelSet make_set(rt::Isa isa, std::span<const Gemv> gemv) {
  return {isa, kLanes, gemv, activations::kTable, add, sub, mul, div, affine};
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
