// SPDX-License-Identifier: MIT
// What the ladder leaves of a task that pass-or-stop does not: an honest
// policy between a hand that comes and goes, the same lives for both.
#include "loop_lives.hpp"

using namespace loop;

namespace {

struct Outcome {
  Tally tally;
  uint64_t reached = 0;
  double nearer = 0;  // rad, of the last joint's way to its goals
};

Outcome live(const Limits& limits, PolicyKind policy, uint64_t lives) {
  const Bounds bounds;
  const Setting setting = limits.against(bounds);
  Outcome out;
  for (uint64_t i = 1; i <= lives; ++i) {
    Storm storm(first_seed() + i, bounds, Honest{policy});
    Life(setting, storm, out.tally).run();
    out.reached += storm.policy().reached();
    out.nearer += storm.policy().approached();
  }
  cr_assert(eq(u64, out.tally.judge.violations, 0));
  return out;
}

struct Pair {
  Outcome ladder, bare;
};
Pair compare(const char* what, PolicyKind policy) {
  const uint64_t lives = std::clamp<uint64_t>(cycles_to_run() / 20'000,
                                              kInstrumented ? 2 : 10, 250);
  const Limits full, bare({.row = "", .rungs = kPassOrStop});
  const Pair out{live(full, policy, lives), live(bare, policy, lives)};
  print(what, out.ladder.tally);
  print("pass or stop", out.bare.tally);
  std::printf("loop %s: %" PRIu64
              " lives; goals reached with the ladder %" PRIu64
              " (%.1f rad nearer), with pass or stop %" PRIu64 " (%.1f)\n",
              what, lives, out.ladder.reached, out.ladder.nearer,
              out.bare.reached, out.bare.nearer);
  return out;
}

}  // namespace

// Jumps break the rate row: pass-or-stop begins anew each time.
Test(loop, a_policy_that_jumps_gets_further_with_the_ladder, .timeout = 3600) {
  const Pair both = compare("goals, raw", PolicyKind::kGoal);
  cr_assert(both.ladder.nearer > 1.5 * both.bare.nearer);
  if (!kInstrumented) cr_assert(both.ladder.reached > both.bare.reached);
}
// One that obeys the rate row itself, and goes on from what was sent, loses
// little to a stop: its plan holds the last command for 31 ms before it
// brakes, and within them the next action may pass.
Test(loop, a_policy_in_steps_gets_as_far, .timeout = 3600) {
  const Pair both = compare("goals, in steps", PolicyKind::kSteps);
  cr_assert(both.ladder.nearer > 0.98 * both.bare.nearer);
}
