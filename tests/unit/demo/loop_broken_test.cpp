// SPDX-License-Identifier: MIT
// The closed loop with one assumption broken, by little more than what the
// rule has beyond d_min (loop_test.cpp): duels find it out. There is no luck
// in it: the same draws and lives from every compiler.
#include "loop_lives.hpp"

using namespace loop;

namespace {

void breaks(const char* what, const Bounds& bounds) {
  const Limits limits;
  Table table;
  Tally tally =
      duels(limits.against(bounds), bounds, {150'000, Until::kViolated}, table);
  print(what, tally);
  cr_assert(tally.judge.violations > 0, "%s: nothing violated", what);
}

}  // namespace

// Declared: 1.6 m/s. Found within 4e5 cycles from 1.85 m/s on, not at 1.8.
Test(loop, a_faster_hand_is_hit, .timeout = 3600) {
  Bounds bounds;
  bounds.hand_speed = 2;
  breaks("hand at 2 m/s", bounds);
}
// 4 ms; from 35 ms on, not at 30.
Test(loop, so_is_one_beside_a_slower_actuator, .timeout = 3600) {
  Bounds bounds;
  bounds.delay_ns = 60 * kMs;
  breaks("actuator delay 60 ms", bounds);
}
// Not at all; from 35 ms on, not at 30.
Test(loop, so_is_one_that_was_seen_earlier_than_said, .timeout = 3600) {
  Bounds bounds;
  bounds.sight_ns = 60 * kMs;
  breaks("hand seen 60 ms earlier", bounds);
}
// 10 ms; from 40 ms on, not at 35.
Test(loop, so_is_one_beside_a_guardian_that_oversleeps, .timeout = 3600) {
  Bounds bounds;
  bounds.guardian_ns = 60 * kMs;
  breaks("guardian 60 ms late", bounds);
}
// 3 mm; from 60 mm on, not at 55.
Test(loop, so_is_one_beside_a_thicker_robot, .timeout = 3600) {
  Bounds bounds;
  bounds.skin = 0.08;
  breaks("skin of 80 mm", bounds);
}
// 15 mm; from 70 mm on, not at 65.
Test(loop, so_is_one_nearer_than_it_seems, .timeout = 3600) {
  Bounds bounds;
  bounds.sensor = 0.1;
  breaks("hand seen 100 mm off", bounds);
}
