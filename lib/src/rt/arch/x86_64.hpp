// SPDX-License-Identifier: MIT
// x86-64. RT-safe, except tsc_missing() (cpuid traps in a guest).
#pragma once

#include <cpuid.h>
#include <x86intrin.h>

#include <cstdint>

namespace tactus::rt::arch {

// rdtscp waits until earlier instructions are done, so that a stage's end
// is not stamped before its last store has retired.
[[nodiscard]] inline uint64_t read_tsc() noexcept {
  unsigned core;
  return __rdtscp(&core);
}

inline void relax() noexcept { _mm_pause(); }

// Null when the counter is invariant: it runs at one rate in every power
// state (AMD APM 3, CPUID 8000_0007h EDX bit 8; Intel SDM 18.17.1).
[[nodiscard]] inline const char* tsc_missing() noexcept {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(0x80000007U, &a, &b, &c, &d) == 0)
    return "cpuid leaf 80000007h is absent";
  if ((d & (1U << 8)) == 0) return "cpuid: the TSC is not invariant";
  if (__get_cpuid(0x80000001U, &a, &b, &c, &d) == 0 || (d & (1U << 27)) == 0)
    return "cpuid: no rdtscp";
  return nullptr;
}

// Processor and kernel both (the compiler's run-time checks XCR0). The
// avx512 kernels take the Skylake-SP set: F, DQ, BW, VL.
[[nodiscard]] inline bool has_avx2() noexcept {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
[[nodiscard]] inline bool has_avx512() noexcept {
  return __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl");
}

[[nodiscard]] inline bool has_avx512_vnni() noexcept {
  return has_avx512() && __builtin_cpu_supports("avx512vnni");
}

}  // namespace tactus::rt::arch
