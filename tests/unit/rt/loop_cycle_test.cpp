// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include <algorithm>
#include <limits>

#include "fake.hpp"

using namespace fake;
using namespace tactus::layout;

Test(loop_cycle, a_pass_publishes_its_plan_before_it_sends) {
  Rig r;
  r.engage();
  int published_before_act = 0;
  r.act.body = [&](Frame&) { published_before_act = r.supervisor.published; };
  const int before = r.supervisor.published;
  r.tick();
  cr_assert_eq(published_before_act, before + 1);
  cr_assert_eq(r.supervisor.rungs.back(), TACTUS_RUNG_PASS);
  cr_assert(r.sink.last().flags & kCycleCommitted);
}

// The clock is looked at once more when the plan is out.
Test(loop_cycle, a_pass_that_is_late_when_its_plan_is_out_is_a_stop) {
  Rig r;
  r.engage();
  r.supervisor.publish_takes_ns = 950'000;
  r.tick();
  cr_assert_eq(r.supervisor.rungs.back(), TACTUS_RUNG_STOP);
  cr_assert_eq(r.out.back(), -1);
  cr_assert(r.sink.last().flags & kCyclePlanPublished);
  cr_assert(r.sink.last().stage_flags[3] & kStageLate);
}

// While it is sent nothing of it is committed; in engaged both happen.
Test(loop_cycle, commits_after_the_send_and_not_before) {
  Rig r;
  r.engage();
  for (const tactus_rung rung : {TACTUS_RUNG_PASS, TACTUS_RUNG_STOP}) {
    r.supervisor.verdict.rung = rung;
    int committed_at_act = -1;
    r.act.body = [&](Frame&) { committed_at_act = r.supervisor.sent; };
    const int before = r.supervisor.sent;
    r.tick();
    cr_assert_eq(committed_at_act, before);
    cr_assert_eq(r.supervisor.sent, before + 1);
  }
}

Test(loop_cycle, record_keeps_the_raw_action_and_the_checked_one) {
  Rig r;
  r.engage();
  r.infer.body = [](Frame& f) { f.u = 3; };
  r.supervisor.verdict.rung = TACTUS_RUNG_SCALE;
  r.tick();
  const std::byte* rec = r.sink.records.back().data();
  float raw = 0;
  Frame f{};
  std::memcpy(&raw, rec + r.loop->raw_offset(), sizeof raw);
  std::memcpy(&f, rec + r.loop->frame_offset(), sizeof f);
  cr_assert_eq(raw, 3);
  cr_assert_eq(f.u, 1.5F);
}

Test(loop_cycle, rung_stop_plays_the_plan_and_stays_engaged) {
  Rig r;
  r.engage();
  const int published = r.supervisor.published;
  r.supervisor.verdict.rung = TACTUS_RUNG_STOP;
  r.tick();
  cr_assert_eq(r.out.back(), -1);
  cr_assert_eq(r.supervisor.published, published);
  r.supervisor.verdict.rung = TACTUS_RUNG_PASS;
  r.tick();
  cr_assert_eq(r.out.back(), 1);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
}

Test(loop_cycle, a_nan_action_becomes_a_stop) {
  Rig r;
  r.engage();
  r.infer.body = [](Frame& f) {
    f.u = std::numeric_limits<float>::quiet_NaN();
  };
  r.tick();
  cr_assert_eq(r.supervisor.rungs.back(), TACTUS_RUNG_STOP);
  cr_assert_eq(r.out.back(), -1);
}

Test(loop_cycle, a_late_infer_keeps_the_last_raw_action_checked_afresh) {
  Rig r;
  r.engage();
  r.supervisor.verdict.rung = TACTUS_RUNG_SCALE;
  r.infer.body = [](Frame& f) { f.u = 99; };
  r.infer.takes_ns = 501'000;
  r.tick();
  cr_assert_eq(r.out.back(), 0.5F, "1 kept, scaled anew, not 99");
  cr_assert(r.sink.last().stage_flags[1] & kStageKeptLast);
  cr_assert_not(r.sink.last().flags & kCycleBad);
}

