// SPDX-License-Identifier: MIT
// Acceleration, jerk and viability of what is sent, against an oracle in long
// double that takes the sent values and nothing else.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <algorithm>
#include <random>

#include "rig.hpp"

using namespace rig;

namespace {

constexpr double kMost = 10;   // rad/s^2
constexpr double kBend = 500;  // rad/s^3
constexpr double kPeriod = 1e-3;

std::unique_ptr<Image> limited(uint32_t bits) {
  auto image = draft();
  Trajectory& t = image->dynamics.trajectory;
  t.limited = bits;
  for (uint32_t j = 0; j < kMaxJoints; ++j) {
    t.acceleration[j] = bits & kLimitAcceleration ? kMost : kInf;
    t.jerk[j] = bits & kLimitJerk ? kBend : kInf;
  }
  if (bits & kLimitAcceleration)
    add_row(*image, "acceleration", RowKernel::kJointAcceleration, 0, 10);
  if (bits & kLimitJerk) {
    add_row(*image, "jerk", RowKernel::kJointJerk, 0, 500);
    add_row(*image, "viable", RowKernel::kJointViable, 0, 1);
  }
  cr_assert(static_cast<bool>(seal(*image)));
  return image;
}

// How far beyond its limits one joint's step is, as a share of them.
struct Beyond {
  long double acceleration, jerk, viable;
  [[nodiscard]] long double worst() const {
    return std::max({acceleration, jerk, viable});
  }
};
// Where a joint's speed ends once its acceleration is taken back.
long double end_of(float last, float u) {
  const long double a = (static_cast<long double>(u) - last) / kPeriod;
  return u + a * std::fabs(a) / (2 * kBend);
}
Beyond beyond(float earlier, float last, float u) {
  const long double t = kPeriod;
  const long double a = (static_cast<long double>(u) - last) / t;
  const long double b = (static_cast<long double>(last) - earlier) / t;
  return {std::fabs(a) / kMost - 1, std::fabs(a - b) / t / kBend - 1,
          std::fabs(end_of(last, u)) - 1};
}

void push(Cycle& c, int64_t at_ns, const float* u) {
  Command& command = c.state.history[c.state.head++ % kHistory];
  command.sent_ns = at_ns;
  for (uint32_t j = 0; j < 7; ++j) command.u[j] = u[j];
}

class Steps {
 public:
  explicit Steps(uint64_t seed) : rng_(seed) {}
  double draw(double lo, double hi) {
    return std::uniform_real_distribution<double>(lo, hi)(rng_);
  }
  // Two commands and a third, one joint of them on a threshold give or take
  // a few ulp, or anywhere near it.
  void next(float* earlier, float* last, float* u) {
    for (uint32_t j = 0; j < 7; ++j) {
      last[j] = static_cast<float>(draw(-0.9, 0.9));
      const double change = draw(-9.5e-3, 9.5e-3);
      earlier[j] = static_cast<float>(double{last[j]} - change);
      u[j] = static_cast<float>(double{last[j]} + change);
    }
    const auto j = static_cast<uint32_t>(draw(0, 7));
    const double side = draw(0, 1) < 0.5 ? -1 : 1;
    double edge = last[j] + side * kMost * kPeriod;
    const double which = draw(0, 3);
    if (which > 1) {
      edge =
          2 * double{last[j]} - earlier[j] + side * kBend * kPeriod * kPeriod;
    }
    if (which > 2) {
      const double s = kBend * kPeriod * kPeriod;
      const double way = draw(0, 0.02);
      last[j] = static_cast<float>(side * (1 - way));
      const double ramp = s * (std::sqrt(1 + 2 * way / s) - 1);
      edge = last[j] + side * ramp;
      earlier[j] = static_cast<float>(last[j] - side * ramp);
    }
    u[j] = static_cast<float>(edge);
    const int ulps = static_cast<int>(draw(-4, 5));
    for (int i = 0; i < std::abs(ulps); ++i)
      u[j] = std::nextafterf(u[j], ulps < 0 ? -2.0F : 2.0F);
    if (draw(0, 1) < 0.2) u[j] += static_cast<float>(draw(-1e-3, 1e-3));
  }

 private:
  std::mt19937_64 rng_;
};

}  // namespace

