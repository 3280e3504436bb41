// SPDX-License-Identifier: MIT
// Activations on sixteen floats, our own approximations. The error bounds
// are tested (tests/unit/policy/activations_test.cpp) against double libm;
// NaN in is NaN out. RT-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "policy/kernels/vector.hpp"

namespace tactus::policy::kernels {

// In place; `p` are the operator's reals (ir/ops.hpp) as floats.
using Activation = void (*)(F16& x, const float* p);

struct ActivationEntry {
  std::string_view op;
  Activation apply;
  // |error| ≤ relative·|f(x)| + absolute for |x| ≤ 60, alpha as ONNX's
  // default; bounds hold for the tested grid of 10^6 points with margin 2.
  double relative;
  double absolute;
};

// Null if `op` is not one of them.
[[nodiscard]] const ActivationEntry* find_activation(
    std::string_view op) noexcept;

}  // namespace tactus::policy::kernels
