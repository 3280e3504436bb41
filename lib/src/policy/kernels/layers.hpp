// SPDX-License-Identifier: MIT
// The fused backend's kernels: one vector step each, in f32, over packed
// weights. Outputs are whole blocks of 16 lanes; the lanes past the end are
// padding. Bit-identical per build. RT-safe.
#pragma once

#include <cstddef>

#include "policy/kernels/activations.hpp"

namespace tactus::policy::kernels {

struct LayerArgs {
  const float* x = nullptr;      // k floats; elementwise: blocks·16
  const float* other = nullptr;  // second operand of a binary step
  const float* weights = nullptr;
  float* y = nullptr;  // blocks·16 floats
  std::size_t blocks = 0;
  std::size_t k = 0;
  Activation activation = nullptr;  // null: none
  const float* params = nullptr;
};

using Layer = void (*)(const LayerArgs&);

// y = f(W x + b). Weights per block: 16 biases, then k rows of 16.
void linear(const LayerArgs& a);
// y = f((x - pre) * scale + shift). Weights per block: pre, scale, shift.
void affine(const LayerArgs& a);
// y = f(x).
void unary(const LayerArgs& a);
// y = f(x ∘ other).
void add(const LayerArgs& a);
void sub(const LayerArgs& a);
void mul(const LayerArgs& a);
void div(const LayerArgs& a);

// Packs W [n, k] row-major and b (null: zeros) for linear().
void pack_linear(const double* w, const double* b, std::size_t n, std::size_t k,
                 float* out) noexcept;

[[nodiscard]] constexpr std::size_t blocks_of(std::size_t n) {
  return (n + kLanes - 1) / kLanes;
}

}  // namespace tactus::policy::kernels
