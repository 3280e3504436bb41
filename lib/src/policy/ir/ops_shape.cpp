// SPDX-License-Identifier: MIT
// Operators that move values without computing. All shapes are static, so
// Shape, ConstantOfShape and their arithmetic fold away. Everything that
// only renames becomes `Reshape`, which backends do by sharing memory.
#include <algorithm>

#include "core/error.hpp"
#include "policy/ir/ops.hpp"

namespace tactus::policy::ir {
namespace {

using Dims = std::vector<int64_t>;

void eval_copy(const Node&, std::span<const In> in, std::span<const Out> out) {
  std::copy_n(in[0].data, out[0].size, out[0].data);
}

Result<void> rename(Inference& at, Dims dims) {
  const int64_t count = onnx::elements(dims);
  if (count != input(at, 0).size()) {
    return op_error(
        at,
        fmt::format("{} elements do not become {}", input(at, 0).size(), count),
        "export with static shapes");
  }
  set_output(at, 0, std::move(dims), input(at, 0).dtype);
  at.node.op = "Reshape";
  at.node.in.resize(1);
  at.node.out.resize(1);
  return {};
}

Result<void> infer_identity(Inference& at) {
  return rename(at, input(at, 0).dims);
}

Result<void> infer_reshape(Inference& at) {
  auto shape = integers_of(at, "shape", 1);
  if (!shape) return shape.error();
  const Dims& from = input(at, 0).dims;
  const bool keep_zero = int_attribute(at.source, "allowzero", 0) != 0;
  Dims dims = shape->values;
  int64_t known = 1;
  std::size_t open = dims.size();
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && !keep_zero && i < from.size()) dims[i] = from[i];
    if (dims[i] == -1 && open == dims.size()) {
      open = i;
    } else if (dims[i] < 0 || dims[i] > onnx::kMaxElements ||
               (known *= dims[i]) > onnx::kMaxElements) {
      return op_error(at, "its shape is out of range", "export again");
    }
  }
  if (open < dims.size()) {
    dims[open] = known > 0 ? input(at, 0).size() / known : 0;
  }
  return rename(at, std::move(dims));
}

Result<void> infer_flatten(Inference& at) {
  const Dims& from = input(at, 0).dims;
  int64_t axis = int_attribute(at.source, "axis", 1);
  const auto rank = static_cast<int64_t>(from.size());
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > rank)
    return op_error(at, "axis is out of range", "export again");
  int64_t outer = 1, inner = 1;
  for (int64_t i = 0; i < rank; ++i) {
    (i < axis ? outer : inner) *= from[static_cast<std::size_t>(i)];
  }
  return rename(at, {outer, inner});
}

// Sorted, unique, 0 … rank-1.
Result<Dims> axes_in(const Inference& at, const Dims& axes, std::size_t rank) {
  Dims sorted;
  for (const int64_t a : axes) {
    auto axis = axis_of(at, a, rank);
    if (!axis) return axis.error();
    sorted.push_back(static_cast<int64_t>(*axis));
  }
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end()) {
    return op_error(at, "an axis is named twice", "export again");
  }
  return sorted;
}

Result<void> infer_squeeze(Inference& at) {
  auto axes = integers_of(at, "axes", 1);
  if (!axes) return axes.error();
  const Dims from = input(at, 0).dims;
  auto drop = axes_in(at, axes->values, from.size());
  if (!drop) return drop.error();
  Dims dims;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const bool named =
        std::ranges::binary_search(*drop, static_cast<int64_t>(i));
    if (axes->present ? !named : from[i] != 1) dims.push_back(from[i]);
  }
  return rename(at, std::move(dims));
}

Result<void> infer_unsqueeze(Inference& at) {
  auto axes = integers_of(at, "axes", 1);
  if (!axes) return axes.error();
  Dims dims = input(at, 0).dims;
  const std::size_t rank = dims.size() + axes->values.size();
  if (rank > onnx::kMaxRank)
    return op_error(at, "rank is above 8", "export again");
  auto places = axes_in(at, axes->values, rank);
  if (!places) return places.error();
  for (const int64_t p : *places) dims.insert(dims.begin() + p, 1);
  return rename(at, std::move(dims));
}

Result<void> infer_dropout(Inference& at) {
  if (has_input(at, 2)) {
    const Value& training = input(at, 2);
    if (!training.constant || training.constant->empty() ||
        training.constant->front() != 0) {
      return op_error(at, "training mode", "export for inference");
    }
  }
  return infer_identity(at);
}

Result<void> infer_cast(Inference& at) {
  const DType to =
      onnx::dtype_of(static_cast<uint64_t>(int_attribute(at.source, "to", 1)));
  if (to == DType::kOther) {
    return op_error(at, "to this data type",
                    "use a float, an integer of 8 bits or more, or bool");
  }
  if (onnx::is_floating(to)) {
    auto ok = infer_identity(at);
    set_output(at, 0, input(at, 0).dims, to);
    return ok;
  }
  const auto bits = static_cast<int64_t>(8 * onnx::bytes_of(to));
  const bool is_signed = to == DType::kI8 || to == DType::kI16 ||
                         to == DType::kI32 || to == DType::kI64;
  at.node.ints = {to == DType::kBool, bits, is_signed};
  set_output(at, 0, input(at, 0).dims, to);
  return {};
}

