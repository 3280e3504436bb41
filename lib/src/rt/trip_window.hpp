// SPDX-License-Identifier: MIT
// The trip rule's window: how many of the last `of` releases were bad. A
// window, not a lifetime counter: that stops healthy robots after hours.
// Plain data (goes into keyframes). RT-safe; push(n) is bounded by the window.
#pragma once

#include <cstdint>

#include "rt/loop_spec.hpp"

namespace tactus::rt {

struct TripWindow {
  uint64_t bits[kMaxTripWindow / 64];
  uint32_t next;   // where the next release goes, < of
  uint32_t count;  // bad ones in the window

  void clear() noexcept { *this = TripWindow{}; }

  void push(uint32_t of, bool bad) noexcept {
    const uint64_t bit = uint64_t{1} << (next & 63);
    uint64_t& word = bits[next >> 6];
    count -= (word & bit) != 0 ? 1 : 0;
    count += bad ? 1 : 0;
    word = bad ? word | bit : word & ~bit;
    next = next + 1 == of ? 0 : next + 1;
  }

  void push_bad(uint32_t of, uint64_t n) noexcept {
    if (n > of) n = of;  // older ones fall out of the window anyway
    for (uint64_t i = 0; i < n; ++i) push(of, true);
  }
};

}  // namespace tactus::rt
