// SPDX-License-Identifier: MIT
// Values that are looked at in another order, and what it takes to have them
// in that order.
#include <algorithm>

#include "policy/backends/fused_lowering.hpp"

namespace tactus::policy::fused {
namespace {

constexpr std::size_t kMostPicked = std::size_t{1} << 22;

}  // namespace

// A constant is put into the arena when first read.
std::size_t Lowering::place_of(Id id) {
  const auto i = static_cast<std::size_t>(id);
  if (offset_[i] == kNowhere && graph_.at(id).constant) {
    constants_.emplace_back(top_, id);
    return reserve(id);
  }
  if (stride_[i].empty()) return offset_[i];
  const View view = view_of(id);
  const std::size_t at = reserve(id);
  stride_[i].clear();
  move(view, {at, view.dims, dense_strides(view.dims)});
  finite_beyond_[i] = true;  // moved exactly: padding stays zero
  return at;
}

View Lowering::view_of(Id id) {
  const auto i = static_cast<std::size_t>(id);
  const Dims& dims = graph_.at(id).dims;
  if (stride_[i].empty()) return {place_of(id), dims, dense_strides(dims)};
  return {offset_[i], dims, stride_[i]};
}

// `view` has the value's dims.
void Lowering::lies(Id id, const View& view) {
  const auto i = static_cast<std::size_t>(id);
  offset_[i] = view.at;
  stride_[i] = is_dense(view) ? Dims() : view.stride;
}

std::size_t Lowering::dense(const View& view) {
  if (is_dense(view)) return view.at;
  int64_t floats = 1;
  for (const int64_t d : view.dims) floats *= d;
  const std::size_t at = scratch(static_cast<std::size_t>(floats));
  move(view, {at, view.dims, dense_strides(view.dims)});
  return at;
}

// Same dims on both sides, at least one element.
void Lowering::move(const View& from, const View& to) {
  const Walk w = walk(from.dims, {from.stride, to.stride});
  Step step;
  step.x = from.at;
  step.y = to.at;
  if (w.size.size() == 1 && w.stride[0][0] == 1 && w.stride[1][0] == 1) {
    step.count = static_cast<std::size_t>(w.size[0]);
    carry_columns(step.x, step.y, step.count);
    return push(step, ir::kNone);
  }
  MoveStep m;
  m.x = from.at;
  m.y = to.at;
  m.axes = static_cast<uint32_t>(w.size.size());
  for (std::size_t d = 0; d < w.size.size(); ++d) {
    m.size[d] = static_cast<std::size_t>(w.size[d]);
    m.x_stride[d] = static_cast<std::ptrdiff_t>(w.stride[0][d]);
    m.y_stride[d] = static_cast<std::ptrdiff_t>(w.stride[1][d]);
  }
  push_tensor(m, to.at, 0, ir::kNone);
}

void Lowering::push_tensor(TensorStep tensor, std::size_t y, std::size_t floats,
                           Id made) {
  Step step;
  step.kind = StepKind::kTensor;
  step.index = program_.tensors.size();
  step.y = y;
  step.count = blocks_of(floats);
  program_.tensors.push_back(tensor);
  push(step, made);
}

Result<bool> Lowering::lower_reshape(const ir::Node& node) {
  const Dims& dims = graph_.at(node.out[0]).dims;
  const auto in = static_cast<std::size_t>(node.in[0]);
  const auto out = static_cast<std::size_t>(node.out[0]);
  if (!stride_[in].empty()) {
    if (const auto view = reshaped(view_of(node.in[0]), dims)) {
      lies(node.out[0], *view);
      return true;
    }
  }
  offset_[out] = place_of(node.in[0]);
  finite_beyond_[out] = finite_beyond_[in];
  return true;
}

Result<bool> Lowering::lower_transpose(const ir::Node& node) {
  const View from = view_of(node.in[0]);
  View to{from.at, graph_.at(node.out[0]).dims, {}};
  for (const int64_t axis : node.ints)
    to.stride.push_back(from.stride[static_cast<std::size_t>(axis)]);
  lies(node.out[0], to);
  return true;
}

Result<bool> Lowering::lower_slice(const ir::Node& node) {
  View view = view_of(node.in[0]);
  auto at = static_cast<int64_t>(view.at);
  for (std::size_t d = 0; d < view.dims.size(); ++d) {
    at += node.ints[d] * view.stride[d];
    view.stride[d] *= node.ints[view.dims.size() + d];
  }
  view.at = static_cast<std::size_t>(at);
  view.dims = graph_.at(node.out[0]).dims;
  lies(node.out[0], view);
  return true;
}

Result<bool> Lowering::lower_expand(const ir::Node& node) {
  const Dims& dims = graph_.at(node.out[0]).dims;
  lies(node.out[0], spread(view_of(node.in[0]), dims));
  return true;
}

Result<bool> Lowering::lower_concat(const ir::Node& node) {
  const Dims& dims = graph_.at(node.out[0]).dims;
  const auto axis = static_cast<std::size_t>(node.ints[0]);
  View to{reserve(node.out[0]), dims, dense_strides(dims)};
  const auto step = static_cast<std::size_t>(to.stride[axis]);
  for (const Id id : node.in) {
    if (size_of(id) == 0) continue;
    const View from = view_of(id);
    to.dims = from.dims;
    move(from, to);
    to.at += step * static_cast<std::size_t>(from.dims[axis]);
  }
  finite_beyond_[static_cast<std::size_t>(node.out[0])] = true;
  return true;
}

namespace {

// Non-negative.
Dims indices_of(const std::vector<double>& given, int64_t size) {
  Dims index;
  for (const double v : given) {
    const auto i = static_cast<int64_t>(v);
    index.push_back(i < 0 ? i + size : i);
  }
  return index;
}

bool is_even(const Dims& index) {
  for (std::size_t i = 2; i < index.size(); ++i)
    if (index[i] - index[i - 1] != index[1] - index[0]) return false;
  return true;
}

// Where each element of a Gather lies behind `from.at`, in order.
Dims gathered(const View& from, std::size_t axis, const Dims& index) {
  int64_t outer = 1, inner = 1;
  for (std::size_t d = 0; d < from.dims.size(); ++d)
    if (d != axis) (d < axis ? outer : inner) *= from.dims[d];
  const auto place = [&](int64_t flat, std::size_t first, std::size_t end) {
    int64_t at = 0;
    for (std::size_t d = end; d > first; --d) {
      at += flat % from.dims[d - 1] * from.stride[d - 1];
      flat /= from.dims[d - 1];
    }
    return at;
  };
  Dims at;
  for (int64_t o = 0; o < outer; ++o)
    for (const int64_t i : index)
      for (int64_t n = 0; n < inner; ++n)
        at.push_back(place(o, 0, axis) + i * from.stride[axis] +
                     place(n, axis + 1, from.dims.size()));
  return at;
}

}  // namespace

// One index, or indices at even steps, are looked at; others are picked.
Result<bool> Lowering::lower_gather(const ir::Node& node) {
  if (!graph_.is_constant(node.in[1]) || has_nothing(node)) return false;
  const View from = view_of(node.in[0]);
  const auto axis = static_cast<std::size_t>(node.ints[0]);
  const Dims index =
      indices_of(ir::data_of(graph_, node.in[1]), from.dims[axis]);
  if (!is_even(index)) return pick(node, from, gathered(from, axis, index));
  View to = from;
  to.at += static_cast<std::size_t>(index[0] * from.stride[axis]);
  to.dims[axis] = static_cast<int64_t>(index.size());
  to.stride[axis] =
      index.size() > 1 ? (index[1] - index[0]) * from.stride[axis] : 0;
  // The axis becomes as many as the indices have.
  const auto view = reshaped(to, graph_.at(node.out[0]).dims);
  if (view) lies(node.out[0], *view);
  return view.has_value();
}

bool Lowering::pick(const ir::Node& node, const View& from, const Dims& at) {
  if (at.size() > kMostPicked || std::ranges::min(from.stride) < 0)
    return false;
  PickStep step;
  step.x = from.at;
  step.at = table(at);
  step.count = at.size();
  step.y = reserve(node.out[0]);
  finite_beyond_[static_cast<std::size_t>(node.out[0])] = true;
  add_kernel("pick", step.count, 0);
  push_tensor(step, step.y, step.count, node.out[0]);
  return true;
}

// In Program::places; equal tables are one.
std::size_t Lowering::table(const Dims& at) {
  const auto [entry, is_new] = tables_.emplace(at, program_.places.size());
  if (is_new)
    for (const int64_t v : at)
      program_.places.push_back(static_cast<uint32_t>(v));
  return entry->second;
}

}  // namespace tactus::policy::fused
