// SPDX-License-Identifier: MIT
// Sums over axes: Reduce*, Softmax, ArgMax and the like, Layer and Batch
// normalisation.
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "policy/ir/libm.hpp"
#include "policy/ir/ops.hpp"

namespace tactus::policy::ir {
namespace {

using Dims = std::vector<int64_t>;

double add(double sum, double x) { return sum + x; }
double add_square(double sum, double x) { return sum + x * x; }
double add_abs(double sum, double x) { return sum + std::fabs(x); }
double largest(double m, double x) { return x > m || x != x ? x : m; }
double smallest(double m, double x) { return x < m || x != x ? x : m; }
double times(double p, double x) { return p * x; }
// log(e^a + e^x); what is infinite or none stays that.
double add_exp(double a, double x) {
  const double top = largest(a, x);
  if (!std::isfinite(top)) return top;
  return top + log1p_of(exp_of(-std::fabs(a - x)));
}
double as_is(double sum, double) { return sum; }
double log(double sum, double) { return log_of(sum); }
double mean(double sum, double n) { return sum / n; }
double root(double sum, double) { return std::sqrt(sum); }

// ints: 1 per reduced axis of the input.
Result<void> infer_reduce(Inference& at) {
  auto axes = integers_of(at, "axes", 1);
  if (!axes) return axes.error();
  const Dims& from = input(at, 0).dims;
  const bool keep = int_attribute(at.source, "keepdims", 1) != 0;
  const bool none = int_attribute(at.source, "noop_with_empty_axes", 0) != 0;
  at.node.ints.assign(from.size(), axes->values.empty() && !none ? 1 : 0);
  for (const int64_t a : axes->values) {
    auto axis = axis_of(at, a, from.size());
    if (!axis) return axis.error();
    at.node.ints[*axis] = 1;
  }
  Dims dims;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (at.node.ints[i] == 0) dims.push_back(from[i]);
    if (at.node.ints[i] != 0 && keep) dims.push_back(1);
  }
  at.node.in.resize(1);
  set_output(at, 0, std::move(dims), input(at, 0).dtype);
  return {};
}

Result<void> infer_reduce_log(Inference& at) {
  if (!onnx::is_floating(input(at, 0).dtype)) {
    return op_error(at, "a logarithm as an integer", "cast to float");
  }
  return infer_reduce(at);
}

using Fold = double (*)(double, double);

template <Fold Step, Fold Finish, int kStart>
void eval_reduce(const Node& node, std::span<const In> in,
                 std::span<const Out> out) {
  const std::size_t rank = in[0].dims.size();
  int64_t stride[onnx::kMaxRank] = {}, index[onnx::kMaxRank] = {};
  int64_t run = 1, at = 0;
  for (std::size_t d = rank; d-- > 0;) {
    if (node.ints[d] != 0) continue;
    stride[d] = run;
    run *= in[0].dims[d];
  }
  const double start = kStart > 1 ? -INFINITY : kStart < 0 ? INFINITY : kStart;
  std::fill_n(out[0].data, out[0].size, start);
  for (int64_t i = 0; i < in[0].size; ++i) {
    out[0].data[at] = Step(out[0].data[at], in[0].data[i]);
    for (std::size_t d = rank; d-- > 0;) {
      at += stride[d];
      if (++index[d] < in[0].dims[d]) break;
      at -= stride[d] * in[0].dims[d];
      index[d] = 0;
    }
  }
  const double n = out[0].size ? static_cast<double>(in[0].size) /
                                     static_cast<double>(out[0].size)
                               : 0;
  for (int64_t i = 0; i < out[0].size; ++i) {
    out[0].data[i] = Finish(out[0].data[i], n);
  }
}

// ints {outer, n, inner}: outer × n × inner is the input, n is reduced.
Result<void> infer_rows(Inference& at, int64_t otherwise, bool to_the_end) {
  const Dims& dims = input(at, 0).dims;
  auto axis =
      axis_of(at, int_attribute(at.source, "axis", otherwise), dims.size());
  if (!axis) return axis.error();
  int64_t outer = 1, n = 1, inner = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const bool inside = i == *axis || (to_the_end && i > *axis);
    (i < *axis ? outer : inside ? n : inner) *= dims[i];
  }
  at.node.ints = {outer, n, inner};
  set_output(at, 0, dims, input(at, 0).dtype);
  return {};
}

