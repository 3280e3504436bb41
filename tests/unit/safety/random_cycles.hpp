// SPDX-License-Identifier: MIT
// Random cycles of the rig's arm, also with NaN, infinities and zeros of both
// signs in the inputs, and images that between them have every kind of row but
// past-time ones and callbacks: what two ways to compute a verdict are compared
// on, bit by bit.
#pragma once

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

#include "crowd.hpp"
#include "expr_rows.hpp"
#include "space_rig.hpp"

namespace rig {

class Cycles {
 public:
  Cycle next() {
    Cycle c;
    const float vigour = draw(0, 1);
    for (uint32_t j = 0; j < 7; ++j) {
      c.q[j] += draw(-1, 1);
      c.moving(vigour * draw(-1, 1), j);
      c.u[j] += draw(-0.013F, 0.013F);
    }
    push(c);
    for (float& x : c.hand) x = draw(-0.2F, 1.4F);
    if (draw(0, 1) < 0.2F) spoil(c);
    return c;
  }

 private:
  float draw(float lo, float hi) {
    return std::uniform_real_distribution<float>(lo, hi)(rng_);
  }
  void push(Cycle& c) {
    for (int64_t k = 8; k > 0; --k) {
      Command& sent = c.state.history[c.state.head++ % kHistory];
      sent.sent_ns = c.in.release_ns - k * kMs;
      for (uint32_t j = 0; j < 7; ++j)
        sent.u[j] = c.state.before[j] + draw(-0.01F, 0.01F);
    }
    if (draw(0, 1) < 0.5F) return;
    // A stop runs already, from a command sent before.
    Cycle earlier = c;
    kPortableKernel.check(*image_, earlier.state, earlier.in, earlier.out);
    c.state.plan = earlier.state.candidate;
  }
  void spoil(Cycle& c) {
    static constexpr float kBad[] = {std::numeric_limits<float>::quiet_NaN(),
                                     std::numeric_limits<float>::infinity(),
                                     -std::numeric_limits<float>::infinity(),
                                     -0.0F,
                                     0.0F,
                                     1e-40F,
                                     3e38F};
    float* at[] = {c.q, c.dq, c.hand, c.u};
    at[rng_() % 4][rng_() % 3] = kBad[rng_() % 7];
  }

