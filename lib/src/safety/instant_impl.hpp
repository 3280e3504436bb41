// SPDX-License-Identifier: MIT
// Bodies of check.hpp; include that.
//
// Every row on one instant: where the robot was measured to be, how fast it
// was, and what is asked of it. Nothing is predicted, so nothing is verified:
// it says what holds now, never that an action may be sent. Rows on the motion
// see one sample, without width; a human is as far as it may have come since
// it was seen; S_p counts the stop that the action would have (ISO/TS 15066).
#pragma once

#include "safety/check_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// What was measured is where the robot is, and nothing is on its way.
inline void stand(const Image& image, const ShieldState& state,
                  const ShieldInput& in, Past& out) {
  const float* last = state.head > 0 ? sent(state, 0).u : state.before;
  for (uint32_t j = 0; j < kMaxJoints; ++j) {
    const bool any = j < image.joints;
    const float q = any ? in.value[image.q_signal][j] : 0;
    const float v = any ? in.value[image.dq_signal][j] : 0;
    for (uint32_t i = 0; i <= kEarly; ++i) {
      out.q[i][j] = static_cast<double>(q);
      out.v[i][j] = static_cast<double>(v);
    }
    out.hull[j] = magnitude(out.v[0][j]);
    out.error[j] = out.swing[j] = 0;
    out.last[j] = any ? static_cast<double>(last[j]) : 0;
  }
  for (double& left : out.left)
    left = std::numeric_limits<double>::quiet_NaN();  // not known of an instant
  out.now_ns = out.t1_ns = in.now_ns;
  out.step_s = out.last_step_s = seconds(image.commit.period_ns);
  find_earlier(image, state, out);
  posture_of(image, out.q[0], out.now);
}

// One instant in all lanes of a block.
inline void freeze(const Image& image, const Past& past, const Intent& intent,
                   Motion& out) {
  out.blocks = 1;
  out.still = &past.now;
  out.until[0] = out.path[0] = out.spread[0] = Double8{};
  for (uint32_t j = 0; j < image.joints; ++j) {
    out.q[0].at[j] = Double8{} + past.q[0][j];
    out.wide[0].at[j] = Double8{};
    out.speed[0].at[j] = Double8{} + past.hull[j];
    out.peak[j] = larger(past.hull[j], magnitude(intent.u[j]));
  }
  out.reaction_s = reaction_of(image, past, intent);
}

// The stop that S_p counts; false: u has none within the limits.
template <class F>
bool aim_now(const Bench& bench, Intent& intent) noexcept {
  float u[kMaxJoints] = {};
  for (uint32_t j = 0; j < bench.image.joints; ++j) u[j] = bench.in.action[j];
  return aim<F>(bench, u, intent) == 0;
}

}  // namespace detail

template <class F>
void check_instant_with(const Image& image, const ShieldState& state,
                        const ShieldInput& in, ShieldOutput& out) noexcept {
  using namespace detail;
  out = ShieldOutput{};
  out.stale = 0;
  out.separation_m = std::numeric_limits<float>::quiet_NaN();
  if (!readable(image)) return;
  Health health;
  inspect<F>(image, state, in, health);
  out.reasons = health.reasons;
  out.stale = health.stale;
  const bool asked = in.action_valid && in.action != nullptr;
  if (!asked) out.reasons |= kReasonNoAction;
  for (uint32_t j = 0; asked && j < image.joints; ++j)
    if (!finite(in.action[j])) out.reasons |= kReasonNan;
  out.bad = out.reasons != 0;
  if (out.bad) return;
  Past past;
  past.windows = Windows{};
  stand(image, state, in, past);
  Bench bench(image, state, in, past);
  Intent intent{};
  if (!aim_now<F>(bench, intent)) {
    out.reasons |= kReasonPlanner;
    return;
  }
  freeze(image, past, intent, bench.motion);
  Verdict verdict;
  verdict.rows = out.row;
  judge<F>(image, in, past, intent, bench.motion, Effort::kFull, verdict);
  report(verdict, out);
  out.separation_m = static_cast<float>(separation_now(image, in, past));
  if (verdict.safe) out.rung = TACTUS_RUNG_PASS;
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
