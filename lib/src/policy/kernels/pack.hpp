// SPDX-License-Identifier: MIT
// Weights in the order in which a Gemv reads them. Set-up.
#pragma once

#include "policy/kernels/kernel_set.hpp"

namespace tactus::policy::kernels {

// W [n, k] row-major and b (null: zeros).
struct Matrix {
  const double* w = nullptr;
  const double* b = nullptr;
  std::size_t n = 0;
  std::size_t k = 0;
};

struct GemvShape {
  std::size_t panels = 0;
  std::size_t steps = 0;   // per panel; steps · block inputs are read
  std::size_t stride = 0;  // floats of a panel's weights
  [[nodiscard]] std::size_t floats() const { return panels * stride; }
};

[[nodiscard]] GemvShape shape_of(const KernelSet& set, const Gemv& kernel,
                                 std::size_t n, std::size_t k) noexcept;
// Inputs read beyond k, which must be finite: their weights are zero.
[[nodiscard]] std::size_t read_beyond(const GemvShape& shape,
                                      const Gemv& kernel,
                                      std::size_t k) noexcept;

// Fills shape.floats() floats, which are zero before.
void pack(const KernelSet& set, const Gemv& kernel, const Matrix& m,
          float* out);

}  // namespace tactus::policy::kernels
