// SPDX-License-Identifier: MIT
// Softmax, LayerNormalization, reductions.
#include <algorithm>

#include "policy/backends/fused_lowering.hpp"

namespace tactus::policy::fused {
namespace {

using kernels::TensorKernels;

struct RowsRow {
  std::string_view op;
  kernels::RowsKernel TensorKernels::* kernel;
};
constexpr RowsRow kReduce[] = {{"ReduceL1", &TensorKernels::l1},
                               {"ReduceL2", &TensorKernels::l2},
                               {"ReduceLogSumExp", &TensorKernels::log_sum_exp},
                               {"ReduceMax", &TensorKernels::max},
                               {"ReduceMean", &TensorKernels::mean},
                               {"ReduceMin", &TensorKernels::min},
                               {"ReduceProd", &TensorKernels::product_of},
                               {"ReduceSum", &TensorKernels::sum},
                               {"ReduceSumSquare", &TensorKernels::square_sum}};

// Axes in the order of `perm`.
View permuted(const View& v, const std::vector<std::size_t>& perm) {
  View to{v.at, {}, {}};
  for (const std::size_t d : perm) {
    to.dims.push_back(v.dims[d]);
    to.stride.push_back(v.stride[d]);
  }
  return to;
}

}  // namespace

std::size_t Lowering::push_rows(RowsStep step, std::string_view kernel,
                                Id made) {
  step.y = reserve(made);
  add_kernel(kernel, step.rows.rows, step.rows.n);
  finite_beyond_[static_cast<std::size_t>(made)] = true;
  push_tensor(step, step.y, size_of(made), made);
  return step.y;
}

// Softmax, LogSoftmax: ints {outer, n, inner}; rows that do not lie side by
// side are moved, and the result is looked at in the file's order.
Result<bool> Lowering::lower_softmax(const ir::Node& node) {
  if (has_nothing(node)) return false;
  const Dims& dims = graph_.at(node.out[0]).dims;
  const int64_t outer = node.ints[0], n = node.ints[1], inner = node.ints[2];
  const View x{place_of(node.in[0]), {outer, n, inner}, {n * inner, inner, 1}};
  RowsStep step;
  const TensorKernels& k = *program_.tensor;
  const bool log = node.op == "LogSoftmax";
  step.kernel = log ? k.log_softmax : k.softmax;
  step.rows = {static_cast<std::size_t>(outer * inner),
               static_cast<std::size_t>(n)};
  step.x = dense(permuted(x, {0, 2, 1}));
  const std::size_t at =
      push_rows(step, log ? "logsoftmax" : "softmax", node.out[0]);
  if (inner == 1) return true;
  const View y{at, {outer, n, inner}, {n * inner, 1, n}};
  const auto view = reshaped(y, dims);
  if (view) lies(node.out[0], *view);
  return view.has_value();
}

// ints {outer, n, inner, the last of equals}.
Result<bool> Lowering::lower_argmax(const ir::Node& node) {
  if (has_nothing(node)) return false;
  const int64_t outer = node.ints[0], n = node.ints[1], inner = node.ints[2];
  const View x{place_of(node.in[0]), {outer, n, inner}, {n * inner, inner, 1}};
  const TensorKernels& k = *program_.tensor;
  RowsStep step;
  step.kernel = node.ints[3] != 0 ? k.arg_max_last : k.arg_max;
  step.rows = {static_cast<std::size_t>(outer * inner),
               static_cast<std::size_t>(n)};
  step.x = dense(permuted(x, {0, 2, 1}));
  push_rows(step, "argmax", node.out[0]);
  return true;
}

Result<bool> Lowering::lower_layer_norm(const ir::Node& node) {
  const bool bias = node.in.size() > 2 && node.in[2] != ir::kNone;
  const bool more = node.out.size() > 1 &&
                    std::any_of(node.out.begin() + 1, node.out.end(),
                                [&](Id id) { return uses_->count(id) > 0; });
  if (has_nothing(node) || more || !graph_.is_constant(node.in[1]) ||
      (bias && !graph_.is_constant(node.in[2]))) {
    return false;
  }
  RowsStep step;
  step.kernel = program_.tensor->layer_norm;
  step.rows = {static_cast<std::size_t>(node.ints[0]),
               static_cast<std::size_t>(node.ints[1]),
               static_cast<float>(node.reals[0])};
  step.weights = program_.weights.size();
  const std::size_t part = blocks_of(step.rows.n) * kBlock;
  program_.weights.resize(step.weights + 2 * part, 0.0F);
  for (std::size_t p = 0; p < (bias ? 2U : 1U); ++p)
    std::ranges::transform(ir::data_of(graph_, node.in[p + 1]),
                           program_.weights.data() + step.weights + p * part,
                           [](double v) { return static_cast<float>(v); });
  step.x = place_of(node.in[0]);
  push_rows(step, "layernorm", node.out[0]);
  return true;
}

// ints {groups, channels, inner, channels per scale}.
Result<bool> Lowering::lower_group_norm(const ir::Node& node) {
  if (has_nothing(node) || !graph_.is_constant(node.in[1]) ||
      !graph_.is_constant(node.in[2])) {
    return false;
  }
  const auto count = [&](std::size_t i) {
    return static_cast<std::size_t>(node.ints[i]);
  };
  RowsStep step;
  step.kernel = program_.tensor->group_norm;
  step.rows.n = count(1) / count(0) * count(2);
  step.rows.rows = size_of(node.in[0]) / step.rows.n;
  step.rows.epsilon = static_cast<float>(node.reals[0]);
  step.rows.part = count(3) * count(2);
  step.rows.parts = count(1) / count(3);
  step.weights = program_.weights.size();
  for (const std::size_t i : {1U, 2U})
    for (const double v : ir::data_of(graph_, node.in[i]))
      program_.weights.push_back(static_cast<float>(v));
  // What is packed behind begins on a block.
  program_.weights.resize(blocks_of(program_.weights.size()) * kBlock, 0.0F);
  step.x = place_of(node.in[0]);
  push_rows(step, "groupnorm", node.out[0]);
  return true;
}

// The reduced axes become the last ones.
Result<bool> Lowering::lower_reduce(const ir::Node& node) {
  const auto* found = std::ranges::find(kReduce, node.op, &RowsRow::op);
  if (found == std::end(kReduce) || has_nothing(node) ||
      !may_round(node.out[0])) {
    return false;
  }
  std::vector<std::size_t> order;
  for (const int64_t reduced : {0, 1})
    for (std::size_t d = 0; d < node.ints.size(); ++d)
      if (node.ints[d] == reduced) order.push_back(d);
  RowsStep step;
  step.kernel = program_.tensor->*found->kernel;
  step.rows.rows = size_of(node.out[0]);
  step.rows.n = size_of(node.in[0]) / step.rows.rows;
  step.x = dense(permuted(view_of(node.in[0]), order));
  push_rows(step, "row" + node.op, node.out[0]);
  return true;
}

}  // namespace tactus::policy::fused