Test(loop_cycle, keep_last_is_bounded_and_then_trips) {
  Rig r;
  r.engage();
  r.infer.takes_ns = 501'000;
  r.ticks(2);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
  r.tick();
  cr_assert_eq(r.loop->trip_reason(), TripReason::kKeepLastUsedUp);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_STOPPING);
  cr_assert_eq(r.out.back(), -1);
}

Test(loop_cycle, a_good_result_gives_keep_last_its_count_back) {
  Rig r;
  r.engage();
  for (int i = 0; i < 5; ++i) {
    r.infer.takes_ns = 501'000;
    r.ticks(2);
    r.infer.takes_ns = 0;
    r.tick();
  }
  cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
}

Test(loop_cycle, keep_last_without_anything_to_keep_is_a_stop) {
  Rig r;
  r.spec.stages[1].keep_last = 100;
  r.infer.takes_ns = 501'000;
  r.engage();
  r.tick();
  cr_assert_eq(r.supervisor.rungs.back(), TACTUS_RUNG_STOP);
  cr_assert_not(r.supervisor.checks.back().action_valid);
}

Test(loop_cycle, fallback_replaces_a_late_action) {
  Rig r;
  const float fallback = 7;
  r.spec.stages[1].on_late = TACTUS_FALLBACK;
  r.spec.stages[1].fallback = &fallback;
  r.engage();
  r.infer.takes_ns = 501'000;
  r.ticks(10);
  cr_assert_eq(r.out.back(), 7);
  cr_assert(r.sink.last().stage_flags[1] & kStageFallback);
}

Test(loop_cycle, skip_rest_runs_no_policy_and_is_not_silent) {
  Rig r;
  r.engage();
  const int infers = r.infer.calls;
  r.sense.takes_ns = 201'000;
  r.tick();
  cr_assert_eq(r.infer.calls, infers);
  cr_assert_eq(r.supervisor.rungs.back(), TACTUS_RUNG_STOP);
  cr_assert_eq(r.out.back(), -1);
}

Test(loop_cycle, on_late_trip_of_each_source_names_it) {
  for (int stage = 0; stage < 2; ++stage) {
    Rig r;
    r.spec.stages[stage].on_late = TACTUS_TRIP;
    r.engage();
    (stage == 0 ? r.sense : r.infer).takes_ns = 501'000;
    r.tick();
    cr_assert_eq(r.loop->state(), TACTUS_STATE_STOPPING);
    cr_assert_eq(r.loop->trip_reason(),
                 stage == 0 ? TripReason::kLateSense : TripReason::kLateInfer);
  }
}

Test(loop_cycle, a_late_sense_result_is_discarded) {
  Rig r;
  r.sense.body = [](Frame& f) { f.q = 5; };
  r.engage();
  r.sense.body = [](Frame& f) { f.q = 6; };
  r.sense.takes_ns = 201'000;
  r.tick();
  Frame f{};
  std::memcpy(&f, r.loop->frame().data(), sizeof f);
  cr_assert_eq(f.q, 5);
}

// A stamp and a value that the stage did not declare as its output.
Test(loop_cycle, a_late_sense_leaves_the_frame_as_it_was_before_it) {
  Rig r;
  r.spec.stages[0].output_size = 0;
  r.sense.body = [](Frame& f) { f.q = 5; };
  r.engage();
  r.sense.body = [](Frame& f) { f = {6, 7}; };
  r.sense.takes_ns = 201'000;
  r.tick();
  Frame f{};
  std::memcpy(&f, r.sink.records.back().data() + r.loop->frame_offset(),
              sizeof f);
  cr_assert_eq(f.q, 5);
  float raw = 0;
  std::memcpy(&raw, r.sink.records.back().data() + r.loop->raw_offset(),
              sizeof raw);
  cr_assert_eq(raw, 1, "what the cycle before sent");
}

