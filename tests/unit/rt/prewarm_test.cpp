// SPDX-License-Identifier: MIT
#include "rt/prewarm.hpp"

#include <criterion/criterion.h>

#include <random>

#include "fake.hpp"

using namespace fake;

namespace {

constexpr int64_t kUs = 1000;

// A dry run that takes as long as the test says.
struct Dry {
  ManualWake* wake = nullptr;
  int64_t takes_ns = 20 * kUs;
  int runs = 0;

  static void run(void* self, int64_t) noexcept {
    Dry& d = *static_cast<Dry*>(self);
    ++d.runs;
    d.wake->advance(d.takes_ns);
  }
  PrewarmStep step(ManualWake& clock) {
    wake = &clock;
    return {run, this};
  }
};

struct Slack {
  ManualWake wake;
  Dry policy, check;
  Prewarm prewarm;

  explicit Slack(int64_t most_ns) {
    prewarm = Prewarm({policy.step(wake), check.step(wake)}, most_ns);
    prewarm.calibrate(wake);
    policy.runs = check.runs = 0;
  }
  Prewarmed with(int64_t left_ns) {
    const int64_t now = wake.now();
    return prewarm.run(wake, now, now + left_ns);
  }
};

// The rig's loop, with one dry run on its clock.
struct Warmed : Rig {
  Dry dry;
  std::vector<PrewarmStep> steps = {dry.step(wake)};

  Loop& build(int64_t most_ns) {
    spec.lead_ns = 30 * kUs;
    spec.prewarm_max_ns = most_ns;
    spec.keyframe_cycles = 1;
    LoopParts parts;
    parts.wake = &wake;
    parts.supervisor = &supervisor;
    parts.record = &sink;
    parts.prewarm = steps;
    loop = std::move(*Loop::make(spec, std::move(parts)));
    sink.slot = loop->record_size();
    sink.key = loop->keyframe_size();
    (void)loop->warm();
    dry.runs = 0;
    next_release = wake.now() + kPeriod;
    return *loop;
  }
};

// Without the times that prewarming moves, and with a grid of its own start.
CycleRecord comparable(const Rig& r, std::size_t i) {
  CycleRecord record = r.sink.at(i);
  const int64_t begin = r.sink.at(0).release_ns;
  record.release_ns -= begin;
  record.wake_ns -= begin;
  record.end_ns -= begin;
  record.prewarm_ns = record.program_expiry_ns = 0;
  return record;
}

}  // namespace

Test(prewarm, reserves_what_its_steps_needed) {
  Slack s(100 * kUs);
  cr_assert_eq(s.prewarm.reserve_ns(), 40 * kUs);
  const Prewarmed done = s.with(60 * kUs);
  cr_assert_eq(done.ns, 40 * kUs);
  cr_assert_not(done.dropped);
  cr_assert_not(done.over);
  cr_assert(s.policy.runs == 1 && s.check.runs == 1);
}

Test(prewarm, what_has_no_room_before_the_release_is_dropped) {
  Slack s(100 * kUs);
  const Prewarmed late = s.with(39 * kUs);
  cr_assert(late.dropped);
  cr_assert_eq(late.ns, 20 * kUs);
  cr_assert(s.policy.runs == 1 && s.check.runs == 0);
  const Prewarmed later = s.with(19 * kUs);
  cr_assert(later.dropped);
  cr_assert_eq(later.ns, 0);
  const Prewarmed past = s.with(-1);
  cr_assert(past.dropped && past.ns == 0);
}

Test(prewarm, off_it_never_runs) {
  Slack s(0);
  cr_assert_eq(s.prewarm.reserve_ns(), 0);
  const Prewarmed done = s.with(kPeriod);
  cr_assert(done.ns == 0 && !done.dropped);
  cr_assert(s.policy.runs == 0 && s.check.runs == 0);
}

Test(prewarm, a_need_follows_what_runs_take) {
  Slack s(100 * kUs);
  s.policy.takes_ns = 30 * kUs;
  for (int i = 0; i < 20; ++i) (void)s.with(kPeriod);
  cr_assert_geq(s.prewarm.reserve_ns(), 50 * kUs);
  cr_assert_leq(s.prewarm.reserve_ns(), 50 * kUs + 30 * kUs / 8 + 1);
  s.policy.takes_ns = 5 * kUs;
  for (int i = 0; i < 2000; ++i) (void)s.with(kPeriod);
  cr_assert_eq(s.prewarm.reserve_ns(), 25 * kUs);
}

