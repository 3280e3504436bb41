// SPDX-License-Identifier: MIT
#include "policy/kernels/activations.hpp"

#include <algorithm>
#include <iterator>

#include "policy/kernels/lanes.hpp"

namespace tactus::policy::kernels {
namespace {

#define TACTUS_INLINE [[gnu::always_inline]] inline

TACTUS_INLINE F16 at_least(F16 x, F16 low) { return x < low ? low : x; }
TACTUS_INLINE F16 at_most(F16 x, F16 high) { return x > high ? high : x; }
TACTUS_INLINE U16 bits(F16 x) { return reinterpret_cast<U16&>(x); }
TACTUS_INLINE F16 floats(U16 x) { return reinterpret_cast<F16&>(x); }
TACTUS_INLINE F16 absolute(F16 x) { return floats(bits(x) & 0x7fffffffU); }
TACTUS_INLINE F16 with_sign(F16 size, F16 sign) {
  return floats(bits(size) | (bits(sign) & 0x80000000U));
}

// exp(x) = scale·(1 + p): kept apart, so that expm1 keeps its small results.
struct Exp {
  F16 scale;  // 2^n
  F16 p;      // exp(r) - 1, |r| ≤ ln2/2
};

// Cody-Waite reduction; the polynomial is exp's Taylor series to r^7, whose
// first omitted term is 0.3466^8/8! ≈ 5e-9. The result stays finite: inputs
// are held in [-87, 88]. A NaN passes the comparisons and p carries it.
TACTUS_INLINE Exp exp_parts(F16 x) {
  x = at_most(at_least(x, splat(-87.0F)), splat(88.0F));
  const F16 shifter = splat(12582912.0F);  // 1.5·2^23: rounds to integer
  const F16 shifted = x * 1.44269504F + shifter;
  const F16 n = shifted - shifter;
  const F16 r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  F16 q = splat(1.0F / 5040);
  for (const float c : {1.0F / 720, 1.0F / 120, 1.0F / 24, 1.0F / 6, 0.5F}) {
    q = q * r + c;
  }
  // The shifter's low bits hold n in two's complement.
  const U16 exponent = (bits(shifted) + 127U) << 23;
  return {floats(exponent), r + r * r * q};
}

TACTUS_INLINE F16 exp16(F16 x) {
  const Exp e = exp_parts(x);
  return e.scale * e.p + e.scale;
}

TACTUS_INLINE F16 expm1(F16 x) {
  const Exp e = exp_parts(x);
  return e.scale * e.p + (e.scale - 1.0F);
}

// t/(t+2) with t = expm1(2|x|): no cancellation near 0, 1 beyond 20.
TACTUS_INLINE F16 tanh16(F16 x) {
  const F16 t = expm1(at_most(absolute(x) * 2.0F, splat(40.0F)));
  return with_sign(t / (t + 2.0F), x);
}

TACTUS_INLINE F16 sigmoid16(F16 x) { return 1.0F / (1.0F + exp16(-x)); }

// log(1+e) = 2 atanh(e/(2+e)), 0 ≤ e ≤ 1; series to s^17, s ≤ 1/3: the first
// omitted term is 2·3^-19/19 ≈ 9e-11.
TACTUS_INLINE F16 log1p_unit(F16 e) {
  const F16 s = e / (e + 2.0F);
  const F16 z = s * s;
  F16 q = splat(1.0F / 17);
  for (const float c : {1.0F / 15, 1.0F / 13, 1.0F / 11, 1.0F / 9, 1.0F / 7,
                        1.0F / 5, 1.0F / 3}) {
    q = q * z + c;
  }
  return 2.0F * (s + s * z * q);
}

// erfc by a Chebyshev fit, |relative error| < 1.2e-7 before rounding
// (Numerical Recipes in C, 2nd ed., section 6.2, erfcc).
TACTUS_INLINE F16 erf16(F16 x) {
  const F16 a = absolute(x);
  const F16 t = 1.0F / (1.0F + 0.5F * a);
  F16 q = splat(0.17087277F);
  for (const float c :
       {-0.82215223F, 1.48851587F, -1.13520398F, 0.27886807F, -0.18628806F,
        0.09678418F, 0.37409196F, 1.00002368F, -1.26551223F}) {
    q = q * t + c;
  }
  return with_sign(1.0F - t * exp16(q - a * a), x);
}

void celu(F16& x, const float* p) { x = x > 0.0F ? x : p[0] * expm1(x / p[0]); }
void clip(F16& x, const float* p) {
  x = at_most(at_least(x, splat(p[0])), splat(p[1]));
}
void elu(F16& x, const float* p) { x = x > 0.0F ? x : p[0] * expm1(x); }
void erf(F16& x, const float*) { x = erf16(x); }
void gelu(F16& x, const float*) {
  x = 0.5F * x * (1.0F + erf16(x * 0.70710678F));
}
void gelu_tanh(F16& x, const float*) {
  const F16 y = 0.79788456F * (x + 0.044715F * x * x * x);
  x = 0.5F * x * (1.0F + tanh16(y));
}
void hard_sigmoid(F16& x, const float* p) {
  x = at_most(at_least(p[0] * x + p[1], splat(0.0F)), splat(1.0F));
}
void hard_swish(F16& x, const float*) {
  const F16 gate = x / 6.0F + 0.5F;
  x = x * at_most(at_least(gate, splat(0.0F)), splat(1.0F));
}
void leaky_relu(F16& x, const float* p) { x = x < 0.0F ? p[0] * x : x; }
// tanh(log1p(e)) = n/(n+2), n = e·(e+2); held where e² would overflow.
void mish(F16& x, const float*) {
  const F16 e = exp16(at_most(x, splat(20.0F)));
  const F16 n = e * (e + 2.0F);
  x = x * (n / (n + 2.0F));
}
void neg(F16& x, const float*) { x = -x; }
void relu(F16& x, const float*) { x = at_least(x, splat(0.0F)); }
void selu(F16& x, const float* p) {
  x = p[1] * (x > 0.0F ? x : p[0] * expm1(x));
}
void sigmoid(F16& x, const float*) { x = sigmoid16(x); }
void silu(F16& x, const float*) { x = x * sigmoid16(x); }
void softplus(F16& x, const float*) {
  x = at_least(x, splat(0.0F)) + log1p_unit(exp16(-absolute(x)));
}
void softsign(F16& x, const float*) { x = x / (1.0F + absolute(x)); }
void tanh(F16& x, const float*) { x = tanh16(x); }
void abs(F16& x, const float*) { x = absolute(x); }
void exp(F16& x, const float*) {
  const F16 y = exp16(x);
  x = x > 88.0F ? splat(__builtin_inff()) : x < -87.0F ? splat(0.0F) : y;
}

constexpr double kUlp = 6e-8;

constexpr ActivationEntry kTable[] = {
    {"Abs", abs, 0, 0},
    {"Celu", celu, 6 * kUlp, 1e-37},
    {"Clip", clip, 0, 0},
    {"Elu", elu, 6 * kUlp, 1e-37},
    {"Erf", erf, 0, 4e-7},
    {"Exp", exp, 6 * kUlp, 2e-38},
    {"Gelu", gelu, 8 * kUlp, 1e-6},
    {"GeluTanh", gelu_tanh, 20 * kUlp, 1e-6},
    {"HardSigmoid", hard_sigmoid, 4 * kUlp, 2 * kUlp},
    {"HardSwish", hard_swish, 8 * kUlp, 8 * kUlp},
    {"LeakyRelu", leaky_relu, 2 * kUlp, 1e-37},
    {"Mish", mish, 20 * kUlp, 1e-37},
    {"Neg", neg, 0, 0},
    {"Relu", relu, 0, 0},
    {"Selu", selu, 10 * kUlp, 1e-37},
    {"Sigmoid", sigmoid, 8 * kUlp, 1e-37},
    {"Silu", silu, 10 * kUlp, 1e-37},
    {"Softplus", softplus, 8 * kUlp, 1e-37},
    {"Softsign", softsign, 4 * kUlp, 0},
    {"Tanh", tanh, 8 * kUlp, 1e-37},
};

}  // namespace

const ActivationEntry* find_activation(std::string_view op) noexcept {
  const auto* it = std::ranges::find(kTable, op, &ActivationEntry::op);
  return it == std::end(kTable) ? nullptr : it;
}

}  // namespace tactus::policy::kernels
