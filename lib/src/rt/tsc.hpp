// SPDX-License-Identifier: MIT
// The time stamp counter as a cheap CLOCK_MONOTONIC (7 ns instead of 25):
// calibrated against it, checked, never assumed. Where the machine has no
// invariant counter, or the check fails, now() reads CLOCK_MONOTONIC and
// reason() says why. One per loop: now() and anchor() belong to one thread.
#pragma once

#include <cstdint>
#include <string>

#include "rt/arch/arch.hpp"
#include "rt/clock.hpp"
#include "rt/grants.hpp"

namespace tactus::rt {

class TscClock {
 public:
  // Falls back at once; calibrate() earns the counter.
  TscClock() = default;

  // Measures the rate over `window_ns` and checks it over another; set-up,
  // takes 2 × window.
  void calibrate(int64_t window_ns = 10'000'000);

  // RT-safe.
  [[nodiscard]] int64_t now() const noexcept {
    if (!granted_) return monotonic_ns();
    const auto ticks = static_cast<int64_t>(arch::read_tsc() - anchor_tsc_);
    return anchor_ns_ + to_ns(ticks);
  }
  // Ties the counter to CLOCK_MONOTONIC again, so that the kernel's slewing
  // (up to 500 ppm) cannot add up. Once per cycle, after the coarse wait.
  // RT-safe: at most three clock reads.
  void anchor() noexcept;

  [[nodiscard]] bool granted() const noexcept { return granted_; }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  [[nodiscard]] double hz() const noexcept { return hz_; }
  [[nodiscard]] Grant grant() const;

 private:
  // ns = ticks * mult / 2^32; 64 × 64 → 128 bits, so it never overflows.
  [[nodiscard]] int64_t to_ns(int64_t ticks) const noexcept {
    return static_cast<int64_t>((static_cast<__int128>(ticks) * mult_) >> 32);
  }

  bool granted_ = false;
  uint64_t anchor_tsc_ = 0;
  int64_t anchor_ns_ = 0;
  int64_t mult_ = 0;
  double hz_ = 0;
  std::string reason_ = "not calibrated";
};

}  // namespace tactus::rt
