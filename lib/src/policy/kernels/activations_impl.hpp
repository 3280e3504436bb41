// SPDX-License-Identifier: MIT
// Activations on one register of floats, our own approximations: set_impl.hpp
// includes this twice, once for the set's own fma() and once for a sum of a
// product, into the namespace TACTUS_ACTIVATIONS. The error bounds are tested
// for both (tests/unit/policy/activations_test.cpp) against double libm; NaN
// in is NaN out. No pragma once.
namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {
namespace TACTUS_ACTIVATIONS {

// Not 0 + x, which has no negative zero.
[[gnu::always_inline]] inline Floats splat(float x) { return x - Floats{}; }

#define TACTUS_INLINE [[gnu::always_inline]] inline

TACTUS_INLINE Floats absolute(Floats x) {
  return floats(bits(x) & 0x7fffffffU);
}
TACTUS_INLINE Floats with_sign(Floats size, Floats sign) {
  return floats(bits(size) | (bits(sign) & 0x80000000U));
}

// exp(x) = scale·(1 + p): kept apart, so that expm1_of keeps its small results.
struct Exp {
  Floats scale;  // 2^n
  Floats p;      // exp(r) - 1, |r| ≤ ln2/2
};

// Cody-Waite reduction; the polynomial is exp's Taylor series to r^7, whose
// first omitted term is 0.3466^8/8! ≈ 5e-9. The result stays finite: inputs
// are held in [-87, 88]. A NaN passes the comparisons and p carries it.
TACTUS_INLINE Exp exp_parts(Floats x) {
  x = at_most(at_least(x, splat(-87.0F)), splat(88.0F));
  const Floats shifter = splat(12582912.0F);  // 1.5·2^23: rounds to integer
  const Floats shifted = fma(x, splat(1.44269504F), shifter);
  const Floats n = shifted - shifter;
  const Floats r =
      fma(n, splat(2.12194440e-4F), fma(n, splat(-0.693359375F), x));
  // In pairs: half the chain of a Horner scheme.
  const Floats r2 = r * r;
  const Floats c67 = fma(splat(1.0F / 5040), r, splat(1.0F / 720));
  const Floats c45 = fma(splat(1.0F / 120), r, splat(1.0F / 24));
  const Floats c23 = fma(splat(1.0F / 6), r, splat(0.5F));
  const Floats q = fma(fma(c67, r2, c45), r2, c23);
  // The shifter's low bits hold n in two's complement.
  const Words exponent = (bits(shifted) + 127U) << 23;
  return {floats(exponent), fma(r2, q, r)};
}

TACTUS_INLINE Floats exp_of(Floats x) {
  const Exp e = exp_parts(x);
  return fma(e.scale, e.p, e.scale);
}

TACTUS_INLINE Floats expm1_of(Floats x) {
  const Exp e = exp_parts(x);
  return fma(e.scale, e.p, e.scale - 1.0F);
}

// t/(t+2) with t = expm1_of(2|x|): no cancellation near 0, 1 beyond 20.
TACTUS_INLINE Floats tanh_of(Floats x) {
  const Floats t = expm1_of(at_most(absolute(x) * 2.0F, splat(40.0F)));
  return with_sign(t / (t + 2.0F), x);
}

TACTUS_INLINE Floats sigmoid_of(Floats x) { return 1.0F / (1.0F + exp_of(-x)); }

// log(1+e) = 2 atanh(e/(2+e)), 0 ≤ e ≤ 1; series to s^17, s ≤ 1/3: the first
// omitted term is 2·3^-19/19 ≈ 9e-11.
TACTUS_INLINE Floats log1p_unit(Floats e) {
  const Floats s = e / (e + 2.0F);
  const Floats z = s * s;
  Floats q = splat(1.0F / 17);
  for (const float c : {1.0F / 15, 1.0F / 13, 1.0F / 11, 1.0F / 9, 1.0F / 7,
                        1.0F / 5, 1.0F / 3}) {
    q = fma(q, z, splat(c));
  }
  return 2.0F * (s + s * z * q);
}

// erfc by a Chebyshev fit, |relative error| < 1.2e-7 before rounding
// (Numerical Recipes in C, 2nd ed., section 6.2, erfcc).
TACTUS_INLINE Floats erf_of(Floats x) {
  const Floats a = absolute(x);
  const Floats t = 1.0F / (1.0F + 0.5F * a);
  Floats q = splat(0.17087277F);
  for (const float c :
       {-0.82215223F, 1.48851587F, -1.13520398F, 0.27886807F, -0.18628806F,
        0.09678418F, 0.37409196F, 1.00002368F, -1.26551223F}) {
    q = fma(q, t, splat(c));
  }
  return with_sign(1.0F - t * exp_of(q - a * a), x);
}

TACTUS_INLINE void celu(Floats& x, const float* p) {
  x = x > 0.0F ? x : p[0] * expm1_of(x / p[0]);
}
TACTUS_INLINE void clip(Floats& x, const float* p) {
  x = at_most(at_least(x, splat(p[0])), splat(p[1]));
}
TACTUS_INLINE void elu(Floats& x, const float* p) {
  x = x > 0.0F ? x : p[0] * expm1_of(x);
}
TACTUS_INLINE void erf(Floats& x, const float*) { x = erf_of(x); }
TACTUS_INLINE void gelu(Floats& x, const float*) {
  x = 0.5F * x * (1.0F + erf_of(x * 0.70710678F));
}
TACTUS_INLINE void gelu_tanh(Floats& x, const float*) {
  const Floats y = 0.79788456F * (x + 0.044715F * x * x * x);
  x = 0.5F * x * (1.0F + tanh_of(y));
}
TACTUS_INLINE void hard_sigmoid(Floats& x, const float* p) {
  x = at_most(at_least(p[0] * x + p[1], splat(0.0F)), splat(1.0F));
}
TACTUS_INLINE void hard_swish(Floats& x, const float*) {
  const Floats gate = x / 6.0F + 0.5F;
  x = x * at_most(at_least(gate, splat(0.0F)), splat(1.0F));
}
TACTUS_INLINE void leaky_relu(Floats& x, const float* p) {
  x = x < 0.0F ? p[0] * x : x;
}
// tanh(log1p(e)) = n/(n+2), n = e·(e+2); held where e² would overflow.
TACTUS_INLINE void mish(Floats& x, const float*) {
  const Floats e = exp_of(at_most(x, splat(20.0F)));
  const Floats n = e * (e + 2.0F);
  x = x * (n / (n + 2.0F));
}
TACTUS_INLINE void neg(Floats& x, const float*) { x = -x; }
TACTUS_INLINE void relu(Floats& x, const float*) {
  x = at_least(x, splat(0.0F));
}
TACTUS_INLINE void selu(Floats& x, const float* p) {
  x = p[1] * (x > 0.0F ? x : p[0] * expm1_of(x));
}
TACTUS_INLINE void sigmoid(Floats& x, const float*) { x = sigmoid_of(x); }
TACTUS_INLINE void silu(Floats& x, const float*) { x = x * sigmoid_of(x); }
TACTUS_INLINE void sqrt(Floats& x, const float*) { x = root(x); }
TACTUS_INLINE void softplus(Floats& x, const float*) {
  x = at_least(x, splat(0.0F)) + log1p_unit(exp_of(-absolute(x)));
}
TACTUS_INLINE void softsign(Floats& x, const float*) {
  x = x / (1.0F + absolute(x));
}
TACTUS_INLINE void tanh(Floats& x, const float*) { x = tanh_of(x); }
TACTUS_INLINE void abs(Floats& x, const float*) { x = absolute(x); }
TACTUS_INLINE void exp(Floats& x, const float*) {
  const Floats y = exp_of(x);
  x = x > 88.0F ? splat(__builtin_inff()) : x < -87.0F ? splat(0.0F) : y;
}

// (t + t/(t + 1)) / 2 with t = expm1_of(|x|) near zero, (e · e) / 2 with
// e = exp_of(|x| / 2) beyond, where e^|x| may have no float.
TACTUS_INLINE Floats half_exp(Floats size) {
  const Floats e = exp_of(size * 0.5F);
  return 0.5F * e * e;
}
TACTUS_INLINE void sinh(Floats& x, const float*) {
  const Floats size = absolute(x);
  const Floats t = expm1_of(at_most(size, splat(10.0F)));
  const Floats near = 0.5F * (t + t / (t + 1.0F));
  x = with_sign(size > 10.0F ? half_exp(size) : near, x);
}
TACTUS_INLINE void cosh(Floats& x, const float*) {
  const Floats half = half_exp(absolute(x));
  x = half + 0.25F / half;
}
TACTUS_INLINE void acos(Floats& x, const float*) { x = angles::acos_of(x); }
TACTUS_INLINE void asin(Floats& x, const float*) { x = angles::asin_of(x); }
TACTUS_INLINE void atan(Floats& x, const float*) { x = angles::atan_of(x); }
TACTUS_INLINE void tan(Floats& x, const float*) { x = angles::tan_of(x); }
TACTUS_INLINE void sin(Floats& x, const float*) { x = angles::sin_of(x); }
TACTUS_INLINE void cos(Floats& x, const float*) { x = angles::cos_of(x); }
TACTUS_INLINE void log(Floats& x, const float*) { x = angles::log_of(x); }
TACTUS_INLINE void floor(Floats& x, const float*) { x = angles::floor_of(x); }
TACTUS_INLINE void ceil(Floats& x, const float*) { x = -angles::floor_of(-x); }
TACTUS_INLINE void round(Floats& x, const float*) { x = angles::round_of(x); }
TACTUS_INLINE void reciprocal(Floats& x, const float*) { x = 1.0F / x; }
TACTUS_INLINE void sign(Floats& x, const float*) {
  x = x > 0.0F ? splat(1.0F) : x < 0.0F ? splat(-1.0F) : x;
}
TACTUS_INLINE void is_inf(Floats& x, const float* p) {
  const Floats below = x == -__builtin_inff() ? splat(p[0]) : splat(0.0F);
  x = x == __builtin_inff() ? splat(p[1]) : below;
}
TACTUS_INLINE void is_nan(Floats& x, const float*) {
  x = x != x ? splat(1.0F) : splat(0.0F);
}
TACTUS_INLINE void thresholded_relu(Floats& x, const float* p) {
  x = x <= p[0] ? splat(0.0F) : x;
}
// Of what is true or false; a NaN is true.
TACTUS_INLINE void logical_not(Floats& x, const float*) {
  x = x == 0.0F ? splat(1.0F) : splat(0.0F);
}

inline constexpr double kUlp = 6e-8;

template <void (*f)(Floats&, const float*)>
void each(float* y, std::size_t blocks, const float* p) {
  for (std::size_t i = 0; i < blocks * kBlock; i += kLanes) {
    Floats x = load(y + i);
    f(x, p);
    store(x, y + i);
  }
}

inline constexpr ActivationEntry kTable[] = {
    {"Abs", each<abs>, 0, 0},
    {"Acos", each<acos>, 8 * kUlp, 0},
    {"Asin", each<asin>, 8 * kUlp, 1e-45},
    {"Atan", each<atan>, 8 * kUlp, 1e-45},
    {"Ceil", each<ceil>, 0, 0},
    {"Celu", each<celu>, 6 * kUlp, 1e-37},
    {"Clip", each<clip>, 0, 0},
    {"Cos", each<cos>, 4 * kUlp, 0},
    {"Cosh", each<cosh>, 12 * kUlp, 0},
    {"Elu", each<elu>, 6 * kUlp, 1e-37},
    {"Erf", each<erf>, 0, 4e-7},
    {"Exp", each<exp>, 6 * kUlp, 2e-38},
    {"Floor", each<floor>, 0, 0},
    {"Gelu", each<gelu>, 8 * kUlp, 1e-6},
    {"GeluTanh", each<gelu_tanh>, 20 * kUlp, 1e-6},
    {"HardSigmoid", each<hard_sigmoid>, 4 * kUlp, 2 * kUlp},
    {"HardSwish", each<hard_swish>, 8 * kUlp, 8 * kUlp},
    {"IsInf", each<is_inf>, 0, 0},
    {"IsNaN", each<is_nan>, 0, 0},
    {"LeakyRelu", each<leaky_relu>, 2 * kUlp, 1e-37},
    {"Log", each<log>, 3 * kUlp, 0},
    {"Mish", each<mish>, 20 * kUlp, 1e-37},
    {"Neg", each<neg>, 0, 0},
    {"Not", each<logical_not>, 0, 0},
    {"Reciprocal", each<reciprocal>, kUlp, 1e-45},
    {"Relu", each<relu>, 0, 0},
    {"Round", each<round>, 0, 0},
    {"Selu", each<selu>, 10 * kUlp, 1e-37},
    {"Sigmoid", each<sigmoid>, 8 * kUlp, 1e-37},
    {"Sign", each<sign>, 0, 0},
    {"Silu", each<silu>, 10 * kUlp, 1e-37},
    {"Sin", each<sin>, 4 * kUlp, 1e-45},
    {"Sinh", each<sinh>, 12 * kUlp, 1e-45},
    {"Softplus", each<softplus>, 8 * kUlp, 1e-37},
    {"Softsign", each<softsign>, 4 * kUlp, 0},
    {"Sqrt", each<sqrt>, 2 * kUlp, 0},
    {"Tan", each<tan>, 9 * kUlp, 1e-45},
    {"Tanh", each<tanh>, 8 * kUlp, 1e-37},
    {"ThresholdedRelu", each<thresholded_relu>, 0, 0},
};

#undef TACTUS_INLINE

}  // namespace TACTUS_ACTIVATIONS
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
