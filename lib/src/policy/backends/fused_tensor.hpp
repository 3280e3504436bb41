// SPDX-License-Identifier: MIT
// Steps over more than one row: what they are, and how they run. Offsets are
// floats in the arena, unless said otherwise. Made by the lowering; RT-safe.
#pragma once

#include <variant>
#include <vector>

#include "policy/kernels/kernel_set.hpp"

namespace tactus::policy::fused {

struct Program;

inline constexpr std::size_t kMoveAxes = 8;
inline constexpr std::size_t kOuterAxes = 4;

// A Product for each place of up to kOuterAxes outer axes.
struct ProductStep {
  kernels::Product shape;
  std::size_t a = 0, b = 0, init = 0, y = 0;
  bool constant_b = false;     // b and init lie in the weights
  bool constant_init = false;  // init does
  std::size_t at = 0;          // in Program::places, shape.k of them
  uint32_t axes = 0;
  std::size_t size[kOuterAxes] = {};
  struct Stride {
    std::ptrdiff_t a = 0, b = 0, init = 0, y = 0;
  } stride[kOuterAxes];
};

// y[…] = x[…] with strides on both sides.
struct MoveStep {
  std::size_t x = 0, y = 0;
  uint32_t axes = 0;
  std::size_t size[kMoveAxes] = {};
  std::ptrdiff_t x_stride[kMoveAxes] = {}, y_stride[kMoveAxes] = {};
};

// y[i] = x[places[at + i]].
struct PickStep {
  std::size_t x = 0, y = 0, at = 0, count = 0;
};

struct GridStep {
  kernels::GridKernel kernel = nullptr;
  kernels::Grid grid;
  std::size_t x = 0, other = 0, y = 0;
};

struct RowsStep {
  kernels::RowsKernel kernel = nullptr;
  kernels::Rows rows;
  std::size_t weights = 0;  // in the weights
  std::size_t x = 0, y = 0;
};

// A Pool for each line of places.
struct PoolStep {
  kernels::PoolKernel kernel = nullptr;
  kernels::Pool pool;
  std::size_t at = 0, counts = 0;  // in places; in the weights
  bool counted = false;            // an average's
  std::size_t x = 0, y = 0;
  uint32_t axes = 0;
  std::size_t size[kOuterAxes] = {}, stride[kOuterAxes] = {};
};

using TensorStep =
    std::variant<ProductStep, MoveStep, PickStep, GridStep, RowsStep, PoolStep>;

void run(const Program& program, const TensorStep& step, float* arena) noexcept;

}  // namespace tactus::policy::fused
