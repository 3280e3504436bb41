// SPDX-License-Identifier: MIT
// One scalar or eight lanes of double under one template. A lane computes
// the same operations in the same order as the scalar, so the bits agree.
// Vectors are passed by reference only: by value their ABI depends on -m.
#pragma once

#include <cstdint>

namespace tactus::kin {

inline constexpr uint32_t kLanes = 8;

// 8 doubles; GCC and clang lower it to whatever the target has.
typedef double Double8 __attribute__((vector_size(64)));
typedef int64_t Int8 __attribute__((vector_size(64)));

template <class V>
struct LaneTraits;
template <>
struct LaneTraits<double> {
  using Bits = int64_t;
};
template <>
struct LaneTraits<Double8> {
  using Bits = Int8;
};
template <class V>
using LaneBits = typename LaneTraits<V>::Bits;

}  // namespace tactus::kin
