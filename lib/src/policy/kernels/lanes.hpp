// SPDX-License-Identifier: MIT
// Loads, stores and splats of sixteen floats; only for the kernels' own
// files, which are built with -Wno-psabi. RT-safe.
#pragma once

#include "policy/kernels/vector.hpp"

namespace tactus::policy::kernels {

[[gnu::always_inline]] inline F16 load(const float* p) {
  return *reinterpret_cast<const F16u*>(p);
}
[[gnu::always_inline]] inline void store(float* p, F16 v) {
  *reinterpret_cast<F16u*>(p) = v;
}
[[gnu::always_inline]] inline F16 splat(float x) { return F16{} + x; }

}  // namespace tactus::policy::kernels
