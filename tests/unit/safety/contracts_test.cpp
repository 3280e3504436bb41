// SPDX-License-Identifier: MIT
// The contracts of the shield as predicates. They all hold for the product,
// and for every rule that can be removed (fault.hpp) at least one of them
// does not: no rule is without a guard.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "barrier_oracle.hpp"
#include "enclosure.hpp"
#include "expr_rows.hpp"
#include "memory_contracts.hpp"
#include "past_time_contracts.hpp"
#include "response_contracts.hpp"
#include "rollout_contracts.hpp"
#include "screen_contracts.hpp"
#include "slide.hpp"

using namespace contracts;

namespace {

// --- inputs

bool nan_in_any_value_stops() {
  for (const float bad : {std::nanf(""), INFINITY, -INFINITY}) {
    for (int i = 0; i < 24; ++i) {
      Cycle c;
      float* all[] = {c.q, c.dq, c.u, c.hand};
      const int field = i / 7;
      const int index = i % 7 % (field == 3 ? 3 : 7);
      all[field][index] = bad;
      if (!stops(c, kReasonNan)) return false;
    }
  }
  return true;
}
bool nan_blend_stops() {
  Cycle c;
  c.in.blend = std::nanf("");
  return stops(c, kReasonNan);
}
bool out_of_range_stops() {
  Cycle inside, outside;
  inside.target[1] = 10;
  outside.target[1] = std::nextafterf(10, 11);
  static const auto image = sealed();
  return run(inside, *image) == TACTUS_RUNG_PASS &&
         stops(outside, kReasonRange);
}
bool max_age_is_fresh_and_one_more_is_stale() {
  static const auto image = sealed();
  for (uint32_t i = 0; i < image->signals; ++i) {
    Cycle fresh, stale;
    fresh.at(1000);
    stale.at(1000);
    fresh.in.stamp_ns[i] = fresh.in.now_ns - image->signal[i].max_age_ns;
    stale.in.stamp_ns[i] = stale.in.now_ns - image->signal[i].max_age_ns - 1;
    if (run(fresh, *image) != TACTUS_RUNG_PASS) return false;
    if (!stops(stale, kReasonStale) || !stale.out.bad) return false;
  }
  Cycle never;
  never.in.stamp_ns[kTarget] = 0;
  return stops(never, kReasonStale);
}
bool future_stamp_stops() {
  Cycle c;
  c.in.stamp_ns[kTarget] = c.in.now_ns + 1;
  return stops(c, kReasonFuture);
}
bool time_going_back_stops() {
  static const auto image = sealed();
  Cycle now, stamp;
  run(now, *image);
  now.in.now_ns -= 1;
  run(stamp, *image);
  stamp.in.stamp_ns[kTarget] -= 1;
  return stops(now, kReasonFuture) && stops(stamp, kReasonFuture);
}
bool stale_guardian_stops() {
  Cycle c;
  c.in.guardian_stale = true;
  return stops(c, kReasonGuardianStale) && c.out.bad;
}
bool unknown_commands_in_flight_stop() {
  Cycle c;
  c.state.before_known = 0;
  return stops(c, kReasonHistory);
}

// --- rows

bool box_binds() {
  static const auto image = sealed();
  Cycle c;
  c.moving(1.01f, 0);
  return blames(c, *image, kReasonRowBox);
}
bool rate_binds() {
  static const auto image = sealed();
  Cycle c;
  c.u[2] = 0.0121f;
  return blames(c, *image, kReasonRowRate);
}
bool position_binds() {
  static const auto image = sealed();
  Cycle c;
  c.moving(1.0f, 6);
  c.q[6] = 2.65f;
  return blames(c, *image, kReasonRowPosition);
}
bool rounding_is_off_the_limits() {
  auto image = draft();
  image->position_hi[0] = 5e-10;  // where it stands, and less than a nanorad
  Cycle c;
  return static_cast<bool>(seal(*image)) &&
         blames(c, *image, kReasonRowPosition);
}
bool velocity_binds() {
  auto image = draft();
  image->velocity[1] = 0.5;
  Cycle c;
  c.moving(0.6f, 1);
  return static_cast<bool>(seal(*image)) &&
         blames(c, *image, kReasonRowVelocity);
}
bool keep_in_binds() {
  auto image = draft();
  image->box[0].hi[1] = 0.115;
  Cycle c;
  c.moving(0.9f, 0);
  return static_cast<bool>(seal(*image)) && blames(c, *image, kReasonRowKeepIn);
}
bool keep_out_binds() {
  auto image = draft();
  add_keep_out(*image, {"post", {0.3, 0.40, 0}, {0.6, 0.8, 1}});
  Cycle c;
  c.q[0] = 0.5f;
  c.moving(0.9f, 0);
  return static_cast<bool>(seal(*image)) &&
         blames(c, *image, kReasonRowKeepOut);
}
bool linear_binds() {
  auto image = draft();
  image->linears = 1;
  image->linear[0] = {"sum", {1, 1}, 0.5};
  add_row(*image, "sum", RowKernel::kLinear, 0, 1);
  Cycle c;
  c.moving(0.3f, 0);
  c.moving(0.3f, 1);
  return static_cast<bool>(seal(*image)) && blames(c, *image, kReasonRowLinear);
}
// The command that breaks one of these alone.
std::unique_ptr<Image> with_trajectory(double acceleration, double jerk) {
  auto image = draft();
  Trajectory& t = image->dynamics.trajectory;
  for (uint32_t j = 0; j < kMaxJoints; ++j) {
    t.acceleration[j] = acceleration;
    t.jerk[j] = jerk;
  }
  if (acceleration < kInf) {
    t.limited |= kLimitAcceleration;
    add_row(*image, "acceleration", RowKernel::kJointAcceleration, 0, 1);
  }
  if (jerk < kInf) {
    t.limited |= kLimitJerk;
    add_row(*image, "jerk", RowKernel::kJointJerk, 0, 1);
    add_row(*image, "viable", RowKernel::kJointViable, 0, 1);
  }
  if (!seal(*image)) image->header.magic = 0;
  return image;
}
bool acceleration_binds() {
  const auto image = with_trajectory(5, kInf);
  Cycle c;
  c.u[1] = 0.0051f;
  return blames(c, *image, kReasonRowTrajectory);
}
bool jerk_binds() {
  const auto image = with_trajectory(kInf, 500);
  Cycle c;
  c.u[1] = 0.0006f;
  return blames(c, *image, kReasonRowTrajectory);
}
// Up to 0.95 rad/s at 11 rad/s^2: at 500 rad/s^3 that ends at 1.07.
bool viability_binds() {
  const auto image = with_trajectory(kInf, 500);
  Cycle c;
  for (int k = 3; k >= 1; --k) {
    Command& sent = c.state.history[c.state.head++ % kHistory];
    sent.sent_ns = (100 - k) * kMs;
    sent.u[0] = 0.95f - 0.011f * static_cast<float>(k);
  }
  c.state.before[0] = c.dq[0] = 0.9f;
  c.u[0] = 0.95f;
  return blames(c, *image, kReasonRowTrajectory);
}
// A box that is off bounds no command: q is older than dq by as long as a
// robot takes to slow down from far beyond it.
bool a_box_that_is_off_bounds_nothing() {
  const auto width = [](RowKind kind) {
    auto image = draft();
    image->row[0].kind = kind;
    if (!seal(*image)) return -1.0;
    Cycle c;
    c.in.now_ns += 2 * kMs;
    c.in.stamp_ns[kDq] += 2 * kMs;
    c.dq[0] = 0.9f;
    c.state.before[0] = 0.9f;
    c.u[0] = 0.9f;
    ShieldState copy = c.state;
    static Foreseen seen;
    if (!foresee_with<Removed>(*image, copy, c.in, seen)) return -1.0;
    return seen.wide[0];
  };
  // 2 ms of 0.9 (1 + 2 e^0.1) instead of 1 rad/s.
  const double more = 2e-3 * (0.9 * (1 + 2 * std::exp(0.1)) - 1);
  return std::fabs(width(RowKind::kOff) - width(RowKind::kHard) - more) < 1e-6;
}
// A cycle a quarter of the period after the last has a quarter of the change.
bool a_cycle_that_comes_sooner_counts_less_time() {
  static const auto rated = sealed();
  static const auto bent = with_trajectory(8, kInf);
  static const auto own = draft();
  static const bool good =
      add_expressions(*own, {{"(u[2] - last[2]) / dt", 6}});
  const auto refused = [](const Image& image, float change, int64_t soon_ns) {
    Cycle c;
    run(c, image);
    c.send<Removed>(image);
    c.at(101);
    c.in.release_ns -= soon_ns;
    c.in.now_ns -= soon_ns;
    for (auto& stamp : c.in.stamp_ns) stamp -= soon_ns;
    c.u[2] = change;
    return run(c, image) != TACTUS_RUNG_PASS;
  };
  const auto quarters = [&](const Image& image, float change) {
    return !refused(image, 3.9f * change, 0) &&
           !refused(image, 0.98f * change, 750'000) &&
           refused(image, 1.02f * change, 750'000);
  };
  return good && quarters(*rated, 0.003f) && quarters(*bent, 0.002f) &&
         quarters(*own, 0.0015f) && refused(*bent, 0, 990'000) &&
         refused(*own, 0, 990'000);
}
// Torques of 30 N m at every joint, against a limit of its own each.
std::unique_ptr<Image> with_load(RowKernel kernel, double most) {
  auto image = draft();
  add_signal(*image, "tau", 7, 3 * kMs);
  for (float& hi : image->signal[4].hi) hi = 1000;
  Dynamics& all = image->dynamics;
  all.loads = 1;
  all.torques = kernel == RowKernel::kTorque ? 1 : 0;
  all.forces = kernel == RowKernel::kPower ? 0 : 1;
  all.load[0] = {4, 0, {most, most, most, most, most, most, most}};
  add_row(*image, "load", kernel, 0, 1);
  if (!seal(*image)) image->header.magic = 0;
  return image;
}
bool loads_bind(RowKernel kernel, double within, double over) {
  const float tau[7] = {30, 30, 30, 30, 30, 30, 30};
  Cycle c, fine;
  for (Cycle* cycle : {&c, &fine}) {
    cycle->moving(0.5f, 0);
    cycle->in.value[4] = tau;
  }
  return run(fine, *with_load(kernel, within)) == TACTUS_RUNG_PASS &&
         blames(c, *with_load(kernel, over), kReasonRowLoad);
}
bool torque_binds() { return loads_bind(RowKernel::kTorque, 30, 29.9); }
bool force_binds() { return loads_bind(RowKernel::kForce, 52, 51.9); }
bool power_binds() { return loads_bind(RowKernel::kPower, 15.1, 14.9); }
// 2 kg at 0.5 m from the axis and 0.1 kg m2, at 0.5 rad/s: 0.0625 + 0.0125 J.
bool energy_binds() {
  const auto with_energy = [](double most) {
    auto image = draft();
    image->dynamics.masses = 1;
    image->dynamics.mass[0] = {1, 0, 2, 0.5, 0.1};
    image->dynamics.energy = most;
    add_row(*image, "energy", RowKernel::kEnergy, 0, 1);
    if (!seal(*image)) image->header.magic = 0;
    return image;
  };
  Cycle c, fine;
  c.moving(0.5f, 0);
  fine.moving(0.5f, 0);
  return run(fine, *with_energy(0.0751)) == TACTUS_RUNG_PASS &&
         blames(c, *with_energy(0.0749), kReasonRowLoad);
}
bool expression_binds() {
  auto image = draft();
  Cycle c;
  c.moving(0.3f, 0);
  c.moving(0.3f, 1);
  return add_expressions(*image, {{"u[0] + u[1]", 0.5}}) &&
         blames(c, *image, kReasonRowExpression);
}
// Fine as sent and at rest, not on the way: |u - 0.2| >= 0.05.
bool the_stop_obeys_expressions() {
  auto image = draft();
  Cycle c;
  c.moving(0.4f, 0);
  return add_expressions(*image, {{"0.05 - abs(u[0] - 0.2)", 0}}) &&
         blames(c, *image, kReasonRowExpression);
}
bool expressions_see_what_the_robot_does() {
  auto image = draft();
  Cycle c;
  c.moving(0.5f, 0);
  c.u[0] = 0.49f;
  return add_expressions(*image, {{"dq[0]", 0.45}}) &&
         blames(c, *image, kReasonRowExpression);
}
enum class By { kJoint, kExpression, kLinear };
// The least limit on q[0] that the motion keeps, by either family.
double accepted_position(By by) {
  double low = 0, high = 1;
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (low + high);
    auto image = draft();
    bool ready = true;
    if (by == By::kExpression) {
      ready = add_expressions(*image, {{"q[0]", middle}});
    } else if (by == By::kLinear) {
      image->linears = 1;
      image->linear[0] = {"q0", {1}, middle, LinearOf::kPosition, 0};
      add_row(*image, "q0", RowKernel::kLinear, 0, 1);
      ready = static_cast<bool>(seal(*image));
    } else {
      image->position_hi[0] = middle;
      ready = static_cast<bool>(seal(*image));
    }
    Cycle c;
    c.moving(0.5f, 0);
    (ready && run(c, *image) == TACTUS_RUNG_PASS ? high : low) = middle;
  }
  return high;
}
bool expressions_see_as_far_as_the_joint_rows() {
  return std::fabs(accepted_position(By::kExpression) -
                   accepted_position(By::kJoint)) < 1e-9;
}
bool linear_rows_see_as_far_as_the_joint_rows() {
  return std::fabs(accepted_position(By::kLinear) -
                   accepted_position(By::kJoint)) < 1e-9;
}
// Measured, not asked for.
bool linear_rows_bound_what_the_robot_does() {
  auto image = draft();
  image->linears = 1;
  image->linear[0] = {"dq", {-1, 1}, 0.45, LinearOf::kVelocity, 0};
  add_row(*image, "dq", RowKernel::kLinear, 0, 1);
  Cycle c, below;
  c.moving(0.5f, 0);
  c.u[0] = 0.49f;
  below.moving(0.4f, 0);
  return static_cast<bool>(seal(*image)) &&
         run(below, *image) == TACTUS_RUNG_PASS &&
         blames(c, *image, kReasonRowLinear);
}
// The least limit on hand[0] that holds.
double accepted_hand(double error, double rate, int64_t age_ns) {
  double low = 0, high = 10;
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (low + high);
    auto image = draft();
    ImageNames names(*image);
    names.error = error;
    names.rate = rate;
    const bool ready = add_expressions(*image, names, {{"hand[0]", middle}});
    Cycle c;
    c.in.stamp_ns[kHand] = c.in.now_ns - age_ns;
    (ready && run(c, *image) == TACTUS_RUNG_PASS ? high : low) = middle;
  }
  return high;
}
bool declared_doubt_counts_in_expressions() {
  const double plain = accepted_hand(0, 0, 10 * kMs);
  const double wide = accepted_hand(0.2, 0, 10 * kMs);
  const double moving = accepted_hand(0, 1.6, 10 * kMs);
  const double older = accepted_hand(0, 1.6, 60 * kMs);
  return std::fabs(plain - 3) < 1e-9 && std::fabs(wide - plain - 0.2) < 1e-9 &&
         moving > plain + 1.6 * 0.01 &&
         std::fabs(older - moving - 1.6 * 0.05) < 1e-9;
}
bool beyond_its_range_an_expression_is_not_certified() {
  auto image = draft();
  ImageNames names(*image);
  names.range = 1;
  Cycle inside, outside;
  inside.target[1] = 1;
  outside.target[1] = 1.5f;
  return add_expressions(*image, names, {{"target[1]", 100}}) &&
         run(inside, *image) == TACTUS_RUNG_PASS &&
         blames(outside, *image, kReasonRowExpression);
}
// The stop itself needs the target: gone, nobody can say that it is safe.
bool a_stop_without_a_signal_of_its_rows_is_unverified() {
  auto image = draft();
  if (!add_expressions(*image, {{"target[1]", 100}})) return false;
  const auto flagged = [&](bool gone) {
    Cycle c;
    c.moving(0.3f, 0);
    run(c, *image);
    c.send<Removed>(*image);
    c.at(101);
    c.in.action_valid = false;
    if (gone) c.in.value[kTarget] = nullptr;
    run(c, *image);
    return c.out.rung == TACTUS_RUNG_STOP && c.out.stop_unverified;
  };
  return flagged(true) && !flagged(false);
}
void reach_out(Cycle& c, float y) {
  c.moving(-0.6f, 0);
  c.hand[0] = 0.55f;
  c.hand[1] = y;
  c.hand[2] = 0.6f;
}
bool separation_binds() {
  static const auto image = sealed();
  Cycle c;
  reach_out(c, -0.45f);
  return blames(c, *image, kReasonRowSeparation) &&
         (c.out.reasons & kReasonRowSeparationNow) != 0;
}

// Metres of hand distance at which the motion is just accepted.
double accepted_distance(const Image& image, int64_t hand_age_ns = 0) {
  double near = 0, far = 2;
  for (int i = 0; i < 20; ++i) {
    const double middle = 0.5 * (near + far);
    Cycle c;
    reach_out(c, static_cast<float>(-middle));
    c.in.stamp_ns[kHand] = c.in.now_ns - hand_age_ns;
    (run(c, image) == TACTUS_RUNG_PASS ? far : near) = middle;
  }
  return far;
}
bool about(double x, double y) { return std::fabs(x - y) < 0.004; }

bool the_human_grows_with_the_age() {
  static const auto image = sealed();
  const double fresh = accepted_distance(*image);
  return about(accepted_distance(*image, 90 * kMs) - fresh, 0.09 * 1.6);
}
bool human_margins_count() {
  static const auto image = sealed();
  auto more = draft();
  more->human[0].sensor += 0.1;
  more->human[0].intrusion += 0.1;
  more->human[0].robot += 0.1;
  return static_cast<bool>(seal(*more)) &&
         about(accepted_distance(*more) - accepted_distance(*image), 0.3);
}
bool model_error_counts() {
  static const auto image = sealed();
  auto more = draft();
  for (uint32_t r = 0; r < more->rows; ++r) {
    if (more->row[r].kernel == RowKernel::kSeparationNow) {
      more->row[r].kind = RowKind::kSoft;
    }
  }
  if (!seal(*more)) return false;
  const double before = accepted_distance(*more);
  more->commit.model_error += 0.1;
  return about(accepted_distance(*more) - before, 0.1);
}

// A profile that may be met at 0.56 m/s; nothing else looks at the hand.
std::unique_ptr<Image> with_contact() {
  auto image = draft();
  image->rows -= 2;
  image->humans = 0;
  image->dynamics.contacts = 1;
  image->dynamics.contact[0] = {kHand, 0,   0,   100, 25e3, 1.5,
                                12,    0.0, 1.6, 0,   0.1,  0};
  add_row(*image, "touch", RowKernel::kContact, 0, 1);
  if (!seal(*image)) image->header.magic = 0;
  return image;
}
bool contact_binds() {
  static const auto image = with_contact();
  Cycle slow, fast;
  reach_out(fast, -0.3f);
  reach_out(slow, -0.3f);
  fast.moving(-0.95f, 0);
  slow.moving(-0.1f, 0);
  return run(slow, *image) == TACTUS_RUNG_PASS &&
         blames(fast, *image, kReasonRowContact);
}
// Far enough for what was seen, not for what may have come nearer.
bool a_region_reaches_as_far_as_a_human() {
  static const auto image = with_contact();
  const auto nearest = [](int64_t age_ns) {
    double near = 0, far = 2;
    for (int i = 0; i < 20; ++i) {
      const double middle = 0.5 * (near + far);
      Cycle c;
      reach_out(c, static_cast<float>(-middle));
      c.moving(-0.95f, 0);
      c.in.stamp_ns[kHand] = c.in.now_ns - age_ns;
      (run(c, *image) == TACTUS_RUNG_PASS ? far : near) = middle;
    }
    return far;
  };
  return nearest(90 * kMs) > nearest(0) + 0.1;
}

// A motion at 0.5 rad/s towards a joint's limit, with h' >= -2 h.
double barred_position() {
  double low = 0, high = 2;
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (low + high);
    auto image = draft();
    image->position_hi[0] = middle;
    image->dynamics.barriers = 1;
    image->dynamics.barrier[0] = {BarrierOf::kJoints, 0, 1, 0, {2, 0}};
    add_row(*image, "barrier", RowKernel::kBarrier, 0, 1);
    Cycle c;
    c.moving(0.5f, 0);
    const bool ready = static_cast<bool>(seal(*image));
    (ready && run(c, *image) == TACTUS_RUNG_PASS ? high : low) = middle;
  }
  return high;
}
// 0.5 / 2 to go, after 4.2 ms to t1, and what a period of it takes.
bool a_barrier_counts_what_happens_in_its_period() {
  return std::fabs(barred_position() - (0.25 + 0.5 * 4.2e-3 + 0.5e-3)) < 1e-6;
}
// A command that arrives early leaves the robot faster at t1: at the nearest
// limit that passes, the oracle's slack is none.
bool a_barrier_counts_what_arrives_early() {
  double low = 0, high = 2, left = -1;
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (low + high);
    auto image = draft();
    image->position_hi[0] = middle;
    image->dynamics.barriers = 1;
    image->dynamics.barrier[0] = {BarrierOf::kJoints, 0, 2, 0, {3, 5}};
    add_row(*image, "barrier", RowKernel::kBarrier, 0, 1);
    Cycle c;
    c.moving(0.5f, 0);
    c.u[0] = 0.51f;
    Command& sent = c.state.history[c.state.head++ % kHistory];
    sent.sent_ns = 98 * kMs;
    sent.u[0] = 0.51f;
    const bool ready = static_cast<bool>(seal(*image));
    const bool passes = ready && run(c, *image) == TACTUS_RUNG_PASS;
    (passes ? high : low) = middle;
    if (!passes) continue;
    const oracle::BarrierJudge judge(*image, c, image->dynamics.barrier[0]);
    left = static_cast<double>(judge.slack());
  }
  return std::fabs(left) < 1e-6;
}
bool a_barrier_takes_the_human_to_come() {
  const auto nearest = [](double speed) {
    auto image = draft();
    image->row[5].kind = image->row[6].kind = RowKind::kSoft;
    image->human[0].speed = speed;
    image->dynamics.barriers = 1;
    image->dynamics.barrier[0] = {BarrierOf::kHuman, 0, 1, 0, {2, 0}};
    add_row(*image, "barrier", RowKernel::kBarrier, 0, 1);
    const bool ready = static_cast<bool>(seal(*image));
    double near = 0, far = 2.5;
    for (int i = 0; i < 20; ++i) {
      const double middle = 0.5 * (near + far);
      Cycle c;
      reach_out(c, static_cast<float>(-middle));
      (ready && run(c, *image) == TACTUS_RUNG_PASS ? far : near) = middle;
    }
    return far;
  };
  return nearest(1.6) > nearest(0.6) + 0.45;
}

// --- prediction

bool prediction_encloses_the_plant() {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const bool holds = Removed::none() ? enclosure::holds<NoFault>(seed)
                                       : enclosure::holds<Removed>(seed);
    if (!holds) return false;
  }
  return true;
}
bool prediction_encloses_slow_actuators() {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const bool holds = Removed::none()
                           ? enclosure::holds_for_slow_actuators<NoFault>(seed)
                           : enclosure::holds_for_slow_actuators<Removed>(seed);
    if (!holds) return false;
  }
  return true;
}

