// SPDX-License-Identifier: MIT
// Measured torque, force and power against an oracle in long double, and
// kinetic energy against a plant that shares no code with the rows.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <random>

#include "plant.hpp"

using namespace rig;
using plant::Vec;

namespace {

constexpr uint32_t kTau = 4, kTool = 5;

std::unique_ptr<Image> measured() {
  auto image = draft();
  add_signal(*image, "tau", 7, 3 * kMs);
  add_signal(*image, "tool", 6, 3 * kMs);
  for (uint32_t i : {kTau, kTool}) {
    for (uint32_t k = 0; k < 7; ++k) {
      image->signal[i].lo[k] = -1e6F;
      image->signal[i].hi[k] = 1e6F;
    }
  }
  Dynamics& all = image->dynamics;
  all.torques = 1;
  all.forces = 2;
  all.loads = 3;
  all.load[0] = {kTau, 0, {40, 40, 40, 40, 25, 25, 25}};
  all.load[1] = {kTool, 3, {50}};
  all.load[2] = {kTau, 0, {10}};
  add_row(*image, "torque", RowKernel::kTorque, 0, 40);
  add_row(*image, "force", RowKernel::kForce, 1, 50);
  add_row(*image, "power", RowKernel::kPower, 2, 10);
  return image;
}

std::unique_ptr<Image> measured_sealed() {
  auto image = measured();
  const auto done = seal(*image);
  cr_assert(static_cast<bool>(done), "%s", done ? "" : done.error().text());
  return image;
}

struct Sensed {
  Cycle c;
  float tau[7] = {};
  float tool[6] = {};
  Sensed() {
    c.in.value[kTau] = tau;
    c.in.value[kTool] = tool;
  }
  Sensed(const Sensed&) = delete;
  Sensed& operator=(const Sensed&) = delete;
  bool blamed(const Image& image) {
    c.run(image);
    return (c.out.reasons & kReasonRowLoad) != 0;
  }
};

// The worst share by which a limit is passed.
long double beyond(const Image& image, const Sensed& s) {
  const Load* load = image.dynamics.load;
  long double worst = -1, power = 0, force = 0;
  for (uint32_t j = 0; j < 7; ++j) {
    const long double tau = std::fabs(static_cast<long double>(s.tau[j]));
    worst = std::max(worst, tau / load[0].limit[j] - 1);
    power += tau * std::fabs(static_cast<long double>(s.c.u[j]));
  }
  for (uint32_t a = 3; a < 6; ++a) {
    force += static_cast<long double>(s.tool[a]) * s.tool[a];
  }
  worst = std::max(worst, std::sqrt(force) / load[1].limit[0] - 1);
  return std::max(worst, power / load[2].limit[0] - 1);
}

float steps_from(float value, int ulps) {
  for (; ulps > 0; --ulps) value = std::nextafterf(value, INFINITY);
  for (; ulps < 0; ++ulps) value = std::nextafterf(value, -INFINITY);
  return value;
}

}  // namespace

Test(loads, agree_with_the_oracle_at_the_ulp) {
  const auto image = measured_sealed();
  std::mt19937 rng(9);
  const auto draw = [&](double lo, double hi) {
    return static_cast<float>(
        std::uniform_real_distribution<double>(lo, hi)(rng));
  };
  uint64_t wrong = 0, refused = 0, passed = 0;
  for (int i = 0; i < 10'000; ++i) {
    Sensed s;
    double power = 0;
    for (uint32_t j = 0; j < 7; ++j) {
      s.tau[j] = draw(-11.5, 11.5);
      s.c.moving(draw(-0.5, 0.5), j);
      power += std::fabs(double{s.tau[j]} * s.c.u[j]);
    }
    for (float& f : s.tool) f = draw(-25, 25);
    const int which = static_cast<int>(draw(0, 3));
    const int ulps = static_cast<int>(draw(-4, 5));
    const auto j = static_cast<uint32_t>(draw(0, 7));
    if (which == 0) {
      const auto most = static_cast<float>(image->dynamics.load[0].limit[j]);
      s.c.moving(0.001F, j);
      s.tau[j] = steps_from(s.tau[j] < 0 ? -most : most, ulps);
    } else if (which == 1) {
      const double rest =
          2500 - double{s.tool[3]} * s.tool[3] - double{s.tool[4]} * s.tool[4];
      s.tool[5] = steps_from(static_cast<float>(std::sqrt(rest)), ulps);
    } else {
      const auto share = static_cast<float>(10 / power);
      const bool nearly = share > 0.8F && share < 1.25F;
      for (float& tau : s.tau) tau *= nearly ? share : 1;
      s.tau[j] = steps_from(s.tau[j], ulps);
    }
    const long double worst = beyond(*image, s);
    if (std::fabs(worst) < 1e-12L) continue;
    wrong += s.blamed(*image) != (worst > 0);
    (worst > 0 ? refused : passed) += 1;
  }
  cr_assert(eq(u64, wrong, 0));
  cr_assert(refused > 2000 && passed > 2000, "%lu %lu", refused, passed);
}

