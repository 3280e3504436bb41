// SPDX-License-Identifier: MIT
// QuantizeLinear and DequantizeLinear: per tensor, per axis or in blocks, to
// and from 8- and 16-bit integers, from int32 too (ONNX operator
// specification, opset 21). Rounding is half to even on the f32 quotient, as
// exporters calibrate it; NaN stays NaN.
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "policy/ir/ops.hpp"

namespace tactus::policy::ir {
namespace {

using Dims = std::vector<int64_t>;

struct Range {
  DType type;
  double low, high;
};
constexpr Range kRanges[] = {{DType::kI8, -128, 127},
                             {DType::kU8, 0, 255},
                             {DType::kI16, -32768, 32767},
                             {DType::kU16, 0, 65535}};

const Range* range_of(DType type) {
  const auto* it = std::ranges::find(kRanges, type, &Range::type);
  return it == std::end(kRanges) ? nullptr : it;
}

// The scale of element i: ints {n, inner, block, blocks}, block 0 per tensor.
int64_t scale_at(const Node& node, int64_t i) {
  const int64_t n = node.ints[0], inner = node.ints[1], block = node.ints[2];
  if (block == 0) return 0;
  const int64_t place = i / inner % n / block;
  if (node.ints[3] == 0) return place;  // per axis
  return (i / (n * inner) * node.ints[3] + place) * inner + i % inner;
}

Result<void> check_blocks(const Inference& at, const Dims& scale,
                          std::size_t axis, int64_t block) {
  Dims want = input(at, 0).dims;
  if (block > 0) want[axis] = (want[axis] + block - 1) / block;
  if (block > 0 && scale == want) return {};
  return op_error(at, "scale fits neither tensor, axis nor block_size",
                  "export per tensor or per axis");
}

Result<void> infer_scale(Inference& at) {
  const Dims& x = input(at, 0).dims;
  const Dims& scale = input(at, 1).dims;
  if (has_input(at, 2) && input(at, 2).size() != input(at, 1).size()) {
    return op_error(at, "scale and zero point differ in size", "export again");
  }
  at.node.ints = {1, 1, 0, 0};
  if (input(at, 1).size() == 1 && scale.size() <= 1) return {};
  auto axis = axis_of(at, int_attribute(at.source, "axis", 1), x.size());
  if (!axis) return axis.error();
  int64_t inner = 1;
  for (std::size_t i = *axis + 1; i < x.size(); ++i) inner *= x[i];
  at.node.ints = {x[*axis], inner, 1, 0};
  if (scale.size() == 1 && scale[0] == x[*axis]) return {};
  const int64_t block = int_attribute(at.source, "block_size", 0);
  if (auto ok = check_blocks(at, scale, *axis, block); !ok) return ok;
  at.node.ints = {x[*axis], inner, block, scale[*axis]};
  return {};
}

Result<void> infer_quantize(Inference& at) {
  const auto type =
      static_cast<uint64_t>(int_attribute(at.source, "output_dtype", 0));
  const DType to = has_input(at, 2) ? input(at, 2).dtype
                   : type != 0      ? onnx::dtype_of(type)
                                    : DType::kU8;
  const Range* range = range_of(to);
  if (!range || !onnx::is_floating(input(at, 0).dtype)) {
    return op_error(
        at,
        fmt::format("from {} to {}", name_of(input(at, 0).dtype), name_of(to)),
        "quantize a float to int8, uint8, int16 or uint16");
  }
  if (auto ok = infer_scale(at); !ok) return ok;
  at.node.reals = {range->low, range->high};
  set_output(at, 0, input(at, 0).dims, to);
  return {};
}

void eval_quantize(const Node& node, std::span<const In> in,
                   std::span<const Out> out) {
  const bool shifted = in.size() > 2 && in[2].data;
  for (int64_t i = 0; i < out[0].size; ++i) {
    const int64_t s = scale_at(node, i);
    const auto quotient =
        static_cast<float>(in[0].data[i]) / static_cast<float>(in[1].data[s]);
    const double q = std::nearbyint(static_cast<double>(quotient)) +
                     (shifted ? in[2].data[s] : 0.0);
    const double low = node.reals[0], high = node.reals[1];
    out[0].data[i] = q < low ? low : q > high ? high : q;
  }
}

Result<void> infer_dequantize(Inference& at) {
  const DType from = input(at, 0).dtype;
  if (!range_of(from) && from != DType::kI32) {
    return op_error(at, fmt::format("from {}", name_of(from)),
                    "dequantize int8, uint8, int16, uint16 or int32");
  }
  if (auto ok = infer_scale(at); !ok) return ok;
  set_output(at, 0, input(at, 0).dims, input(at, 1).dtype);
  return {};
}

void eval_dequantize(const Node& node, std::span<const In> in,
                     std::span<const Out> out) {
  const bool shifted = in.size() > 2 && in[2].data;
  for (int64_t i = 0; i < out[0].size; ++i) {
    const int64_t s = scale_at(node, i);
    const double zero = shifted ? in[2].data[s] : 0.0;
    out[0].data[i] = (in[0].data[i] - zero) * in[1].data[s];
  }
}

constexpr Op kOps[] = {
    {"DequantizeLinear", 2, 3, infer_dequantize, eval_dequantize},
    {"QuantizeLinear", 2, 3, infer_quantize, eval_quantize},
};

}  // namespace

std::span<const Op> quant_ops() noexcept { return kOps; }

}  // namespace tactus::policy::ir
