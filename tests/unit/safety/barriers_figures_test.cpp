// SPDX-License-Identifier: MIT
// What a barrier has left, as its row says it, beside the oracle's figure: on
// random limits, motions and distances, of both orders.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <random>

#include "barrier_oracle.hpp"

using namespace rig;

namespace {

// Of figures in f32 of at most 1, and the rounding that is off the row.
constexpr double kSame = 4e-7;

class Source {
 public:
  explicit Source(uint64_t seed) : rng_(seed) {}

  std::unique_ptr<Image> image(BarrierOf of, uint32_t degree) {
    auto image = draft();
    Commit& c = image->commit;
    c.lag_ns = ns(8e6, 40e6);
    c.actuator_delay_ns = ns(0, 8e6);
    c.model_error = draw(0, 0.01);
    Human& h = image->human[0];
    h.d_min = draw(0.01, 0.2);
    h.speed = draw(0, 2);
    h.intrusion = draw(0, 0.1);
    h.sensor = draw(0, 0.05);
    h.robot = draw(0, 0.05);
    image->signal[kHand].radius = draw(0.02, 0.2);
    for (uint32_t j = 0; j < 7; ++j) {
      image->position_lo[j] = draw(-2.8, -1.6);
      image->position_hi[j] = draw(1.6, 2.8);
    }
    const double x = draw(0.5, 1.2), y = draw(-0.6, 0.4), z = draw(0, 0.8);
    add_keep_out(*image, {"post", {x, y, z}, {x + 0.3, y + 0.2, z + 0.4}});
    image->dynamics.barriers = 2;
    image->dynamics.barrier[1] = {
        BarrierOf::kJoints, 0, 1, 0, {draw(0.5, 8), 0}};
    image->dynamics.barrier[0] = {of,
                                  of == BarrierOf::kBox ? 1U : 0U,
                                  degree,
                                  0,
                                  {draw(0.5, 8), draw(0.5, 8)}};
    add_row(*image, "barrier", RowKernel::kBarrier, 0, 8);
    add_row(*image, "joints", RowKernel::kBarrier, 1, 8);
    const auto sealed = seal(*image);
    cr_assert(static_cast<bool>(sealed), "%s",
              sealed ? "" : sealed.error().text());
    return image;
  }
  Cycle cycle() {
    Cycle c;
    const double vigour = draw(0, 0.8);
    for (uint32_t j = 0; j < 7; ++j) {
      c.q[j] += single(-0.6, 0.6);
      c.moving(single(-vigour, vigour), j);
      c.dq[j] += single(-0.05, 0.05);
    }
    for (auto k = static_cast<int64_t>(draw(0, 8)); k > 0; --k) {
      Command& sent = c.state.history[c.state.head++ % kHistory];
      sent.sent_ns = c.in.release_ns - k * kMs + ns(0, 5e5);
      for (uint32_t j = 0; j < 7; ++j)
        sent.u[j] = c.state.before[j] + single(-0.01, 0.01);
    }
    for (float& u : c.u) u += single(-0.05, 0.05);
    c.in.stamp_ns[kHand] -= ns(0, 9e7);
    c.hand[0] = single(0.4, 1.4);
    c.hand[1] = single(-0.9, 0.9);
    c.hand[2] = single(0.2, 1);
    return c;
  }

 private:
  double draw(double lo, double hi) {
    return std::uniform_real_distribution<double>(lo, hi)(rng_);
  }
  float single(double lo, double hi) {
    return static_cast<float>(draw(lo, hi));
  }
  int64_t ns(double lo, double hi) {
    return static_cast<int64_t>(draw(lo, hi));
  }
  std::mt19937_64 rng_;
};

struct Tally {
  int told = 0;  // within the figures' range
};

// Of one row; where a sphere is inside, how much is not said.
void compare(const Image& image, const Cycle& asked, const Cycle& judged,
             uint32_t row, Tally& sum) {
  const Barrier& barrier = image.dynamics.barrier[image.row[row].index];
  const auto slack = oracle::BarrierJudge(image, asked, barrier).slack();
  const auto said = static_cast<double>(judged.out.row[row].margin);
  if (std::isinf(slack)) {
    cr_expect(said < 0);
    return;
  }
  const oracle::Real rounding = image.derived.rounding[row];
  const auto truth =
      static_cast<double>(oracle::clamped((slack - rounding) / 8));
  cr_expect(std::fabs(truth - said) < kSame, "row %u: %.9f, oracle %.9f", row,
            said, truth);
  sum.told += std::fabs(truth) < 1;
}

void agrees(BarrierOf of, uint32_t degree) {
  Source source(static_cast<uint64_t>(of) * 7 + degree);
  Tally first, second;
  for (int n = 0; n < 25; ++n) {
    const auto image = source.image(of, degree);
    for (int i = 0; i < 8; ++i) {
      Cycle c = source.cycle();
      const Cycle asked = c;
      c.run(*image);
      compare(*image, asked, c, image->rows - 2, first);
      compare(*image, asked, c, image->rows - 1, second);
    }
  }
  cr_assert(first.told > 60 && second.told > 60, "%d, %d", first.told,
            second.told);
}

}  // namespace

Test(barriers, have_the_oracles_figures) {
  for (const auto of : {BarrierOf::kJoints, BarrierOf::kBox, BarrierOf::kHuman})
    for (const uint32_t degree : {1U, 2U}) agrees(of, degree);
}

// What chose the plan was judged; the plan itself is no choice.
Test(barriers, say_nothing_of_a_running_stop) {
  const auto image = Source(3).image(BarrierOf::kJoints, 1);
  Cycle c;
  c.moving(0.2F, 0);
  cr_assert(eq(u32, c.run(*image), TACTUS_RUNG_PASS));
  c.send(*image);
  c.at(101);
  c.in.action_valid = false;
  cr_assert(eq(u32, c.run(*image), TACTUS_RUNG_STOP));
  cr_assert(not(c.out.stop_unverified));
}

// Not bound while it surely stands, nor a step beyond that.
Test(barriers, begin_where_standstill_ends) {
  const auto image = Source(5).image(BarrierOf::kHuman, 1);
  const oracle::Real arm =
      oracle::reach(kBalls[8], 0) + static_cast<oracle::Real>(kBalls[8].r);
  const auto bound = [&](double share) {
    Cycle c;
    c.hand[0] = 0.6F;
    c.moving(
        static_cast<float>(share * kStandstillPoint / static_cast<double>(arm)),
        0);
    c.run(*image);
    return c.out.row[image->rows - 2].margin < 1;
  };
  cr_assert(not(bound(0.999)));
  cr_assert(bound(1.001));
}
