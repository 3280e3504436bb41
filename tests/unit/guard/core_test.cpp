// SPDX-License-Identifier: MIT
// The guardian's decisions on a virtual clock, without processes.
#include "guard/core.hpp"

#include <criterion/criterion.h>

#include "guard/link.hpp"
#include "plans.hpp"

using namespace tactus;
using namespace tactus::guard;
using layout::GuardState;
using plans::kMs;

namespace {

constexpr int64_t kStart = 1000 * kMs;
constexpr int64_t kCommit = 900'000;  // deadline after the release

struct Rig {
  plans::Shared shared;
  Link link{shared.words, shared.page};
  GuardianCore core{shared.words, shared.page};

  static int64_t release(uint64_t k) {
    return kStart + static_cast<int64_t>(k) * kMs;
  }
  static int64_t deadline(uint64_t k) { return release(k) + kCommit; }
  // By the commit rule: N-th miss after k, plus the bound.
  static int64_t origin(uint64_t k) { return deadline(k + 3) + kMs; }

  void arm() { cr_assert_eq(link.arm(0, deadline(1)), 1u); }
  void cycle(uint64_t k, bool late = false) {
    link.begin(release(k), deadline(k));
    cr_assert(link.publish(plans::plan(k, origin(k))));
    link.committed(k, k, late);
  }
  void stop_cycle(uint64_t k) {
    link.begin(release(k), deadline(k));
    link.committed(k, 0, false, release(k));
  }
  // What is to be sent leaves, unless `lost`.
  Step at(int64_t now, bool alive = true, bool lost = false) {
    const Step step = core.step(now, alive);
    if (step.what == Step::Do::kSend && !lost) core.sent(step);
    return step;
  }
  GuardState state() const {
    return layout::guard_state(shared.words.state_epoch.load());
  }
  uint32_t broken() const { return shared.words.bound_broken.load(); }
  // Cycles 1..last, the guardian awake at each deadline.
  void run_to(uint64_t last) {
    arm();
    for (uint64_t k = 1; k <= last; ++k) {
      cycle(k);
      cr_assert_eq(at(deadline(k)).what, Step::Do::kWait);
    }
  }
};

}  // namespace

Test(guardian, waits_while_commits_arrive) {
  Rig r;
  r.run_to(50);
  cr_assert_eq(r.core.misses(), 0u);
  cr_assert_eq(r.state(), GuardState::kArmed);
}

Test(guardian, acts_at_the_third_consecutive_miss_and_not_before) {
  Rig r;
  r.run_to(5);
  cr_assert_eq(r.at(r.deadline(6)).what, Step::Do::kWait);
  cr_assert_eq(r.at(r.deadline(7)).what, Step::Do::kWait);
  cr_assert_eq(r.at(r.deadline(8) - 1).what, Step::Do::kWait);
  const Step s = r.at(r.deadline(8));
  cr_assert_eq(s.what, Step::Do::kSend);
  cr_assert_eq(s.epoch, 2u);
  cr_assert_eq(s.command[0], 1.0);  // held until the origin
  cr_assert_eq(r.state(), GuardState::kActed);
  cr_assert_eq(r.broken(), 0u);
}

Test(guardian, plays_the_committed_plan_at_the_actual_time) {
  Rig r;
  r.run_to(5);
  for (uint64_t k = 6; k <= 8; ++k) (void)r.at(r.deadline(k));
  const int64_t o = r.origin(5);
  cr_assert_float_eq(r.at(o + 5 * kMs).command[0], 0.5, 1e-9);
  const Step end = r.at(o + 10 * kMs);
  cr_assert_eq(end.command[0], 0.0);
  cr_assert_eq(end.flags, layout::kWireHold);
}

