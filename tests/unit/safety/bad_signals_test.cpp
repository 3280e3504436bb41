// SPDX-License-Identifier: MIT
// What one bad signal takes away, and what is still known without it: where the
// robot is, that the stop which runs is verified, which signal it was.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "expr_rows.hpp"

using namespace rig;

namespace {

// Its stop runs: verified, sent, and nothing is asked for any more.
Cycle stopping(const Image& image) {
  Cycle c;
  c.at(2000);
  cr_assert(c.run(image) == TACTUS_RUNG_PASS);
  c.send(image);
  c.at(2001);
  c.in.action_valid = false;
  return c;
}

void make_stale(Cycle& c, uint32_t signal) {
  c.in.stamp_ns[signal] = c.in.release_ns - 1000 * kMs;
  c.state.last_stamp_ns[signal] = 0;
}

ShieldOutput without(const Image& image, uint32_t signal) {
  Cycle c = stopping(image);
  make_stale(c, signal);
  cr_assert(c.run(image) == TACTUS_RUNG_STOP);
  cr_assert(eq(u32, c.out.stale, 1U << signal));
  cr_assert(ne(u32, c.out.reasons & kReasonStale, 0));
  return c.out;
}

std::unique_ptr<Image> with_rule(const char* text) {
  auto image = draft();
  cr_assert(add_expressions(*image, {{text, 2}}));
  return image;
}

}  // namespace

Test(bad_signals, without_any_that_is_bad_the_stop_is_verified) {
  const auto image = sealed();
  Cycle c = stopping(*image);
  cr_assert(c.run(*image) == TACTUS_RUNG_STOP);
  cr_assert(eq(u32, c.out.stale, 0));
  cr_assert(not(c.out.stop_unverified));
}

Test(bad_signals, one_that_nothing_judges_leaves_the_rest) {
  const ShieldOutput out = without(*sealed(), kTarget);
  cr_assert(not(out.stop_unverified));
  cr_assert(eq(u32, out.reasons & ~kReasonNoAction, kReasonStale));
  cr_assert(std::isfinite(out.separation_m));
}

Test(bad_signals, the_robots_own_leave_nothing) {
  for (const uint32_t own : {kQ, kDq}) {
    const ShieldOutput out = without(*sealed(), own);
    cr_assert(out.stop_unverified);
    // That is why, not a history that is missing.
    cr_assert(eq(u32, out.reasons & kReasonHistory, 0));
    cr_assert(std::isnan(out.separation_m));
  }
}

Test(bad_signals, a_human_leaves_no_motion_to_judge) {
  const ShieldOutput out = without(*sealed(), kHand);
  cr_assert(out.stop_unverified);
  cr_assert(ne(u32, out.reasons & kReasonHumanLost, 0));
}

Test(bad_signals, nor_does_what_an_expression_names) {
  const auto names_it = with_rule("target[1] + q[0]");
  cr_assert(without(*names_it, kTarget).stop_unverified);
  const auto another = with_rule("q[1] + dq[0]");
  cr_assert(not(without(*another, kTarget).stop_unverified));
}

// Until its stop begins, the plan that runs holds its command.
Test(bad_signals, what_the_running_plan_holds_is_judged) {
  const auto image = sealed();
  for (uint32_t j = 0; j < image->joints; ++j) {
    Cycle c = stopping(*image);
    c.state.plan.held[j] = 5;  // far beyond velocity
    cr_assert(c.run(*image) == TACTUS_RUNG_STOP);
    cr_assert(c.out.stop_unverified);
  }
}