// Each with the frame that it found: the second one must not take back what
// the first one read in time.
Test(loop_cycle, a_late_sense_discards_nothing_of_the_sense_before_it) {
  Rig r;
  Rig::Step camera;
  r.add("camera", TACTUS_SENSE, &camera, 300'000, TACTUS_KEEP_LAST);
  std::rotate(r.spec.stages.begin() + 1, r.spec.stages.end() - 1,
              r.spec.stages.end());
  r.spec.stages[0].output_size = r.spec.stages[1].output_size = 0;
  r.engage();
  r.sense.body = [](Frame& f) { f.q = 5; };
  camera.body = [](Frame& f) { f.q = 6; };
  camera.takes_ns = 301'000;
  r.tick();
  Frame f{};
  std::memcpy(&f, r.loop->frame().data(), sizeof f);
  cr_assert_eq(f.q, 5);
}

// A driver gives what it has, and says whether that is new: what came in the
// late cycle is known in the next one. Value and stamp (here u) belong
// together, though only the value is the declared output.
Test(loop_cycle, a_sense_without_news_keeps_value_and_stamp_together) {
  Rig r;
  r.spec.stages[1].output_size = 0;
  r.infer.body = nullptr;
  r.sense.body = [](Frame& f) { f = {5, 50}; };
  r.engage();
  r.sense.body = [](Frame& f) { f = {6, 60}; };
  r.sense.takes_ns = 201'000;
  r.tick();
  r.sense.takes_ns = 0;
  r.sense.status = TACTUS_NO_DATA;
  const auto read = [&] {
    Frame f{};
    std::memcpy(&f, r.loop->frame().data(), sizeof f);
    return f;
  };
  r.supervisor.plan_command = 60;  // not to hide the stamp behind a command
  r.tick();
  cr_expect_eq(read().q, 6);
  cr_expect_eq(read().u, 60);
  r.sense.status = TACTUS_FAILED;
  r.sense.body = [](Frame& f) { f = {7, 70}; };
  r.tick();
  cr_expect_eq(read().q, 6);
  cr_expect_eq(read().u, 60);
}

Test(loop_cycle, a_stage_that_says_late_is_late) {
  Rig r;
  r.engage();
  r.infer.status = TACTUS_LATE;
  r.infer.body = [](Frame& f) { f.u = 99; };
  r.tick();
  cr_assert_eq(r.out.back(), 1);
  cr_assert(r.sink.last().stage_flags[1] & kStageKeptLast);
  cr_assert_not(r.sink.last().stage_flags[1] & kStageFailed);
}

// Only what is late may be replaced.
Test(loop_cycle, a_failed_infer_is_a_stop_and_bad_whatever_on_late_says) {
  const float fallback = 7;
  for (const auto rule :
       {TACTUS_KEEP_LAST, TACTUS_FALLBACK, TACTUS_SKIP_REST, TACTUS_TRIP}) {
    for (const tactus_status status :
         {TACTUS_FAILED, TACTUS_INVALID, TACTUS_EXHAUSTED, TACTUS_ENDED}) {
      Rig r;
      r.spec.stages[1].on_late = rule;
      r.spec.stages[1].fallback = &fallback;
      r.engage();
      r.infer.body = [](Frame& f) { f.u = 99; };
      r.infer.status = status;
      r.tick();
      const CycleRecord record = r.sink.last();
      cr_assert_not(r.supervisor.checks.back().action_valid);
      cr_assert_eq(record.rung, TACTUS_RUNG_STOP);
      cr_assert_eq(r.out.back(), -1);
      cr_assert(record.flags & kCycleBad);
      cr_assert_eq(record.stage_flags[1], kStageRan | kStageFailed);
      cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
    }
  }
}

Test(loop_cycle, failed_infers_trip_by_the_trip_rule) {
  Rig r;
  r.spec.trip = {.bad = 3, .of = 10};
  r.engage();
  r.infer.status = TACTUS_INVALID;
  r.ticks(2);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
  r.tick();
  cr_assert_eq(r.loop->trip_reason(), TripReason::kBadReleases);
}

Test(loop_cycle, a_failed_infers_nan_is_recorded_and_never_held) {
  Rig r;
  r.engage();
  r.infer.body = [](Frame& f) {
    f.u = std::numeric_limits<float>::quiet_NaN();
  };
  r.infer.status = TACTUS_INVALID;
  r.tick();
  float raw = 0;
  std::memcpy(&raw, r.sink.records.back().data() + r.loop->raw_offset(),
              sizeof raw);
  cr_assert(std::isnan(raw));
  r.infer.body = nullptr;
  r.infer.status = TACTUS_NO_DATA;
  r.tick();
  cr_assert_eq(r.out.back(), 1);
}

Test(loop_cycle, an_infer_that_is_late_and_failed_is_not_kept) {
  Rig r;
  r.engage();
  r.infer.status = TACTUS_INVALID;
  r.infer.takes_ns = 501'000;
  r.tick();
  cr_assert_not(r.supervisor.checks.back().action_valid);
  cr_assert_eq(r.out.back(), -1);
  cr_assert(r.sink.last().flags & kCycleBad);
}

// An encoder before the policy: what the policy made of its last output is
// no action.
Test(loop_cycle, one_failed_infer_of_several_spoils_the_action) {
  Rig r;
  Rig::Step encoder;
  r.add("encoder", TACTUS_INFER, &encoder, 300'000, TACTUS_KEEP_LAST);
  std::rotate(r.spec.stages.begin() + 1, r.spec.stages.end() - 1,
              r.spec.stages.end());
  r.spec.stages[1].output_offset = offsetof(Frame, q);
  encoder.body = [](Frame& f) { f.q = 3; };
  r.engage();
  encoder.body = [](Frame& f) {
    f.q = std::numeric_limits<float>::quiet_NaN();
  };
  encoder.status = TACTUS_INVALID;
  r.tick();
  cr_assert_not(r.supervisor.checks.back().action_valid);
  cr_assert_eq(r.out.back(), -1);
  Frame f{};
  std::memcpy(&f, r.loop->frame().data(), sizeof f);
  cr_assert_eq(f.q, 3);
}

// Its values stay and age; the policy and the check go on by them.
Test(loop_cycle, a_failed_sense_is_discarded_and_bad_and_the_rest_runs) {
  for (const auto rule :
       {TACTUS_KEEP_LAST, TACTUS_FALLBACK, TACTUS_SKIP_REST, TACTUS_TRIP}) {
    Rig r;
    const float fallback = 7;
    r.spec.trip = {.bad = 3, .of = 10};
    r.spec.stages[0].on_late = rule;
    r.spec.stages[0].fallback = &fallback;
    r.sense.body = [](Frame& f) { f.q = 5; };
    r.engage();
    const int infers = r.infer.calls;
    r.sense.body = [](Frame& f) { f.q = 6; };
    r.sense.status = TACTUS_FAILED;
    r.tick();
    Frame f{};
    std::memcpy(&f, r.loop->frame().data(), sizeof f);
    cr_assert_eq(f.q, 5);
    cr_assert_eq(r.infer.calls, infers + 1);
    cr_assert_eq(r.out.back(), 1);
    cr_assert(r.sink.last().flags & kCycleBad);
    r.tick();
    cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
    r.tick();
    cr_assert_eq(r.loop->trip_reason(), TripReason::kBadReleases);
  }
}

Test(loop_cycle, no_data_holds_the_raw_action_not_the_checked_one) {
  Rig r;
  r.supervisor.verdict.rung = TACTUS_RUNG_SCALE;
  r.engage();
  r.infer.body = nullptr;
  r.infer.status = TACTUS_NO_DATA;
  r.ticks(4);
  cr_assert_eq(r.out.back(), 0.5F);
}

Test(loop_cycle, a_stage_past_its_deadline_is_not_started) {
  Rig r;
  r.engage();
  const int infers = r.infer.calls;
  r.sense.takes_ns = 550'000;
  r.spec.stages[0].on_late = TACTUS_KEEP_LAST;
  Rig s;
  s.spec.stages[0].on_late = TACTUS_KEEP_LAST;
  s.spec.stages[0].keep_last = 10;
  s.engage();
  const int before = s.infer.calls;
  s.sense.takes_ns = 550'000;
  s.tick();
  cr_assert_eq(s.infer.calls, before);
  cr_assert_eq(s.sink.last().stage[1].begin_ns, INT32_MIN);
  cr_assert(s.sink.last().stage_flags[1] & kStageLate);
  cr_assert_eq(r.infer.calls, infers);
}

Test(loop_cycle, a_late_check_is_a_stop_and_bad_whatever_it_found) {
  Rig r;
  r.engage();
  r.supervisor.check_takes_ns = 601'000;
  r.tick();
  cr_assert_eq(r.supervisor.rungs.back(), TACTUS_RUNG_STOP);
  cr_assert(r.sink.last().flags & kCycleBad);
  cr_assert_eq(r.sink.last().margin, -1);
}

Test(loop_cycle, an_act_that_would_start_late_plays_the_plan_instead) {
  Rig r;
  r.spec.stages[2].deadline_ns = 900'000;
  r.spec.stages[3].deadline_ns = 900'000;
  r.engage();
  r.supervisor.check_takes_ns = 900'000;
  r.tick();  // ends at the deadline exactly: in time
  cr_assert_eq(r.out.back(), 1);
  r.supervisor.check_takes_ns = 900'001;
  r.tick();
  cr_assert_eq(r.out.back(), -1);
  cr_assert(r.sink.last().flags & kCycleCommitted);
}

Test(loop_cycle, an_act_that_ends_late_is_out_recorded_and_bad) {
  Rig r;
  r.engage();
  r.act.takes_ns = 801'000;
  r.tick();
  cr_assert_eq(r.out.back(), 1);
  cr_assert_eq(r.supervisor.sent_late, 1);
  const auto rec = r.sink.last();
  cr_assert(rec.flags & kCycleCommitted);
  cr_assert(rec.flags & kCycleCommitLate);
  cr_assert(rec.flags & kCycleBad);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
}

Test(loop_cycle, a_late_act_trips_when_told_to) {
  Rig r;
  r.spec.stages[3].on_late = TACTUS_TRIP;
  r.engage();
  r.act.takes_ns = 801'000;
  r.tick();
  cr_assert_eq(r.loop->trip_reason(), TripReason::kLateAct);
}

Test(loop_cycle, a_failed_act_is_no_commit_and_bad) {
  Rig r;
  r.engage();
  const int sent = r.supervisor.sent;
  r.act.status = TACTUS_FAILED;
  r.tick();
  cr_assert_eq(r.supervisor.sent, sent);
  cr_assert_not(r.sink.last().flags & kCycleCommitted);
  cr_assert(r.sink.last().flags & kCycleBad);
}

Test(loop_cycle, a_stale_guardian_is_a_stop_whatever_the_check_says) {
  Rig r;
  r.engage();
  r.supervisor.view.guardian_stale = true;
  r.tick();
  cr_assert_eq(r.supervisor.rungs.back(), TACTUS_RUNG_STOP);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
}

Test(loop_cycle, the_guardians_heartbeat_is_judged_at_the_wake_up) {
  Rig r;
  r.engage();
  r.tick();
  cr_assert_eq(r.supervisor.begin_now_ns, r.sink.last().wake_ns);
  cr_assert_gt(r.supervisor.begin_now_ns, 0);
}

Test(loop_cycle, the_trip_rule_fires_at_bad_and_not_one_before) {
  Rig r;
  r.spec.trip = {.bad = 3, .of = 10};
  r.engage();
  r.supervisor.verdict.bad = true;
  r.ticks(2);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
  r.tick();
  cr_assert_eq(r.loop->state(), TACTUS_STATE_STOPPING);
  cr_assert_eq(r.loop->trip_reason(), TripReason::kBadReleases);
}

Test(loop_cycle, bad_releases_that_left_the_window_do_not_count) {
  Rig r;
  r.spec.trip = {.bad = 2, .of = 10};
  r.engage();
  for (int i = 0; i < 20; ++i) {
    r.supervisor.verdict.bad = true;
    r.tick();
    r.supervisor.verdict.bad = false;
    r.ticks(9);  // the next bad one is the 10th after it: out of the window
  }
  cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
  r.supervisor.verdict.bad = true;
  r.tick();
  r.supervisor.verdict.bad = false;
  r.ticks(8);
  r.supervisor.verdict.bad = true;
  r.tick();  // 9 later: both in
  cr_assert_eq(r.loop->state(), TACTUS_STATE_STOPPING);
}

Test(loop_cycle, skipped_releases_are_bad_releases) {
  Rig r;
  r.spec.trip = {.bad = 4, .of = 100};
  r.engage();
  r.tick(2);  // two skipped and the late one
  cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
  r.tick(1);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_STOPPING);
}

Test(loop_cycle, an_exceeded_budget_is_counted_and_nothing_else) {
  Rig r;
  r.spec.stages[1].budget_ns = 100'000;
  r.engage();
  r.infer.takes_ns = 150'000;
  r.tick();
  cr_assert_eq(r.loop->stats().counters.stage[1].over_budget, 1U);
  cr_assert_eq(r.out.back(), 1);
}

Test(loop_cycle, a_full_ring_counts_a_gap_and_asks_for_a_keyframe) {
  Rig r;
  r.spec.keyframe_cycles = 1000;
  r.build();
  r.tick();
  r.sink.full = true;
  r.ticks(3);
  r.sink.full = false;
  r.tick();
  cr_assert_eq(r.loop->stats().counters.gaps, 3U);
  cr_assert_eq(r.sink.keyframes.size(), 2U);
  cr_assert_eq(r.sink.keyframe_cycles.back(), 4U);
}

Test(loop_cycle, a_gap_trips_when_told_to) {
  Rig r;
  r.spec.trip_on_gap = true;
  r.engage();
  r.sink.full = true;
  r.ticks(2);
  cr_assert_eq(r.loop->trip_reason(), TripReason::kRecordGap);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_STOPPING);
}

