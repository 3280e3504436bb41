// SPDX-License-Identifier: MIT
// The plant judges the shield, so its geometry is held against cases worked
// out by hand.
#include "plant_geometry.hpp"

#include <criterion/criterion.h>

#include <cmath>
#include <numbers>

using namespace handover;

namespace {

constexpr double kTiny = 1e-12;
constexpr double kQuarter = std::numbers::pi / 2;

void near(Vec a, Vec b) {
  cr_assert_lt(norm(a - b), kTiny, "(%g %g %g) is not (%g %g %g)", a.x, a.y,
               a.z, b.x, b.y, b.z);
}

}  // namespace

// All joints at zero: shoulder 0.333, upper arm 0.316, forearm 0.384 above
// each other; the elbow's offsets cancel; the wrist's 0.088 leads forward
// and the flange points down by 0.107.
Test(geometry, stretched_arm_is_the_sum_of_its_links) {
  const ArmState arm = move_arm({}, {});
  near(arm.flange, {0.088, 0, 0.333 + 0.316 + 0.384 - 0.107});
  near(arm.link[3].origin, {0.0825, 0, 0.649});
}

// Joint 2 by 90 degrees lays the stretched arm forward.
Test(geometry, second_joint_lays_the_arm_forward) {
  const ArmState arm = move_arm({0, kQuarter, 0, 0, 0, 0, 0}, {});
  near(arm.flange, {0.316 + 0.384 - 0.107, 0, 0.333 - 0.088});
}

// Joint 4 by -90 degrees: upper arm up, forearm forward, the flange up.
Test(geometry, elbow_bends_the_forearm_forward) {
  const ArmState arm = move_arm({0, 0, 0, -kQuarter, 0, 0, 0}, {});
  near(arm.link[4].origin, {0.0825 + 0.384, 0, 0.649 + 0.0825});
  near(arm.flange, {0.0825 + 0.384 - 0.107, 0, 0.649 + 0.0825 - 0.088});
}

Test(geometry, base_joint_turns_the_flange_on_a_circle) {
  const ArmState arm =
      move_arm({0, kQuarter, 0, 0, 0, 0, 0}, {2, 0, 0, 0, 0, 0, 0});
  near(arm.link[6].speed_at(arm.flange), {0, 2 * 0.593, 0});
}

// Against the difference quotient of the positions, in a bent posture.
Test(geometry, point_speeds_are_the_derivative_of_positions) {
  const Joints q{0.3, -0.5, 0.4, -1.9, 0.7, 1.5, -0.2};
  const Joints dq{0.5, -0.8, 0.3, 0.9, -0.4, 0.6, 0.7};
  const double h = 1e-6;
  Joints later = q, earlier = q;
  for (std::size_t i = 0; i < kJoints; ++i) {
    later[i] += h * dq[i];
    earlier[i] -= h * dq[i];
  }
  const ArmState now = move_arm(q, dq);
  const ArmState a = move_arm(later, {}), b = move_arm(earlier, {});
  for (std::size_t i = 0; i < kJoints; ++i) {
    const Vec local{0.02, -0.05, 0.03};
    const Vec slope =
        (0.5 / h) * (a.link[i].place(local) - b.link[i].place(local));
    const Vec speed = now.link[i].speed_at(now.link[i].place(local));
    cr_assert_lt(norm(speed - slope), 1e-8, "link %zu", i + 1);
  }
}

// The stretched arm's column of radius 0.07 stands on the z axis; behind it
// nothing is nearer.
Test(geometry, separation_is_from_surface_to_surface) {
  const ArmState arm = move_arm({}, {});
  cr_assert_float_eq(separation(arm, {{-0.5, 0, 0.5}, 0.08}), 0.35, 1e-12);
}

Test(geometry, overlap_is_negative_separation) {
  const ArmState arm = move_arm({}, {});
  cr_assert_float_eq(separation(arm, {{0, 0, 0.5}, 0.08}), -0.15, 1e-12);
}

// Elbow and wrist bent by 90 degrees: the flange hangs down from 0.7315 and
// its capsule (radius 0.05) ends there.
namespace {
constexpr Joints kHanging{0, 0, 0, -kQuarter, 0, kQuarter, 0};
}

Test(geometry, hanging_flange_is_forward_and_down) {
  near(move_arm(kHanging, {}).flange, {0.4665 + 0.088, 0, 0.7315 - 0.107});
}

Test(geometry, separation_sees_the_cap_beyond_the_axis) {
  const ArmState arm = move_arm(kHanging, {});
  const Ball ball{arm.flange - Vec{0, 0, 0.3}, 0.08};
  cr_assert_float_eq(separation(arm, ball), 0.3 - 0.05 - 0.08, 1e-12);
}

Test(geometry, nothing_is_fast_beyond_the_distance) {
  const ArmState arm = move_arm(kHanging, {1, 0, 0, 0, 0, 0, 0});
  const Ball beyond{arm.flange - Vec{0, 0, 0.05 + 0.08 + 0.051}, 0.08};
  const Ball within{arm.flange - Vec{0, 0, 0.05 + 0.08 + 0.049}, 0.08};
  cr_assert_eq(fastest_within(arm, beyond, 0.05), 0.0);
  cr_assert_gt(fastest_within(arm, within, 0.05), 0.5);
}

// Laid forward, turning about z at 1 rad/s, a ball 40 mm above the forearm:
// only points near it count, and those are as fast as they are far out.
Test(geometry, only_points_within_the_distance_count) {
  const ArmState arm =
      move_arm({0, kQuarter, 0, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 0, 0});
  const double x = 0.316 + 0.1;  // on the forearm, which spans 0.40 to 0.65
  const Ball ball{{x, 0, 0.333 + 0.06 + 0.04 + 0.08}, 0.08};
  const double fastest = fastest_within(arm, ball, 0.05);
  cr_assert_geq(fastest, 0.41);
  cr_assert_lt(fastest, 0.55);
}

Test(geometry, a_resting_arm_has_no_fast_points) {
  const ArmState arm = move_arm({}, {});
  cr_assert_eq(fastest_within(arm, {{0, 0, 0.5}, 0.08}, 0.05), 0.0);
}
