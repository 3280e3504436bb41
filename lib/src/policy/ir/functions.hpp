// SPDX-License-Identifier: MIT
// The C library's functions of a double by way of its long double ones: of the
// former glibc has variants, with FMA and without, and takes the processor's;
// constants folded by them would differ from machine to machine. RT-safe.
#pragma once

#include <cmath>

namespace tactus::policy::ir {

template <auto f>
[[nodiscard]] double by_long_double(double x) {
  return static_cast<double>(f(static_cast<long double>(x)));
}

[[nodiscard]] inline double exp_of(double x) { return by_long_double<expl>(x); }
[[nodiscard]] inline double expm1_of(double x) {
  return by_long_double<expm1l>(x);
}
[[nodiscard]] inline double log_of(double x) { return by_long_double<logl>(x); }
[[nodiscard]] inline double log1p_of(double x) {
  return by_long_double<log1pl>(x);
}
[[nodiscard]] inline double tanh_of(double x) {
  return by_long_double<tanhl>(x);
}
[[nodiscard]] inline double erf_of(double x) { return by_long_double<erfl>(x); }
[[nodiscard]] inline double sin_of(double x) { return by_long_double<sinl>(x); }
[[nodiscard]] inline double cos_of(double x) { return by_long_double<cosl>(x); }
[[nodiscard]] inline double tan_of(double x) { return by_long_double<tanl>(x); }
[[nodiscard]] inline double sinh_of(double x) {
  return by_long_double<sinhl>(x);
}
[[nodiscard]] inline double cosh_of(double x) {
  return by_long_double<coshl>(x);
}
[[nodiscard]] inline double asin_of(double x) {
  return by_long_double<asinl>(x);
}
[[nodiscard]] inline double acos_of(double x) {
  return by_long_double<acosl>(x);
}
[[nodiscard]] inline double atan_of(double x) {
  return by_long_double<atanl>(x);
}
[[nodiscard]] inline double asinh_of(double x) {
  return by_long_double<asinhl>(x);
}
[[nodiscard]] inline double acosh_of(double x) {
  return by_long_double<acoshl>(x);
}
[[nodiscard]] inline double atanh_of(double x) {
  return by_long_double<atanhl>(x);
}
[[nodiscard]] inline double pow_of(double x, double y) {
  return static_cast<double>(
      powl(static_cast<long double>(x), static_cast<long double>(y)));
}

}  // namespace tactus::policy::ir
