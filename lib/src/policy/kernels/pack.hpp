// SPDX-License-Identifier: MIT
// Weights in the order in which a Gemv reads them. Set-up.
#pragma once

#include <vector>

#include "policy/kernels/kernel_set.hpp"

namespace tactus::policy::kernels {

// Inputs of an integer format: x ≈ (quantised - zero) · step, each its own.
struct InputSteps {
  std::vector<double> step;
  std::vector<double> zero;  // kInt8
};

// How far inputs reach: max |x|, min x, and max |x| of each (or none).
struct Reach {
  double amax = 0, low = 0;
  std::span<const double> each;
};
// For `count` inputs.
void add_steps(InputSteps& to, Format format, const Reach& reach,
               std::size_t count);

// What KernelSet::quantise16 or 8 reads for them.
[[nodiscard]] std::vector<float> pack_steps(Format format,
                                            const InputSteps& steps);

// W [n, k] row-major and b (null: zeros); integer formats need `steps`.
struct Matrix {
  const double* w = nullptr;
  const double* b = nullptr;
  std::size_t n = 0;
  std::size_t k = 0;
  Format format = Format::kF32;
  const InputSteps* steps = nullptr;
};

// A row of weights as integers: scale · (Σ q·x + start) approximates
// Σ w·(x's value), and Σ |q| · (largest x) fits 32 bits, so no order of
// summation overflows.
struct IntegerRow {
  std::vector<int32_t> q;
  int32_t start = 0;
  double scale = 0;
};
[[nodiscard]] IntegerRow round_row(const Matrix& m, std::size_t row);
// Inputs that such a row can have.
[[nodiscard]] std::size_t most_inputs(Format format) noexcept;

// The upper half of the float, rounded to nearest even.
[[nodiscard]] uint16_t to_bf16(float x) noexcept;

struct GemvShape {
  std::size_t panels = 0;
  std::size_t steps = 0;   // per panel, of block words
  std::size_t stride = 0;  // floats of a panel's weights
  [[nodiscard]] std::size_t floats() const { return panels * stride; }
};

[[nodiscard]] GemvShape shape_of(const KernelSet& set, const Gemv& kernel,
                                 std::size_t n, std::size_t k) noexcept;
// What of x a call reads, in inputs; those beyond k must be finite (their
// weights are zero).
[[nodiscard]] std::size_t inputs_read(const GemvShape& shape,
                                      const Gemv& kernel) noexcept;
// Of weights before a panel's products.
[[nodiscard]] std::size_t header_of(const Gemv& kernel) noexcept;

// Fills shape.floats() floats, which are zero before.
void pack(const KernelSet& set, const Gemv& kernel, const Matrix& m,
          float* out);

}  // namespace tactus::policy::kernels
