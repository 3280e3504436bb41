// SPDX-License-Identifier: MIT
// The closed loop: whatever policy, hand and host do within what arm.toml
// declares, no point of the robot moves near the hand, by the demo's own
// geometry. That it can fail: loop_broken_test.cpp.
#include "loop_lives.hpp"

using namespace loop;

// Anything that may go wrong, at random and all the time.
Test(loop, nothing_moves_near_the_hand_in_a_storm, .timeout = 36000) {
  const Limits limits;
  const uint64_t cycles = cycles_to_run() * 2 / 5;
  Tally tally = storms(limits, Bounds{}, cycles);
  print("storm", tally);
  cr_assert(eq(u64, tally.judge.violations, 0));
  if (kInstrumented) return;  // too slow for enough of them
  // And it was close: the hand touched a robot that moved before.
  cr_assert(tally.judge.least_gap < 0);
  cr_assert(tally.engaged > cycles / 4);
  for (const auto rung : {TACTUS_RUNG_PASS, TACTUS_RUNG_SCALE,
                          TACTUS_RUNG_PROJECT, TACTUS_RUNG_STOP})
    cr_assert(tally.rung[rung] > tally.engaged / 200, "rung %d", rung);
  cr_assert(tally.acted > 0 && tally.acted < tally.hangs);
  // Of a plan; without one only before the first commit.
  cr_assert(tally.played > tally.acted / 2);
}

// One plan each, better from life to life.
Test(loop, nothing_moves_near_the_hand_in_a_duel, .timeout = 36000) {
  const Limits limits;
  const Bounds bounds;
  Table table;
  Tally tally =
      duels(limits.against(bounds), bounds, {cycles_to_run() * 3 / 5}, table);
  print("duels", tally);
  print(table);
  cr_assert(eq(u64, tally.judge.violations, 0));
  // The guardian plays what was committed.
  cr_assert(tally.acted > 0);
  cr_assert(eq(u64, tally.played, tally.acted));
  if (kInstrumented) return;
  // The attack is real: of what the rule demands, it leaves little, at least
  // where the stop is the longest. Room for other seeds and fewer lives.
  for (std::size_t i = 0; i < table.size(); ++i) {
    const bool longest = kStrategies[i].trouble == Trouble::kStopHangs;
    cr_assert(table[i].nearest < (longest ? 0.25 : 0.4), "%s: %.3f m",
              kStrategies[i].name, table[i].nearest);
  }
  cr_assert(tally.judge.least_moving < 0.16);
  cr_assert(tally.judge.worst_speed > 1e-3);
  for (const auto rung : {TACTUS_RUNG_PASS, TACTUS_RUNG_SCALE,
                          TACTUS_RUNG_PROJECT, TACTUS_RUNG_STOP})
    cr_assert(tally.rung[rung] > tally.engaged / 200, "rung %d", rung);
}

// What a duel leaves is the rule's own: it is about 5 mm/s, where a violation
// begins at 10, and what it asks of a motion it asks of samples, 20 ms apart
// in the tail of the lag. About 5 mm/s, and with four times as many of them,
// the same attack comes nearer by more than half.
Test(loop, what_is_left_is_the_rules_own, .timeout = 36000) {
  const Limits limits({.row = "", .samples = 128});
  const Bounds bounds;
  Setting setting = limits.against(bounds);
  setting.moves = 0.5 * handover::kViolationSpeed;
  const auto longest = [](const Strategy& strategy) {
    return strategy.trouble == Trouble::kStopHangs;
  };
  Table table;
  Tally tally = duels(setting, bounds,
                      {cycles_to_run() / 10, Until::kCycles, longest}, table);
  print("128 samples, from 5 mm/s on", tally);
  print(table);
  cr_assert(eq(u64, tally.judge.violations, 0));
  if (!kInstrumented) cr_assert(tally.judge.least_moving < 0.08);
}
