// SPDX-License-Identifier: MIT
// The command of a stop plan at a time. The one place that gives a plan its
// meaning: planner, loop and guardian all use it. RT-safe, pure; IEEE + - *
// only, so that every process gets the same bits.
#pragma once

#include <cstdint>

#include "core/layout/stop_page.hpp"

namespace tactus::guard {

// u[joints] in the plan's output unit at `now_ns` (MONOTONIC): the held
// command before the origin, the terminal one from the last segment's end on.
// The plan must have passed valid() (guard/page.hpp) or come from the planner.
inline void evaluate(const layout::StopPlan& plan, int64_t now_ns,
                     double* u) noexcept {
  const int64_t t_ns = now_ns - plan.origin_ns;
  uint32_t s = 0;
  while (s < plan.segments && t_ns >= plan.segment_end_ns[s]) ++s;
  const bool before = t_ns < 0;
  const int64_t begin_ns = s == 0 ? 0 : plan.segment_end_ns[s - 1];
  const double t = static_cast<double>(t_ns - begin_ns) * 1e-9;
  for (uint32_t j = 0; j < plan.joints; ++j) {
    if (before || s == plan.segments) {
      u[j] = before ? plan.held[j] : plan.terminal[j];
      continue;
    }
    const double* c = plan.cubic[s][j].c;
    u[j] = c[0] + t * (c[1] + t * (c[2] + t * c[3]));
  }
}

// When the terminal command begins.
[[nodiscard]] inline int64_t end_ns(const layout::StopPlan& plan) noexcept {
  return plan.origin_ns +
         (plan.segments > 0 ? plan.segment_end_ns[plan.segments - 1] : 0);
}

}  // namespace tactus::guard