Test(loop_cycle, a_restored_keyframe_continues_alike) {
  Rig r;
  r.spec.trip = {.bad = 3, .of = 10};
  r.engage();
  r.supervisor.verdict.bad = true;
  r.ticks(2);
  std::vector<std::byte> key(r.loop->keyframe_size());
  r.loop->save(key.data());
  r.supervisor.verdict.bad = false;
  r.ticks(30);
  r.loop->restore(key.data());
  cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
  r.supervisor.verdict.bad = true;
  r.tick();
  cr_assert_eq(r.loop->trip_reason(), TripReason::kBadReleases);
}

Test(loop_cycle, step_counts_ticks_delivered_and_lost) {
  Rig r;
  r.build();
  r.ticks(3);
  r.tick(4);
  const auto& n = r.loop->stats().counters;
  cr_assert_eq(n.released, 8U);
  cr_assert_eq(n.executed, 4U);
  cr_assert_eq(n.skipped, 4U);
  cr_assert_eq(r.sink.last().cycle, 7U);
}

// The caller may be wrong about what was lost; the stamps are what is run by.
Test(loop_cycle, step_counts_missed_ticks_from_the_stamps) {
  for (const uint64_t said : {uint64_t{0}, uint64_t{7}, uint64_t{1} << 63}) {
    Rig r;
    r.build();
    r.at(kPeriod, said);
    r.at(5 * kPeriod, said);
    const auto& n = r.loop->stats().counters;
    cr_assert_eq(n.skipped, 3U);
    cr_assert_eq(n.executed, 2U);
    cr_assert_eq(n.released, 5U);
    cr_assert_eq(r.sink.last().missed, 3U);
    cr_assert_eq(r.sink.last().cycle, 4U);
  }
}

