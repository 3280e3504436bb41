// SPDX-License-Identifier: MIT
// Element by element with broadcasting: arithmetic, comparisons, Where.
#include <algorithm>

#include "policy/backends/fused_lowering.hpp"

namespace tactus::policy::fused {
namespace {

using kernels::TensorKernels;

// kFloats: it rounds, which integers must not be. kExact: it is what it is
// for every number that a float holds, and a constant beside is one.
enum class Takes : uint8_t { kFloats, kExact };

struct GridRow {
  std::string_view op;
  kernels::GridKernel TensorKernels::* kernel;
  Takes takes = Takes::kFloats;
};
constexpr GridRow kGrid[] = {
    {"Add", &TensorKernels::add},
    {"And", &TensorKernels::both, Takes::kExact},
    {"Div", &TensorKernels::div},
    {"Equal", &TensorKernels::equal, Takes::kExact},
    {"Greater", &TensorKernels::greater, Takes::kExact},
    {"GreaterOrEqual", &TensorKernels::greater_equal, Takes::kExact},
    {"Less", &TensorKernels::less, Takes::kExact},
    {"LessOrEqual", &TensorKernels::less_equal, Takes::kExact},
    {"Max", &TensorKernels::max_of},
    {"Min", &TensorKernels::min_of},
    {"Mul", &TensorKernels::mul},
    {"Or", &TensorKernels::either, Takes::kExact},
    {"PRelu", &TensorKernels::prelu},
    {"Pow", &TensorKernels::pow},
    {"Sub", &TensorKernels::sub},
    {"Xor", &TensorKernels::one_of, Takes::kExact}};

bool is_float(double v) {
  return v != v || static_cast<double>(static_cast<float>(v)) == v;
}

bool constants_are_floats(const Graph& graph, const ir::Node& node) {
  return std::ranges::all_of(node.in, [&](Id id) {
    return !graph.is_constant(id) ||
           std::ranges::all_of(ir::data_of(graph, id), is_float);
  });
}

}  // namespace

// y[…] = x ∘ other over `dims`, which both are spread to; y lies dense. At
// most kGridAxes of them.
void Lowering::push_grid(kernels::GridKernel kernel, View x, View other,
                         const Dims& dims, std::size_t y, Id made) {
  View* const sides[] = {&x, &other};
  const auto strides = [&] {
    return walk(dims, {x.stride, other.stride, dense_strides(dims)});
  };
  Walk w = strides();
  for (std::size_t i = 0; i < 2; ++i) {
    const bool fits =
        w.stride[i].back() <= 1 && std::ranges::min(w.stride[i]) >= 0;
    if (!fits) *sides[i] = {dense(*sides[i]), dims, dense_strides(dims)};
  }
  w = strides();
  GridStep step;
  step.kernel = kernel;
  step.grid.axes = static_cast<uint32_t>(w.size.size());
  std::size_t size = 1;
  for (std::size_t d = 0; d < w.size.size(); ++d) {
    step.grid.size[d] = static_cast<std::size_t>(w.size[d]);
    step.grid.x[d] = static_cast<std::size_t>(w.stride[0][d]);
    step.grid.other[d] = static_cast<std::size_t>(w.stride[1][d]);
    size *= step.grid.size[d];
  }
  step.x = x.at;
  step.other = other.at;
  step.y = y;
  push_tensor(step, y, size, made);
}

Result<bool> Lowering::lower_grid(const ir::Node& node) {
  const auto* found = std::ranges::find(kGrid, node.op, &GridRow::op);
  const Dims& dims = graph_.at(node.out[0]).dims;
  if (found == std::end(kGrid) || has_nothing(node) ||
      dims.size() > kernels::kGridAxes) {
    return false;
  }
  const bool exact = found->takes == Takes::kExact;
  if (exact ? !constants_are_floats(graph_, node) : !may_round(node.out[0]))
    return false;
  const View x = spread(view_of(node.in[0]), dims);
  const View other = spread(view_of(node.in[1]), dims);
  push_grid(program_.tensor->*found->kernel, x, other, dims,
            reserve(node.out[0]), node.out[0]);
  add_kernel("grid" + node.op, size_of(node.out[0]), 0);
  finite_beyond_[static_cast<std::size_t>(node.out[0])] = true;
  return true;
}

// Of either side what the condition leaves, put together.
Result<bool> Lowering::lower_where(const ir::Node& node) {
  const Dims& dims = graph_.at(node.out[0]).dims;
  if (has_nothing(node) || dims.size() > kernels::kGridAxes) return false;
  View in[3];
  for (std::size_t i = 0; i < 3; ++i) in[i] = spread(view_of(node.in[i]), dims);
  const TensorKernels& k = *program_.tensor;
  const std::size_t size = size_of(node.out[0]);
  const View kept{scratch(size), dims, dense_strides(dims)};
  const View other{scratch(size), dims, dense_strides(dims)};
  push_grid(k.kept, in[1], in[0], dims, kept.at, ir::kNone);
  push_grid(k.dropped, in[2], in[0], dims, other.at, ir::kNone);
  push_grid(k.joined, kept, other, dims, reserve(node.out[0]), node.out[0]);
  add_kernel("where", size, 0);
  finite_beyond_[static_cast<std::size_t>(node.out[0])] = true;
  return true;
}

}  // namespace tactus::policy::fused
