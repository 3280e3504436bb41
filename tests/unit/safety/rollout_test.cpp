// SPDX-License-Identifier: MIT
// Time to violation: never later than what can happen, told apart from
// "beyond the horizon" and from "nobody looked".
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "rollout_contracts.hpp"

using namespace contracts;

namespace {

std::unique_ptr<Image> ahead(int64_t horizon_ns) {
  auto image = draft();
  image->ladder.horizon_ns = horizon_ns;
  cr_assert(bool(seal(*image)));
  return image;
}

}  // namespace

Test(rollout, nobody_looks_without_a_horizon) {
  const auto image = sealed();
  Cycle c;
  c.run(*image);
  cr_assert(std::isnan(c.out.time_to_violation));
}

Test(rollout, at_rest_nothing_comes) {
  const auto image = ahead(1'000 * kMs);
  Cycle c;
  c.run(*image);
  cr_assert(std::isinf(c.out.time_to_violation));
}

// The human walks up to the turning robot.
Test(rollout, a_human_is_met_no_later_than_he_can_come) {
  const auto image = ahead(2'000 * kMs);
  float before = 0;
  for (float away = 0.9F; away < 3; away += 0.05F) {
    Cycle c;
    c.moving(0.3F, 0);
    c.hand[0] = away;
    c.run(*image);
    const Human& human = image->human[0];
    // From where the arm is at its longest.
    const double gap = static_cast<double>(away) - human.d_min;
    cr_assert(c.out.time_to_violation >= before, "%g", double{away});
    cr_assert(double{c.out.time_to_violation} * human.speed <= gap ||
                  std::isinf(c.out.time_to_violation),
              "%g", double{away});
    before = c.out.time_to_violation;
  }
  cr_assert(before > 0);
}

// A joint on its way to its end, with the time that it has.
Test(rollout, a_joint_reaches_its_end) {
  const auto image = ahead(4'000 * kMs);
  for (float from = 1; from < 2.4F; from += 0.1F) {
    Cycle c;
    c.moving(0.5F, 6);
    c.hand[0] = 9.5F;
    c.q[6] = from;
    c.run(*image);
    const double end =
        (image->position_hi[6] - static_cast<double>(from)) / 0.5;
    cr_assert(double{c.out.time_to_violation} <= end, "%g: %g of %g",
              double{from}, double{c.out.time_to_violation}, end);
    cr_assert(double{c.out.time_to_violation} > 0.5 * end - 0.4, "%g: %g of %g",
              double{from}, double{c.out.time_to_violation}, end);
  }
}

Test(rollout, other_shapes_and_many_of_them_tell_the_same_or_less) {
  for (int k = 0; k < 20; ++k) {
    auto image = with_post({});
    image->ladder.horizon_ns = 1'000 * kMs;
    image->capsule[0].from[1] += 0.02 * k;
    image->capsule[0].to[1] += 0.02 * k;
    auto crowd = std::make_unique<Image>(*image);
    while (crowd->capsules < kMaxCapsules) {
      Capsule& post = crowd->capsule[crowd->capsules];
      post = {"far", {5, 0, 0}, {5, 0, 1}, 0.1, {}};
      add_row(*crowd, "far", RowKernel::kCapsuleOut, crowd->capsules++, 1);
    }
    cr_assert(bool(seal(*image)));
    cr_assert(bool(seal(*crowd)));
    cr_assert(eq(u32, crowd->derived.screened, 1));
    Cycle a, b;
    a.moving(0.9F, 0);
    b.moving(0.9F, 0);
    a.run(*image);
    b.run(*crowd);
    cr_assert(b.out.time_to_violation <= a.out.time_to_violation);
    cr_assert(std::isinf(a.out.time_to_violation) ||
              b.out.time_to_violation >= 0.9F * a.out.time_to_violation);
  }
}

Test(rollout, an_action_that_is_not_finite_is_not_looked_at) {
  const auto image = ahead(1'000 * kMs);
  Cycle c;
  c.u[2] = std::nanf("");
  c.run(*image);
  cr_assert(std::isnan(c.out.time_to_violation));
}

Test(rollout, a_horizon_is_up_to_ten_seconds) {
  auto image = draft();
  for (const int64_t bad : {-int64_t{1}, 10'000 * kMs + 1}) {
    image->ladder.horizon_ns = bad;
    cr_assert(not(bool(seal(*image))));
  }
  image->ladder.horizon_ns = 10'000 * kMs;
  cr_assert(bool(seal(*image)));
}