Test(loop_cycle, step_takes_the_period_for_a_maximum) {
  Rig r;
  r.build();
  r.at(kPeriod);
  for (int i = 1; i <= 10; ++i) r.at(kPeriod + i * kPeriod / 10);
  r.at(2 * kPeriod + kPeriod * 3 / 2 - 1);  // jitter, not yet a missed one
  cr_assert_eq(r.loop->stats().counters.skipped, 0U);
  r.at(5 * kPeriod);
  cr_assert_eq(r.loop->stats().counters.skipped, 1U);
}

Test(loop_cycle, step_runs_nothing_on_a_release_that_cannot_be_next) {
  Rig r;
  r.engage();
  const auto before = r.loop->stats().counters;
  const std::size_t sent = r.out.size();
  const int64_t last = r.next_release - kPeriod;
  const int64_t now = r.wake.now();
  for (const int64_t release :
       {last, last - 1, int64_t{0}, std::numeric_limits<int64_t>::min(),
        now + kPeriod + 1, std::numeric_limits<int64_t>::max()}) {
    tactus_tick t{};
    t.release_ns = release;
    cr_assert_eq(r.loop->step(t), TACTUS_INVALID);
  }
  const auto after = r.loop->stats().counters;
  cr_assert_eq(after.executed, before.executed);
  cr_assert_eq(after.bad, before.bad + 6);
  cr_assert_eq(after.skipped, before.skipped + 6);
  cr_assert_eq(after.released, after.executed + after.skipped);
  cr_assert_eq(r.out.size(), sent);
}

