// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "fake.hpp"

using namespace fake;

Test(loop_life, dry_run_calls_everything_but_act_and_restores_state) {
  Rig r;
  r.build();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_READY);
  cr_assert_eq(r.sense.dry, 8);
  cr_assert_eq(r.infer.dry, 8);
  cr_assert_eq(r.act.dry + r.act.calls, 0);
  cr_assert_eq(r.supervisor.carried, 0U);
  cr_assert_eq(r.loop->stats().counters.released, 0U);
}

Test(loop_life, a_stage_that_is_invalid_dry_fails_the_warm_up) {
  Rig r;
  r.spec.stages[0].fn = [](void*, void*, const tactus_tick*) -> tactus_status {
    return TACTUS_INVALID;
  };
  LoopParts parts;
  parts.wake = &r.wake;
  parts.supervisor = &r.supervisor;
  auto loop = Loop::make(r.spec, std::move(parts));
  const auto warm = (*loop)->warm();
  cr_assert_not(static_cast<bool>(warm));
  cr_assert(strstr(warm.error().text(), "read") != nullptr);
  cr_assert_eq((*loop)->state(), TACTUS_STATE_IDLE);
  cr_assert_eq((*loop)->run(kPeriod), ExitReason::kNotWarm);
}

Test(loop_life, ready_senses_and_checks_but_sends_nothing) {
  Rig r;
  r.build();
  r.ticks(5);
  cr_assert_eq(r.sense.calls, 5);
  cr_assert_eq(r.supervisor.checks.size(), 5U);
  cr_assert_eq(r.act.calls, 0);
  cr_assert_eq(r.sink.last().rung, TACTUS_RUNG_NONE);
}

Test(loop_life, engage_is_refused_until_the_supervisor_allows_it) {
  Rig r;
  r.supervisor.verdict.may_engage = false;
  r.build();
  r.loop->request(kRequestEngage);
  r.ticks(3);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_READY);
  cr_assert(r.supervisor.checks.back().engage_requested);
  r.supervisor.verdict.may_engage = true;
  r.tick();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
  cr_assert_eq(r.supervisor.arms, 1);
}

Test(loop_life, engage_waits_for_the_guard_to_arm) {
  Rig r;
  r.supervisor.may_arm = false;
  r.engage();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_READY);
}

Test(loop_life, a_late_check_may_not_engage) {
  Rig r;
  r.supervisor.check_takes_ns = 700'000;
  r.engage();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_READY);
}

Test(loop_life, a_stop_request_withdraws_a_pending_engage) {
  Rig r;
  r.supervisor.verdict.may_engage = false;
  r.build();
  r.loop->request(kRequestEngage);
  r.tick();
  r.loop->request(kRequestStop);
  r.tick();
  r.supervisor.verdict.may_engage = true;
  r.ticks(2);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_READY);
}

Test(loop_life, actions_blend_in_from_zero_over_engage_time) {
  Rig r;
  r.engage();
  cr_assert_float_eq(r.supervisor.checks.back().blend, 0, 1e-6);
  r.ticks(5);
  cr_assert_float_eq(r.supervisor.checks.back().blend, 0.5, 1e-6);
  r.ticks(20);
  cr_assert_float_eq(r.supervisor.checks.back().blend, 1, 1e-6);
}

Test(loop_life, a_stop_request_plays_the_plan_and_is_ready_at_standstill) {
  Rig r;
  r.engage();
  r.loop->request(kRequestStop);
  r.ticks(3);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_STOPPING);
  cr_assert_eq(r.out.back(), -1);
  cr_assert_eq(r.supervisor.disarms, 0);
  r.at_standstill();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_READY);
  cr_assert_eq(r.supervisor.disarms, 1);
}

Test(loop_life, stopping_never_asks_the_policy) {
  Rig r;
  r.engage();
  r.loop->request(kRequestStop);
  const int before = r.infer.calls;
  r.ticks(4);
  cr_assert_eq(r.infer.calls, before);
  cr_assert_gt(r.sense.calls, 4);
}

Test(loop_life, a_limit_that_latches_trips_and_sends_the_plan) {
  Rig r;
  r.engage();
  r.supervisor.verdict.latch = true;
  r.tick();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_STOPPING);
  cr_assert_eq(r.loop->trip_reason(), TripReason::kLimit);
  cr_assert_str_eq(trip_reason_name(TripReason::kLimit), "a limit latched");
  r.supervisor.verdict.latch = false;
  r.at_standstill();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_LATCHED);
}

Test(loop_life, a_trip_latches_at_standstill_and_rearm_makes_it_ready) {
  Rig r;
  r.engage();
  r.supervisor.verdict.trip = true;
  r.tick();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_STOPPING);
  cr_assert_eq(r.loop->trip_reason(), TripReason::kFault);
  r.supervisor.verdict.trip = false;
  r.at_standstill();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_LATCHED);
  const int sent = r.supervisor.sent;
  r.ticks(3);  // holds, and goes on sending
  cr_assert_eq(r.supervisor.sent, sent + 3);
  r.loop->request(kRequestRearm);
  r.tick();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_READY);
  cr_assert(r.loop->ever_latched());
}

