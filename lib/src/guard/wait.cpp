// SPDX-License-Identifier: MIT
#include "guard/wait.hpp"

#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

namespace tactus::guard {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kLookNs = 20'000'000;

int64_t monotonic_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * kSecond + t.tv_nsec;
}

timespec to_timespec(int64_t ns) { return {ns / kSecond, ns % kSecond}; }

void sleep_until(int64_t deadline_ns) {
  const timespec until = to_timespec(std::max<int64_t>(deadline_ns, 0));
  // Interrupted: the caller steps early, which is harmless.
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

// A pidfd becomes readable when its process is gone.
bool readable_within(int fd, int64_t ns) {
  pollfd entry{fd, POLLIN, 0};
  const timespec timeout = to_timespec(ns);
  return ::ppoll(&entry, 1, &timeout, nullptr) > 0;
}

}  // namespace

int64_t RealWait::now() noexcept { return monotonic_ns(); }

Woken RealWait::until(int64_t deadline_ns) noexcept {
  const int64_t left_ns = deadline_ns - monotonic_ns();
  if (pidfd_ < 0) {
    sleep_until(deadline_ns);
    return Woken::kDeadline;
  }
  // Even when the deadline has passed: a dead controller is seen once.
  if (!readable_within(pidfd_, std::max<int64_t>(left_ns, 0))) {
    return Woken::kDeadline;
  }
  pidfd_ = -1;
  return Woken::kControllerDied;
}

int64_t VirtualWait::now() noexcept {
  const int64_t now_ns = words_->virtual_now_ns.load(std::memory_order_acquire);
  return dead_ ? now_ns + monotonic_ns() - died_at_ns_ : now_ns;
}

Woken VirtualWait::until(int64_t deadline_ns) noexcept {
  if (dead_) {
    sleep_until(monotonic_ns() + deadline_ns - now());
    return Woken::kDeadline;
  }
  for (;;) {
    // Pairs with LockstepWake's release: a tick is seen with its time. Read
    // before the time, so that a tick in between ends the futex wait.
    const uint32_t tick = words_->virtual_tick.load(std::memory_order_acquire);
    if (now() >= deadline_ns) return Woken::kDeadline;
    const timespec timeout = to_timespec(kLookNs);
    ::syscall(SYS_futex, &words_->virtual_tick, FUTEX_WAIT, tick, &timeout,
              nullptr, 0);
    if (died()) return Woken::kControllerDied;
    // The loop has left in order: its clock stands still from now on.
    if (left()) return Woken::kDeadline;
  }
}

bool VirtualWait::left() const noexcept {
  const uint64_t word = words_->state_epoch.load(std::memory_order_acquire);
  return words_->orderly_exit.load(std::memory_order_acquire) != 0 &&
         layout::guard_state(word) == layout::GuardState::kDisarmed;
}

bool VirtualWait::died() noexcept {
  if (pidfd_ < 0 || !readable_within(pidfd_, 0)) return false;
  pidfd_ = -1;
  dead_ = true;
  died_at_ns_ = monotonic_ns();
  return true;
}

}  // namespace tactus::guard
