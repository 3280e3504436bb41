// SPDX-License-Identifier: MIT
// Matrix times vector, blocked: include a vector_*.hpp first. A register
// holds lanes / block outputs; lane j of accumulator a sums over inputs
// s · block + j % block. After the last input neighbouring lanes are added
// pairwise until each output is one lane, whose place the same additions tell
// when they are run on labels.
//
// What bounds it is the stream of weights from the cache: they lie in the
// order of use, and as many accumulators are live as the registers allow.
#pragma once

#include <bit>

#include "policy/kernels/kernel_set.hpp"

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {

inline constexpr uint32_t kLanes = sizeof(Floats) / sizeof(float);

[[gnu::always_inline]] inline Floats load(const float* p) {
  Floats x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}
[[gnu::always_inline]] inline void store(const Floats& x, float* p) {
  __builtin_memcpy(p, &x, sizeof x);
}

[[gnu::always_inline]] inline Words bits(const Floats& x) {
  return reinterpret_cast<Words>(x);
}
[[gnu::always_inline]] inline Floats floats(const Words& w) {
  return reinterpret_cast<Floats>(w);
}

// Sums of neighbours.
template <uint32_t stage>
[[gnu::always_inline]] inline Floats pairwise(const Floats& a,
                                              const Floats& b) {
  return evens<stage>(a, b) + odds<stage>(a, b);
}
template <uint32_t stage>
[[gnu::always_inline]] inline Words pairwise(const Words& a, const Words& b) {
  return bits(evens<stage>(floats(a), floats(b))) +
         bits(odds<stage>(floats(a), floats(b)));
}

constexpr uint32_t log2_of(uint32_t x) {
  return static_cast<uint32_t>(std::countr_zero(x));
}
constexpr uint32_t after_stages(uint32_t registers, uint32_t stages) {
  for (uint32_t i = 0; i < stages; ++i) registers = (registers + 1) / 2;
  return registers;
}

template <uint32_t stage, uint32_t stages, uint32_t count, class Register>
[[gnu::always_inline]] inline void add_lanes(Register* a) {
  if constexpr (stage < stages) {
    constexpr uint32_t kHalf = (count + 1) / 2;
#pragma GCC unroll 32
    for (uint32_t i = 0; i < kHalf; ++i) {
      // An odd one out is added to itself; its copy has no reader.
      const uint32_t other = 2 * i + 1 < count ? 2 * i + 1 : 2 * i;
      a[i] = pairwise<stage>(a[2 * i], a[other]);
    }
    add_lanes<stage + 1, stages, kHalf>(a);
  }
}

// The unrolled sets into the first. Halves, so that the chain of additions is
// short.
template <uint32_t count, uint32_t accumulators, class Register>
[[gnu::always_inline]] inline void join(Register (*sum)[accumulators]) {
  if constexpr (count > 1) {
#pragma GCC unroll 32
    for (uint32_t u = 0; u < count / 2; ++u) {
#pragma GCC unroll 32
      for (uint32_t a = 0; a < accumulators; ++a)
        sum[u][a] += sum[u + count / 2][a];
    }
    join<count / 2, accumulators>(sum);
  }
}

template <uint32_t accumulators, uint32_t block, uint32_t unroll>
struct GemvOf {
  static constexpr uint32_t kStages = log2_of(block);
  static constexpr uint32_t kResults = after_stages(accumulators, kStages);

  static void run(const float* w, const float* x, float* y, std::size_t steps) {
    Floats sum[unroll][accumulators];
#pragma GCC unroll 32
    for (uint32_t u = 0; u < unroll; ++u) {
#pragma GCC unroll 32
      for (uint32_t a = 0; a < accumulators; ++a) {
        // Without a reduction the bias is where the sum begins.
        const bool bias = block == 1 && u == 0;
        sum[u][a] = bias ? load(w + a * kLanes) : Floats{};
      }
    }
    const float* next = w + kResults * kLanes;
    for (std::size_t s = 0; s < steps; s += unroll) {
#pragma GCC unroll 32
      for (uint32_t u = 0; u < unroll; ++u) {
        const Floats in = repeat<block>(x + (s + u) * block);
#pragma GCC unroll 32
        for (uint32_t a = 0; a < accumulators; ++a) {
          sum[u][a] =
              fma(load(next + (u * accumulators + a) * kLanes), in, sum[u][a]);
        }
      }
      next += unroll * accumulators * kLanes;
    }
    join<unroll, accumulators>(sum);
    add_lanes<0, kStages, accumulators>(sum[0]);
#pragma GCC unroll 32
    for (uint32_t r = 0; r < kResults; ++r) {
      if constexpr (block > 1) sum[0][r] += load(w + r * kLanes);
      store(sum[0][r], y + r * kLanes);
    }
  }

  // Each output's number in all its lanes' first, zero elsewhere; numbers are
  // small, so the sums are exact.
  static void labels(uint32_t* label) {
    Floats sum[accumulators];
    constexpr uint32_t kGroups = kLanes / block;
    for (uint32_t a = 0; a < accumulators; ++a) {
      sum[a] = Floats{};
      for (uint32_t g = 0; g < kGroups; ++g)
        sum[a][g * block] = static_cast<float>(a * kGroups + g + 1);
    }
    add_lanes<0, kStages, accumulators>(sum);
    uint32_t place[accumulators * kGroups] = {};
    for (uint32_t at = kResults * kLanes; at-- > 0;) {
      const float number = sum[at / kLanes][at % kLanes];
      if (number > 0) place[static_cast<uint32_t>(number) - 1] = at;
    }
    for (uint32_t at = 0; at < accumulators * kLanes; ++at)
      label[at] = place[at / kLanes * kGroups + at % kLanes / block];
  }
};

// Name, run and format are the kernel's, the rest its blocking's.
template <uint32_t accumulators, uint32_t block, uint32_t unroll>
constexpr Gemv gemv(const char* name, Format format, decltype(Gemv::run) run) {
  using Blocked = GemvOf<accumulators, block, unroll>;
  return {name,
          format,
          accumulators,
          block,
          unroll,
          accumulators * kLanes / block,
          Blocked::kResults * kLanes,
          run,
          Blocked::labels};
}
#define TACTUS_GEMV(a, b, u) \
  gemv<a, b, u>(#a "x" #b "u" #u, Format::kF32, GemvOf<a, b, u>::run)

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
