// SPDX-License-Identifier: MIT
// Activations, element-wise arithmetic.
#include <algorithm>
#include <cmath>

#include "policy/backends/fused_lowering.hpp"

namespace tactus::policy::fused {

// Of zero, or of what is finite, they need not be.
constexpr std::string_view kUnbounded[] = {
    "Acos", "Asin", "Cosh", "Exp", "Log", "Reciprocal", "Sinh", "Sqrt", "Tan"};

// Padding stays finite if the input's is; a chain of Exp need not, nor the
// root of what is negative there.
void Lowering::stays_finite(const ir::Node& node) {
  // Celu divides by its alpha; an infinite one is multiplied by zero.
  const bool usual = std::ranges::all_of(node.reals, [&](double r) {
    return std::isfinite(r) && (node.op != "Celu" || r != 0);
  });
  finite_beyond_[static_cast<std::size_t>(node.out[0])] =
      std::ranges::find(kUnbounded, node.op) == std::end(kUnbounded) && usual &&
      finite_beyond_[static_cast<std::size_t>(node.in[0])];
}

// Into the step before, when that has room and nothing else reads its value.
bool Lowering::fuse(const ir::Node& node,
                    const kernels::ActivationEntry& entry) {
  // By value, not by place: a slice shares the place of what it cuts.
  if (node.in[0] != last_made_ || uses_->count(node.in[0]) != 1) return false;
  Step& last = program_.steps.back();
  const auto view = reshaped(view_of(node.in[0]), graph_.at(node.out[0]).dims);
  if (last.activation || !view) return false;
  last.activation = entry.apply;
  std::ranges::transform(node.reals, last.params,
                         [](double r) { return static_cast<float>(r); });
  lies(node.out[0], *view);
  stays_finite(node);
  return true;
}

Result<bool> Lowering::lower_activation(const ir::Node& node) {
  const auto* entry = activation_of(node.op);
  if (!entry || node.in.size() != 1 || node.reals.size() > 2) return false;
  if (fuse(node, *entry)) return true;
  // Whatever the order of the elements, if they are all there.
  const View from = view_of(node.in[0]);
  auto to = reshaped(from, graph_.at(node.out[0]).dims);
  const bool in_order = to && is_whole(from);
  Step step;
  step.kind = StepKind::kUnary;
  step.x = in_order ? from.at : place_of(node.in[0]);
  step.y = reserve(node.out[0]);
  if (in_order) {
    to->at = step.y;
    lies(node.out[0], *to);
  }
  step.count = blocks_of(size_of(node.out[0]));
  step.activation = entry->apply;
  carry_columns(step.x, step.y, size_of(node.out[0]));
  stays_finite(node);
  std::ranges::transform(node.reals, step.params,
                         [](double r) { return static_cast<float>(r); });
  push(step, node.out[0]);
  return true;
}

struct BinaryKernel {
  std::string_view op;
  kernels::Binary kernels::KernelSet::* kernel;
};
constexpr BinaryKernel kBinary[] = {{"Add", &kernels::KernelSet::add},
                                    {"Sub", &kernels::KernelSet::sub},
                                    {"Mul", &kernels::KernelSet::mul},
                                    {"Div", &kernels::KernelSet::div}};

Result<bool> Lowering::lower_binary(const ir::Node& node) {
  const auto* found = std::ranges::find(kBinary, node.op, &BinaryKernel::op);
  const std::size_t size = size_of(node.out[0]);
  if (found == std::end(kBinary) || !may_round(node.out[0]) ||
      size_of(node.in[0]) != size || size_of(node.in[1]) != size) {
    return false;
  }
  Step step;
  step.kind = StepKind::kBinary;
  step.binary = program_.set->*found->kernel;
  step.x = place_of(node.in[0]);
  step.other = place_of(node.in[1]);
  step.y = reserve(node.out[0]);
  step.count = blocks_of(size);
  push(step, node.out[0]);
  return true;
}

}  // namespace tactus::policy::fused