  std::unique_ptr<Image> image_ = sealed();
  std::mt19937 rng_{11};
};

template <class T>
bool same_bits(const T& a, const T& b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

// In all that a verdict says.
inline bool same(const ShieldOutput& a, const ShieldOutput& b) {
  return a.rung == b.rung && a.may_engage == b.may_engage &&
         a.standstill == b.standstill &&
         a.stop_unverified == b.stop_unverified && a.bad == b.bad &&
         a.worst_row == b.worst_row && a.worst_link == b.worst_link &&
         same_bits(a.margin, b.margin) &&
         same_bits(a.mean_score, b.mean_score) &&
         same_bits(a.separation_m, b.separation_m) &&
         same_bits(a.time_to_violation, b.time_to_violation) &&
         same_bits(a.scale, b.scale) && a.violated == b.violated &&
         a.reasons == b.reasons && a.stale == b.stale && a.latch == b.latch &&
         same_bits(a.action, b.action) && same_bits(a.row, b.row) &&
         a.plan_id == b.plan_id;
}

// Images below are null when they could not be made.

// One of every shape near the arm, a window, and the arm itself.
inline void add_shapes(Image& image) {
  space_rig::Draw draw(21);
  using space_rig::Kind;
  const double far[3] = {0.9, -0.7, 0.2};
  for (const Kind kind : {Kind::kCapsule, Kind::kHull, Kind::kBox}) {
    const auto shape = draw.shape(kind, false);
    space_rig::add(image, shape);
    space_rig::put(image, shape, far);
  }
  image.windows = 1;
  image.window[0] = {kHand, 2, 0, 0, 0.7, 500 * kMs};
  image.capsule[0].binds = {1u << 2, 1u << 7, 1, 0};
  space_rig::add_self(image);
}

// A row of each family that looks at change, load, contact and barriers:
// soft, so that the rungs stay mixed; its figures are in mean_score.
inline void add_dynamics(Image& image) {
  Dynamics& all = image.dynamics;
  all.trajectory.limited = kLimitAcceleration | kLimitJerk;
  std::fill_n(all.trajectory.acceleration, kMaxJoints, 10.0);
  std::fill_n(all.trajectory.jerk, kMaxJoints, 500.0);
  add_signal(image, "tau", 7, 3 * kMs);
  all.torques = 1;
  all.forces = 2;
  all.loads = 3;
  for (Load& load : all.load) load = {4, 0, {9, 9, 9, 9, 9, 9, 9}};
  all.masses = 1;
  all.mass[0] = {7, 0, 1.5, 0.1, 0.01};
  all.energy = 3;
  all.contacts = 1;
  all.contact[0] = {kHand, 0,   0,   100,   50e3,  1.5,
                    12,    0.1, 1.6, 0.002, 0.015, 0.005};
  add_keep_out(image, {"out", {0.9, 0.5, 0}, {1.2, 0.9, 1}});
  all.barriers = 4;
  all.barrier[0] = {BarrierOf::kJoints, 0, 1, 0, {3, 0}};
  all.barrier[1] = {BarrierOf::kBox, 1, 2, 0, {3, 5}};
  all.barrier[2] = {BarrierOf::kHuman, 0, 1, 0, {3, 0}};
  all.barrier[3] = {BarrierOf::kHuman, 0, 2, 0, {3, 5}};
  image.linears = 2;
  image.linear[0] = {"q", {1, -2}, 1, LinearOf::kPosition, 0};
  image.linear[1] = {"dq", {1, -2}, 1, LinearOf::kVelocity, 0};
  const uint32_t from = image.rows;
  using enum RowKernel;
  for (const RowKernel kernel : {kJointAcceleration, kJointJerk, kJointViable,
                                 kTorque, kEnergy, kContact})
    add_row(image, "soft", kernel, 0, 1);
  add_row(image, "force", kForce, 1, 1);
  add_row(image, "power", kPower, 2, 1);
  for (uint32_t i = 0; i < 4; ++i) add_row(image, "barrier", kBarrier, i, 1);
  for (uint32_t i = 0; i < 2; ++i) add_row(image, "linear", kLinear, i, 1);
  for (uint32_t r = from; r < image.rows; ++r)
    image.row[r].kind = RowKind::kSoft;
}

// Every opcode, both programs; most cycles keep them.
inline std::unique_ptr<Image> with_expressions() {
  auto image = draft();
  add_shapes(*image);
  add_dynamics(*image);
  ImageNames names(*image);
  names.error = 0.02;
  names.rate = 1.6;
  const bool ready = add_expressions(
      *image, names,
      {{"norm(u) + abs(dot(u, last)) / max(abs(target[0]), 0.5)", 4},
       {"if(u[0] < last[1], u[2], -u[3]) * hand[1]", 3},
       {"min(q[0] * q[1], clamp(dq[2] * hand[0], -3, 3))", 4},
       {"sqrt(max(q[3] * dq[4] + u[5], 0)) - 0.1 * hand[2]", 3}});
  return ready ? std::move(image) : nullptr;
}

inline std::unique_ptr<Image> with_project() {
  auto image = draft();
  // Without rung scale, so that the projection has them all.
  image->ladder.rungs = kRungPass | kRungProject | kRungStop;
  return seal(*image) ? std::move(image) : nullptr;
}

// Screened, and with more rows of a kind than are counted at once.
inline std::unique_ptr<Image> among_many() {
  auto image = draft();
  space_rig::Draw draw(31);
  crowd::gather(*image, 40, 40, draw);
  image->linears = 20;
  for (uint32_t i = 0; i < image->linears; ++i) {
    Linear& row = image->linear[i];
    for (double& a : row.a) a = draw.uniform(-1, 1);
    row.b = draw.uniform(0.5, 2);
    add_row(*image, "linear", RowKernel::kLinear, i, 1);
  }
  const bool ready = seal(*image) && image->derived.screened == 1;
  return ready ? std::move(image) : nullptr;
}

}  // namespace rig