Test(loop_cycle, impossible_releases_trip_and_the_next_good_one_runs) {
  Rig r;
  r.spec.trip = {.bad = 3, .of = 10};
  r.engage();
  const tactus_tick backward{};
  (void)r.loop->step(backward);
  (void)r.loop->step(backward);
  r.tick();
  cr_assert_eq(r.out.back(), 1);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
  (void)r.loop->step(backward);
  cr_assert_eq(r.loop->trip_reason(), TripReason::kBadReleases);
  r.tick();
  cr_assert_eq(r.out.back(), -1);
}

// A tick with a spoiled stamp is seen twice: when it is refused, and as the
// hole between the two good ones around it.
Test(loop_cycle, a_refused_tick_and_the_hole_it_leaves_count_once) {
  Rig r;
  r.spec.trip = {.bad = 2, .of = 10};
  r.engage();
  const auto before = r.loop->stats().counters;
  (void)r.loop->step(tactus_tick{});
  r.tick(1);
  const auto& after = r.loop->stats().counters;
  cr_expect_eq(after.skipped, before.skipped + 1);
  cr_expect_eq(after.released, before.released + 2);
  cr_expect_eq(after.bad, before.bad + 1);
  cr_expect_eq(r.loop->trip_reason(), TripReason::kNone);
  cr_expect_eq(r.sink.last().missed, 1U, "the log has no other trace of it");
  r.tick(1);
  cr_expect_eq(after.skipped, before.skipped + 2, "counted off once only");
  cr_expect_eq(r.loop->trip_reason(), TripReason::kBadReleases);
}

