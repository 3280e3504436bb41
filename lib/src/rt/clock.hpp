// SPDX-License-Identifier: MIT
// CLOCK_MONOTONIC in nanoseconds, the only time inside Tactus. RT-safe (a
// vDSO read, about 25 ns; where the vDSO falls back to a syscall, the `tsc`
// grant says so).
#pragma once

#include <ctime>

#include <cstdint>

namespace tactus::rt {

[[nodiscard]] inline int64_t monotonic_ns() noexcept {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * 1'000'000'000 + ts.tv_nsec;
}

}  // namespace tactus::rt
