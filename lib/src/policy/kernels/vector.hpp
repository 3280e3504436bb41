// SPDX-License-Identifier: MIT
// Sixteen floats as GCC's portable vector: compiles to SSE2, AVX, AVX-512 or
// NEON. Only IEEE add, mul and div, in one order: the same bits everywhere
// (-ffp-contract=off). RT-safe.
#pragma once

#include <cstdint>

namespace tactus::policy::kernels {

inline constexpr int kLanes = 16;

typedef float F16 __attribute__((vector_size(64), may_alias));
typedef uint32_t U16 __attribute__((vector_size(64), may_alias));
// The same without a promise of alignment.
typedef float F16u __attribute__((vector_size(64), aligned(4), may_alias));

}  // namespace tactus::policy::kernels