Test(loads, what_is_not_finite_or_not_there_stops) {
  const auto image = measured_sealed();
  for (const float bad : {std::nanf(""), INFINITY, -INFINITY, 3e38F}) {
    for (uint32_t k = 0; k < 13; ++k) {
      Sensed s;
      (k < 7 ? s.tau[k] : s.tool[k - 7]) = bad;
      cr_assert(eq(u32, s.c.run(*image), TACTUS_RUNG_STOP));
    }
  }
  for (const uint32_t i : {kTau, kTool}) {
    Sensed gone, old;
    gone.c.in.value[i] = nullptr;
    old.c.in.stamp_ns[i] = old.c.in.now_ns - 3 * kMs - 1;
    cr_assert(eq(u32, gone.c.run(*image), TACTUS_RUNG_STOP));
    cr_assert(eq(u32, old.c.run(*image), TACTUS_RUNG_STOP));
    cr_assert(not(gone.c.out.may_engage));
  }
}

Test(loads, zeros_of_both_signs_and_denormals_pass) {
  const auto image = measured_sealed();
  for (const float small : {0.0F, -0.0F, 1e-45F, -1e-40F}) {
    Sensed s;
    for (float& x : s.tau) x = small;
    for (float& x : s.tool) x = small;
    cr_assert(eq(u32, s.c.run(*image), TACTUS_RUNG_PASS));
  }
}

// Nothing can be done about a torque but the stop that runs already.
Test(loads, a_running_stop_is_verified_whatever_is_measured) {
  const auto image = measured_sealed();
  Sensed s;
  s.c.moving(0.3F, 0);
  cr_assert(eq(u32, s.c.run(*image), TACTUS_RUNG_PASS));
  s.c.send(*image);
  s.c.at(101);
  s.tau[0] = 41;
  cr_assert(s.blamed(*image));
  cr_assert(eq(u32, s.c.out.rung, TACTUS_RUNG_STOP));
  cr_assert(not(s.c.out.stop_unverified));
}

Test(loads, seal_refuses_what_it_could_not_measure) {
  const auto refused = [](void (*spoil)(Image&)) {
    const auto image = measured();
    spoil(*image);
    return !static_cast<bool>(seal(*image));
  };
  cr_assert(not(refused([](Image&) {})));
  cr_assert(refused([](Image& i) { i.dynamics.load[0].signal = 6; }));
  cr_assert(refused([](Image& i) { i.dynamics.load[0].signal = kTool; }));
  cr_assert(refused([](Image& i) { i.dynamics.load[1].first = 4; }));
  cr_assert(refused([](Image& i) { i.dynamics.load[1].first = ~0U; }));
  cr_assert(refused([](Image& i) { i.dynamics.load[2].limit[0] = NAN; }));
  cr_assert(refused([](Image& i) { i.dynamics.loads = kMaxLoads + 1; }));
  cr_assert(refused([](Image& i) { --i.rows; }));
  cr_assert(refused([](Image& i) { i.dynamics.energy = 3; }));
  cr_assert(
      refused([](Image& i) { i.signal[kTau].stale = StaleRule::kFallback; }));
}

