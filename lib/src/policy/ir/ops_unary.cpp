// SPDX-License-Identifier: MIT
// Element by element, one input. NaN in is NaN out, also through Relu and
// Clip: a broken sensor must not look like a zero; IsNaN and IsInf ask.
// Formulas: ONNX operator
// specification, opset 21.
#include <cmath>

#include "policy/ir/libm.hpp"
#include "policy/ir/ops.hpp"

namespace tactus::policy::ir {
namespace {

using P = const double*;  // node.reals

double sigmoid(double x) { return 1 / (1 + exp_of(-x)); }
double softplus(double x) {
  return x > 0 ? x + log1p_of(exp_of(-x)) : log1p_of(exp_of(x));
}
double clip(double x, double lo, double hi) {
  const double y = x < lo ? lo : x;
  return y > hi ? hi : y;
}

double f_abs(double x, P) { return std::fabs(x); }
double f_acos(double x, P) { return acos_of(x); }
double f_acosh(double x, P) { return acosh_of(x); }
double f_asin(double x, P) { return asin_of(x); }
double f_asinh(double x, P) { return asinh_of(x); }
double f_atan(double x, P) { return atan_of(x); }
double f_atanh(double x, P) { return atanh_of(x); }
double f_ceil(double x, P) { return std::ceil(x); }
double f_celu(double x, P p) { return x > 0 ? x : p[0] * expm1_of(x / p[0]); }
double f_clip(double x, P p) { return clip(x, p[0], p[1]); }
double f_cos(double x, P) { return cos_of(x); }
double f_cosh(double x, P) { return cosh_of(x); }
double f_elu(double x, P p) { return x > 0 ? x : p[0] * expm1_of(x); }
double f_erf(double x, P) { return erf_of(x); }
double f_exp(double x, P) { return exp_of(x); }
double f_floor(double x, P) { return std::floor(x); }
double f_gelu(double x, P) { return 0.5 * x * (1 + erf_of(x * M_SQRT1_2)); }
double f_gelu_tanh(double x, P) {
  const double c = std::sqrt(2 / M_PI);
  return 0.5 * x * (1 + tanh_of(c * (x + 0.044715 * x * x * x)));
}
double f_hard_sigmoid(double x, P p) { return clip(p[0] * x + p[1], 0, 1); }
double f_hard_swish(double x, P) { return x * clip(x / 6 + 0.5, 0, 1); }
double f_is_inf(double x, P p) {
  return (x == -INFINITY && p[0] != 0) || (x == INFINITY && p[1] != 0);
}
double f_is_nan(double x, P) { return x != x; }
double f_leaky_relu(double x, P p) { return x < 0 ? p[0] * x : x; }
double f_log(double x, P) { return log_of(x); }
double f_mish(double x, P) { return x * tanh_of(softplus(x)); }
double f_neg(double x, P) { return -x; }
double f_not(double x, P) { return x == 0 ? 1 : 0; }
double f_reciprocal(double x, P) { return 1 / x; }
double f_relu(double x, P) { return x < 0 ? 0 : x; }
double f_round(double x, P) { return std::nearbyint(x); }  // half to even
double f_selu(double x, P p) { return p[1] * (x > 0 ? x : p[0] * expm1_of(x)); }
double f_sigmoid(double x, P) { return sigmoid(x); }
double f_sign(double x, P) { return x > 0 ? 1 : x < 0 ? -1 : x; }
double f_silu(double x, P) { return x * sigmoid(x); }
double f_sin(double x, P) { return sin_of(x); }
double f_sinh(double x, P) { return sinh_of(x); }
double f_softplus(double x, P) { return softplus(x); }
double f_softsign(double x, P) { return x / (1 + std::fabs(x)); }
double f_sqrt(double x, P) { return std::sqrt(x); }
double f_tan(double x, P) { return tan_of(x); }
double f_tanh(double x, P) { return tanh_of(x); }
double f_thresholded_relu(double x, P p) { return x <= p[0] ? 0 : x; }

template <double (*F)(double, P)>
void eval(const Node& node, std::span<const In> in, std::span<const Out> out) {
  const P p = node.reals.data();
  for (int64_t i = 0; i < out[0].size; ++i) {
    out[0].data[i] = F(in[0].data[i], p);
  }
}

Result<void> infer(Inference& at) {
  set_output(at, 0, input(at, 0).dims, input(at, 0).dtype);
  return {};
}

// ActivationParams: reals = {alpha, second}.
template <int kAlphaMilli>
Result<void> infer_alpha(Inference& at) {
  at.node.reals = {real_attribute(at.source, "alpha", kAlphaMilli / 1000.0)};
  return infer(at);
}

Result<void> infer_selu(Inference& at) {
  at.node.reals = {
      real_attribute(at.source, "alpha", 1.67326319217681884765625),
      real_attribute(at.source, "gamma", 1.05070102214813232421875)};
  return infer(at);
}

Result<void> infer_hard_sigmoid(Inference& at) {
  const float alpha = 0.2F;
  at.node.reals = {real_attribute(at.source, "alpha", alpha),
                   real_attribute(at.source, "beta", 0.5)};
  return infer(at);
}

Result<void> bound_of(Inference& at, const char* name, std::size_t index,
                      double& bound) {
  bound = real_attribute(at.source, name, bound);
  if (!has_input(at, index)) return {};
  const Value& value = input(at, index);
  if (value.size() != 1) {
    return op_error(at, "a bound is not one number", "export again");
  }
  if (value.constant) bound = value.constant->front();
  return {};
}

// Bounds that are computed make it another operator. When the lower one is
// above, the upper one is the result: min(max(x, low), high).
Result<void> infer_clip(Inference& at) {
  double low = -INFINITY, high = INFINITY;
  if (auto ok = bound_of(at, "min", 1, low); !ok) return ok;
  if (auto ok = bound_of(at, "max", 2, high); !ok) return ok;
  at.node.reals = {low, high};
  const auto computed = [&](std::size_t i) {
    return has_input(at, i) && !input(at, i).constant;
  };
  if (computed(1) || computed(2)) {
    at.node.op = "ClipBetween";
    at.node.in.resize(3, kNone);
    return infer(at);
  }
  at.node.in.resize(1);
  return infer(at);
}

void eval_clip_between(const Node& node, std::span<const In> in,
                       std::span<const Out> out) {
  const double low = in[1].data ? in[1].data[0] : node.reals[0];
  const double high = in[2].data ? in[2].data[0] : node.reals[1];
  for (int64_t i = 0; i < out[0].size; ++i) {
    const double x = clip(in[0].data[i], low, high);
    out[0].data[i] = low != low || high != high ? NAN : x;
  }
}

// Gelu's two forms become two operators.
Result<void> infer_gelu(Inference& at) {
  const auto* a = find_attribute(at.source, "approximate");
  if (a && a->s == "tanh") at.node.op = "GeluTanh";
  return infer(at);
}

Result<void> infer_bool(Inference& at) {
  set_output(at, 0, input(at, 0).dims, DType::kBool);
  return {};
}

// reals {of the negative one, of the positive one}.
Result<void> infer_is_inf(Inference& at) {
  for (const char* name : {"detect_negative", "detect_positive"})
    at.node.reals.push_back(
        static_cast<double>(int_attribute(at.source, name, 1) != 0));
  return infer_bool(at);
}

constexpr Op kOps[] = {
    {"Abs", 1, 1, infer, eval<f_abs>},
    {"Acos", 1, 1, infer, eval<f_acos>},
    {"Acosh", 1, 1, infer, eval<f_acosh>},
    {"Asin", 1, 1, infer, eval<f_asin>},
    {"Asinh", 1, 1, infer, eval<f_asinh>},
    {"Atan", 1, 1, infer, eval<f_atan>},
    {"Atanh", 1, 1, infer, eval<f_atanh>},
    {"Ceil", 1, 1, infer, eval<f_ceil>},
    {"Celu", 1, 1, infer_alpha<1000>, eval<f_celu>},
    {"Clip", 1, 3, infer_clip, eval<f_clip>},
    {"ClipBetween", 3, 3, nullptr, eval_clip_between},
    {"Cos", 1, 1, infer, eval<f_cos>},
    {"Cosh", 1, 1, infer, eval<f_cosh>},
    {"Elu", 1, 1, infer_alpha<1000>, eval<f_elu>},
    {"Erf", 1, 1, infer, eval<f_erf>},
    {"Exp", 1, 1, infer, eval<f_exp>},
    {"Floor", 1, 1, infer, eval<f_floor>},
    {"Gelu", 1, 1, infer_gelu, eval<f_gelu>},
    {"GeluTanh", 1, 1, nullptr, eval<f_gelu_tanh>},
    {"HardSigmoid", 1, 1, infer_hard_sigmoid, eval<f_hard_sigmoid>},
    {"HardSwish", 1, 1, infer, eval<f_hard_swish>},
    {"IsInf", 1, 1, infer_is_inf, eval<f_is_inf>},
    {"IsNaN", 1, 1, infer_bool, eval<f_is_nan>},
    {"LeakyRelu", 1, 1, infer_alpha<10>, eval<f_leaky_relu>},
    {"Log", 1, 1, infer, eval<f_log>},
    {"Mish", 1, 1, infer, eval<f_mish>},
    {"Neg", 1, 1, infer, eval<f_neg>},
    {"Not", 1, 1, infer_bool, eval<f_not>},
    {"Reciprocal", 1, 1, infer, eval<f_reciprocal>},
    {"Relu", 1, 1, infer, eval<f_relu>},
    {"Round", 1, 1, infer, eval<f_round>},
    {"Selu", 1, 1, infer_selu, eval<f_selu>},
    {"Sigmoid", 1, 1, infer, eval<f_sigmoid>},
    {"Sign", 1, 1, infer, eval<f_sign>},
    {"Silu", 1, 1, nullptr, eval<f_silu>},
    {"Sin", 1, 1, infer, eval<f_sin>},
    {"Sinh", 1, 1, infer, eval<f_sinh>},
    {"Softplus", 1, 1, infer, eval<f_softplus>},
    {"Softsign", 1, 1, infer, eval<f_softsign>},
    {"Sqrt", 1, 1, infer, eval<f_sqrt>},
    {"Tan", 1, 1, infer, eval<f_tan>},
    {"Tanh", 1, 1, infer, eval<f_tanh>},
    {"ThresholdedRelu", 1, 1, infer_alpha<1000>, eval<f_thresholded_relu>},
};

}  // namespace

std::span<const Op> unary_ops() noexcept { return kOps; }

}  // namespace tactus::policy::ir
