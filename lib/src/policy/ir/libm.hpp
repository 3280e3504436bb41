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

inline constexpr auto exp_of = by_long_double<expl>;
inline constexpr auto expm1_of = by_long_double<expm1l>;
inline constexpr auto log_of = by_long_double<logl>;
inline constexpr auto log1p_of = by_long_double<log1pl>;
inline constexpr auto tanh_of = by_long_double<tanhl>;
inline constexpr auto erf_of = by_long_double<erfl>;
inline constexpr auto sin_of = by_long_double<sinl>;
inline constexpr auto cos_of = by_long_double<cosl>;
inline constexpr auto tan_of = by_long_double<tanl>;
inline constexpr auto sinh_of = by_long_double<sinhl>;
inline constexpr auto cosh_of = by_long_double<coshl>;
inline constexpr auto asin_of = by_long_double<asinl>;
inline constexpr auto acos_of = by_long_double<acosl>;
inline constexpr auto atan_of = by_long_double<atanl>;
inline constexpr auto asinh_of = by_long_double<asinhl>;
inline constexpr auto acosh_of = by_long_double<acoshl>;
inline constexpr auto atanh_of = by_long_double<atanhl>;
[[nodiscard]] inline double pow_of(double x, double y) {
  return static_cast<double>(
      powl(static_cast<long double>(x), static_cast<long double>(y)));
}

}  // namespace tactus::policy::ir
