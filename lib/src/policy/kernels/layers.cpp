// SPDX-License-Identifier: MIT
#include "policy/kernels/layers.hpp"

#include "policy/kernels/lanes.hpp"

namespace tactus::policy::kernels {
namespace {

[[gnu::always_inline]] inline void finish(const LayerArgs& a, std::size_t block,
                                          F16 y) {
  if (a.activation) a.activation(y, a.params);
  store(a.y + block * kLanes, y);
}

}  // namespace

// Two accumulators, even and odd k: eight 4-lane chains hide the latency of
// an addition (4 cycles) on SSE2, where 16 lanes are four registers.
void linear(const LayerArgs& a) {
  const float* w = a.weights;
  for (std::size_t block = 0; block < a.blocks; ++block) {
    F16 even = load(w);
    F16 odd = {};
    w += kLanes;
    std::size_t i = 0;
    for (; i + 1 < a.k; i += 2, w += 2 * kLanes) {
      even += load(w) * a.x[i];
      odd += load(w + kLanes) * a.x[i + 1];
    }
    if (i < a.k) {
      even += load(w) * a.x[i];
      w += kLanes;
    }
    finish(a, block, even + odd);
  }
}

void affine(const LayerArgs& a) {
  for (std::size_t b = 0; b < a.blocks; ++b) {
    const float* w = a.weights + b * 3 * kLanes;
    const F16 x = load(a.x + b * kLanes);
    finish(a, b, (x - load(w)) * load(w + kLanes) + load(w + 2 * kLanes));
  }
}

void unary(const LayerArgs& a) {
  for (std::size_t b = 0; b < a.blocks; ++b) {
    finish(a, b, load(a.x + b * kLanes));
  }
}

void add(const LayerArgs& a) {
  for (std::size_t b = 0; b < a.blocks; ++b) {
    finish(a, b, load(a.x + b * kLanes) + load(a.other + b * kLanes));
  }
}

void sub(const LayerArgs& a) {
  for (std::size_t b = 0; b < a.blocks; ++b) {
    finish(a, b, load(a.x + b * kLanes) - load(a.other + b * kLanes));
  }
}

void mul(const LayerArgs& a) {
  for (std::size_t b = 0; b < a.blocks; ++b) {
    finish(a, b, load(a.x + b * kLanes) * load(a.other + b * kLanes));
  }
}

void div(const LayerArgs& a) {
  for (std::size_t b = 0; b < a.blocks; ++b) {
    finish(a, b, load(a.x + b * kLanes) / load(a.other + b * kLanes));
  }
}

void pack_linear(const double* w, const double* b, std::size_t n, std::size_t k,
                 float* out) noexcept {
  for (std::size_t first = 0; first < n; first += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const std::size_t row = first + lane;
      out[lane] = row < n && b ? static_cast<float>(b[row]) : 0.0F;
      for (std::size_t i = 0; i < k; ++i) {
        out[(i + 1) * kLanes + lane] =
            row < n ? static_cast<float>(w[row * k + i]) : 0.0F;
      }
    }
    out += (k + 1) * kLanes;
  }
}

}  // namespace tactus::policy::kernels