// --- engage, blend, plans

bool engage_needs_standstill_for_its_duration() {
  static const auto image = sealed();
  Cycle c;
  reset(c.state);
  c.in.life = TACTUS_STATE_READY;
  bool early = false;
  for (uint64_t k = 100; k <= 150; ++k) {
    early = early || c.out.may_engage;
    c.at(k);
    run(c, *image);
  }
  return !early && c.out.may_engage && c.out.standstill;
}
// Our own last command was to move: while it may hold, nothing stands. After
// the guardian has acted it does not, and what is measured decides.
// From the end of its plan on, which takes 101 ms here and may begin 9 late.
bool standstill_after_the_guardian_is_what_is_measured() {
  static const auto image = sealed();
  const auto stands = [&](bool acted, uint64_t end) {
    Cycle c;
    c.moving(0.3f, 0);
    run(c, *image);
    c.send<Removed>(*image);
    c.dq[0] = 0;
    c.in.guardian_acted = acted;
    for (uint64_t k = 101; k <= end; ++k) {
      c.at(k);
      run(c, *image);
      if (c.out.standstill) return k;
    }
    return uint64_t{0};
  };
  const uint64_t first = stands(true, 400);
  return first > 220 && first < 260 && stands(false, 400) == 0;
}
// Whoever stands still is left alone, with what was sent last in effect.
bool what_is_sent_at_standstill_is_zero() {
  static const auto image = sealed();
  const auto stands = [&](float speed) {
    Cycle c;
    for (uint64_t k = 100; k <= 160; ++k) {
      c.at(k);
      c.u[0] = speed;
      run(c, *image);
      c.send<Removed>(*image);
    }
    c.at(161);
    run(c, *image);
    return c.out.standstill;
  };
  return stands(0) && !stands(0.0019f);
}
// A command that takes 40 ms to arrive leaves the robot at rest until then.
bool what_is_on_its_way_is_no_standstill() {
  auto image = draft();
  image->commit.actuator_delay_ns = 40 * kMs;
  image->commit.standstill_ns = 20 * kMs;
  const bool good = static_cast<bool>(seal(*image));
  Cycle c;
  for (uint64_t k = 100; k <= 180; ++k) {
    c.at(k);
    c.u[0] = k < 110 ? 0.01f : 0;
    run(c, *image);
    if (c.out.standstill && k >= 110 && k < 165) return false;
    c.send<Removed>(*image);
  }
  return good && c.out.standstill;
}
// A program may tell a release that is to come: the robot's time-out counts
// from the send.
bool a_release_ahead_of_now_times_out_sooner() {
  auto image = draft();
  image->commit.misses = 0;
  image->commit.robot_timeout_ns = 8 * kMs;
  const bool good = static_cast<bool>(seal(*image));
  const auto width = [&](int64_t ahead_ns) {
    Cycle c;
    c.moving(0.5f, 0);
    c.in.release_ns += ahead_ns;
    static Foreseen seen;
    ShieldState copy = c.state;
    if (!foresee_with<Removed>(*image, copy, c.in, seen)) return -1.0;
    return seen.wide[(seen.samples - 1) * 7];
  };
  // The stop may begin the same instant, but the latest one is put off: half of
  // that to each side.
  const double now = width(300'000), ahead = width(1'200'000);
  return good && std::fabs(ahead - now - 0.5 * 0.45e-3) < 2e-6;
}
// Who waits longer than the robot does knows nothing of what it does.
bool a_robot_that_timed_out_is_not_where_it_was_sent() {
  auto image = draft();
  image->commit.misses = 0;
  image->commit.robot_timeout_ns = 8 * kMs;
  const bool good = static_cast<bool>(seal(*image));
  const auto known = [&](int64_t pause_ms) {
    Cycle c;
    run(c, *image);
    c.send<Removed>(*image);
    c.at(100 + static_cast<uint64_t>(pause_ms));
    c.in.stamp_ns[kQ] = c.in.stamp_ns[kDq] = c.in.now_ns - 2 * kMs;
    run(c, *image);
    return (c.out.reasons & kReasonHistory) == 0;
  };
  return good && known(7) && !known(9);
}
// The frame may have acted when the send began.
bool a_slow_send_may_have_acted_before_it_ended() {
  const auto width = [](int64_t took) {
    static const auto image = sealed();
    Cycle c;
    Command& command = c.state.history[c.state.head++ % kHistory];
    command.sent_ns = 97 * kMs + 500'000;
    command.took_ns = took;
    command.u[0] = 0.01f;
    c.in.stamp_ns[kQ] = c.in.stamp_ns[kDq] = 97 * kMs + 400'000;
    c.u[0] = 0.01f;
    ShieldState copy = c.state;
    static Foreseen seen;
    if (!foresee_with<Removed>(*image, copy, c.in, seen)) return -1.0;
    return seen.wide[0];
  };
  // It arrives 4.1 ms after the observation; the delay alone tells of 4.
  const double least = width(0), most = width(50'000), all = width(2 * kMs);
  return std::fabs(most - least - 0.01 * 5e-5) < 1e-12 &&
         std::fabs(all - least - 0.01 * 1e-4) < 1e-12;
}
bool engage_needs_a_verified_stop() {
  static const auto image = sealed();
  Cycle c;
  reset(c.state);
  c.in.life = TACTUS_STATE_READY;
  c.q[6] = 2.77f;  // beyond the joint's limit: no motion verifies
  for (uint64_t k = 100; k <= 160; ++k) {
    c.at(k);
    run(c, *image);
  }
  return c.out.standstill && !c.out.may_engage;
}
bool blend_starts_from_the_measured_velocity() {
  static const auto image = sealed();
  Cycle c;
  c.moving(0.2f, 0);
  c.state.blend_from[0] = 0.2f;
  c.u[0] = 0.21f;
  c.in.blend = 0.5f;
  return run(c, *image) == TACTUS_RUNG_PASS &&
         std::fabs(c.out.action[0] - 0.205f) < 1e-6f;
}
bool a_committed_plan_replaces_the_running_one() {
  static const auto image = sealed();
  Cycle c;
  c.moving(0.3f, 0);
  run(c, *image);
  c.send<Removed>(*image);
  return c.state.plan.plan_id == 101 && c.state.plan.held[0] > 0.29;
}
// Checked, but the verdict came late: the loop plays and commits that.
bool a_plan_that_was_not_sent_never_runs() {
  static const auto image = sealed();
  Cycle c;
  c.moving(0.3f, 0);
  run(c, *image);
  c.send<Removed>(*image);
  c.at(101);
  run(c, *image);
  c.out.rung = TACTUS_RUNG_STOP;
  c.send<Removed>(*image);
  return c.state.plan.plan_id == 101 && c.state.candidate.plan_id == 0;
}
bool what_scale_finds_passes_the_check_itself() {
  static const auto image = sealed();
  for (float y = -0.2f; y > -0.8f; y -= 0.02f) {
    Cycle c;
    reach_out(c, y);
    if (run(c, *image) != TACTUS_RUNG_SCALE) continue;
    Cycle again;
    reach_out(again, y);
    for (int j = 0; j < 7; ++j) again.u[j] = c.out.action[j];
    if (again.run(*image) != TACTUS_RUNG_PASS) return false;
  }
  return true;
}

// From where the hand blocks everything to where only the rate row does.
bool what_project_finds_passes_the_check_itself() {
  static const auto image = slide::walled(kRungPass | kRungProject | kRungStop);
  uint32_t found = 0;
  for (float y = -0.2f; y > -2.0f; y -= 0.05f) {
    Cycle c;
    reach_out(c, y);
    c.u[2] = 0.02f;
    if (run(c, *image) != TACTUS_RUNG_PROJECT) continue;
    Cycle again;
    reach_out(again, y);
    for (int j = 0; j < 7; ++j) again.u[j] = c.out.action[j];
    if (again.run(*image) != TACTUS_RUNG_PASS) return false;
    ++found;
  }
  return found > 3;
}
bool project_runs_only_where_the_ladder_has_it() {
  static const auto image = slide::walled(kRungPass | kRungStop);
  Cycle c;
  reach_out(c, -2.0f);
  c.u[2] = 0.02f;
  return run(c, *image) == TACTUS_RUNG_STOP;
}
// Rows so long that no double meets them to 1e-9.
bool the_qps_answer_is_held_against_its_rows() {
  QpProblem p{};
  p.n = p.m = 2;
  p.scale[0] = p.scale[1] = p.target[0] = p.target[1] = 1;
  p.row[0][0] = 1e12;
  p.row[0][1] = 0.7e12;
  p.bound[0] = 1e12 / 3;
  p.row[1][0] = 1;
  p.bound[1] = 0.8;
  QpResult r;
  solve_qp<Removed>(p, QpRows{}, r);
  return r.status == QpStatus::kInexact;
}
// Of two bounds one binds: the other, hinted, must not.
bool a_wrong_hint_changes_no_answer() {
  QpProblem p{};
  p.n = p.m = 2;
  p.scale[0] = p.scale[1] = 1;
  p.target[0] = 2;
  p.row[0][0] = 1;
  p.bound[0] = 1;
  p.row[1][1] = 1;
  p.bound[1] = 1;
  QpResult cold, warm;
  solve_qp<Removed>(p, QpRows{}, cold);
  solve_qp<Removed>(p, QpRows{{~uint64_t{0}, ~uint64_t{0}}}, warm);
  return warm.status == QpStatus::kSolved && warm.actives == 1 &&
         std::memcmp(cold.u, warm.u, sizeof cold.u) == 0;
}

// A plan that has ended, the robot at rest, a human at arm's length.
bool a_finished_plan_is_verified_beside_a_human() {
  static const auto image = sealed();
  Cycle c;
  c.moving(0.3f, 0);
  run(c, *image);
  c.send<Removed>(*image);
  c.moving(0, 0);
  c.hand[0] = 0.8f;
  c.hand[2] = 0.6f;
  c.in.action_valid = false;
  for (uint64_t k = 101; k < 400; ++k) {
    c.at(k);
    run(c, *image);
    c.send<Removed>(*image);
  }
  return c.out.rung == TACTUS_RUNG_STOP && !c.out.stop_unverified;
}
// The same plan, seen while it moves, into a human who just appeared.
bool a_running_stop_into_a_human_is_flagged_and_continues() {
  static const auto image = sealed();
  Cycle c;
  c.moving(0.8f, 0);
  run(c, *image);
  c.send<Removed>(*image);
  c.hand[0] = 0.55f;
  c.hand[1] = 0.25f;
  c.hand[2] = 0.6f;
  c.in.action_valid = false;
  c.at(101);
  run(c, *image);
  return c.out.stop_unverified && c.out.action[0] == 0.8f;
}
bool a_dead_sensor_flags_the_running_stop() {
  static const auto image = sealed();
  Cycle c;
  c.moving(0.3f, 0);
  run(c, *image);
  c.send<Removed>(*image);
  c.at(101);
  c.in.stamp_ns[kQ] = 101 * kMs - 4 * kMs;
  c.state.last_stamp_ns[kQ] = 0;
  run(c, *image);
  return c.out.rung == TACTUS_RUNG_STOP && c.out.stop_unverified;
}
// Thirty releases pass on the plan's way down; then a later action resumes.
bool a_running_stop_is_left_by_a_verified_action() {
  static const auto image = sealed();
  Cycle c;
  c.moving(0.3f, 0);
  run(c, *image);
  c.send<Removed>(*image);
  for (uint64_t k = 101; k < 131; ++k) {
    c.at(k);
    c.in.action_valid = false;
    run(c, *image);
    c.send<Removed>(*image);
  }
  const float slowed = c.out.action[0];
  c.at(131);
  c.in.action_valid = true;
  c.u[0] = c.dq[0] = slowed;
  run(c, *image);
  return slowed < 0.25f && c.out.rung == TACTUS_RUNG_PASS;
}
bool the_plan_is_continuous_and_within_decel_and_jerk() {
  static const auto image = sealed();
  layout::StopPlan plan{};
  const double u[7] = {1, -0.5, 0, 1e-9, 0.2, 0.9, 5e-324};
  StopShape shape;
  if (!shape_stop(*image, u, shape)) return false;
  write_plan(*image, u, shape, plan);
  plan.origin_ns = 1000;
  const int64_t end = 1000 + shape.end_ns();
  double before = 1, earlier = 1;
  for (int64_t t = 0; t <= end + 5 * kMs; t += kMs) {
    const double now = plan_command(plan, 0, t);
    if (std::fabs(now - before) > 6.01e-3) return false;
    if (std::fabs(now - 2 * before + earlier) > 301e-6) return false;
    earlier = before;
    before = now;
  }
  return plan_command(plan, 0, end) == 0 && plan_command(plan, 0, 0) == 1 &&
         std::fabs(plan_command(plan, 0, end - 1)) < 1e-6;
}
bool without_a_plan_stop_is_the_static_hold() {
  static const auto image = sealed();
  Cycle c;
  c.in.action_valid = false;
  run(c, *image);
  return c.out.rung == TACTUS_RUNG_STOP && c.out.action[0] == 0 &&
         (c.out.reasons & kReasonNoPlan) != 0;
}
bool same_bytes_in_same_bytes_out() {
  static const auto image = sealed();
  Cycle a, b;
  reach_out(a, -0.5f);
  reach_out(b, -0.5f);
  for (uint64_t k = 100; k < 120; ++k) {
    a.at(k);
    b.at(k);
    run(a, *image);
    run(b, *image);
    const bool same =
        std::memcmp(&a.state, &b.state, sizeof a.state) == 0 &&
        std::memcmp(a.out.action, b.out.action, sizeof a.out.action) == 0 &&
        std::memcmp(&a.out.margin, &b.out.margin, 4) == 0;
    if (!same) return false;
    a.send<Removed>(*image);
    b.send<Removed>(*image);
  }
  return true;
}

struct Contract {
  const char* name;
  bool (*holds)();
};
#define CONTRACT(f) {#f, f}
constexpr Contract kContracts[] = {
    CONTRACT(nan_in_any_value_stops),
    CONTRACT(nan_blend_stops),
    CONTRACT(out_of_range_stops),
    CONTRACT(max_age_is_fresh_and_one_more_is_stale),
    CONTRACT(future_stamp_stops),
    CONTRACT(time_going_back_stops),
    CONTRACT(stale_guardian_stops),
    CONTRACT(unknown_commands_in_flight_stop),
    CONTRACT(box_binds),
    CONTRACT(rate_binds),
    CONTRACT(position_binds),
    CONTRACT(rounding_is_off_the_limits),
    CONTRACT(velocity_binds),
    CONTRACT(keep_in_binds),
    CONTRACT(keep_out_binds),
    CONTRACT(links_keep_apart_at_rest),
    CONTRACT(what_there_is_no_room_for_is_refused),
    CONTRACT(each_pair_of_many_counts),
    CONTRACT(a_hit_counts_beside_any_number_of_near_ones),
    CONTRACT(links_that_are_spared_may_enter),
    CONTRACT(an_open_window_frees_its_links_only),
    CONTRACT(a_window_needs_a_fresh_signal_that_is_set),
    CONTRACT(a_window_does_not_stay_open),
    CONTRACT(linear_binds),
    CONTRACT(linear_rows_bound_what_the_robot_does),
    CONTRACT(acceleration_binds),
    CONTRACT(jerk_binds),
    CONTRACT(viability_binds),
    CONTRACT(a_box_that_is_off_bounds_nothing),
    CONTRACT(a_cycle_that_comes_sooner_counts_less_time),
    CONTRACT(torque_binds),
    CONTRACT(force_binds),
    CONTRACT(power_binds),
    CONTRACT(energy_binds),
    CONTRACT(contact_binds),
    CONTRACT(a_region_reaches_as_far_as_a_human),
    CONTRACT(a_barrier_counts_what_arrives_early),
    CONTRACT(a_barrier_takes_the_human_to_come),
    CONTRACT(expression_binds),
    CONTRACT(the_stop_obeys_expressions),
    CONTRACT(expressions_see_what_the_robot_does),
    CONTRACT(beyond_its_range_an_expression_is_not_certified),
    CONTRACT(a_stop_without_a_signal_of_its_rows_is_unverified),
    CONTRACT(historically_begins_when_it_is_watched),
    CONTRACT(historically_waits_for_its_window),
    CONTRACT(what_was_between_far_checks_is_not_known),
    CONTRACT(a_bad_signal_is_not_known),
    CONTRACT(other_limits_know_nothing),
    CONTRACT(what_the_guardian_sends_is_not_known),
    CONTRACT(once_needs_to_be_seen),
    CONTRACT(once_counts_from_the_stamp),
    CONTRACT(once_counts_the_motion),
    CONTRACT(at_most_adds_up),
    CONTRACT(at_most_forgets_late),
    CONTRACT(at_most_begins_when_it_is_watched),
    CONTRACT(a_margin_binds),
    CONTRACT(a_call_that_failed_gave_none),
    CONTRACT(callbacks_are_shown_what_is_sent),
    CONTRACT(separation_binds),
    CONTRACT(the_human_grows_with_the_age),
    CONTRACT(human_margins_count),
    CONTRACT(model_error_counts),
    CONTRACT(engage_needs_standstill_for_its_duration),
    CONTRACT(standstill_after_the_guardian_is_what_is_measured),
    CONTRACT(what_is_sent_at_standstill_is_zero),
    CONTRACT(what_is_on_its_way_is_no_standstill),
    CONTRACT(a_release_ahead_of_now_times_out_sooner),
    CONTRACT(a_robot_that_timed_out_is_not_where_it_was_sent),
    CONTRACT(a_slow_send_may_have_acted_before_it_ended),
    CONTRACT(engage_needs_a_verified_stop),
    CONTRACT(blend_starts_from_the_measured_velocity),
    CONTRACT(a_committed_plan_replaces_the_running_one),
    CONTRACT(a_plan_that_was_not_sent_never_runs),
    CONTRACT(a_finished_plan_is_verified_beside_a_human),
    CONTRACT(a_running_stop_into_a_human_is_flagged_and_continues),
    CONTRACT(a_dead_sensor_flags_the_running_stop),
    CONTRACT(a_running_stop_is_left_by_a_verified_action),
    CONTRACT(the_plan_is_continuous_and_within_decel_and_jerk),
    CONTRACT(without_a_plan_stop_is_the_static_hold),
    CONTRACT(same_bytes_in_same_bytes_out),
    CONTRACT(what_scale_finds_passes_the_check_itself),
    CONTRACT(what_project_finds_passes_the_check_itself),
    CONTRACT(project_runs_only_where_the_ladder_has_it),
    CONTRACT(the_qps_answer_is_held_against_its_rows),
    CONTRACT(a_wrong_hint_changes_no_answer),
    CONTRACT(a_stop_row_is_not_scaled),
    CONTRACT(a_latch_row_stops_and_latches),
    CONTRACT(a_row_that_warns_decides_nothing),
    CONTRACT(a_row_that_is_off_is_not_judged),
    CONTRACT(what_comes_near_a_limit_is_told),
    CONTRACT(a_row_that_refused_asks_for_more_until_it_has_it),
    CONTRACT(a_row_that_refused_leaves_room_to_get_away),
    CONTRACT(what_refused_is_forgotten_with_the_engagement),
    CONTRACT(a_row_that_refused_does_not_doubt_the_running_plan),
    // Thousands of cycles each: last, for the few rules that nothing before
    // notices. By what one costs.
    CONTRACT(a_barrier_counts_what_happens_in_its_period),
    CONTRACT(boxes_with_a_pose_are_where_they_are),
    CONTRACT(capsules_are_where_they_are),
    CONTRACT(many_shapes_are_kept_out_of_in_motion),
    CONTRACT(hulls_are_where_they_are),
    CONTRACT(links_keep_apart_while_they_move),
    CONTRACT(linear_rows_see_as_far_as_the_joint_rows),
    CONTRACT(many_shapes_bind_as_one_does_at_rest),
    CONTRACT(expressions_see_as_far_as_the_joint_rows),
    CONTRACT(a_memory_sees_the_robot_move),
    CONTRACT(a_memory_sees_the_human_come),
    CONTRACT(a_memory_sees_a_window_close),
    CONTRACT(declared_doubt_counts_in_expressions),
    CONTRACT(a_thin_post_is_not_missed),
    CONTRACT(prediction_encloses_the_plant),
    CONTRACT(prediction_encloses_slow_actuators),
};

}  // namespace

Test(contracts, all_hold) {
  Removed::active = Fault::kNone;
  for (const Contract& contract : kContracts) {
    cr_expect(contract.holds(), "%s", contract.name);
  }
}

Test(contracts, each_removed_rule_breaks_one) {
  for (int f = 1; f < static_cast<int>(Fault::kCount); ++f) {
    Removed::active = static_cast<Fault>(f);
    const char* broken = nullptr;
    for (const Contract& contract : kContracts) {
      if (broken == nullptr && !contract.holds()) broken = contract.name;
    }
    cr_expect(broken != nullptr, "fault %d is noticed by nothing", f);
  }
}