Test(trajectory, agrees_with_the_oracle_at_the_ulp) {
  const auto image = limited(kLimitAcceleration | kLimitJerk);
  Steps steps(5);
  uint64_t wrong = 0, refused = 0, passed = 0;
  for (int i = 0; i < 20'000; ++i) {
    float earlier[7], last[7], u[7];
    steps.next(earlier, last, u);
    Cycle c;
    push(c, 98 * kMs, earlier);
    push(c, 99 * kMs, last);
    long double worst = -1;
    for (uint32_t j = 0; j < 7; ++j) {
      c.state.before[j] = c.dq[j] = earlier[j];
      c.u[j] = u[j];
      worst = std::max(worst, beyond(earlier[j], last[j], u[j]).worst());
    }
    c.run(*image);
    const bool blamed = (c.out.reasons & kReasonRowTrajectory) != 0;
    // Nearer than this both are right: doubles round.
    if (std::fabs(worst) < 1e-12L) continue;
    wrong += blamed != (worst > 0);
    (worst > 0 ? refused : passed) += 1;
  }
  cr_assert(eq(u64, wrong, 0));
  cr_assert(refused > 4000 && passed > 4000, "%lu %lu", refused, passed);
}

Test(trajectory, jerk_without_a_known_past_is_a_violation) {
  const auto image = limited(kLimitJerk);
  Cycle c;
  const float zero[7] = {};
  push(c, 90 * kMs, zero);
  c.state.before_known = 0;
  c.run(*image);
  cr_assert(ne(u32, c.out.reasons & kReasonRowTrajectory, 0));
  Cycle known;
  push(known, 90 * kMs, zero);
  cr_assert(eq(u32, known.run(*image), TACTUS_RUNG_PASS));
}

Test(trajectory, first_command_of_a_life_counts_from_rest) {
  const auto image = limited(kLimitAcceleration | kLimitJerk);
  Cycle within, over;
  within.u[2] = 4.9e-4F;
  over.u[2] = 5.1e-4F;
  cr_assert(eq(u32, within.run(*image), TACTUS_RUNG_PASS));
  over.run(*image);
  cr_assert(ne(u32, over.out.reasons & kReasonRowTrajectory, 0));
  cr_assert(eq(u32, over.out.rung, TACTUS_RUNG_SCALE));
}

namespace {

// A policy that jumps where it likes, on a robot that follows at once.
struct Run {
  const Image& image;
  Cycle c;
  Steps steps;
  std::vector<std::vector<float>> sent;
  std::vector<tactus_rung> rung;
  double q[7] = {};

  Run(const Image& limits, uint64_t seed) : image(limits), steps(seed) {
    for (uint32_t j = 0; j < 7; ++j) q[j] = c.q[j];
  }
  void cycle(uint64_t k, bool valid) {
    c.at(k);
    c.in.action_valid = valid;
    rung.push_back(c.run(image));
    c.send(image);
    sent.emplace_back(c.out.action, c.out.action + 7);
    for (uint32_t j = 0; j < 7; ++j) {
      c.dq[j] = c.out.action[j];
      q[j] += c.out.action[j] * kPeriod;
      c.q[j] = static_cast<float>(q[j]);
    }
  }
  void ask(double size) {
    for (float& u : c.u) u = static_cast<float>(steps.draw(-size, size));
  }
  [[nodiscard]] long double worst(std::size_t i) const {
    long double most = -1;
    for (uint32_t j = 0; j < 7; ++j)
      most = std::max(
          most, beyond(sent[i - 2][j], sent[i - 1][j], sent[i][j]).worst());
    return most;
  }
};

}  // namespace

Test(trajectory, rung_scale_stays_within_it) {
  const auto image = limited(kLimitAcceleration | kLimitJerk);
  Run run(*image, 3);
  uint64_t stops = 0, scaled = 0, wrong = 0;
  for (uint64_t k = 100; k < 3100; ++k) {
    if (k % 50 == 0) run.ask(0.3);
    run.cycle(k, true);
    const std::size_t i = run.sent.size() - 1;
    stops += run.rung[i] == TACTUS_RUNG_STOP;
    scaled += run.rung[i] == TACTUS_RUNG_SCALE;
    if (i >= 2 && run.rung[i] != TACTUS_RUNG_STOP)
      wrong += run.worst(i) > 1e-9L;
  }
  cr_assert(eq(u64, wrong, 0));
  cr_assert(eq(u64, stops, 0));
  cr_assert(gt(u64, scaled, 1000));
}

Test(trajectory, rung_scale_reaches_what_is_asked) {
  const auto image = limited(kLimitAcceleration | kLimitJerk);
  Run run(*image, 3);
  run.c.u[0] = 0.2F;
  for (uint64_t k = 100; k < 200; ++k) run.cycle(k, true);
  cr_assert(eq(flt, run.sent.back()[0], 0.2F));
  cr_assert(eq(u32, run.rung.back(), TACTUS_RUNG_PASS));
}

// Asked for twice what the joint may turn at, one way and the other.
Test(trajectory, rung_scale_is_the_same_to_either_side) {
  const auto image = limited(kLimitAcceleration | kLimitJerk);
  Run up(*image, 3), down(*image, 3);
  up.c.u[6] = 2;
  down.c.u[6] = -2;
  for (uint64_t k = 100; k < 300; ++k) {
    up.cycle(k, true);
    down.cycle(k, true);
    cr_assert(eq(flt, up.sent.back()[6], -down.sent.back()[6]), "cycle %lu", k);
  }
  cr_assert(up.sent.back()[6] > 0.99F, "%f", up.sent.back()[6]);
}