Test(loop_cycle, more_refused_ticks_than_the_hole_is_long_count_each) {
  Rig r;
  r.build();
  r.tick();
  for (int i = 0; i < 3; ++i) (void)r.loop->step(tactus_tick{});
  r.tick(1);
  r.tick(1);
  const auto& n = r.loop->stats().counters;
  cr_expect_eq(n.skipped, 4U);
  cr_expect_eq(n.released, n.executed + n.skipped);
}

Test(loop_cycle, a_trip_by_refused_ticks_is_in_the_next_record_only) {
  Rig r;
  r.spec.trip = {.bad = 1, .of = 10};
  r.engage();
  (void)r.loop->step(tactus_tick{});
  cr_assert_eq(r.loop->state(), TACTUS_STATE_STOPPING);
  r.tick();
  cr_expect(r.sink.last().flags & kCycleTripped);
  cr_expect_not(r.sink.last().flags & kCycleBad, "it was not itself");
  r.tick();
  cr_expect_not(r.sink.last().flags & kCycleTripped);
  cr_expect_eq(r.loop->stats().counters.trips, 1U);
}

// What nobody judged is neither verified nor good: a sensor that is late for
// ever trips.
Test(loop_cycle, a_cycle_without_a_check_is_bad_and_unverified) {
  Rig r;
  r.engage();
  r.sense.takes_ns = 201'000;
  r.tick();
  const CycleRecord record = r.sink.last();
  cr_assert_eq(record.rung, TACTUS_RUNG_STOP);
  cr_assert((record.flags & tactus::layout::kCycleBad) != 0);
  cr_assert((record.flags & tactus::layout::kCycleStopUnverified) != 0);
  r.ticks(200);
  cr_assert_neq(r.loop->state(), TACTUS_STATE_ENGAGED);
}

