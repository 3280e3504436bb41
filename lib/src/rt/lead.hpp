// SPDX-License-Identifier: MIT
// How much earlier than the release to wake up. Measured as coarse wake −
// programmed expiry (not as lateness after the spin, which is about 0): a
// chosen quantile, capped by lead_max. Set-up; runs on the thread that will
// cycle, after its priority and affinity are set.
#pragma once

#include <cstdint>

#include "rt/grants.hpp"
#include "rt/wake_source.hpp"

namespace tactus::rt {

inline constexpr int64_t kDefaultLeadMax = 60'000;

struct LeadAsk {
  int64_t lead_max_ns = kDefaultLeadMax;
  int64_t period_ns = 1'000'000;  // sleeps as long, at most 1 ms
  double quantile = 0.99;
  uint32_t samples = 200;
};

struct Lead {
  int64_t lead_ns = 0;      // to use
  int64_t measured_ns = 0;  // the quantile, before the cap
  double quantile = 0;
  uint32_t samples = 0;
};

[[nodiscard]] Lead calibrate_lead(WakeSource& wake, const LeadAsk& ask);
// Never "not ok": shows what was measured and whether the cap cut it.
[[nodiscard]] Grant lead_grant(const Lead& lead, const LeadAsk& ask);

}  // namespace tactus::rt
