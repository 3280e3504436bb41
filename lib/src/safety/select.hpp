// SPDX-License-Identifier: MIT
// Lane-wise choice. GCC 12 lowers `mask ? a : b` on vectors wider than the
// target's to one branch per lane (four times the cost of a whole check), so
// this goes through 16-byte parts, which every target has. RT-safe.
#pragma once

#include <cstdint>

#include "kin/lanes.hpp"

namespace tactus::safety {

typedef double Double2 __attribute__((vector_size(16), may_alias));
typedef int64_t Int2 __attribute__((vector_size(16), may_alias));

inline constexpr int kParts = kin::kLanes / 2;

[[gnu::always_inline]] inline const Double2* parts(const kin::Double8& x) {
  return reinterpret_cast<const Double2*>(&x);
}
[[gnu::always_inline]] inline Double2* parts(kin::Double8& x) {
  return reinterpret_cast<Double2*>(&x);
}

// out = x <= y ? a : b; NaN on either side takes b.
[[gnu::always_inline]] inline void select_le(double x, double y, double a,
                                             double b, double& out) {
  out = x <= y ? a : b;
}
[[gnu::always_inline]] inline void select_le(const kin::Double8& x,
                                             const kin::Double8& y,
                                             const kin::Double8& a,
                                             const kin::Double8& b,
                                             kin::Double8& out) {
  for (int i = 0; i < kParts; ++i) {
    parts(out)[i] = parts(x)[i] <= parts(y)[i] ? parts(a)[i] : parts(b)[i];
  }
}

}  // namespace tactus::safety