namespace {

// Engaged, on rung stop by a check that found this.
bool stop_counts_as_verified(const CheckOutput& found) {
  Rig r;
  r.engage();
  r.supervisor.verdict = found;
  r.tick();
  cr_assert_eq(r.sink.last().rung, TACTUS_RUNG_STOP);
  LoopCounters counters{};
  (void)read_counters(r.loop->stats(), counters);
  const bool flagged = (r.sink.last().flags & kCycleStopVerified) != 0;
  cr_assert_eq(counters.stop_verified, flagged ? 1u : 0u);
  cr_assert_eq(counters.stop_verified_engaged, flagged ? 1u : 0u);
  return flagged;
}

}  // namespace

Test(loop_cycle, a_stop_is_verified_when_its_plan_passed_the_check) {
  cr_assert(stop_counts_as_verified({.rung = TACTUS_RUNG_STOP, .plan_id = 7}));
}

Test(loop_cycle, a_stop_is_not_verified_whose_check_failed_or_had_no_plan) {
  cr_assert_not(stop_counts_as_verified(
      {.rung = TACTUS_RUNG_STOP, .stop_unverified = true, .plan_id = 7}));
  cr_assert_not(stop_counts_as_verified({.rung = TACTUS_RUNG_STOP}));
}

// The check had judged an action, not the plan that is then played.
Test(loop_cycle, a_stop_forced_after_the_check_is_not_verified) {
  Rig r;
  r.engage();
  r.supervisor.verdict.plan_id = 7;
  r.supervisor.view.guardian_stale = true;
  r.tick();
  cr_assert_eq(r.sink.last().rung, TACTUS_RUNG_STOP);
  cr_assert_eq(r.sink.last().flags & kCycleStopVerified, 0u);
}

Test(loop_cycle, an_ordered_stop_is_verified_but_not_the_ladders) {
  Rig r;
  r.engage();
  r.loop->request(kRequestStop);
  r.supervisor.verdict = {.rung = TACTUS_RUNG_STOP, .plan_id = 7};
  r.ticks(2);
  LoopCounters counters{};
  (void)read_counters(r.loop->stats(), counters);
  cr_assert_gt(counters.stop_verified, 0u);
  cr_assert_eq(counters.stop_verified_engaged, 0u);
}

Test(loop_cycle, an_unverified_stop_shows_while_it_lasts) {
  Rig r;
  r.engage();
  r.supervisor.verdict.stop_unverified = true;
  r.tick();
  cr_assert_eq(r.loop->stats().stop_unverified.load(), 1u);
  r.supervisor.verdict.stop_unverified = false;
  r.tick();
  cr_assert_eq(r.loop->stats().stop_unverified.load(), 0u);
}