Test(trajectory, rung_scale_moves_no_joint_that_is_to_stand) {
  const auto image = limited(kLimitAcceleration | kLimitJerk);
  Run run(*image, 3);
  run.c.u[0] = 0.2F;
  for (uint64_t k = 100; k < 200; ++k) {
    run.cycle(k, true);
    for (uint32_t j = 1; j < 7; ++j)
      cr_assert(eq(flt, run.sent.back()[j], 0), "cycle %lu joint %u", k, j);
  }
}

namespace {

// Joint 6 on its way to its limit: two commands sent, and one asked for.
struct Approach {
  float earlier, last, asked;

  tactus_rung judge(const Image& image, float q, Cycle& c) const {
    c.q[6] = q;
    c.moving(earlier, 6);
    push(c, 98 * kMs, c.u);
    c.u[6] = last;
    push(c, 99 * kMs, c.u);
    c.u[6] = asked;
    return c.run(image);
  }
  // Neighbours: up to where the rung is at most `most`, and from where not.
  void edge(const Image& image, tactus_rung most, float& near,
            float& far) const {
    near = 2.4F;
    far = 2.76F;
    for (int i = 0; i < 24; ++i) {
      const float middle = 0.5F * (near + far);
      Cycle c;
      (judge(image, middle, c) <= most ? near : far) = middle;
    }
  }
};

// With one rung between pass and stop.
std::unique_ptr<Image> with_rung(uint32_t rung) {
  auto image = limited(kLimitAcceleration | kLimitJerk);
  image->ladder.rungs = kRungPass | rung | kRungStop;
  cr_assert(bool(seal(*image)));
  return image;
}

}  // namespace

// Where the same again is no longer safe, less just is.
Test(trajectory, slows_down_where_going_on_does_not_pass) {
  for (const uint32_t rung : {kRungScale, kRungProject}) {
    const auto image = with_rung(rung);
    const Approach steady{0.3F, 0.3F, 0.3F};
    float near, far;
    steady.edge(*image, TACTUS_RUNG_PASS, near, far);
    Cycle c;
    cr_assert(ne(u32, steady.judge(*image, far, c), TACTUS_RUNG_STOP));
    cr_assert(c.out.action[6] < 0.3F);
  }
}

// As fast as it may, and no faster: or it would swing back.
Test(trajectory, slows_down_to_rest_and_not_beyond) {
  for (const uint32_t rung : {kRungScale, kRungProject}) {
    const auto image = with_rung(rung);
    const Approach slowing{0.0242F, 0.02F, 0.3F};
    float near, far;
    slowing.edge(*image, TACTUS_RUNG_PROJECT, near, far);
    Cycle c;
    cr_assert(ne(u32, slowing.judge(*image, near, c), TACTUS_RUNG_STOP));
    cr_assert(end_of(slowing.last, c.out.action[6]) > -1e-6L);
  }
}

Test(trajectory, first_command_after_a_stop_counts_from_what_it_played) {
  const auto image = limited(kLimitAcceleration | kLimitJerk);
  for (uint64_t gap = 1; gap < 60; gap += 7) {
    Run run(*image, gap);
    run.c.u[0] = 0.2F;
    for (uint64_t k = 100; k < 180; ++k) run.cycle(k, true);
    for (uint64_t k = 180; k < 180 + gap; ++k) run.cycle(k, false);
    for (uint64_t k = 180 + gap; k < 260; ++k) run.cycle(k, true);
    uint64_t wrong = 0, resumed = 0;
    for (std::size_t i = 80 + gap; i < run.sent.size(); ++i) {
      if (run.rung[i] == TACTUS_RUNG_STOP) continue;
      ++resumed;
      wrong += run.worst(i) > 1e-9L;
    }
    cr_assert(eq(u64, wrong, 0));
    cr_assert(gt(u64, resumed, 0), "gap %lu", gap);
  }
}

Test(trajectory, zeros_of_both_signs_and_denormals_pass) {
  const auto image = limited(kLimitAcceleration | kLimitJerk);
  for (const float small : {0.0F, -0.0F, 1e-45F, -1e-40F}) {
    Cycle c;
    float past[7];
    std::fill_n(past, 7, -small);
    push(c, 98 * kMs, past);
    push(c, 99 * kMs, past);
    std::fill_n(c.u, 7, small);
    cr_assert(eq(u32, c.run(*image), TACTUS_RUNG_PASS), "%g: %x row %u", small,
              c.out.reasons, c.out.worst_row);
  }
}
