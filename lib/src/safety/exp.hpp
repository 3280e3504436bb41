// SPDX-License-Identifier: MIT
// exp(-x) for x >= 0 from + - * and bit operations: the same bits on every
// machine and in every lane, which libm does not promise. RT-safe.
#pragma once

#include <cstdint>

#include "kin/select.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {

using kin::select_le;

[[nodiscard]] constexpr double seconds(int64_t ns) {
  return static_cast<double>(ns) * 1e-9;
}

// Cody-Waite reduction x = n ln 2 - r, |r| <= 0.35, and Taylor to r^13 / 13!
// (truncation 0.35^14 / 14! < 5e-18). V: double or kin::Double8. NaN gives
// NaN; x > 700 gives exp(-700) < 1e-304, which is as good as zero here.
template <class V>
[[gnu::always_inline]] inline void exp_minus(const V& argument, V& out) {
  constexpr double kInverse[14] = {
      1,       1,       1.0 / 2, 1.0 / 3,  1.0 / 4,  1.0 / 5,  1.0 / 6,
      1.0 / 7, 1.0 / 8, 1.0 / 9, 1.0 / 10, 1.0 / 11, 1.0 / 12, 1.0 / 13};
  const V cap = argument * 0 + 700;
  V x;
  select_le(cap, argument, cap, argument, x);
  const V shifted = x * 1.44269504088896338700 + 6755399441055744.0;
  const V n = shifted - 6755399441055744.0;
  const V r =
      (n * 6.93147180369123816490e-01 - x) + n * 1.90821492927058770002e-10;
  V sum = r * 0 + 1;
  for (int i = 13; i >= 1; --i) sum = 1 + sum * (r * kInverse[i]);
  // 2^-n: n sits in the low bits of `shifted`.
  kin::LaneBits<V> bits;
  kin::same_bits(shifted, bits);
  bits = (1023 - (bits & 0xFFF)) << 52;
  V power;
  kin::same_bits(bits, power);
  out = sum * power;
}

[[nodiscard]] inline double exp_minus(double x) noexcept {
  double out;
  exp_minus<double>(x, out);
  return out;
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