Test(loop_life, rearm_waits_for_the_guardian_to_acknowledge) {
  Rig r;
  r.engage();
  r.supervisor.verdict.trip = true;
  r.tick();
  r.at_standstill();
  r.supervisor.may_rearm = false;
  r.loop->request(kRequestRearm);
  r.ticks(3);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_LATCHED);
  cr_assert_eq(r.supervisor.rearms, 3);
  r.supervisor.may_rearm = true;
  r.tick();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_READY);
}

Test(loop_life, an_engage_asked_for_while_latched_does_not_fire_after_rearm) {
  Rig r;
  r.engage();
  r.supervisor.verdict.trip = true;
  r.tick();
  r.supervisor.verdict.trip = false;
  r.at_standstill();
  r.loop->request(kRequestEngage | kRequestRearm);
  r.ticks(3);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_READY);
}

Test(loop_life, once_the_guardian_acted_the_loop_is_silent_until_rearm) {
  Rig r;
  r.engage();
  const int sent = r.supervisor.sent;
  r.supervisor.view.guardian_acted = true;
  r.ticks(2);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_STOPPING);
  r.at_standstill();
  r.ticks(2);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_LATCHED);
  cr_assert_eq(r.loop->trip_reason(), TripReason::kGuardian);
  cr_assert_eq(r.supervisor.sent, sent);
  r.loop->request(kRequestRearm);
  r.tick();
  r.loop->request(kRequestEngage);
  r.ticks(2);
  cr_assert_eq(r.supervisor.sent, sent + 1);
}

Test(loop_life, a_guardian_later_than_its_bound_is_recorded_and_counted) {
  Rig r;
  r.engage();
  r.tick();
  cr_assert_eq(r.sink.last().flags & tactus::layout::kCycleGuardBoundBroken, 0);
  r.supervisor.view.guardian_acted = true;
  r.supervisor.view.guardian_bound_broken = true;
  r.tick();
  cr_assert_neq(r.sink.last().flags & tactus::layout::kCycleGuardBoundBroken,
                0);
  cr_assert_eq(r.loop->stats().guard_flags.load(), 5u);
}

Test(loop_life, an_unverified_standstill_latches_and_stays_armed) {
  Rig r;
  r.spec.stop_limit_ns = 3 * kPeriod;
  r.engage();
  r.loop->request(kRequestStop);
  r.ticks(5);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_LATCHED);
  cr_assert_eq(r.loop->trip_reason(), TripReason::kStopUnverified);
  cr_assert_eq(r.supervisor.disarms, 0);
  r.loop->request(kRequestRearm);
  r.ticks(2);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_LATCHED, "not without standstill");
  r.at_standstill();
  cr_assert_eq(r.supervisor.disarms, 1);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_READY);
}

Test(loop_life, an_end_while_engaged_stops_first_and_is_idle_at_standstill) {
  Rig r;
  r.engage();
  r.loop->request(kRequestEnd);
  r.tick();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_STOPPING);
  r.at_standstill();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_IDLE);
  cr_assert_eq(r.tick(), TACTUS_ENDED);
}

Test(loop_life, a_trip_while_ending_still_counts_as_latched) {
  Rig r;
  r.engage();
  r.loop->request(kRequestEnd);
  r.tick();
  r.supervisor.verdict.trip = true;
  r.at_standstill();
  r.supervisor.verdict.trip = false;
  cr_assert_eq(r.loop->state(), TACTUS_STATE_LATCHED);
  r.tick();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_IDLE);
  cr_assert(r.loop->ever_latched());
}

Test(loop_life, reload_is_applied_when_ready_and_refused_when_engaged) {
  Rig r;
  r.reload.apply = [](void*, Identity& id) noexcept {
    ++id.image_epoch;
    return true;
  };
  r.build();
  r.loop->request(kRequestReload);
  r.tick();
  cr_assert_eq(r.sink.last().image_epoch, 1U);
  r.loop->request(kRequestEngage);
  r.ticks(2);
  r.loop->request(kRequestReload);
  r.tick();
  cr_assert_eq(r.sink.last().image_epoch, 1U);
  cr_assert_eq(r.loop->stats().reloads_refused.load(), 1U);
}

Test(loop_life, shadow_checks_and_never_acts_or_arms) {
  Rig r;
  r.spec.shadow = true;
  r.engage();
  r.ticks(3);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
  cr_assert_eq(r.sink.last().rung, TACTUS_RUNG_PASS);
  cr_assert_eq(r.act.calls + r.supervisor.arms + r.supervisor.published +
                   r.supervisor.sent,
               0);
}
