// SPDX-License-Identifier: MIT
#include "rt/nanosleep_wake.hpp"

#include <cerrno>
#include <ctime>

namespace tactus::rt {

namespace {

timespec to_timespec(int64_t ns) noexcept {
  return {ns / 1'000'000'000, ns % 1'000'000'000};
}

}  // namespace

Wake NanosleepWake::wait(int64_t release_ns, int64_t lead_ns) noexcept {
  Wake wake;
  wake.expiry_ns = release_ns - lead_ns;
  const timespec until = to_timespec(wake.expiry_ns);
  int rc = 0;
  // A signal ends the sleep early; its handler has posted a request, which
  // waits for the cycle edge like every other.
  do {
    rc = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
  } while (rc == EINTR);
  if (rc != 0) wake.status = TACTUS_FAILED;
  clock_.anchor();
  wake.coarse_ns = clock_.now();
  wake.wake_ns = wake.coarse_ns;
  return wake;
}

int64_t NanosleepWake::spin(int64_t release_ns) noexcept {
  // Bounded by what wait() was given: it returned no earlier than that.
  int64_t t = clock_.now();
  while (t < release_ns) {
    arch::relax();
    t = clock_.now();
  }
  return t;
}

}  // namespace tactus::rt
