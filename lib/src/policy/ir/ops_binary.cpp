// SPDX-License-Identifier: MIT
// Element by element with broadcasting: arithmetic, comparison, Where. Min
// and Max give NaN when either side is NaN. Integers divide towards zero.
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "policy/ir/libm.hpp"
#include "policy/ir/ops.hpp"

namespace tactus::policy::ir {
namespace {

double f_add(double a, double b) { return a + b; }
double f_sub(double a, double b) { return a - b; }
double f_mul(double a, double b) { return a * b; }
double f_div(double a, double b) { return a / b; }
double f_idiv(double a, double b) { return b == 0 ? 0 : std::trunc(a / b); }
double f_pow(double a, double b) { return pow_of(a, b); }
double f_min(double a, double b) { return b < a || b != b ? b : a; }
double f_max(double a, double b) { return b > a || b != b ? b : a; }
// The result takes the divisor's sign, as in Python; fmod = 1 the dividend's.
double f_mod(double a, double b) {
  return b == 0 ? 0 : a - b * std::floor(a / b);
}
double f_fmod(double a, double b) { return std::fmod(a, b); }
double f_prelu(double x, double slope) { return x < 0 ? slope * x : x; }
double f_equal(double a, double b) { return a == b; }
double f_greater(double a, double b) { return a > b; }
double f_greater_equal(double a, double b) { return a >= b; }
double f_less(double a, double b) { return a < b; }
double f_less_equal(double a, double b) { return a <= b; }
double f_and(double a, double b) { return a != 0 && b != 0; }
double f_or(double a, double b) { return a != 0 || b != 0; }
double f_xor(double a, double b) { return (a != 0) != (b != 0); }

template <double (*F)(double, double)>
void eval(const Node&, std::span<const In> in, std::span<const Out> out) {
  Broadcast a(out[0].dims, in[0].dims);
  Broadcast b(out[0].dims, in[1].dims);
  for (int64_t i = 0; i < out[0].size; ++i, a.next(), b.next()) {
    out[0].data[i] = F(in[0].data[a.offset()], in[1].data[b.offset()]);
  }
}

// Min, Max, Sum, Mean of any number of inputs.
template <double (*F)(double, double)>
void eval_many(const Node&, std::span<const In> in, std::span<const Out> out) {
  Broadcast first(out[0].dims, in[0].dims);
  for (int64_t i = 0; i < out[0].size; ++i, first.next()) {
    out[0].data[i] = in[0].data[first.offset()];
  }
  for (const In& more : in.subspan(1)) {
    Broadcast b(out[0].dims, more.dims);
    for (int64_t i = 0; i < out[0].size; ++i, b.next()) {
      out[0].data[i] = F(out[0].data[i], more.data[b.offset()]);
    }
  }
}

void eval_mean(const Node& node, std::span<const In> in,
               std::span<const Out> out) {
  eval_many<f_add>(node, in, out);
  const auto n = static_cast<double>(in.size());
  for (int64_t i = 0; i < out[0].size; ++i) out[0].data[i] /= n;
}

void eval_where(const Node&, std::span<const In> in, std::span<const Out> out) {
  Broadcast c(out[0].dims, in[0].dims);
  Broadcast a(out[0].dims, in[1].dims);
  Broadcast b(out[0].dims, in[2].dims);
  for (int64_t i = 0; i < out[0].size; ++i, c.next(), a.next(), b.next()) {
    out[0].data[i] = in[0].data[c.offset()] != 0 ? in[1].data[a.offset()]
                                                 : in[2].data[b.offset()];
  }
}

void eval_affine(const Node&, std::span<const In> in,
                 std::span<const Out> out) {
  for (int64_t i = 0; i < out[0].size; ++i) {
    double y = in[0].data[i];
    if (in[1].data) y -= in[1].data[i];
    if (in[2].data) y *= in[2].data[i];
    if (in[3].data) y += in[3].data[i];
    out[0].data[i] = y;
  }
}

Result<void> infer_as(Inference& at, DType dtype, std::size_t first) {
  std::vector<int64_t> dims = input(at, first).dims;
  for (std::size_t i = 0; i < at.node.in.size(); ++i) {
    if (!has_input(at, i)) return op_error(at, "an input is missing", "export");
    auto wider = broadcast(at, dims, input(at, i).dims);
    if (!wider) return wider.error();
    dims = *wider;
  }
  set_output(at, 0, std::move(dims), dtype);
  return {};
}

Result<void> infer(Inference& at) {
  return infer_as(at, input(at, 0).dtype, 0);
}
Result<void> infer_bool(Inference& at) { return infer_as(at, DType::kBool, 0); }
Result<void> infer_where(Inference& at) {
  return infer_as(at, input(at, 1).dtype, 1);
}

// Sums and products of these would have to wrap around.
bool is_narrow(DType type) {
  return !onnx::is_floating(type) && type != DType::kI64 &&
         type != DType::kI32 && type != DType::kBool;
}

Result<void> infer_arithmetic(Inference& at) {
  const DType type = input(at, 0).dtype;
  if (is_narrow(type)) {
    return op_error(at, fmt::format("arithmetic on {}", name_of(type)),
                    "cast to float or int64");
  }
  return infer(at);
}

Result<void> infer_div(Inference& at) {
  if (!onnx::is_floating(input(at, 0).dtype)) at.node.op = "IntDiv";
  return infer(at);
}

Result<void> infer_mod(Inference& at) {
  if (int_attribute(at.source, "fmod", 0) != 0) at.node.op = "Fmod";
  return infer(at);
}

constexpr std::size_t kMany = 64;

constexpr Op kOps[] = {
    {"Add", 2, 2, infer_arithmetic, eval<f_add>},
    {"Affine", 4, 4, nullptr, eval_affine},
    {"And", 2, 2, infer_bool, eval<f_and>},
    {"Div", 2, 2, infer_div, eval<f_div>},
    {"Equal", 2, 2, infer_bool, eval<f_equal>},
    {"Fmod", 2, 2, nullptr, eval<f_fmod>},
    {"Greater", 2, 2, infer_bool, eval<f_greater>},
    {"GreaterOrEqual", 2, 2, infer_bool, eval<f_greater_equal>},
    {"IntDiv", 2, 2, nullptr, eval<f_idiv>},
    {"Less", 2, 2, infer_bool, eval<f_less>},
    {"LessOrEqual", 2, 2, infer_bool, eval<f_less_equal>},
    {"Max", 1, kMany, infer, eval_many<f_max>},
    {"Mean", 1, kMany, infer, eval_mean},
    {"Min", 1, kMany, infer, eval_many<f_min>},
    {"Mod", 2, 2, infer_mod, eval<f_mod>},
    {"Mul", 2, 2, infer_arithmetic, eval<f_mul>},
    {"Or", 2, 2, infer_bool, eval<f_or>},
    {"PRelu", 2, 2, infer, eval<f_prelu>},
    {"Pow", 2, 2, infer_arithmetic, eval<f_pow>},
    {"Sub", 2, 2, infer_arithmetic, eval<f_sub>},
    {"Sum", 1, kMany, infer_arithmetic, eval_many<f_add>},
    {"Where", 3, 3, infer_where, eval_where},
    {"Xor", 2, 2, infer_bool, eval<f_xor>},
};

}  // namespace

std::span<const Op> binary_ops() noexcept { return kOps; }

}  // namespace tactus::policy::ir
