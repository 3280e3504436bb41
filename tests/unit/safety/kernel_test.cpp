// SPDX-License-Identifier: MIT
// Every instruction set's kernel gives the bits of the portable one: output
// and carried state, on random cycles, and with NaN, infinities and zeros of
// both signs in the inputs.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <algorithm>
#include <bit>
#include <random>

#include "crowd.hpp"
#include "expr_rows.hpp"
#include "safety/expr/jit.hpp"
#include "safety/kernel.hpp"
#include "space_rig.hpp"

using namespace rig;

namespace {

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

bool same(const ShieldOutput& a, const ShieldOutput& b) {
  return a.rung == b.rung && a.may_engage == b.may_engage &&
         a.standstill == b.standstill &&
         a.stop_unverified == b.stop_unverified && a.bad == b.bad &&
         a.worst_row == b.worst_row && a.worst_link == b.worst_link &&
         same_bits(a.margin, b.margin) &&
         same_bits(a.mean_score, b.mean_score) &&
         same_bits(a.separation_m, b.separation_m) &&
         same_bits(a.scale, b.scale) && a.violated == b.violated &&
         a.reasons == b.reasons && a.stale == b.stale &&
         same_bits(a.action, b.action) && same_bits(a.row, b.row) &&
         a.plan_id == b.plan_id;
}

struct Tally {
  uint64_t differ = 0, pass = 0, scale = 0, project = 0, stop = 0;
  uint64_t holds_now = 0;
};

// One of every shape near the arm, a window, and the arm itself.
void add_shapes(Image& image) {
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
void add_dynamics(Image& image) {
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
std::unique_ptr<Image> with_expressions() {
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
  cr_assert(ready);
  return image;
}

std::unique_ptr<Image> with_project() {
  auto image = draft();
  // Without rung scale, so that the projection has them all.
  image->ladder.rungs = kRungPass | kRungProject | kRungStop;
  cr_assert(bool(seal(*image)));
  return image;
}

// Screened, and with more rows of a kind than are counted at once.
std::unique_ptr<Image> among_many() {
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
  cr_assert(bool(seal(*image)));
  cr_assert(eq(u32, image->derived.screened, 1));
  return image;
}

void compare(const Kernel& kernel, const std::unique_ptr<Image>& image,
             int cycles, Tally& sum) {
  const ExprRunner runner =
      make_runner(image->expressions, kernel.isa, nullptr);
  Cycles source;
  const float tau[7] = {1, -2, 8.5F, 0, -0.0F, 1e-41F, 3};
  for (int i = 0; i < cycles; ++i) {
    Cycle a = source.next();
    a.in.value[4] = tau;
    Cycle b = a;
    // Machine code and VM by turns, where there is machine code.
    if (i % 2 == 0) b.in.native = runner.get();
    kPortableKernel.check_instant(*image, a.state, a.in, a.out);
    kernel.check_instant(*image, b.state, b.in, b.out);
    sum.differ += !same(a.out, b.out);
    sum.holds_now += a.out.rung == TACTUS_RUNG_PASS;
    kPortableKernel.check(*image, a.state, a.in, a.out);
    kernel.check(*image, b.state, b.in, b.out);
    const Sent sent{a.out.action, a.in.now_ns + 300'000,
                    a.out.rung != TACTUS_RUNG_STOP};
    kPortableKernel.committed(*image, a.state, sent);
    kernel.committed(*image, b.state, sent);
    sum.differ += !same(a.out, b.out) || !same_bits(a.state, b.state);
    sum.pass += a.out.rung == TACTUS_RUNG_PASS;
    sum.scale += a.out.rung == TACTUS_RUNG_SCALE;
    sum.project += a.out.rung == TACTUS_RUNG_PROJECT;
    sum.stop += a.out.rung == TACTUS_RUNG_STOP;
  }
}

void agrees_with_portable(const Kernel& kernel) {
  Tally sum;
  compare(kernel, with_expressions(), 20'000, sum);
  compare(kernel, with_project(), 20'000, sum);
  compare(kernel, among_many(), 1'500, sum);
  cr_assert(eq(u64, sum.differ, 0));
  // Cycles of every rung were among them.
  cr_assert(
      sum.pass > 100 && sum.scale > 100 && sum.project > 20 && sum.stop > 100,
      "pass %lu scale %lu project %lu stop %lu", sum.pass, sum.scale,
      sum.project, sum.stop);
  cr_assert(gt(u64, sum.holds_now, 100));
}

}  // namespace

Test(kernel, avx2_has_the_portable_bits) {
  if (!rt::isa_here(rt::Isa::kAvx2)) cr_skip_test("this machine lacks it");
  cr_assert(kernel_for(rt::Isa::kAvx2).isa == rt::Isa::kAvx2);
  agrees_with_portable(kernel_for(rt::Isa::kAvx2));
}

Test(kernel, avx512_has_the_portable_bits) {
  if (!rt::isa_here(rt::Isa::kAvx512)) cr_skip_test("this machine lacks it");
  cr_assert(kernel_for(rt::Isa::kAvx512).isa == rt::Isa::kAvx512);
  agrees_with_portable(kernel_for(rt::Isa::kAvx512));
}

// Also what tests/mutation asks of a mutant that nobody noticed.
Test(kernel, the_chosen_one_has_the_portable_bits) {
  agrees_with_portable(product());
}