namespace {

struct Lump {
  uint32_t link;
  double mass;
  Vec at;             // centre, in the frame
  double inertia[3];  // about the frame's axes, principal
};
constexpr Lump kLumps[] = {{2, 4, {0, 0.02, 0.15}, {0.04, 0.04, 0.01}},
                           {4, 3, {-0.05, 0, 0.15}, {0.03, 0.03, 0.01}},
                           {7, 1, {0.01, 0, 0.1}, {0.004, 0.005, 0.002}}};

double dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
Vec cross(Vec a, Vec b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

// By differences of the plant's poses.
double kinetic_energy(const double* q, const double* v) {
  constexpr double kStep = 1e-6;
  double ahead[7], behind[7];
  for (int j = 0; j < 7; ++j) {
    ahead[j] = q[j] + kStep * v[j];
    behind[j] = q[j] - kStep * v[j];
  }
  plant::Pose now[8], a[8], b[8];
  plant::poses(q, now);
  plant::poses(ahead, a);
  plant::poses(behind, b);
  const double per = 1 / (2 * kStep);
  double energy = 0;
  for (const Lump& lump : kLumps) {
    const auto& f = now[lump.link];
    const Vec moved =
        per * (a[lump.link].map(lump.at) - b[lump.link].map(lump.at));
    const Vec dx = per * (a[lump.link].ex - b[lump.link].ex);
    const Vec dy = per * (a[lump.link].ey - b[lump.link].ey);
    const Vec dz = per * (a[lump.link].ez - b[lump.link].ez);
    const Vec w = 0.5 * (cross(f.ex, dx) + cross(f.ey, dy) + cross(f.ez, dz));
    const double own[3] = {dot(w, f.ex), dot(w, f.ey), dot(w, f.ez)};
    energy += 0.5 * lump.mass * dot(moved, moved);
    for (int i = 0; i < 3; ++i)
      energy += 0.5 * lump.inertia[i] * own[i] * own[i];
  }
  return energy;
}

std::unique_ptr<Image> with_energy(double most) {
  auto image = draft();
  Dynamics& all = image->dynamics;
  for (const Lump& lump : kLumps) {
    all.mass[all.masses++] = {
        lump.link, 0, lump.mass, plant::norm(lump.at),
        *std::max_element(lump.inertia, lump.inertia + 3)};
  }
  all.energy = most;
  add_row(*image, "energy", RowKernel::kEnergy, 0, 1);
  cr_assert(static_cast<bool>(seal(*image)));
  return image;
}

}  // namespace

Test(energy, is_never_below_that_of_the_plant) {
  const auto image = with_energy(1);
  std::mt19937 rng(4);
  std::uniform_real_distribution<float> pick(-1, 1);
  for (int i = 0; i < 300; ++i) {
    Cycle c;
    double q[7], v[7];
    for (uint32_t j = 0; j < 7; ++j) {
      c.q[j] += pick(rng);
      c.moving(0.9F * pick(rng), j);
      q[j] = double{c.q[j]};
      v[j] = double{c.u[j]};
    }
    const double truth = kinetic_energy(q, v);
    image->dynamics.energy = truth * (1 - 1e-6);
    c.run(*image);
    cr_assert(ne(u32, c.out.reasons & kReasonRowLoad, 0), "case %d", i);
  }
}

// One joint alone about a fixed axis: what is bounded is nearly what is.
Test(energy, of_one_joint_is_close_to_the_plants) {
  Cycle c;
  double q[7], v[7] = {0, 0, 0, 0, 0, 0, 0.9};
  for (uint32_t j = 0; j < 7; ++j) q[j] = double{c.q[j]};
  c.moving(0.9F, 6);
  const double truth = kinetic_energy(q, v);
  cr_assert(eq(u32, c.run(*with_energy(8 * truth)), TACTUS_RUNG_PASS));
}

// By hand: joint 7 turns its own lump only, whose centre is at most 0.1005 m
// from the axis, with a moment of at most 0.005 kg m2.
Test(energy, counts_mass_and_moment) {
  const double arm = std::sqrt(0.01 * 0.01 + 0.1 * 0.1);
  const double bound = 0.5 * 0.81 * (1 * arm * arm + 0.005);
  Cycle below, above;
  below.moving(0.9F, 6);
  above.moving(0.9F, 6);
  cr_assert(
      eq(u32, below.run(*with_energy(bound * 1.00001)), TACTUS_RUNG_PASS));
  above.run(*with_energy(bound * 0.99999));
  cr_assert(ne(u32, above.out.reasons & kReasonRowLoad, 0));
}
