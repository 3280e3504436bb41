// SPDX-License-Identifier: MIT
// The product's own fuzzing of limits: it finds nothing in sound ones, and
// does find what it is there for.
#include "safety/limits_fuzz.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "rig.hpp"
#include "safety/present.hpp"
#include "space_rig.hpp"

using namespace rig;

namespace {

bool is(bool value) { return value; }
FuzzResult fuzzed(const Image& image, uint64_t cases, uint64_t seed) {
  FuzzAsk ask;
  ask.cases = cases;
  ask.seed = seed;
  return fuzz_limits(image, ask);
}
// Where the last of the robot's spheres is, by the oracle.
struct Place {
  double at[3];
};
Place last_ball(const Cycle& cycle) {
  double q[7];
  for (int j = 0; j < 7; ++j) q[j] = static_cast<double>(cycle.q[j]);
  const auto centre = oracle::centres(q)[std::size(kBalls) - 1];
  return {{static_cast<double>(centre.x), static_cast<double>(centre.y),
           static_cast<double>(centre.z)}};
}
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

Test(limits_fuzz, finds_nothing_in_sound_limits_and_reaches_their_edges) {
  const auto image = sealed();
  const FuzzResult r = fuzzed(*image, 60, 3);
  cr_assert(is(!r.finding), "%s", to_text(r).c_str());
  cr_assert(is(r.cases == 60 && r.accepted > 0 && r.edges > 15));
  cr_assert(is(r.spoilt > 600));
}

Test(limits_fuzz, gives_the_same_for_the_same_seed) {
  const auto image = sealed();
  const FuzzResult a = fuzzed(*image, 5, 9);
  const FuzzResult b = fuzzed(*image, 5, 9);
  cr_assert(is(a.checks == b.checks && a.accepted == b.accepted));
}

// The kernels go by the derived part of a joint; this changes where it really
// is.
Test(limits_fuzz, finds_kinematics_that_are_not_the_robots) {
  auto image = sealed();
  image->chain.joint[1].axis[0] = 1;
  image->chain.joint[1].axis[1] = 0;
  const FuzzResult r = fuzzed(*image, 300, 1);
  cr_assert(is(r.finding.has_value()));
  const FuzzResult again = fuzzed(*image, 1, r.finding->seed);
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

// Every shape beyond the arm, until it is moved to where the arm is.
Test(limits_fuzz, sees_a_robot_within_shapes_and_itself) {
  Cycle cycle;
  const Place last = last_ball(cycle);
  space_rig::Draw draw(7);
  for (const space_rig::Kind kind : space_rig::kKinds) {
    for (const bool inside : {false, true}) {
      const auto image = space_rig::bare();
      const space_rig::Shape shape = draw.shape(kind, inside);
      space_rig::add(*image, shape);
      const char* row = image->row[0].id;
      // Along a half-space's normal, else up; on the arm or away from it.
      const bool half = kind == space_rig::Kind::kHalf;
      const double up[3] = {0, 0, 1};
      const double* way = half ? shape.faces[0].normal : up;
      double far[3], on[3];
      for (int a = 0; a < 3; ++a) {
        far[a] = (half ? -30 : 30) * way[a];
        on[a] = half ? 30 * way[a] : last.at[a];
      }
      const double* bad = inside ? far : on;
      const double* good = inside ? on : far;
      (void)space_rig::put(*image, shape, good);
      cr_assert(is(present_violation(*image, cycle.in).empty()), "%s: %s", row,
                present_violation(*image, cycle.in).c_str());
      (void)space_rig::put(*image, shape, bad);
      cr_assert(is(has(present_violation(*image, cycle.in), row)), "%s", row);
      for (Binds* binds : {&image->capsule[0].binds,
                           &image->turned_box[0].binds, &image->hull[0].binds})
        binds->spared = ~0u;
      cr_assert(is(present_violation(*image, cycle.in).empty()), "%s", row);
    }
  }
  const auto image = space_rig::bare();
  space_rig::add_self(*image);
  cr_assert(is(present_violation(*image, cycle.in).empty()));
  image->row[0].margin = 2;
  cr_assert(is(has(present_violation(*image, cycle.in), "self")));
}

Test(limits_fuzz, sees_what_is_measured_and_touched) {
  auto image = space_rig::bare();
  Cycle cycle;
  Load& load = image->dynamics.load[0];
  load.signal = kDq;
  std::fill_n(load.limit, 7, 0.2);
  cycle.dq[3] = 0.3F;
  for (const RowKernel kernel :
       {RowKernel::kTorque, RowKernel::kForce, RowKernel::kPower}) {
    image->rows = 0;
    add_row(*image, "load", kernel, 0, 1);
    load.first = 1;
    load.limit[0] = kernel == RowKernel::kPower ? 0.089 : 0.2;
    cr_assert(is(has(present_violation(*image, cycle.in), "load")));
    load.limit[0] = 0.31;
    load.limit[3] = 0.31;
    cr_assert(is(present_violation(*image, cycle.in).empty()));
    load.limit[3] = 0.2;
  }
  image->rows = 0;
  add_row(*image, "touch", RowKernel::kContact, 0, 1);
  image->dynamics.contacts = 1;
  image->dynamics.contact[0].signal = image->human[0].signal;
  image->dynamics.contact[0].most = 0.05;
  const Place last = last_ball(cycle);
  for (int a = 0; a < 3; ++a) cycle.hand[a] = static_cast<float>(last.at[a]);
  cycle.dq[1] = 0.01F;
  cycle.dq[3] = 0;
  cr_assert(is(present_violation(*image, cycle.in).empty()));
  cycle.dq[1] = 0.5F;
  cr_assert(is(has(present_violation(*image, cycle.in), "touch")));
}

Test(limits_fuzz, sees_an_action_that_accelerates_too_much) {
  auto image = space_rig::bare();
  std::fill_n(image->dynamics.trajectory.acceleration, 7, 5);
  add_row(*image, "acceleration", RowKernel::kJointAcceleration, 0, 1);
  const float last[kMaxJoints] = {};
  ShieldOutput out;
  out.action[2] = 0.005F;
  cr_assert(is(action_violation(*image, last, out).empty()));
  out.action[2] = 0.0051F;
  cr_assert(is(has(action_violation(*image, last, out), "acceleration")));
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
