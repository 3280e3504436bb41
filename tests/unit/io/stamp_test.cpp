// SPDX-License-Identifier: MIT
#include "io/stamp.hpp"

#include <criterion/criterion.h>

using tactus::io::RealtimeOffset;

namespace {

constexpr int64_t kWall = 1'700'000'000'000'000'000;
constexpr int64_t kMs = 1'000'000;

timespec wall(int64_t ns) { return {ns / 1'000'000'000, ns % 1'000'000'000}; }

}  // namespace

Test(stamp, maps_the_wall_clock_to_the_monotonic_one) {
  RealtimeOffset offset;
  offset.update(500 * kMs, kWall, 500 * kMs + 50);
  cr_assert(offset.trusted());
  cr_assert_eq(offset.to_monotonic(wall(kWall - 2 * kMs)), 498 * kMs);
}

Test(stamp, is_not_trusted_after_the_wall_clock_was_stepped) {
  for (const int64_t step : {-20 * kMs, 20 * kMs}) {
    RealtimeOffset offset;
    offset.update(500 * kMs, kWall, 500 * kMs + 50);
    offset.update(501 * kMs, kWall + kMs + step, 501 * kMs + 50);
    cr_assert_not(offset.trusted());
    // The queue has been emptied since: the new offset holds from here on.
    offset.update(502 * kMs, kWall + 2 * kMs + step, 502 * kMs + 50);
    cr_assert(offset.trusted());
  }
}

Test(stamp, slewing_is_not_a_step) {
  RealtimeOffset offset;
  offset.update(500 * kMs, kWall, 500 * kMs + 50);
  const int64_t slew = 1000 * kMs / 2000;  // 500 ppm
  offset.update(1500 * kMs, kWall + 1000 * kMs + slew, 1500 * kMs + 50);
  cr_assert(offset.trusted());
}

Test(stamp, a_disturbed_reading_is_not_trusted_and_not_kept) {
  RealtimeOffset offset;
  offset.update(500 * kMs, kWall, 500 * kMs + 50);
  offset.update(501 * kMs, kWall + 9 * kMs, 509 * kMs);
  cr_assert_not(offset.trusted());
  offset.update(510 * kMs, kWall + 10 * kMs, 510 * kMs + 50);
  cr_assert(offset.trusted());
}

Test(signal_stamp, jitter_does_not_set_a_repeated_measurement_back) {
  cr_assert_eq(tactus::io::later_stamp(1'000'000, 999'000, 200'000), 1'000'000);
  cr_assert_eq(tactus::io::later_stamp(1'000'000, 799'000, 200'000), 1'000'000);
}

Test(signal_stamp, a_newer_measurement_moves_it_on) {
  cr_assert_eq(tactus::io::later_stamp(1'000'000, 1'000'001, 200'000),
               1'000'001);
}

Test(signal_stamp, a_step_back_beyond_the_bound_is_let_through) {
  cr_assert_eq(tactus::io::later_stamp(1'000'000, 798'999, 200'000), 798'999);
}
