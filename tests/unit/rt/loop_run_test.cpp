// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include <random>

#include "fake.hpp"

using namespace fake;

namespace {

std::vector<ManualWake::Stall> random_stalls(std::mt19937& rng) {
  std::uniform_int_distribution<int64_t> at(0, 300 * kPeriod);
  std::uniform_int_distribution<int> kind(0, 3);
  std::vector<ManualWake::Stall> stalls;
  for (int n = static_cast<int>(rng() % 12); n > 0; --n) {
    constexpr int64_t kLong[] = {kPeriod / 3, kPeriod, 7 * kPeriod / 2,
                                 40 * kPeriod};
    stalls.push_back({1'000'000'000 + at(rng), kLong[kind(rng)]});
  }
  return stalls;
}

// Recounts from the records alone what the loop says it counted.
void expect_identity(const Rig& r, unsigned seed) {
  const auto& n = r.loop->stats().counters;
  uint64_t missed = 0, next = 0;
  for (std::size_t i = 0; i < r.sink.records.size(); ++i) {
    const CycleRecord rec = r.sink.at(i);
    cr_assert_eq(rec.cycle, next + rec.missed, "seed %u record %zu", seed, i);
    next = rec.cycle + 1;
    missed += rec.missed;
  }
  cr_assert_eq(n.executed, r.sink.records.size(), "seed %u", seed);
  cr_assert_eq(n.skipped, missed, "seed %u", seed);
  cr_assert_eq(n.released, next, "seed %u", seed);
  cr_assert_eq(n.released, n.executed + n.skipped, "seed %u", seed);
}

void expect_grid(const Rig& r, unsigned seed) {
  for (std::size_t i = 1; i < r.sink.records.size(); ++i) {
    const CycleRecord a = r.sink.at(i - 1), b = r.sink.at(i);
    const auto steps = static_cast<int64_t>(b.cycle - a.cycle);
    cr_assert_eq(b.release_ns - a.release_ns, steps * kPeriod, "seed %u", seed);
    cr_assert_leq(b.release_ns, b.wake_ns, "seed %u", seed);
    cr_assert_lt(b.wake_ns - b.release_ns, kPeriod, "seed %u", seed);
  }
}

void run_stalled(Overrun overrun, unsigned seed) {
  std::mt19937 rng(seed);
  Rig r;
  r.spec.overrun = overrun;
  r.spec.trip = {.bad = 4096, .of = 4096};
  r.spec.engage_when_ready = seed % 2 == 0;
  r.supervisor.verdict.standstill = true;
  r.infer.takes_ns = static_cast<int64_t>(rng() % 1'500'000);  // overruns too
  r.wake.script(random_stalls(rng));
  r.build();
  cr_assert_eq(r.loop->run(200 * kPeriod), ExitReason::kDuration);
  expect_identity(r, seed);
  if (overrun == Overrun::kSkip) expect_grid(r, seed);
}

}  // namespace

Test(loop_run, released_is_executed_plus_skipped_when_skipping) {
  for (unsigned seed = 0; seed < 300; ++seed) run_stalled(Overrun::kSkip, seed);
}

Test(loop_run, released_is_executed_plus_skipped_when_rephasing) {
  for (unsigned seed = 0; seed < 300; ++seed)
    run_stalled(Overrun::kRephase, seed);
}

Test(loop_run, duration_counts_whole_periods_and_ends_idle) {
  Rig r;
  r.build();
  cr_assert_eq(r.loop->run(25 * kPeriod), ExitReason::kDuration);
  cr_assert_eq(r.loop->stats().counters.released, 25U);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_IDLE);
}

Test(loop_run, duration_while_engaged_stops_before_it_ends) {
  Rig r;
  r.spec.engage_when_ready = true;
  int stops = 0;
  r.act.body = [&](Frame& f) {
    stops += f.u < 0 ? 1 : 0;
    r.supervisor.verdict.standstill = stops >= 5;
  };
  r.build();
  cr_assert_eq(r.loop->run(25 * kPeriod), ExitReason::kDuration);
  cr_assert_eq(r.loop->stats().counters.rungs[TACTUS_RUNG_STOP], 6U);
  cr_assert_eq(r.supervisor.disarms, 1);
}

Test(loop_run, a_second_run_goes_on_counting) {
  Rig r;
  r.build();
  (void)r.loop->run(10 * kPeriod);
  (void)r.loop->run(10 * kPeriod);
  cr_assert_eq(r.loop->stats().counters.released, 20U);
  cr_assert_eq(r.sink.last().cycle, 19U);
}

Test(loop_run, exit_on_latch_ends_at_standstill) {
  Rig r;
  r.spec.engage_when_ready = true;
  r.spec.exit_on_latch = true;
  r.supervisor.verdict.standstill = true;
  r.act.body = [&](Frame&) { r.supervisor.verdict.trip = true; };
  r.build();
  cr_assert_eq(r.loop->run(0), ExitReason::kLatched);
  cr_assert(r.loop->ever_latched());
}

Test(loop_run, a_wake_source_that_ends_ends_the_run) {
  Rig r;
  r.wake.end_after(7);
  r.build();
  cr_assert_eq(r.loop->run(0), ExitReason::kWakeEnded);
  cr_assert_eq(r.loop->stats().counters.executed, 7U);
}

Test(loop_run, an_end_request_from_within_a_stage_ends_at_the_next_edge) {
  Rig r;
  r.sense.body = [&](Frame&) {
    if (r.sense.calls == 4) r.loop->request(kRequestEnd);
  };
  r.build();
  cr_assert_eq(r.loop->run(0), ExitReason::kEnd);
  cr_assert_eq(r.sense.calls, 4);
}

Test(loop_run, rephase_moves_the_grid_to_the_late_cycle) {
  Rig r;
  r.spec.overrun = Overrun::kRephase;
  r.wake.script({{1'000'000'000 + 5 * kPeriod, 5 * kPeriod / 2}});
  r.build();
  (void)r.loop->run(10 * kPeriod);
  const CycleRecord late = r.sink.at(4), next = r.sink.at(5);
  cr_assert_eq(late.missed, 2U);
  cr_assert_eq(late.release_ns, late.wake_ns);
  cr_assert_eq(next.release_ns, late.release_ns + kPeriod);
}

Test(loop_run, lateness_counts_from_the_release_that_was_waited_for) {
  Rig r;
  r.wake.script({{1'000'000'000 + 5 * kPeriod, 7 * kPeriod / 2}});
  r.build();
  (void)r.loop->run(20 * kPeriod);
  cr_assert_eq(r.loop->stats().lateness.max(), 7 * kPeriod / 2);
}

Test(loop_run, warm_up_cycles_are_kept_apart) {
  Rig r;
  r.spec.warmup_cycles = 5;
  r.build();
  (void)r.loop->run(20 * kPeriod);
  cr_assert_eq(r.loop->stats().lateness_warmup.count(), 5U);
  cr_assert_eq(r.loop->stats().lateness.count(), 15U);
  cr_assert_eq(r.loop->stats().counters.executed, 20U);
}

Test(loop_run, two_loops_do_not_share_anything) {
  Rig a, b;
  a.build();
  b.build();
  a.loop->request(kRequestEngage);
  a.ticks(3);
  b.ticks(1);
  cr_assert_eq(a.loop->state(), TACTUS_STATE_ENGAGED);
  cr_assert_eq(b.loop->state(), TACTUS_STATE_READY);
}
