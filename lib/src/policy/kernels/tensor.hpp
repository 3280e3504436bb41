// SPDX-License-Identifier: MIT
// Kernels over more than one row: products, rows that are reduced or
// normalised, broadcasting, sliding windows. One table per instruction set,
// beside kernel_set.hpp's for a single row. They read and write exactly the
// elements of their operands, but for products and windows, which read up to
// a register (at most kBlock floats) past the last row of what they stream.
// RT-safe.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tactus::policy::kernels {

// y[r][j] = init[r][j] + Σ_i a[r · a_row + at[i]] · b[i][j]. One order of
// summation, i = 0 … k-1: blocking does not change a bit.
struct Product {
  std::size_t rows = 0, n = 0, k = 0;
  std::size_t a_row = 0, init_row = 0, y_row = 0;  // floats between rows
  // Floats between b's rows; 0: packed in panels (pack_product).
  std::size_t b_row = 0;
  uint32_t panel = 1;  // registers of one
  uint32_t tile = 1;   // rows of one
};
struct ProductData {
  const float* a;
  const float* b;
  const float* init;
  float* y;
  const uint32_t* at;
};

// `rows` rows of n neighbouring floats.
struct Rows {
  std::size_t rows = 0, n = 0;
  float epsilon = 0;  // of a normalisation
  // group_norm: neighbours with one scale and bias, and how many of these
  // there are before the first is used again.
  std::size_t part = 0, parts = 0;
};
// Softmax, LayerNormalization: y has x's shape and may be x. Reductions: y
// has one float per row. Weights (LayerNormalization): scale, then bias, each
// in whole blocks of kBlock. group_norm: a row is a group, of which each `part`
// has its own; weights: all scales, then all biases.
using RowsKernel = void (*)(const Rows& rows, const float* weights,
                            const float* x, float* y);

// y = x ∘ other over up to kGridAxes axes; y lies dense. A stride of 0
// repeats; the last axis' strides are 0 or 1.
inline constexpr std::size_t kGridAxes = 8;
struct Grid {
  uint32_t axes = 0;
  std::size_t size[kGridAxes] = {};
  std::size_t x[kGridAxes] = {}, other[kGridAxes] = {};
};
using GridKernel = void (*)(const Grid& grid, const float* x,
                            const float* other, float* y);

// A window of `taps` elements over channels that lie side by side:
// y[p][c] = fold over t of x[p · x_place + at[t] + c].
struct Pool {
  std::size_t places = 0, channels = 0, taps = 0;
  std::size_t x_place = 0;
};
// `counts`: what each place's sum is divided by (an average).
using PoolKernel = void (*)(const Pool& pool, const uint32_t* at,
                            const float* counts, const float* x, float* y);

struct TensorKernels {
  uint32_t tile_rows[4];  // the most for panels of 1, 2, 3 and 4 registers
  void (*product)(const Product& product, const ProductData& data);
  RowsKernel arg_max, arg_max_last;  // the first or the last of the largest
  RowsKernel softmax, log_softmax, layer_norm, group_norm;
  RowsKernel sum, mean, max, min, product_of, l1, l2, square_sum, log_sum_exp;
  GridKernel add, sub, mul, div, min_of, max_of;
  // |error| ≤ 1.1 · 2^-24 |x^y|, or half a denormal; as C's pow() where that is
  // exact, and what is not a number.
  GridKernel pow;
  GridKernel prelu;  // other: the slope below zero
  // 1 or 0; a NaN is true, and equal to nothing.
  GridKernel equal, greater, greater_equal, less, less_equal, both, either,
      one_of;
  // x where other is true (kept) or where it is not (dropped), else a zero; of
  // two such the one that is not zero, to the last bit.
  GridKernel kept, dropped, joined;
  PoolKernel max_pool, average_pool;
};

}  // namespace tactus::policy::kernels