// Before opset 13 softmax ran over all axes from `axis` on.
Result<void> infer_softmax(Inference& at) {
  const bool old = at.opset < 13;
  return infer_rows(at, old ? 1 : -1, old);
}

template <bool kLog>
void eval_softmax(const Node& node, std::span<const In> in,
                  std::span<const Out> out) {
  const int64_t n = node.ints[1], inner = node.ints[2];
  for (int64_t o = 0; o < node.ints[0] * inner; ++o) {
    const int64_t first = o / inner * n * inner + o % inner;
    const double* x = in[0].data + first;
    double* y = out[0].data + first;
    double top = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; ++i) top = largest(top, x[i * inner]);
    for (int64_t i = 0; i < n; ++i) sum += exp_of(x[i * inner] - top);
    for (int64_t i = 0; i < n; ++i) {
      const double shifted = x[i * inner] - top;
      y[i * inner] = kLog ? shifted - log_of(sum) : exp_of(shifted) / sum;
    }
  }
}

Result<void> infer_layer_norm(Inference& at) {
  if (auto ok = infer_rows(at, -1, true); !ok) return ok;
  for (std::size_t i = 1; i < 3; ++i) {
    if (has_input(at, i) && input(at, i).size() != at.node.ints[1]) {
      return op_error(at, "scale or bias has another size", "export again");
    }
  }
  Dims held = input(at, 0).dims;
  auto axis = axis_of(at, int_attribute(at.source, "axis", -1), held.size());
  if (!axis) return axis.error();
  std::fill(held.begin() + static_cast<std::ptrdiff_t>(*axis), held.end(), 1);
  for (std::size_t i = 1; i < at.node.out.size() && i < 3; ++i) {
    ensure_output(at, i, held, DType::kF32);
  }
  const float epsilon = 1e-5F;
  at.node.reals = {real_attribute(at.source, "epsilon", epsilon)};
  return {};
}

void eval_layer_norm(const Node& node, std::span<const In> in,
                     std::span<const Out> out) {
  const int64_t n = node.ints[1];
  for (int64_t o = 0; o < node.ints[0]; ++o) {
    const double* x = in[0].data + o * n;
    double* y = out[0].data + o * n;
    double sum = 0, square = 0;
    for (int64_t i = 0; i < n; ++i) sum += x[i];
    const double middle = sum / static_cast<double>(n);
    for (int64_t i = 0; i < n; ++i) {
      square += (x[i] - middle) * (x[i] - middle);
    }
    const double spread =
        std::sqrt(square / static_cast<double>(n) + node.reals[0]);
    if (out.size() > 1) out[1].data[o] = middle;
    if (out.size() > 2) out[2].data[o] = 1 / spread;
    for (int64_t i = 0; i < n; ++i) {
      y[i] = (x[i] - middle) / spread * in[1].data[i];
      if (in.size() > 2 && in[2].data) y[i] += in[2].data[i];
    }
  }
}

// Per channel (axis 1): (x - mean) / sqrt(var + epsilon) * scale + bias.
Result<void> infer_batch_norm(Inference& at) {
  const Dims& dims = input(at, 0).dims;
  const int64_t channels = dims.size() > 1 ? dims[1] : 1;
  for (std::size_t i = 1; i < 5; ++i) {
    if (input(at, i).size() != channels) {
      return op_error(at, "a parameter has another size", "export again");
    }
  }
  if (int_attribute(at.source, "training_mode", 0) != 0) {
    return op_error(at, "training mode", "export for inference");
  }
  int64_t inner = 1;
  for (std::size_t i = 2; i < dims.size(); ++i) inner *= dims[i];
  const float epsilon = 1e-5F;
  at.node.ints = {channels, inner};
  at.node.reals = {real_attribute(at.source, "epsilon", epsilon)};
  at.node.out.resize(1);
  set_output(at, 0, dims, input(at, 0).dtype);
  return {};
}

void eval_batch_norm(const Node& node, std::span<const In> in,
                     std::span<const Out> out) {
  for (int64_t i = 0; i < out[0].size; ++i) {
    const int64_t c = i / node.ints[1] % node.ints[0];
    const double spread = std::sqrt(in[4].data[c] + node.reals[0]);
    out[0].data[i] = (in[0].data[i] - in[3].data[c]) / spread * in[1].data[c] +
                     in[2].data[c];
  }
}

