// SPDX-License-Identifier: MIT
#include "rt/tsc.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace tactus::rt {

namespace {

struct Pair {
  uint64_t tsc = 0;
  int64_t ns = 0;
  uint64_t width = UINT64_MAX;  // ticks between the counter reads around ns
};

Pair read_pair() noexcept {
  const uint64_t before = arch::read_tsc();
  const int64_t ns = monotonic_ns();
  const uint64_t after = arch::read_tsc();
  return {before + (after - before) / 2, ns, after - before};
}

// The tightest of `n`: a read that was preempted in between is wide.
Pair read_best(int n) noexcept {
  Pair best;
  for (int i = 0; i < n; ++i)
    if (const Pair p = read_pair(); p.width < best.width) best = p;
  return best;
}

Pair read_after(int64_t ns) noexcept {
  while (monotonic_ns() < ns) arch::relax();
  return read_best(16);
}

// Farther than this from CLOCK_MONOTONIC after one window is not a clock:
// 500 ppm of slewing over 10 ms is 5 us, and nobody slews that fast.
constexpr int64_t kTolerance = 2'000;

// An anchor whose reads lie farther apart was preempted between them: its
// middle would be off by up to half of that. The old anchor is better.
constexpr int64_t kWideNs = 1'000;

}  // namespace

void TscClock::calibrate(int64_t window_ns) {
  granted_ = false;
  if (const char* missing = arch::tsc_missing(); missing != nullptr) {
    reason_ = missing;
    return;
  }
  const Pair a = read_best(16);
  const Pair b = read_after(a.ns + window_ns);
  if (b.tsc <= a.tsc) {
    reason_ = "the counter did not rise";
    return;
  }
  const double ns_per_tick =
      static_cast<double>(b.ns - a.ns) / static_cast<double>(b.tsc - a.tsc);
  hz_ = 1e9 / ns_per_tick;
  mult_ = static_cast<int64_t>(ns_per_tick * 4294967296.0);
  anchor_tsc_ = b.tsc;
  anchor_ns_ = b.ns;
  const Pair c = read_after(b.ns + window_ns);
  const int64_t off =
      anchor_ns_ + to_ns(static_cast<int64_t>(c.tsc - anchor_tsc_)) - c.ns;
  granted_ = std::llabs(off) <= kTolerance;
  reason_ = granted_ ? ""
                     : fmt::format("{} ns off CLOCK_MONOTONIC after {} ms", off,
                                   window_ns / 1'000'000);
}

void TscClock::anchor() noexcept {
  if (!granted_) return;
  const Pair p = read_pair();
  if (to_ns(static_cast<int64_t>(p.width)) > kWideNs) return;
  anchor_tsc_ = p.tsc;
  anchor_ns_ = p.ns;
}

Grant TscClock::grant() const {
  const std::string got =
      granted_ ? fmt::format("{:.1f} MHz", hz_ / 1e6) : "clock_gettime";
  return {"tsc", "invariant", got, granted_, reason_};
}

}  // namespace tactus::rt