Test(prewarm, one_stolen_millisecond_is_counted_and_soon_forgotten) {
  Slack s(100 * kUs);
  s.policy.takes_ns = 1000 * kUs;
  const Prewarmed stolen = s.with(kPeriod);
  cr_assert(stolen.over && stolen.dropped);  // the check had no room any more
  cr_assert_eq(stolen.ns, 1000 * kUs);
  cr_assert_leq(s.prewarm.reserve_ns(), 43 * kUs);  // an eighth, and 200 ns
  s.policy.takes_ns = 20 * kUs;
  const Prewarmed next = s.with(60 * kUs);
  cr_assert_not(next.dropped);
}

// Of wake-ups that come late, some of them very late.
Test(prewarm, wakes_early_enough_for_late_wake_ups) {
  Slack s(100 * kUs);
  std::mt19937 rng(1);
  std::exponential_distribution<double> late(1 / 5e3);
  int dropped = 0;
  const auto cycle = [&](bool stolen) {
    const auto by = stolen ? 300 * kUs : static_cast<int64_t>(late(rng));
    return s.with(s.prewarm.reserve_ns() - by).dropped;
  };
  for (int i = 0; i < 50'000; ++i) {
    const bool no_room = cycle(i % 500 == 0);
    dropped += i >= 10'000 && no_room ? 1 : 0;
  }
  cr_assert_gt(dropped, 80);  // the stolen ones at least
  cr_assert_lt(dropped, 320, "%d of 40000", dropped);
  cr_assert_gt(s.prewarm.reserve_ns(), 50 * kUs);
  cr_assert_leq(s.prewarm.reserve_ns(), 100 * kUs);
  for (int i = 0; i < 40'000; ++i) (void)s.with(kPeriod);  // in time again
  cr_assert_eq(s.prewarm.reserve_ns(), 40 * kUs);
}

Test(prewarm, a_step_above_the_cap_is_left_out_until_forgotten) {
  Slack s(100 * kUs);
  s.policy.takes_ns = 150 * kUs;
  int over = 0;
  for (int i = 0; i < 100; ++i) over += s.with(kPeriod).over ? 1 : 0;
  cr_assert_leq(over, 20);  // 20 us by an eighth each: 14 runs
  cr_assert_leq(s.policy.runs, 20);
  const int before = s.policy.runs;
  const Prewarmed without = s.with(kPeriod);
  cr_assert(without.dropped && !without.over);
  cr_assert_eq(without.ns, 20 * kUs);  // the check still is warmed
  // The check's, and some for when the other left it no room.
  cr_assert_leq(s.prewarm.reserve_ns(), 30 * kUs);
  s.prewarm.forget();
  (void)s.with(kPeriod);
  cr_assert_eq(s.policy.runs, before + 1);
}

Test(prewarm, never_reserves_more_than_the_cap) {
  Slack s(30 * kUs);
  cr_assert_leq(s.prewarm.reserve_ns(), 30 * kUs);
  for (int i = 0; i < 100; ++i) {
    const Prewarmed done = s.with(kPeriod);
    cr_assert_leq(s.prewarm.reserve_ns(), 30 * kUs);
    if (i > 20) cr_assert_leq(done.ns, 30 * kUs);
  }
}

Test(prewarm, the_loop_wakes_earlier_and_still_begins_on_the_release) {
  Warmed w;
  w.build(100 * kUs);
  (void)w.loop->run(50 * kPeriod);
  cr_assert_eq(w.dry.runs, 50 + 1);  // the release that ended it too
  for (std::size_t i = 0; i < 50; ++i) {
    const CycleRecord r = w.sink.at(i);
    cr_assert_eq(r.wake_ns, r.release_ns);
    cr_assert_eq(r.program_expiry_ns, r.release_ns - 50 * kUs);
    cr_assert_eq(r.prewarm_ns, 20 * kUs);
  }
  const LoopStats& s = w.loop->stats();
  cr_assert_eq(s.counters.prewarmed, 50U);
  cr_assert_eq(s.counters.prewarm_dropped, 0U);
  cr_assert_eq(s.prewarm_time.count(), 50U);
  cr_assert_eq(s.prewarm_ns.load(), 20U * kUs);
}

Test(prewarm, a_late_wake_up_drops_it_and_delays_no_release) {
  Warmed w;
  // 35 us late of 50: 15 are left, 20 needed.
  w.wake.script({{1'000'000'000 + 5 * kPeriod, 35 * kUs}});
  w.build(100 * kUs);
  (void)w.loop->run(10 * kPeriod);
  int dropped = 0;
  for (std::size_t i = 0; i < 10; ++i) {
    const CycleRecord r = w.sink.at(i);
    cr_assert_eq(r.wake_ns, r.release_ns);
    if ((r.flags & tactus::layout::kCyclePrewarmDropped) == 0) continue;
    cr_assert_eq(r.prewarm_ns, 0);
    ++dropped;
  }
  cr_assert_eq(dropped, 1);
  cr_assert_eq(w.loop->stats().counters.prewarm_dropped, 1U);
  cr_assert_eq(w.dry.runs, 9 + 1);  // the release that ended it too
}

Test(prewarm, records_and_keyframes_are_the_same_with_and_without) {
  Warmed with, without;
  for (auto* r : {&with, &without}) {
    r->spec.engage_when_ready = true;
    r->build(r == &with ? 100 * kUs : 0);
    cr_assert_eq(r->loop->run(50 * kPeriod), ExitReason::kDuration);
  }
  cr_assert_eq(with.dry.runs, static_cast<int>(with.sink.records.size()) + 1);
  cr_assert_eq(without.dry.runs, 0);
  cr_assert_eq(with.sink.records.size(), without.sink.records.size());
  for (std::size_t i = 0; i < with.sink.records.size(); ++i) {
    const CycleRecord a = comparable(with, i), b = comparable(without, i);
    cr_assert_arr_eq(&a, &b, sizeof a, "record %zu", i);
  }
  // The grids began at different times; everything else that is carried.
  cr_assert_eq(with.sink.keyframes.size(), without.sink.keyframes.size());
  for (std::size_t i = 0; i < with.sink.keyframes.size(); ++i) {
    LoopCarried a, b;
    std::memcpy(&a, with.sink.keyframes[i].data(), sizeof a);
    std::memcpy(&b, without.sink.keyframes[i].data(), sizeof b);
    const int64_t shift =
        with.sink.at(0).release_ns - without.sink.at(0).release_ns;
    if (a.engaged_at_ns != 0) a.engaged_at_ns -= shift;
    if (a.stopping_at_ns != 0) a.stopping_at_ns -= shift;
    cr_assert_arr_eq(&a, &b, sizeof a, "keyframe %zu", i);
    const std::size_t rest = with.sink.keyframes[i].size() - sizeof a;
    cr_assert_arr_eq(with.sink.keyframes[i].data() + sizeof a,
                     without.sink.keyframes[i].data() + sizeof a, rest);
  }
}

Test(prewarm, a_tick_of_others_has_no_slack) {
  Warmed w;
  w.build(100 * kUs);
  w.ticks(10);
  cr_assert_eq(w.dry.runs, 0);
  cr_assert_eq(w.loop->stats().counters.prewarmed, 0U);
  cr_assert_eq(w.sink.last().prewarm_ns, 0);
}

Test(prewarm, what_was_left_out_is_tried_again_in_ready) {
  Warmed w;
  w.spec.engage_when_ready = true;
  w.build(100 * kUs);
  w.dry.takes_ns = 150 * kUs;
  w.act.body = [&](Frame&) {  // engaged: it is left out after a while
    if (w.loop->stats().counters.executed == 100) w.loop->request(kRequestStop);
    w.supervisor.verdict.standstill = true;
    if (w.loop->stats().counters.executed >= 60) w.dry.takes_ns = 20 * kUs;
  };
  (void)w.loop->run(140 * kPeriod);
  cr_assert_geq(w.loop->stats().counters.prewarm_dropped, 60U);
  cr_assert_eq(w.sink.last().prewarm_ns, 20 * kUs);
}

Test(prewarm, a_cap_beyond_half_the_period_is_refused) {
  Warmed w;
  w.spec.lead_ns = 0;
  for (const int64_t most : {int64_t{-1}, kPeriod / 2 + 1}) {
    w.spec.prewarm_max_ns = most;
    cr_assert_not(bool(validate(w.spec)));
  }
  w.spec.prewarm_max_ns = kPeriod / 2;
  cr_assert(bool(validate(w.spec)));
  w.spec.lead_ns = kPeriod / 2;
  cr_assert_not(bool(validate(w.spec)));
}