// What stays of `value` in Cast's integer: ints {is bool, bits, is signed}.
int64_t wrapped(int64_t value, const Node& cast) {
  if (cast.ints[1] == 64) return value;
  const int64_t span = int64_t{1} << cast.ints[1];
  const int64_t low = value & (span - 1);
  return cast.ints[2] != 0 && low >= span / 2 ? low - span : low;
}

// To integer (towards zero, then as in C) or bool.
void eval_cast(const Node& node, std::span<const In> in,
               std::span<const Out> out) {
  for (int64_t i = 0; i < out[0].size; ++i) {
    const double x = in[0].data[i];
    out[0].data[i] =
        node.ints[0] ? x != 0 : static_cast<double>(wrapped(to_int(x), node));
  }
}

Result<void> infer_constant(Inference& at, Dims dims, DType dtype,
                            std::vector<double> data) {
  set_output(at, 0, std::move(dims), dtype);
  at.graph.at(at.node.out[0]).constant =
      std::make_shared<const std::vector<double>>(std::move(data));
  return {};
}

Result<void> infer_shape(Inference& at) {
  const Dims& from = input(at, 0).dims;
  const auto rank = static_cast<int64_t>(from.size());
  const auto clamp = [&](int64_t i) {
    return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank);
  };
  const int64_t begin = clamp(int_attribute(at.source, "start", 0));
  const int64_t end = clamp(int_attribute(at.source, "end", rank));
  std::vector<double> data;
  for (int64_t i = begin; i < end; ++i) {
    data.push_back(static_cast<double>(from[static_cast<std::size_t>(i)]));
  }
  const auto count = static_cast<int64_t>(data.size());
  return infer_constant(at, {count}, DType::kI64, std::move(data));
}

Result<void> infer_size(Inference& at) {
  return infer_constant(at, {}, DType::kI64,
                        {static_cast<double>(input(at, 0).size())});
}

constexpr int64_t kMaxComputed = int64_t{1} << 22;

Result<void> infer_constant_of_shape(Inference& at) {
  auto shape = integers_of(at, "shape", 0);
  if (!shape) return shape.error();
  const auto* a = find_attribute(at.source, "value");
  const int64_t count = onnx::elements(shape->values);
  if (count < 0 || count > kMaxComputed ||
      shape->values.size() > onnx::kMaxRank ||
      (a && (!a->t || a->t->data.size() != 1))) {
    return op_error(at, "its shape or value is out of range", "export again");
  }
  return infer_constant(at, shape->values, a ? a->t->dtype : DType::kF32,
                        std::vector<double>(static_cast<std::size_t>(count),
                                            a ? a->t->data.front() : 0.0));
}

Result<void> infer_value(Inference& at) {
  if (const auto* a = find_attribute(at.source, "value"); a && a->t) {
    return infer_constant(at, a->t->dims, a->t->dtype, a->t->data);
  }
  if (const auto* a = find_attribute(at.source, "value_float")) {
    return infer_constant(at, {}, DType::kF32, {static_cast<double>(a->f)});
  }
  if (const auto* a = find_attribute(at.source, "value_int")) {
    return infer_constant(at, {}, DType::kI64, {static_cast<double>(a->i)});
  }
  if (const auto* a = find_attribute(at.source, "value_ints")) {
    return infer_constant(at, {static_cast<int64_t>(a->ints.size())},
                          DType::kI64, {a->ints.begin(), a->ints.end()});
  }
  if (const auto* a = find_attribute(at.source, "value_floats")) {
    return infer_constant(at, {static_cast<int64_t>(a->floats.size())},
                          DType::kF32, {a->floats.begin(), a->floats.end()});
  }
  return op_error(at, "neither tensor nor number", "export again");
}

Result<void> infer_expand(Inference& at) {
  auto shape = integers_of(at, "shape", 1);
  if (!shape) return shape.error();
  if (onnx::elements(shape->values) < 0 ||
      shape->values.size() > onnx::kMaxRank) {
    return op_error(at, "its shape is out of range", "export again");
  }
  auto dims = broadcast(at, input(at, 0).dims, shape->values);
  if (!dims) return dims.error();
  if (*dims == input(at, 0).dims) return rename(at, *dims);
  at.node.in.resize(1);
  set_output(at, 0, *dims, input(at, 0).dtype);
  return {};
}

void eval_expand(const Node&, std::span<const In> in,
                 std::span<const Out> out) {
  Broadcast a(out[0].dims, in[0].dims);
  for (int64_t i = 0; i < out[0].size; ++i, a.next()) {
    out[0].data[i] = in[0].data[a.offset()];
  }
}

constexpr Op kOps[] = {
    {"Cast", 1, 1, infer_cast, eval_cast},
    {"Constant", 0, 0, infer_value, nullptr},
    {"ConstantOfShape", 1, 1, infer_constant_of_shape, nullptr},
    {"Dropout", 1, 3, infer_dropout, eval_copy},
    {"Expand", 2, 2, infer_expand, eval_expand},
    {"Flatten", 1, 1, infer_flatten, eval_copy},
    {"Identity", 1, 1, infer_identity, eval_copy},
    {"Reshape", 1, 2, infer_reshape, eval_copy},
    {"Shape", 1, 1, infer_shape, nullptr},
    {"Size", 1, 1, infer_size, nullptr},
    {"Squeeze", 1, 2, infer_squeeze, eval_copy},
    {"Unsqueeze", 1, 2, infer_unsqueeze, eval_copy},
};

}  // namespace

std::span<const Op> shape_ops() noexcept { return kOps; }

}  // namespace tactus::policy::ir
