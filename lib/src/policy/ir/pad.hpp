// SPDX-License-Identifier: MIT
// Where an element of a padded axis comes from: Pad's interpreter and its
// lowering share it.
#pragma once

#include <algorithm>
#include <cstdint>

namespace tactus::policy::ir {

// As Node::ints has it, behind the axes' begins.
enum class PadMode : uint8_t { kConstant, kReflect, kEdge, kWrap };

// Of an axis of n elements, n > 0, place i as counted from its first; -1: the
// constant.
[[nodiscard]] inline int64_t pad_source(PadMode mode, int64_t i, int64_t n) {
  if (i >= 0 && i < n) return i;
  const auto turn = [&](int64_t period) {
    return (i % period + period) % period;
  };
  switch (mode) {
    case PadMode::kReflect: {
      const int64_t at = n == 1 ? 0 : turn(2 * n - 2);
      return at < n ? at : 2 * n - 2 - at;
    }
    case PadMode::kEdge:
      return std::clamp<int64_t>(i, 0, n - 1);
    case PadMode::kWrap:
      return turn(n);
    case PadMode::kConstant:
      break;
  }
  return -1;
}

}  // namespace tactus::policy::ir
