// SPDX-License-Identifier: MIT
// The product's own fuzzing of limits: it finds nothing in sound ones, and
// does find what it is there for.
#include "safety/limits_fuzz.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "rig.hpp"
#include "safety/present.hpp"

using namespace rig;

namespace {

bool is(bool value) { return value; }
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

Test(limits_fuzz, finds_nothing_in_sound_limits_and_reaches_their_edges) {
  const auto image = sealed();
  const FuzzResult r = fuzz_limits(*image, {.cases = 60, .seed = 3});
  cr_assert(is(!r.finding), "%s", to_text(r).c_str());
  cr_assert(is(r.cases == 60 && r.accepted > 0 && r.edges > 15));
  cr_assert(is(r.spoilt > 600));
}

Test(limits_fuzz, gives_the_same_for_the_same_seed) {
  const auto image = sealed();
  const FuzzResult a = fuzz_limits(*image, {.cases = 5, .seed = 9});
  const FuzzResult b = fuzz_limits(*image, {.cases = 5, .seed = 9});
  cr_assert(is(a.checks == b.checks && a.accepted == b.accepted));
}

// The kernels go by the derived part of a joint; this changes where it really
// is.
Test(limits_fuzz, finds_kinematics_that_are_not_the_robots) {
  auto image = sealed();
  image->chain.joint[1].axis[0] = 1;
  image->chain.joint[1].axis[1] = 0;
  const FuzzResult r = fuzz_limits(*image, {.cases = 300, .seed = 1});
  cr_assert(is(r.finding.has_value()));
  const FuzzResult again =
      fuzz_limits(*image, {.cases = 1, .seed = r.finding->seed});
  cr_assert(is(again.finding && again.finding->what == r.finding->what));
}

Test(limits_fuzz, sees_a_human_too_near_to_a_robot_that_moves) {
  const auto image = sealed();
  Cycle cycle;
  cr_assert(is(present_violation(*image, cycle.in).empty()));
  cycle.hand[0] = 0.3F;
  cycle.hand[2] = 0.6F;
  cr_assert(is(present_violation(*image, cycle.in).empty()), "it stands");
  cycle.dq[0] = 0.5F;
  cr_assert(is(has(present_violation(*image, cycle.in), "hand")));
}

Test(limits_fuzz, sees_a_robot_beyond_box_joint_and_speed) {
  auto image = sealed();
  Cycle cycle;
  image->box[0].hi[2] = 0.5;
  cr_assert(is(has(present_violation(*image, cycle.in), "cell")));
  image->box[0].hi[2] = 1.4;
  cycle.q[6] = 2.77F;
  cr_assert(is(has(present_violation(*image, cycle.in), "joint.position")));
  cycle.q[6] = 0;
  cycle.dq[6] = 1.7F;
  cr_assert(is(has(present_violation(*image, cycle.in), "joint.velocity")));
}

Test(limits_fuzz, sees_an_action_beyond_box_and_rate) {
  const auto image = sealed();
  float last[kMaxJoints] = {};
  ShieldOutput out;
  out.action[2] = 0.012F;
  cr_assert(is(action_violation(*image, last, out).empty()));
  out.action[2] = 0.0121F;
  cr_assert(is(has(action_violation(*image, last, out), "action.rate")));
  last[2] = 1;
  out.action[2] = 1.0001F;
  cr_assert(is(has(action_violation(*image, last, out), "action.box")));
  out.action[2] = std::nanf("");
  cr_assert(is(!action_violation(*image, last, out).empty()));
}
