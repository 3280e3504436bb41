// SPDX-License-Identifier: MIT
// GroupNormalization and InstanceNormalization: mean and variance over a
// group of channels and all that lies behind them. LayerNormalization and
// BatchNormalization are with the reductions (ops_reduce.cpp).
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "policy/ir/ops.hpp"

namespace tactus::policy::ir {
namespace {

using Dims = std::vector<int64_t>;

// ints {groups, channels, inner, channels per scale}; reals {epsilon}.
Result<void> infer_grouped(Inference& at, int64_t groups) {
  const Dims& dims = input(at, 0).dims;
  const int64_t channels = dims.size() > 1 ? dims[1] : 0;
  if (groups < 1 || channels < 1 || channels % groups != 0) {
    return op_error(at,
                    fmt::format("{} channels in {} groups", channels, groups),
                    "export again");
  }
  const int64_t scales = input(at, 1).size();
  if ((scales != channels && scales != groups) ||
      input(at, 2).size() != scales) {
    return op_error(at, "scale or bias has another size", "export again");
  }
  int64_t inner = 1;
  for (std::size_t i = 2; i < dims.size(); ++i) inner *= dims[i];
  const float epsilon = 1e-5F;
  at.node.ints = {groups, channels, inner, channels / scales};
  at.node.reals = {real_attribute(at.source, "epsilon", epsilon)};
  set_output(at, 0, dims, input(at, 0).dtype);
  return {};
}

// Up to opset 20 scale and bias are per group, from 21 on per channel.
Result<void> infer_group_norm(Inference& at) {
  return infer_grouped(at, int_attribute(at.source, "num_groups", 0));
}

Result<void> infer_instance_norm(Inference& at) {
  const Dims& dims = input(at, 0).dims;
  return infer_grouped(at, dims.size() > 1 ? dims[1] : 0);
}

void eval_grouped(const Node& node, std::span<const In> in,
                  std::span<const Out> out) {
  const int64_t inner = node.ints[2], channels = node.ints[1];
  const int64_t run = channels / node.ints[0] * inner;
  const auto n = static_cast<double>(run);
  for (int64_t first = 0; first < out[0].size; first += run) {
    const double* x = in[0].data + first;
    double sum = 0, square = 0;
    for (int64_t i = 0; i < run; ++i) sum += x[i];
    const double middle = sum / n;
    for (int64_t i = 0; i < run; ++i) {
      square += (x[i] - middle) * (x[i] - middle);
    }
    const double spread = std::sqrt(square / n + node.reals[0]);
    for (int64_t i = 0; i < run; ++i) {
      const int64_t s = (first + i) / inner % channels / node.ints[3];
      out[0].data[first + i] =
          (x[i] - middle) / spread * in[1].data[s] + in[2].data[s];
    }
  }
}

constexpr Op kOps[] = {
    {"GroupNormalization", 3, 3, infer_group_norm, eval_grouped},
    {"InstanceNormalization", 3, 3, infer_instance_norm, eval_grouped},
};

}  // namespace

std::span<const Op> norm_ops() noexcept { return kOps; }

}  // namespace tactus::policy::ir
