// SPDX-License-Identifier: MIT
#include "policy/ir/ops.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace tactus::policy::ir {
namespace {

const Op* find_in(std::span<const Op> family, std::string_view name) {
  const auto it = std::ranges::find(family, name, &Op::name);
  return it == family.end() ? nullptr : &*it;
}

std::string text_of(std::span<const int64_t> dims) {
  std::string text = "[";
  for (const int64_t d : dims) {
    if (text.size() > 1) text += ',';
    text += std::to_string(d);
  }
  return text + "]";
}

}  // namespace

const Op* find_op(std::string_view name) noexcept {
  for (const auto family :
       {unary_ops(), binary_ops(), matrix_ops(), shape_ops(), move_ops(),
        reduce_ops(), recurrent_ops(), conv_ops(), pool_ops(), norm_ops(),
        quant_ops(), fill_ops()}) {
    if (const Op* op = find_in(family, name)) return op;
  }
  return nullptr;
}

Error op_error(const Inference& at, std::string_view what,
               std::string_view remedy) {
  return bad_input("{} (node '{}', opset {}): {}: {}", at.source.op,
                   at.source.name, at.opset, what, remedy);
}

const onnx::Attribute* find_attribute(const onnx::Node& node,
                                      std::string_view name) noexcept {
  for (const auto& a : node.attributes) {
    if (a.name == name) return &a;
  }
  return nullptr;
}

int64_t int_attribute(const onnx::Node& node, std::string_view name,
                      int64_t otherwise) noexcept {
  const auto* a = find_attribute(node, name);
  return a ? a->i : otherwise;
}

double real_attribute(const onnx::Node& node, std::string_view name,
                      double otherwise) noexcept {
  const auto* a = find_attribute(node, name);
  return a ? static_cast<double>(a->f) : otherwise;
}

int64_t to_int(double value) noexcept {
  if (!(value == value)) return 0;
  if (value >= 0x1p63) return INT64_MAX;
  if (value <= -0x1p63) return INT64_MIN;
  return static_cast<int64_t>(value);
}

const Value& input(const Inference& at, std::size_t i) noexcept {
  return at.graph.at(at.node.in[i]);
}

bool has_input(const Inference& at, std::size_t i) noexcept {
  return i < at.node.in.size() && at.node.in[i] != kNone;
}

void set_output(const Inference& at, std::size_t i, std::vector<int64_t> dims,
                DType dtype) {
  if (i >= at.node.out.size() || at.node.out[i] == kNone) return;
  Value& value = at.graph.at(at.node.out[i]);
  value.dims = std::move(dims);
  value.dtype = dtype;
}

void ensure_output(Inference& at, std::size_t i, std::vector<int64_t> dims,
                   DType dtype) {
  if (at.node.out.size() <= i) at.node.out.resize(i + 1, kNone);
  Id& id = at.node.out[i];
  if (id == kNone) id = at.graph.add({});
  set_output(at, i, std::move(dims), dtype);
}

Result<Integers> integers_of(const Inference& at, std::string_view name,
                             std::size_t index) {
  Integers result;
  if (has_input(at, index)) {
    const Value& value = input(at, index);
    if (!value.constant) {
      return op_error(at, fmt::format("input '{}' is not constant", value.name),
                      "export with static shapes");
    }
    result.present = true;
    for (const double d : *value.constant) result.values.push_back(to_int(d));
  } else if (const auto* a = find_attribute(at.source, name)) {
    result.present = true;
    result.values = a->ints;
  }
  return result;
}

Result<std::size_t> axis_of(const Inference& at, int64_t axis,
                            std::size_t rank) {
  const auto r = static_cast<int64_t>(rank);
  if (axis < -r || axis >= r) {
    return op_error(at, fmt::format("axis {} of a rank {} tensor", axis, rank),
                    "export the model again");
  }
  return static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

Result<std::vector<int64_t>> broadcast(const Inference& at,
                                       std::span<const int64_t> a,
                                       std::span<const int64_t> b) {
  const std::size_t rank = std::max(a.size(), b.size());
  std::vector<int64_t> out(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t from_end = rank - i;
    const int64_t x = from_end > a.size() ? 1 : a[a.size() - from_end];
    const int64_t y = from_end > b.size() ? 1 : b[b.size() - from_end];
    if (x != y && x != 1 && y != 1) {
      return op_error(at,
                      fmt::format("shapes {} and {} do not broadcast",
                                  text_of(a), text_of(b)),
                      "export with static shapes");
    }
    out[i] = x == 1 ? y : x;
  }
  return out;
}

Broadcast::Broadcast(std::span<const int64_t> out,
                     std::span<const int64_t> in) noexcept
    : rank_(out.size()) {
  int64_t stride = 1;
  for (std::size_t i = 0; i < rank_; ++i) {
    const std::size_t o = rank_ - 1 - i;
    size_[o] = out[o];
    const int64_t d = i < in.size() ? in[in.size() - 1 - i] : 1;
    stride_[o] = d == 1 ? 0 : stride;
    stride *= d;
  }
}

void Broadcast::next() noexcept {
  for (std::size_t i = rank_; i-- > 0;) {
    offset_ += stride_[i];
    if (++index_[i] < size_[i]) return;
    offset_ -= stride_[i] * size_[i];
    index_[i] = 0;
  }
}

}  // namespace tactus::policy::ir
