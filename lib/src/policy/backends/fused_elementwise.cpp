// SPDX-License-Identifier: MIT
// Activations, element-wise arithmetic, slices, concatenation.
#include <algorithm>

#include "policy/backends/fused_lowering.hpp"

namespace tactus::policy::fused {

// Padding stays finite if the input's is; a chain of Exp need not.
void Lowering::stays_finite(const ir::Node& node) {
  finite_beyond_[static_cast<std::size_t>(node.out[0])] =
      node.op != "Exp" && finite_beyond_[static_cast<std::size_t>(node.in[0])];
}

// Into the step before, when that has room and nothing else reads its value.
bool Lowering::fuse(const ir::Node& node,
                    const kernels::ActivationEntry& entry) {
  // By value, not by place: a slice shares the place of what it cuts.
  if (node.in[0] != last_made_ || uses_->count(node.in[0]) != 1) return false;
  Step& last = program_.steps.back();
  if (last.activation) return false;
  last.activation = entry.apply;
  std::ranges::transform(node.reals, last.params,
                         [](double r) { return static_cast<float>(r); });
  offset_[static_cast<std::size_t>(node.out[0])] = last.y;
  stays_finite(node);
  return true;
}

Result<bool> Lowering::lower_activation(const ir::Node& node) {
  const auto* entry = kernels::find_activation(*program_.set, node.op);
  if (!entry || node.in.size() != 1 || node.reals.size() > 2) return false;
  if (fuse(node, *entry)) return true;
  Step step;
  step.kind = StepKind::kUnary;
  step.x = place_of(node.in[0]);
  step.y = reserve(node.out[0]);
  step.count = blocks_of(size_of(node.out[0]));
  step.activation = entry->apply;
  finite_beyond_[static_cast<std::size_t>(node.out[0])] =
      finite_beyond_[static_cast<std::size_t>(node.in[0])];
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
  if (found == std::end(kBinary) || size_of(node.in[0]) != size ||
      size_of(node.in[1]) != size) {
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

// A contiguous slice is only a place; one observation has nothing else.
Result<bool> Lowering::lower_slice(const ir::Node& node) {
  const auto& in = graph_.at(node.in[0]).dims;
  const auto& out = graph_.at(node.out[0]).dims;
  int64_t start = 0, stride = 1;
  bool cut = false;
  for (std::size_t d = in.size(); d-- > 0;) {
    if (cut && out[d] != 1) return false;
    if (out[d] > 1 && node.ints[in.size() + d] != 1) return false;
    start += node.ints[d] * stride;
    stride *= in[d];
    cut = cut || out[d] != in[d];
  }
  offset_[static_cast<std::size_t>(node.out[0])] =
      place_of(node.in[0]) + static_cast<std::size_t>(start);
  return true;
}

Result<bool> Lowering::lower_concat(const ir::Node& node) {
  const auto& dims = graph_.at(node.out[0]).dims;
  for (int64_t d = 0; d < node.ints[0]; ++d) {
    if (dims[static_cast<std::size_t>(d)] != 1) return false;
  }
  std::size_t y = reserve(node.out[0]);
  for (const Id id : node.in) {
    Step step;
    step.x = place_of(id);
    step.y = y;
    step.count = size_of(id);
    push(step, ir::kNone);
    y += step.count;
  }
  return true;
}

}  // namespace tactus::policy::fused
