// SPDX-License-Identifier: MIT
// The portable twin: no counter, so the clock falls back to CLOCK_MONOTONIC.
#pragma once

#include <atomic>
#include <cstdint>

namespace tactus::rt::arch {

[[nodiscard]] inline uint64_t read_tsc() noexcept { return 0; }

inline void relax() noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

[[nodiscard]] inline const char* tsc_missing() noexcept {
  return "built portable: no time stamp counter";
}

// Vector instructions that kernels are built for besides the portable ones.
[[nodiscard]] inline bool has_avx2() noexcept { return false; }
[[nodiscard]] inline bool has_avx512() noexcept { return false; }

}  // namespace tactus::rt::arch