// Cycles that come sooner than the period tell of deadlines ahead of ours; no
// send succeeds. What was due a period after the last commit stays due.
Test(guardian, acts_in_time_however_soon_the_loop_cycles) {
  for (const int64_t step : {100'000, 300'000, 700'000}) {
    Rig r;
    r.run_to(5);
    for (int64_t t = r.release(6); r.state() == GuardState::kArmed; t += step) {
      cr_assert_leq(t, r.deadline(8) + step);
      r.link.begin(t, t + kCommit);
      (void)r.at(t);
    }
    cr_assert_eq(r.broken(), 0u);
  }
}

// A robot whose clock is fast by 50 parts in a million ticks a healthy loop.
Test(guardian, leaves_a_loop_alone_that_cycles_a_little_sooner) {
  for (const int64_t step : {999'950, 999'000, 900'000, 300'000}) {
    Rig r;
    cr_assert_eq(r.link.arm(0, r.deadline(1)), 1u);
    int64_t t = r.release(1);
    for (uint64_t k = 1; k <= 400; ++k, t += step) {
      r.link.begin(t, t + kCommit);
      cr_assert(r.link.publish(plans::plan(k, r.origin(k))));
      r.link.committed(k, k, false);
      cr_assert_eq(r.at(t + kCommit / 2).what, Step::Do::kWait);
      cr_assert_eq(r.at(t + step).what, Step::Do::kWait);
    }
    cr_assert_eq(r.state(), GuardState::kArmed);
  }
}

Test(guardian, one_commit_resets_the_count) {
  Rig r;
  r.run_to(5);
  (void)r.at(r.deadline(6));
  (void)r.at(r.deadline(7));
  cr_assert_eq(r.core.misses(), 2u);
  r.cycle(8);
  (void)r.at(r.deadline(8));
  cr_assert_eq(r.core.misses(), 0u);
}

Test(guardian, a_late_act_is_a_miss_but_its_plan_counts) {
  Rig r;
  r.run_to(5);
  for (uint64_t k = 6; k <= 8; ++k) {
    r.cycle(k, true);
    (void)r.at(r.deadline(k));
  }
  cr_assert_eq(r.state(), GuardState::kActed);
  cr_assert_eq(r.core.plan().plan_id, 8u);
}

Test(guardian, skipped_releases_are_misses_that_the_loop_can_still_mend) {
  Rig r;
  r.run_to(5);
  (void)r.at(r.deadline(6));
  (void)r.at(r.deadline(7));
  r.link.begin(r.release(8), r.deadline(8));
  const Step s = r.at(r.release(8));
  cr_assert_eq(s.until_ns, r.deadline(8));
  r.cycle(8);
  (void)r.at(r.deadline(8));
  cr_assert_eq(r.state(), GuardState::kArmed);
}

Test(guardian, follows_a_robot_that_owns_the_clock) {
  Rig r;
  r.arm();
  int64_t release = kStart + kMs;
  for (uint64_t k = 1; k < 30; ++k) {
    const int64_t deadline = release + kCommit;
    r.link.begin(release, deadline);
    cr_assert_eq(r.at(release).until_ns <= deadline, true);
    cr_assert(r.link.publish(plans::plan(k, deadline + 4 * kMs)));
    r.link.committed(k, k, false);
    (void)r.at(deadline);
    cr_assert_eq(r.core.misses(), 0u, "cycle %lu", k);
    release += k % 3 == 0 ? kMs * 8 / 10 : kMs;
  }
}

Test(guardian, a_guardian_that_slept_through_good_commits_sees_no_miss) {
  Rig r;
  r.run_to(5);
  for (uint64_t k = 6; k <= 20; ++k) r.cycle(k);
  (void)r.at(r.deadline(20));
  cr_assert_eq(r.core.misses(), 0u);
  cr_assert_eq(r.state(), GuardState::kArmed);
}

Test(guardian, waking_beyond_the_bound_starts_the_plan_then_and_says_so) {
  Rig r;
  r.run_to(5);
  const int64_t late = r.origin(5) + 7 * kMs;
  const Step s = r.at(late);
  cr_assert_eq(s.what, Step::Do::kSend);
  cr_assert_eq(s.command[0], 1.0);  // continuous: the robot still does 1
  cr_assert_float_eq(r.at(late + 5 * kMs).command[0], 0.5, 1e-9);
  cr_assert_eq(r.broken(), 1u);
}

// The robot holds the last sample of a running stop while the guardian waits
// for its misses: it goes on from there, without a jump.
Test(guardian, a_running_stop_is_joined_at_the_sample_that_was_sent) {
  Rig r;
  r.run_to(5);
  const auto origin = r.origin(5);
  uint64_t k = 6;
  for (; r.release(k) < origin + 5 * kMs; ++k) {
    r.stop_cycle(k);
    (void)r.at(r.deadline(k));
  }
  const double sent = 1 - 100 * 1e-9 * double(r.release(k - 1) - origin);
  for (int i = 0; i < 3; ++i) (void)r.at(r.deadline(k++));
  cr_assert_eq(r.state(), GuardState::kActed);
  const int64_t now = r.deadline(k - 1);
  cr_assert_float_eq(r.at(now).command[0], sent, 1e-9);
  cr_assert_float_eq(r.at(now + kMs).command[0], sent - 0.1, 1e-9);
  cr_assert_eq(r.broken(), 0u);
}

// A stop cycle before the origin played the held command: still nothing to
// jump over, but a guardian awake only after the origin is late.
Test(guardian, a_stop_that_has_not_begun_starts_late_when_it_wakes_late) {
  Rig r;
  r.run_to(5);
  r.stop_cycle(6);
  const int64_t late = r.origin(5) + 2 * kMs;
  cr_assert_eq(r.at(late).command[0], 1.0);
  cr_assert_eq(r.broken(), 1u);
  cr_assert_float_eq(r.at(late + kMs).command[0], 0.9, 1e-9);
}

Test(guardian, a_sample_held_beyond_the_bound_is_flagged) {
  Rig r;
  r.run_to(5);
  uint64_t k = 6;
  for (; r.release(k) < r.origin(5) + 5 * kMs; ++k) {
    r.stop_cycle(k);
    (void)r.at(r.deadline(k));
  }
  const Step s = r.at(r.release(k) + 5 * kMs);
  cr_assert_eq(s.what, Step::Do::kSend);
  cr_assert_eq(r.broken(), 1u);
}

Test(guardian, death_between_publish_and_send_plays_the_plan_before) {
  Rig r;
  r.run_to(5);
  r.link.begin(r.release(6), r.deadline(6));
  cr_assert(r.link.publish(plans::plan(6, r.origin(6), 0.9)));
  (void)r.at(r.release(6) + 1, false);
  cr_assert_eq(r.core.plan().plan_id, 5u);
}

Test(guardian, a_failed_send_followed_by_stop_cycles_plays_the_plan_before) {
  Rig r;
  r.run_to(5);
  r.link.begin(r.release(6), r.deadline(6));
  cr_assert(r.link.publish(plans::plan(6, r.origin(6), 0.9)));
  r.stop_cycle(7);
  r.stop_cycle(8);
  (void)r.at(r.release(9), false);
  cr_assert_eq(r.core.plan().plan_id, 5u);
}

Test(guardian, death_between_the_commit_stores_plays_what_was_sent) {
  Rig r;
  r.run_to(5);
  r.link.begin(r.release(6), r.deadline(6));
  cr_assert(r.link.publish(plans::plan(6, r.origin(6), 0.9)));
  r.shared.words.committed_plan.store(6);  // killed here
  const Step s = r.at(r.release(6) + 1, false);
  cr_assert_eq(r.core.plan().plan_id, 6u);
  cr_assert_eq(s.command[0], 0.9);
  cr_assert_eq(r.broken(), 0u);
}

Test(guardian, a_dead_controller_is_taken_over_at_once) {
  Rig r;
  r.run_to(5);
  const Step s = r.at(r.release(6), false);
  cr_assert_eq(s.what, Step::Do::kSend);
  cr_assert_eq(r.shared.words.reason.load(),
               static_cast<uint32_t>(Reason::kDied));
}

Test(guardian, leaves_after_a_dead_controllers_plan_has_rested) {
  Rig r;
  r.run_to(5);
  (void)r.at(r.release(6), false);
  const int64_t end = r.origin(5) + 10 * kMs;
  cr_assert_eq(r.at(end + kLingerNs - 1, false).what, Step::Do::kSend);
  cr_assert_eq(r.at(end + kLingerNs, false).what, Step::Do::kExit);
}

Test(guardian, holds_for_a_living_controller_without_end) {
  Rig r;
  r.run_to(5);
  (void)r.at(r.deadline(8));
  cr_assert_eq(r.at(r.deadline(8) + 100 * kLingerNs).what, Step::Do::kSend);
}

Test(guardian, then_silence_sends_nothing_once_the_hold_is_over) {
  Rig r;
  r.shared.words.config.then_hold = 0;
  r.run_to(5);
  for (uint64_t k = 6; k <= 8; ++k) (void)r.at(r.deadline(k));
  const int64_t quiet = r.origin(5) + 10 * kMs + kLingerNs;
  const Step last = r.at(quiet - 1);
  cr_assert_eq(last.what, Step::Do::kSend);
  cr_assert_eq(last.flags, layout::kWireHold);
  cr_assert_eq(r.at(quiet).what, Step::Do::kWait);
  cr_assert_eq(r.at(quiet + 100 * kLingerNs).what, Step::Do::kWait);
  // It still stands guard over the latch, and leaves with a dead controller.
  cr_assert_eq(r.state(), GuardState::kActed);
  cr_assert_not(r.link.rearm());
  cr_assert_eq(r.at(quiet + 101 * kLingerNs).what, Step::Do::kWait);
  cr_assert(r.link.rearm());
}

Test(guardian, then_silence_plays_the_whole_plan_first) {
  Rig r;
  r.shared.words.config.then_hold = 0;
  r.run_to(5);
  (void)r.at(r.release(6), false);
  const int64_t end = r.origin(5) + 10 * kMs;
  for (int64_t t = r.release(6); t < end; t += kMs) {
    cr_assert_eq(r.at(t, false).what, Step::Do::kSend);
  }
  cr_assert_eq(r.at(end + kLingerNs, false).what, Step::Do::kExit);
}

Test(guardian, leaves_at_once_when_disarmed_and_the_controller_left) {
  Rig r;
  r.run_to(5);
  cr_assert(r.link.disarm());
  cr_assert_eq(r.at(r.release(6)).what, Step::Do::kWait);
  r.link.leave();
  cr_assert_eq(r.at(r.release(7)).what, Step::Do::kExit);
}

Test(guardian, death_without_a_commit_in_this_epoch_is_a_static_hold) {
  Rig r;
  r.arm();
  (void)r.at(r.release(1));
  const Step s = r.at(r.release(1) + 1, false);
  cr_assert_eq(s.what, Step::Do::kSend);
  cr_assert_eq(s.command[0], 0.0);
  cr_assert_eq(r.shared.words.choice.load(),
               static_cast<uint32_t>(Choice::kStaticHold));
}

Test(guardian, rearm_is_acknowledged_only_at_the_end_of_the_plan) {
  Rig r;
  r.run_to(5);
  for (uint64_t k = 6; k <= 8; ++k) (void)r.at(r.deadline(k));
  cr_assert_not(r.link.rearm());
  cr_assert_eq(r.at(r.origin(5) + 5 * kMs).what, Step::Do::kSend);
  cr_assert_not(r.link.rearm());
  // Its last command must have left.
  const int64_t end = r.origin(5) + 11 * kMs;
  cr_assert_eq(r.at(end, true, true).what, Step::Do::kSend);
  cr_assert_eq(r.at(end + kMs).what, Step::Do::kSend);
  cr_assert_not(r.link.rearm());
  cr_assert_eq(r.at(end + 2 * kMs).what, Step::Do::kWait);
  cr_assert(r.link.rearm());
  cr_assert_eq(r.state(), GuardState::kDisarmed);
  cr_assert_eq(r.link.arm(0, r.deadline(100)), 3u);  // above the guardian's
  (void)r.at(r.release(100));
  cr_assert_eq(r.core.misses(), 0u);
}

Test(link, is_told_and_refuses_to_publish_after_the_act) {
  Rig r;
  r.run_to(5);
  (void)r.at(r.release(6), false);
  cr_assert(r.link.begin(r.release(7), r.deadline(7)).acted);
  cr_assert_not(r.link.publish(plans::plan(7, r.origin(7))));
  cr_assert_not(r.link.disarm());
}

Test(link, arms_above_what_the_robot_reports) {
  Rig r;
  cr_assert_eq(r.link.arm(41, kStart), 42u);
  cr_assert_eq(r.link.arm(41, kStart), 0u);  // armed already
}

Test(link, does_not_arm_without_a_ready_guardian) {
  Rig r;
  r.shared.words.ready.store(0);
  cr_assert_eq(r.link.arm(0, kStart), 0u);
}

Test(link, an_old_heartbeat_is_stale) {
  Rig r;
  (void)r.at(kStart);
  cr_assert_not(r.link.begin(kStart + 2 * kMs, 0).stale);
  cr_assert(r.link.begin(kStart + 2 * kMs + 1, 0).stale);
}

Test(link, sees_why_the_guardian_acted_and_what_it_plays) {
  Rig r;
  r.run_to(5);
  for (uint64_t k = 6; k <= 8; ++k) (void)r.at(r.deadline(k));
  cr_assert_not(r.link.begin(r.release(9), r.deadline(9)).bound_broken);
  const Report report = r.link.report();
  cr_assert_eq(report.reason, Reason::kMissedCommits);
  cr_assert_eq(report.choice, Choice::kCommitted);
  cr_assert_str_eq(name_of(report.reason), "missed commits");
  cr_assert_str_eq(name_of(report.choice), "committed plan");
}

Test(link, sees_that_the_controller_had_died) {
  Rig r;
  r.run_to(5);
  (void)r.at(r.release(6), false);
  cr_assert_str_eq(name_of(r.link.report().reason), "controller died");
}

Test(link, sees_that_the_guardian_was_late_itself) {
  Rig r;
  r.run_to(5);
  (void)r.at(r.deadline(8) + kMs + 1);
  cr_assert(r.link.begin(r.release(10), r.deadline(10)).bound_broken);
  cr_assert(r.link.report().bound_broken);
}

Test(link, a_broken_bound_of_an_act_that_was_refused_is_not_seen) {
  Rig r;
  r.run_to(5);
  r.shared.words.bound_broken.store(1);
  cr_assert_not(r.link.begin(r.release(6), r.deadline(6)).bound_broken);
}

Test(report, values_that_nobody_defined_have_a_name_too) {
  cr_assert_str_eq(name_of(static_cast<Reason>(77)), "unknown");
  cr_assert_str_eq(name_of(static_cast<Choice>(4)), "unknown");
}

Test(report, says_only_what_was_not_as_it_should_be) {
  Report r{.reason = Reason::kMissedCommits, .choice = Choice::kCommitted};
  cr_assert(to_text(r) == "missed commits");
  r.choice = Choice::kPrevious;
  r.bound_broken = true;
  cr_assert(to_text(r) ==
            "missed commits; it played the previous plan; it woke later than "
            "its bound");
}