Result<void> infer_argmax(Inference& at) {
  if (auto ok = infer_rows(at, 0, false); !ok) return ok;
  Dims dims = input(at, 0).dims;
  auto axis = axis_of(at, int_attribute(at.source, "axis", 0), dims.size());
  if (!axis) return axis.error();
  const auto place = dims.begin() + static_cast<std::ptrdiff_t>(*axis);
  if (int_attribute(at.source, "keepdims", 1) != 0) {
    *place = 1;
  } else {
    dims.erase(place);
  }
  at.node.ints.push_back(int_attribute(at.source, "select_last_index", 0));
  set_output(at, 0, std::move(dims), DType::kI64);
  return {};
}

bool above(double a, double b) { return a > b; }
bool below(double a, double b) { return a < b; }

// The first of the best of n, or the last of equals.
template <bool (*Better)(double, double)>
int64_t best_of(const double* x, int64_t n, int64_t stride, bool last) {
  int64_t best = 0;
  for (int64_t i = 1; i < n; ++i) {
    const double a = x[i * stride], b = x[best * stride];
    if (Better(a, b) || (last && a == b)) best = i;
  }
  return best;
}

template <bool (*Better)(double, double)>
void eval_arg(const Node& node, std::span<const In> in,
              std::span<const Out> out) {
  const int64_t n = node.ints[1], inner = node.ints[2];
  for (int64_t o = 0; o < out[0].size; ++o) {
    const double* x = in[0].data + o / inner * n * inner + o % inner;
    const int64_t best = best_of<Better>(x, n, inner, node.ints[3] != 0);
    out[0].data[o] = static_cast<double>(best);
  }
}

// 1 where the first of the largest is, 0 elsewhere.
void eval_hardmax(const Node& node, std::span<const In> in,
                  std::span<const Out> out) {
  const int64_t n = node.ints[1], inner = node.ints[2];
  for (int64_t o = 0; o < node.ints[0] * inner; ++o) {
    const int64_t first = o / inner * n * inner + o % inner;
    const int64_t best = best_of<above>(in[0].data + first, n, inner, false);
    for (int64_t i = 0; i < n; ++i) out[0].data[first + i * inner] = i == best;
  }
}

constexpr Op kOps[] = {
    {"ArgMax", 1, 1, infer_argmax, eval_arg<above>},
    {"ArgMin", 1, 1, infer_argmax, eval_arg<below>},
    {"BatchNormalization", 5, 5, infer_batch_norm, eval_batch_norm},
    {"Hardmax", 1, 1, infer_softmax, eval_hardmax},
    {"LayerNormalization", 2, 3, infer_layer_norm, eval_layer_norm, 3},
    {"LogSoftmax", 1, 1, infer_softmax, eval_softmax<true>},
    {"ReduceL1", 1, 2, infer_reduce, eval_reduce<add_abs, as_is, 0>},
    {"ReduceL2", 1, 2, infer_reduce, eval_reduce<add_square, root, 0>},
    {"ReduceLogSum", 1, 2, infer_reduce_log, eval_reduce<add, log, 0>},
    {"ReduceLogSumExp", 1, 2, infer_reduce_log, eval_reduce<add_exp, as_is, 2>},
    {"ReduceMax", 1, 2, infer_reduce, eval_reduce<largest, as_is, 2>},
    {"ReduceMean", 1, 2, infer_reduce, eval_reduce<add, mean, 0>},
    {"ReduceMin", 1, 2, infer_reduce, eval_reduce<smallest, as_is, -1>},
    {"ReduceProd", 1, 2, infer_reduce, eval_reduce<times, as_is, 1>},
    {"ReduceSum", 1, 2, infer_reduce, eval_reduce<add, as_is, 0>},
    {"ReduceSumSquare", 1, 2, infer_reduce, eval_reduce<add_square, as_is, 0>},
    {"Softmax", 1, 1, infer_softmax, eval_softmax<false>},
};

}  // namespace

std::span<const Op> reduce_ops() noexcept { return kOps; }

}  // namespace tactus::policy::ir
