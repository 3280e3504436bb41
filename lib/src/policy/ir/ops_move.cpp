// SPDX-License-Identifier: MIT
// Operators that pick and place elements: Concat, Slice, Transpose, Gather.
// Split becomes Slices when the graph is built (build.cpp).
#include <algorithm>

#include "core/error.hpp"
#include "policy/ir/ops.hpp"

namespace tactus::policy::ir {
namespace {

using Dims = std::vector<int64_t>;

int64_t product(std::span<const int64_t> dims) {
  int64_t n = 1;
  for (const int64_t d : dims) n *= d;
  return n;
}

Result<void> infer_concat(Inference& at) {
  Dims dims = input(at, 0).dims;
  auto axis = axis_of(at, int_attribute(at.source, "axis", 0), dims.size());
  if (!axis) return axis.error();
  int64_t total = 0;
  for (std::size_t i = 0; i < at.node.in.size(); ++i) {
    if (!has_input(at, i))
      return op_error(at, "an input is missing", "export again");
    Dims other = input(at, i).dims;
    if (other.size() != dims.size())
      return op_error(at, "ranks differ", "export again");
    total += other[*axis];
    other[*axis] = dims[*axis];
    if (other != dims) return op_error(at, "shapes differ", "export again");
  }
  dims[*axis] = total;
  at.node.ints = {static_cast<int64_t>(*axis)};
  set_output(at, 0, std::move(dims), input(at, 0).dtype);
  return {};
}

void eval_concat(const Node& node, std::span<const In> in,
                 std::span<const Out> out) {
  const auto axis = static_cast<std::size_t>(node.ints[0]);
  const int64_t outer = product(out[0].dims.first(axis));
  const int64_t inner = product(out[0].dims.subspan(axis));
  int64_t place = 0;
  for (const In& part : in) {
    const int64_t run = product(part.dims.subspan(axis));
    for (int64_t o = 0; o < outer; ++o) {
      std::copy_n(part.data + o * run, run, out[0].data + o * inner + place);
    }
    place += run;
  }
}

struct SliceSpec {
  Dims starts, ends, axes, steps;
};

Result<SliceSpec> slice_spec(const Inference& at) {
  SliceSpec s;
  Dims* const wanted[] = {&s.starts, &s.ends, &s.axes, &s.steps};
  const char* const names[] = {"starts", "ends", "axes", "steps"};
  for (std::size_t i = 0; i < 4; ++i) {
    auto values = integers_of(at, names[i], i + 1);
    if (!values) return values.error();
    *wanted[i] = std::move(values->values);
  }
  for (std::size_t i = s.axes.size(); i < s.starts.size(); ++i) {
    s.axes.push_back(static_cast<int64_t>(i));
  }
  s.steps.resize(s.starts.size(), 1);
  if (s.ends.size() != s.starts.size() || s.axes.size() != s.starts.size()) {
    return op_error(at, "starts, ends and axes differ in length",
                    "export again");
  }
  return s;
}

// numpy's clamping of [start, end) by step; returns the count.
int64_t clamp_slice(int64_t size, int64_t step, int64_t& start, int64_t end) {
  const auto wrap = [&](int64_t i) {
    return i < 0 && i >= -size ? i + size : i;
  };
  const bool up = step > 0;
  start = std::clamp<int64_t>(wrap(start), up ? 0 : -1, up ? size : size - 1);
  end = std::clamp<int64_t>(wrap(end), up ? 0 : -1, up ? size : size - 1);
  if (up) return end > start ? (end - start - 1) / step + 1 : 0;
  return start > end ? (start - end - 1) / -step + 1 : 0;
}

Result<void> infer_slice(Inference& at) {
  auto spec = slice_spec(at);
  if (!spec) return spec.error();
  Dims dims = input(at, 0).dims;
  const std::size_t rank = dims.size();
  at.node.ints.assign(2 * rank, 0);
  std::fill(at.node.ints.begin() + static_cast<std::ptrdiff_t>(rank),
            at.node.ints.end(), 1);
  for (std::size_t i = 0; i < spec->starts.size(); ++i) {
    auto axis = axis_of(at, spec->axes[i], rank);
    if (!axis) return axis.error();
    const int64_t step =
        std::clamp(spec->steps[i], -onnx::kMaxElements, onnx::kMaxElements);
    if (step == 0) return op_error(at, "a step is 0", "export again");
    int64_t start = spec->starts[i];
    dims[*axis] =
        clamp_slice(input(at, 0).dims[*axis], step, start, spec->ends[i]);
    at.node.ints[*axis] = start;
    at.node.ints[rank + *axis] = step;
  }
  at.node.in.resize(1);
  set_output(at, 0, std::move(dims), input(at, 0).dtype);
  return {};
}

// Reads `in` at start + index·stride per axis, in the output's order.
void gather_strided(const In& in, const Out& out, const int64_t* stride,
                    int64_t first) {
  int64_t index[onnx::kMaxRank] = {};
  int64_t at = first;
  for (int64_t i = 0; i < out.size; ++i) {
    out.data[i] = in.data[at];
    for (std::size_t d = out.dims.size(); d-- > 0;) {
      at += stride[d];
      if (++index[d] < out.dims[d]) break;
      at -= stride[d] * out.dims[d];
      index[d] = 0;
    }
  }
}

void eval_slice(const Node& node, std::span<const In> in,
                std::span<const Out> out) {
  const std::size_t rank = in[0].dims.size();
  int64_t stride[onnx::kMaxRank] = {};
  int64_t first = 0, run = 1;
  for (std::size_t d = rank; d-- > 0;) {
    stride[d] = run * node.ints[rank + d];
    first += run * node.ints[d];
    run *= in[0].dims[d];
  }
  gather_strided(in[0], out[0], stride, first);
}

Result<void> infer_transpose(Inference& at) {
  const Dims& from = input(at, 0).dims;
  const auto* a = find_attribute(at.source, "perm");
  Dims perm = a ? a->ints : Dims();
  for (std::size_t i = from.size(); !a && i-- > 0;) {
    perm.push_back(static_cast<int64_t>(i));
  }
  Dims sorted = perm, dims;
  std::ranges::sort(sorted);
  bool fits = perm.size() == from.size();
  for (std::size_t i = 0; fits && i < sorted.size(); ++i) {
    fits = sorted[i] == static_cast<int64_t>(i);
  }
  if (!fits) return op_error(at, "perm is no permutation", "export again");
  for (const int64_t p : perm)
    dims.push_back(from[static_cast<std::size_t>(p)]);
  at.node.ints = std::move(perm);
  set_output(at, 0, std::move(dims), input(at, 0).dtype);
  return {};
}

void eval_transpose(const Node& node, std::span<const In> in,
                    std::span<const Out> out) {
  const std::size_t rank = in[0].dims.size();
  int64_t from[onnx::kMaxRank] = {}, stride[onnx::kMaxRank] = {};
  int64_t run = 1;
  for (std::size_t d = rank; d-- > 0;) {
    from[d] = run;
    run *= in[0].dims[d];
  }
  for (std::size_t d = 0; d < rank; ++d) {
    stride[d] = from[static_cast<std::size_t>(node.ints[d])];
  }
  gather_strided(in[0], out[0], stride, 0);
}

Result<void> infer_gather(Inference& at) {
  const Dims& from = input(at, 0).dims;
  auto axis = axis_of(at, int_attribute(at.source, "axis", 0), from.size());
  if (!axis) return axis.error();
  const Value& indices = input(at, 1);
  if (!indices.constant) {
    return op_error(at, "its indices are not constant", "export again");
  }
  for (const double i : *indices.constant) {
    const int64_t n = from[*axis], k = to_int(i);
    if (k < -n || k >= n) {
      return op_error(at, fmt::format("index {} of {}", k, n), "export again");
    }
  }
  Dims dims(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(*axis));
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), from.begin() + static_cast<std::ptrdiff_t>(*axis) + 1,
              from.end());
  at.node.ints = {static_cast<int64_t>(*axis)};
  set_output(at, 0, std::move(dims), input(at, 0).dtype);
  return {};
}

void eval_gather(const Node& node, std::span<const In> in,
                 std::span<const Out> out) {
  const auto axis = static_cast<std::size_t>(node.ints[0]);
  const int64_t outer = product(in[0].dims.first(axis));
  const int64_t inner = product(in[0].dims.subspan(axis + 1));
  const int64_t n = in[0].dims[axis];
  double* to = out[0].data;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < in[1].size; ++i, to += inner) {
      int64_t k = to_int(in[1].data[i]);
      if (k < 0) k += n;
      std::copy_n(in[0].data + (o * n + k) * inner, inner, to);
    }
  }
}

constexpr Op kOps[] = {
    {"Concat", 1, 256, infer_concat, eval_concat},
    {"Gather", 2, 2, infer_gather, eval_gather},
    {"Slice", 1, 5, infer_slice, eval_slice},
    {"Transpose", 1, 1, infer_transpose, eval_transpose},
};

}  // namespace

std::span<const Op> move_ops() noexcept { return kOps; }

}  // namespace tactus::policy::ir
