// SPDX-License-Identifier: MIT
// The rest of a kernel set, and how its table is made: include a
// vector_*.hpp first.
#pragma once

#include "policy/kernels/angles_impl.hpp"
#include "policy/kernels/gemv_bf16_impl.hpp"
#include "policy/kernels/gemv_integer_impl.hpp"
#include "policy/kernels/quantise_impl.hpp"

#define TACTUS_ACTIVATIONS activations
#include "policy/kernels/activations_impl.hpp"
#undef TACTUS_ACTIVATIONS

// The same bits on every instruction set: this fma hides the other.
namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {
namespace canonical {
[[gnu::always_inline]] inline Floats fma(const Floats& a, const Floats& b,
                                         const Floats& c) {
  return a * b + c;
}
}  // namespace canonical
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
#define TACTUS_ACTIVATIONS canonical
#include "policy/kernels/activations_impl.hpp"
#undef TACTUS_ACTIVATIONS
#include "policy/kernels/grid_impl.hpp"
#include "policy/kernels/product_impl.hpp"

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

template <class P, Rounded how>
constexpr TensorKernels make_tensor_kernels() {
  using rows::Finish;
  TensorKernels t{};
  for (int i = 0; i < 4; ++i) t.tile_rows[i] = kTileRows[i];
  t.product = product<how>;
  t.arg_max = rows::arg_max<rows::Equals::kFirst>;
  t.arg_max_last = rows::arg_max<rows::Equals::kLast>;
  t.softmax = rows::softmax<P>;
  t.log_softmax = rows::log_softmax<P>;
  t.layer_norm = rows::layer_norm<P>;
  t.group_norm = rows::group_norm<P>;
  t.sum = rows::reduce<P, rows::Sum, Finish::kAsIs>;
  t.mean = rows::reduce<P, rows::Sum, Finish::kMean>;
  t.max = rows::reduce<P, rows::Largest, Finish::kAsIs>;
  t.min = rows::reduce<P, rows::Smallest, Finish::kAsIs>;
  t.product_of = rows::reduce<P, rows::Times, Finish::kAsIs>;
  t.l1 = rows::reduce<P, rows::SumAbs, Finish::kAsIs>;
  t.l2 = rows::reduce<P, rows::SumSquare, Finish::kRoot>;
  t.square_sum = rows::reduce<P, rows::SumSquare, Finish::kAsIs>;
  t.log_sum_exp = rows::log_sum_exp<P>;
  t.add = grid::run<grid::Add>;
  t.sub = grid::run<grid::Sub>;
  t.mul = grid::run<grid::Mul>;
  t.div = grid::run<grid::Div>;
  t.min_of = grid::run<grid::Min>;
  t.max_of = grid::run<grid::Max>;
  t.pow = grid::run<grid::Pow>;
  t.prelu = grid::run<grid::PRelu>;
  t.equal = grid::run<grid::Equal>;
  t.greater = grid::run<grid::Greater>;
  t.greater_equal = grid::run<grid::GreaterEqual>;
  t.less = grid::run<grid::Less>;
  t.less_equal = grid::run<grid::LessEqual>;
  t.both = grid::run<grid::Both>;
  t.either = grid::run<grid::Either>;
  t.one_of = grid::run<grid::OneOf>;
  t.kept = grid::run<grid::Kept>;
  t.dropped = grid::run<grid::Dropped>;
  t.joined = grid::run<grid::Joined>;
  t.max_pool = grid::pool<grid::PoolMax>;
  t.average_pool = grid::pool<grid::PoolAverage>;
  return t;
}

struct GemvLists {
  std::span<const Gemv> f32, bf16, int16, int8;
};

constexpr KernelSet make_set(rt::Isa isa, const GemvLists& gemv) {
  return {isa,
          kLanes,
          gemv.f32,
          gemv.bf16,
          gemv.int16,
          gemv.int8,
          activations::kTable,
          canonical::kTable,
          add,
          sub,
          mul,
          div,
          affine,
          make_tensor_kernels<rows::Fast, Rounded::kOnce>(),
          make_tensor_kernels<rows::Canonical, Rounded::kTwice>(),
          quantise<To16>,
          quantise<To8>};
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
