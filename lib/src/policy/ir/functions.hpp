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
[[nodiscard]] inline double pow_of(double x, double y) {
  return static_cast<double>(
      powl(static_cast<long double>(x), static_cast<long double>(y)));
}

}  // namespace tactus::policy::ir
