// SPDX-License-Identifier: MIT
// The plant's joints, paths and counting.
#include <criterion/criterion.h>

#include <cmath>
#include <vector>

#include "plant_arm.hpp"
#include "plant_hand.hpp"
#include "plant_task.hpp"
#include "plant_watch.hpp"
#include "plant_witness.hpp"

using namespace handover;

namespace {

Command command(double u0, uint8_t sender = 1) {
  Command c;
  c.u[0] = u0;
  c.sender = sender;
  return c;
}

void run(Arm& arm, int substeps) {
  for (int i = 0; i < substeps; ++i) arm.substep();
}

}  // namespace

Test(arm, a_command_waits_for_its_delay) {
  Arm arm(1);
  arm.accept(command(1), 0);
  run(arm, kDelaySubsteps);
  cr_assert_eq(arm.dq()[0], 0.0);
  run(arm, 1);
  cr_assert_gt(arm.dq()[0], 0.0);
}

Test(arm, speed_follows_with_the_lag) {
  Arm arm(1);
  arm.accept(command(1), 0);
  run(arm, kDelaySubsteps + 78);  // 78 substeps are one lag of 19.5 ms
  cr_assert_float_eq(arm.dq()[0], 1 - std::exp(-1.0), 1e-9);
}

Test(arm, its_own_brake_comes_to_rest) {
  Arm arm(1);
  arm.accept(command(0.9), 0);
  run(arm, 1000);
  arm.brake();
  run(arm, 1600);
  cr_assert_not(arm.moving(1e-3));
}

Test(arm, noise_stays_within_its_bound) {
  Arm arm(3);
  Joints q, dq;
  for (int i = 0; i < 1000; ++i) {
    arm.measure(q, dq);
    for (std::size_t j = 0; j < kJoints; ++j) {
      cr_assert_leq(std::abs(q[j] - arm.q()[j]), kEncoderNoise);
      cr_assert_leq(std::abs(dq[j]), kSpeedNoise);
    }
  }
}

Test(hand, is_never_faster_than_declared) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const HandPath path = HandPath::draw(Random(seed), {1.6, 0, 0.75});
    Vec last = path.at(0);
    for (int i = 1; i < 8000; ++i) {
      const Vec now = path.at(1e-3 * i);
      cr_assert_leq(norm(now - last), kHandSpeed * 1e-3 * 1.0001);
      last = now;
    }
  }
}

Test(hand, every_kind_of_path_is_drawn) {
  bool seen[kPathKinds]{};
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const HandPath path = HandPath::draw(Random(seed), {1.6, 0, 0.75});
    seen[static_cast<std::size_t>(path.kind())] = true;
  }
  cr_assert(seen[1] && seen[2] && seen[3]);
  cr_assert_not(seen[0]);
}

Test(hand, offers_at_the_target) {
  const HandPath path = HandPath::draw(Random(5), {1.6, 0, 0.75});
  cr_assert_lt(norm(path.at(path.offered_at()) - path.target()), 0.1);
}

// The hand comes to the target with the arm sweeping through it: a plant
// that counts nothing there could not fail a shield.
Test(task, an_unchecked_arm_violates) {
  Task task({.seed = 1, .episodes = 6, .human = true});
  Arm arm(1);
  task.begin();
  for (uint64_t tick = 0; !task.done(); ++tick) {
    Command c = command(0.8 * std::cos(1e-3 * static_cast<double>(tick)));
    c.u[1] = 0.4 * std::cos(0.5e-3 * static_cast<double>(tick));
    arm.accept(c, arm.substeps());
    for (int i = 0; i < kSubsteps; ++i) {
      arm.substep();
      task.substep(arm);
    }
    task.tick();
  }
  cr_assert_gt(task.results().violations, 0u);
  cr_assert_gt(task.results().all.violating, 0u);
}

Test(task, a_resting_arm_never_violates) {
  Task task({.seed = 1, .episodes = 6, .human = true});
  Arm arm(1);
  task.begin();
  while (!task.done()) {
    for (int i = 0; i < kSubsteps; ++i) task.substep(arm);
    task.tick();
  }
  cr_assert_eq(task.results().violations, 0u);
  cr_assert_lt(task.results().least_separation, 0.05);
}

Test(task, paths_do_not_depend_on_what_the_arm_did) {
  Task a({.seed = 9, .episodes = 3, .human = true});
  Task b({.seed = 9, .episodes = 3, .human = true});
  Arm rest(1), moving(2);
  a.begin();
  b.begin();
  while (!a.done()) {
    moving.accept(command(0.5), moving.substeps());
    for (int i = 0; i < kSubsteps; ++i) {
      moving.substep();
      a.substep(rest);
      b.substep(moving);
    }
    a.tick();
    b.tick();
    cr_assert_lt(norm(a.hand().center - b.hand().center), 1e-12);
  }
}

namespace {

// Full speed on two joints, then a "guardian" that scales by one curve;
// `skew` bends the second joint off the path.
Takeover guardian_stop(double skew) {
  Arm arm(1);
  Watch watch;
  for (int ms = 0; ms < 600; ++ms) {
    const double s = ms < 300 ? 1 : std::fmax(0, 1 - (ms - 300) / 150.0);
    Command c = command(0.8 * s, ms < 300 ? 1 : 2);
    c.u[1] = -0.4 * s + (s < 1 && s > 0 ? skew : 0);
    arm.accept(c, arm.substeps());
    if (ms < 300) watch.controller_sent(arm.substeps());
    for (int i = 0; i < kSubsteps; ++i) {
      arm.substep();
      watch.substep(arm);
    }
  }
  cr_assert_eq(watch.takeovers().size(), 1u);
  return watch.takeovers()[0];
}

}  // namespace

Test(watch, a_synchronised_stop_stays_on_the_path) {
  const Takeover t = guardian_stop(0);
  cr_assert_lt(t.off_path, 1e-4);
  cr_assert_gt(t.travel, 0.05);
  cr_assert_gt(t.rest_tick, t.begin_tick);
}

Test(watch, a_bent_stop_leaves_the_path) {
  cr_assert_gt(guardian_stop(0.1).off_path, 5e-3);
}

// What the witness of a takeover may excuse: only what lies in the interval.
Test(witness, gaps_count_within_the_interval_only) {
  const std::vector<Gap> gaps{{0, 10}, {20, 30}, {40, 60}, {90, 95}};
  const auto part = within(gaps, 25, 50);
  cr_assert_eq(part.size(), 2u);
  cr_assert_eq(part[0].due_ns, 25);
  cr_assert_eq(part[0].woke_ns, 30);
  cr_assert_eq(part[1].due_ns, 40);
  cr_assert_eq(part[1].woke_ns, 50);
  cr_assert_eq(within(gaps, 10, 20).size(), 0u);
  cr_assert_eq(within(gaps, 60, 90).size(), 0u);
}

// The silence of a takeover begins where the controller was last heard.
Test(watch, a_takeover_says_when_the_controller_was_last_heard) {
  Arm arm(1);
  Watch watch;
  arm.accept(command(0.5), 0);
  watch.controller_sent(8);
  arm.accept(command(0.4, 2), 40);
  for (int i = 0; i < 80; ++i) {
    arm.substep();
    watch.substep(arm);
  }
  cr_assert_eq(watch.takeovers().size(), 1u);
  cr_assert_eq(watch.takeovers()[0].heard, 8u);
  cr_assert_float_eq(watch.takeovers()[0].silent_ticks, (40 - 8) / 4.0, 0.3);
}
