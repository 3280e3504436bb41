// SPDX-License-Identifier: MIT
// The stop planner: a synchronised, jerk-limited stop. Every joint follows
// u_j s(t), where s falls from 1 to 0, so the motion keeps its direction in
// joint space and |u_j s'| <= decel_j, |u_j s''| <= jerk_j hold for all
// joints with the slowest one binding. Pure, RT-safe.
#pragma once

#include <cstdint>

#include "core/layout/stop_page.hpp"
#include "safety/image.hpp"

namespace tactus::safety {

// s(t) = 1 - fall(t): ramp (s'' = -bend), line (s' = -slope), ramp back.
// Durations are whole nanoseconds rounded up and the coefficients are
// derived from them, so page and verification are the same function.
struct StopShape {
  int64_t ramp_ns = 0;
  int64_t line_ns = 0;
  double slope = 0;  // 1/s
  double bend = 0;   // 1/s^2
  [[nodiscard]] int64_t end_ns() const { return 2 * ramp_ns + line_ns; }
};

// False when a value is not finite or the stop would take longer than
// kMaxStop_ns: no plan.
inline constexpr int64_t kMaxStop_ns = 10'000'000'000;
[[nodiscard]] bool shape_stop(const Image& image, const double* u,
                              StopShape& out) noexcept;

// The shape again from a plan's segments.
[[nodiscard]] StopShape shape_of(const layout::StopPlan& plan) noexcept;

// Fills held, cubic, terminal and segment ends; identity and origin are the
// caller's.
void write_plan(const Image& image, const double* u, const StopShape& shape,
                layout::StopPlan& out) noexcept;

}  // namespace tactus::safety
