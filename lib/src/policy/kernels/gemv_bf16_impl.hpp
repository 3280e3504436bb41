// SPDX-License-Identifier: MIT
// Matrix times vector with weights of 16 bits and sums in f32: include a
// vector_*.hpp and gemv_impl.hpp first. Half the bytes to stream; a weight is
// a float's upper half, so that a mask or a shift makes it one.
#pragma once

#include "policy/kernels/gemv_impl.hpp"

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {

template <uint32_t accumulators, uint32_t block, uint32_t unroll>
struct Bf16GemvOf {
  using Blocked = GemvOf<accumulators, block, unroll>;

  static void run(const float* w, const float* x, float* y, std::size_t steps) {
    Floats sum[unroll][accumulators] = {};
    const float* next = w + Blocked::kResults * kLanes;
    for (std::size_t s = 0; s < steps; s += unroll) {
#pragma GCC unroll 32
      for (uint32_t u = 0; u < unroll; ++u) {
        const Floats upper = repeat<block>(x + (s + u) * 2 * block);
        const Floats lower = repeat<block>(x + (s + u) * 2 * block + block);
#pragma GCC unroll 32
        for (uint32_t a = 0; a < accumulators; ++a) {
          const Words both = bits(load(next + (u * accumulators + a) * kLanes));
          sum[u][a] = fma(floats(both & 0xffff0000U), upper, sum[u][a]);
          sum[u][a] = fma(floats(both << 16), lower, sum[u][a]);
        }
      }
      next += unroll * accumulators * kLanes;
    }
    join<unroll, accumulators>(sum);
    add_lanes<0, Blocked::kStages, accumulators>(sum[0]);
#pragma GCC unroll 32
    for (uint32_t r = 0; r < Blocked::kResults; ++r)
      store(sum[0][r] + load(w + r * kLanes), y + r * kLanes);
  }
};

#define TACTUS_GEMV_BF16(a, b, u)                         \
  gemv<a, b, u>("-bf16." #a "x" #b "u" #u, Format::kBf16, \
                Bf16GemvOf<a, b, u>::run)

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
