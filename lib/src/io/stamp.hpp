// SPDX-License-Identifier: MIT
// The kernel dates datagrams with CLOCK_REALTIME (SO_TIMESTAMPNS); Tactus
// counts in CLOCK_MONOTONIC. This maps one to the other and notices when the
// wall clock was stepped, for then a queued stamp may look fresher than it
// is. RT-safe (vDSO clock reads), one thread.
#pragma once

#include <sys/socket.h>
#include <time.h>

#include <cstdint>

namespace tactus::io {

[[nodiscard]] int64_t monotonic_ns() noexcept;

// The SO_TIMESTAMPNS control message; false: there is none.
[[nodiscard]] bool find_stamp(const msghdr& message, timespec& out) noexcept;

// Sets up nothing, asks: call while a socket with SO_TIMESTAMPNS is open.
// Takes about 1 ms, at most 60. Set-up only.
[[nodiscard]] bool kernel_dates_on_arrival();

class RealtimeOffset {
 public:
  // Reads both clocks, before the datagrams of a drain are read.
  void update() noexcept;
  // The same from given readings (tests): MONOTONIC just before and just
  // after the REALTIME reading.
  void update(int64_t before_ns, int64_t realtime_ns,
              int64_t after_ns) noexcept;

  // False: the last update was disturbed, or the wall clock was stepped
  // since the one before, so stamps in the queue cannot be mapped.
  [[nodiscard]] bool trusted() const noexcept { return trusted_; }
  // Never later than the truth by more than the clocks' reading takes.
  [[nodiscard]] int64_t to_monotonic(const timespec& stamp) const noexcept;

 private:
  bool known_ = false;
  bool trusted_ = false;
  int64_t offset_ns_ = 0;  // MONOTONIC − REALTIME
  int64_t at_ns_ = 0;      // of the last update
};

// The stamp of a signal after one more frame. Each estimate (receive - age -
// bound) is not later than the measurement, and a measurement reported again
// (a camera slower than the loop) is estimated anew with each frame's own
// transport time: it may seem to go back by up to the bound, and by 1 us of
// the age's rounding, without being older. A larger step back is let
// through, for the shield to refuse.
[[nodiscard]] constexpr int64_t later_stamp(int64_t last_ns,
                                            int64_t estimate_ns,
                                            int64_t bound_ns) noexcept {
  const int64_t back = last_ns - estimate_ns;
  return back > 0 && back <= bound_ns + 1000 ? last_ns : estimate_ns;
}

}  // namespace tactus::io
