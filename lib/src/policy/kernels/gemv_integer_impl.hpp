// SPDX-License-Identifier: MIT
// Matrix times vector in integers: include a vector_*.hpp and gemv_impl.hpp
// first. Blocked as there; a lane is a word of two or four values, so a step
// takes as many times more inputs. Sums are exact (the rows are packed so that
// they fit 32 bits), and what follows is IEEE's conversion, product and sum
// without a fused step: every instruction set gives the same bits.
#pragma once

#include "policy/kernels/gemv_impl.hpp"

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {

typedef int32_t Signed __attribute__((vector_size(sizeof(Floats))));
typedef int16_t Halves __attribute__((vector_size(sizeof(Floats))));

// Two signed values of 16 bits.
struct Multiply16 {
  static constexpr Format kFormat = Format::kInt16;
  [[gnu::always_inline]] static Words add(const Words& sum, const Words& x,
                                          const Words& w) {
    return add_pairs(sum, x, w);
  }
};
// Four of 8 bits, x unsigned, w signed: as two pairs of 16 bits, where nothing
// saturates (vpmaddubsw would: 2 · 255 · 127 > 2^15).
struct Multiply8 {
  static constexpr Format kFormat = Format::kInt8;
  [[gnu::always_inline]] static Words add(const Words& sum, const Words& x,
                                          const Words& w) {
    const auto odd = reinterpret_cast<Halves>(w) >> 8;
    const auto even = (reinterpret_cast<Halves>(w) << 8) >> 8;
    const Words bytes = x & 0x00ff00ffU;
    return add_pairs(add_pairs(sum, bytes, reinterpret_cast<Words>(even)),
                     x >> 8 & 0x00ff00ffU, reinterpret_cast<Words>(odd));
  }
};

template <class Multiply, uint32_t accumulators, uint32_t block,
          uint32_t unroll>
struct IntegerGemvOf {
  using Blocked = GemvOf<accumulators, block, unroll>;
  static constexpr uint32_t kFloats = Blocked::kResults * kLanes;

  static void run(const float* w, const float* x, float* y, std::size_t steps) {
    Words sum[unroll][accumulators] = {};
    const float* next = w + 3 * kFloats;
    for (std::size_t s = 0; s < steps; s += unroll) {
#pragma GCC unroll 32
      for (uint32_t u = 0; u < unroll; ++u) {
        const Words in = bits(repeat<block>(x + (s + u) * block));
#pragma GCC unroll 32
        for (uint32_t a = 0; a < accumulators; ++a) {
          const Words weights =
              bits(load(next + (u * accumulators + a) * kLanes));
          sum[u][a] = Multiply::add(sum[u][a], in, weights);
        }
      }
      next += unroll * accumulators * kLanes;
    }
    join<unroll, accumulators>(sum);
    add_lanes<0, Blocked::kStages, accumulators>(sum[0]);
    const Floats poison = repeat<1>(x - 1);
#pragma GCC unroll 32
    for (uint32_t r = 0; r < Blocked::kResults; ++r)
      store(finish(sum[0][r], w + r * kLanes) + poison, y + r * kLanes);
  }

 private:
  [[gnu::always_inline]] static Floats finish(const Words& sum,
                                              const float* w) {
    const Words whole = sum + bits(load(w));
    const Floats value =
        __builtin_convertvector(reinterpret_cast<Signed>(whole), Floats);
    return value * load(w + kFloats) + load(w + 2 * kFloats);
  }
};

#define TACTUS_GEMV16(a, b, u)                            \
  gemv<a, b, u>("-i16." #a "x" #b "u" #u, Format::kInt16, \
                IntegerGemvOf<Multiply16, a, b, u>::run)
#define TACTUS_GEMV8(a, b, u)                           \
  gemv<a, b, u>("-i8." #a "x" #b "u" #u, Format::kInt8, \
                IntegerGemvOf<Multiply8, a, b, u>::run)

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
