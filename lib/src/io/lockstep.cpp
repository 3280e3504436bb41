// SPDX-License-Identifier: MIT
#include "io/lockstep.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

#include "core/error.hpp"
#include "io/stamp.hpp"

namespace tactus::io {

Result<std::unique_ptr<LockstepWake>> LockstepWake::open(
    Udp& udp, const LockstepOptions& options) {
  std::unique_ptr<LockstepWake> wake(new LockstepWake(udp, options));
  if (wake->await_after(INT64_MIN)) return wake;
  return unavailable(
      "lockstep: no state frame flagged lockstep from the plant within {} s: "
      "start the plant with --lockstep, or check io.peer and io.listen",
      static_cast<double>(options.watchdog.count()) * 1e-9);
}

rt::Wake LockstepWake::wait(int64_t release_ns, int64_t) noexcept {
  rt::Wake wake;
  wake.expiry_ns = release_ns;
  while (!dead_ && now_ns_ < release_ns) {
    const int64_t done_ns = now_ns_;
    finish_tick();
    dead_ = !await_after(done_ns);
  }
  if (dead_) wake.status = TACTUS_ENDED;
  wake.coarse_ns = wake.wake_ns = now_ns_;
  return wake;
}

// Waits for a time after `stamp_ns`, repeating tick-done meanwhile.
bool LockstepWake::await_after(int64_t stamp_ns) noexcept {
  const int64_t end_ns = monotonic_ns() + options_.watchdog.count();
  for (;;) {
    if (adopt(udp_.peek(INT64_MAX), stamp_ns)) return true;
    const int64_t left_ns = end_ns - monotonic_ns();
    if (left_ns <= 0) return false;
    const auto limit =
        std::min(std::chrono::nanoseconds(left_ns), options_.repeat);
    // Silence: the frame or our tick-done was lost, or the plant started
    // after we sent it.
    if (!udp_.wait_readable(limit) && stamp_ns != INT64_MIN) finish_tick();
  }
}

bool LockstepWake::adopt(const State& state, int64_t after_ns) noexcept {
  const bool timed = state.any && (state.flags & layout::kWireLockstep) != 0;
  if (!timed || state.stamp_ns <= after_ns) return false;
  now_ns_ = state.stamp_ns;
  publish();
  return true;
}

void LockstepWake::publish() noexcept {
  layout::GuardWords* words = options_.words;
  if (!words) return;
  // The time first: who sees the new tick must see its time (pairs with
  // guard::VirtualWait's acquire of the tick).
  words->virtual_now_ns.store(now_ns_, std::memory_order_relaxed);
  words->virtual_tick.fetch_add(1, std::memory_order_release);
  ::syscall(SYS_futex, &words->virtual_tick, FUTEX_WAKE, INT_MAX, nullptr,
            nullptr, 0);
}

void LockstepWake::finish_tick() noexcept {
  CommandFrame frame;
  frame.flags = layout::kWireLockstep;
  frame.epoch = epoch_;
  frame.seq = ++seq_;
  frame.stamp_ns = now_ns_;
  // A failed send shows as silence; the repeat sends it again.
  (void)udp_.tick_done(frame);
}

}  // namespace tactus::io
