// SPDX-License-Identifier: MIT
// The product's verdict beside the oracle's, on random limits and cycles: the
// same figures; and where a value stands at the very threshold, nothing that
// the oracle calls unsafe is called safe. TACTUS_ORACLE: how many cases
// instead of 1000; TACTUS_PROVE=1: 200000.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cstdlib>
#include <random>

#include "oracle.hpp"

using namespace rig;

namespace {

constexpr double kSame = 2e-6;  // of figures in f32, at most 1

uint64_t cases() {
  if (const char* count = std::getenv("TACTUS_ORACLE"))
    return std::strtoull(count, nullptr, 10);
  return std::getenv("TACTUS_PROVE") ? 200'000 : 1000;
}

class Source {
 public:
  explicit Source(uint64_t seed) : rng_(seed) {}

  std::unique_ptr<Image> image() {
    auto image = draft();
    Commit& c = image->commit;
    c.lag_ns = ns(5e6, 40e6);
    c.actuator_delay_ns = ns(0, 8e6);
    c.commit_ns = ns(3e5, 9e5);
    c.guardian_bound_ns = ns(1e5, 2e6);
    c.repeat_ns = ns(5e5, 2e7);
    c.misses = 1 + static_cast<uint32_t>(draw(0, 4));
    c.model_error = draw(0, 0.01);
    Human& h = image->human[0];
    h.d_min = draw(0.01, 0.2);
    h.speed = draw(0, 2);
    h.intrusion = draw(0, 0.1);
    h.sensor = draw(0, 0.05);
    h.robot = draw(0, 0.05);
    image->signal[kHand].radius = draw(0.02, 0.2);
    add_keep_out(*image, {"post", {0.3, 0.40, 0}, {0.6, 0.8, 1}});
    image->linears = 1;
    add_row(*image, "sum", RowKernel::kLinear, 0, 0.5);
    for (uint32_t j = 0; j < 7; ++j) {
      c.decel[j] = draw(2, 10);
      c.jerk[j] = draw(50, 600);
      image->linear[0].a[j] = draw(-1, 1);
      image->position_lo[j] = draw(-2.8, -1.5);
      image->position_hi[j] = draw(1.5, 2.8);
      image->velocity[j] = draw(0.3, 1.6);
      image->action_lo[j] = -draw(0.3, 1.2);
      image->action_hi[j] = draw(0.3, 1.2);
      image->action_rate[j] = draw(5, 40);
    }
    image->linear[0].b = draw(0.1, 2);
    for (uint32_t r = 0; r < image->rows; ++r) {
      image->row[r].margin = chance(0.5) ? 0 : draw(0, 0.01);
      image->row[r].scale = draw(0.3, 3);
    }
    const auto sealed = seal(*image);
    if (!sealed) std::fputs(sealed.error().text(), stderr);
    cr_assert(static_cast<bool>(sealed));
    return image;
  }
  Cycle cycle(const Image& image) {
    Cycle c;
    const double vigour = chance(0.2) ? 0 : draw(0, 1);
    for (uint32_t j = 0; j < 7; ++j) {
      c.q[j] += single(-1, 1);
      c.moving(static_cast<float>(vigour * draw(-0.6, 0.6)), j);
      c.dq[j] += single(-0.05, 0.05);
    }
    const auto flying = static_cast<int64_t>(draw(0, 12));
    for (int64_t k = flying; k > 0; --k) {
      Command& sent = c.state.history[c.state.head++ % kHistory];
      sent.sent_ns = c.in.release_ns - k * kMs + ns(0, 5e5);
      for (uint32_t j = 0; j < 7; ++j)
        sent.u[j] = c.state.before[j] + single(-0.01, 0.01);
    }
    for (uint32_t j = 0; j < 7; ++j) c.u[j] += single(-0.02, 0.02);
    c.in.stamp_ns[kQ] -= ns(0, 2.5e6);
    c.in.stamp_ns[kDq] -= ns(0, 2.5e6);
    c.in.stamp_ns[kHand] -= ns(0, 9e7);
    for (float& x : c.hand) x = single(-0.3, 1.8);
    if (chance(0.5)) run_already(image, c);
    return c;
  }
  double draw(double lo, double hi) {
    return std::uniform_real_distribution<double>(lo, hi)(rng_);
  }
  bool chance(double p) { return draw(0, 1) < p; }

 private:
  float single(double lo, double hi) {
    return static_cast<float>(draw(lo, hi));
  }
  int64_t ns(double lo, double hi) {
    return static_cast<int64_t>(draw(lo, hi));
  }
  // A plan is committed, from a command that was sent a while ago.
  void run_already(const Image& image, Cycle& c) {
    double held[kMaxJoints] = {};
    for (uint32_t j = 0; j < 7; ++j) held[j] = c.state.before[j];
    StopShape shape;
    cr_assert(shape_stop(image, held, shape));
    c.state.plan.plan_id = 1;
    c.state.plan.origin_ns = c.in.release_ns + ns(-1e8, 5e6);
    write_plan(image, held, shape, c.state.plan);
  }
  std::mt19937_64 rng_;
};

// The figures of the action that was asked for are there unless an input was
// at fault.
bool judged(const Cycle& c) {
  constexpr uint32_t kAfter = kReasonNotConverged | kReasonLadder |
                              kReasonNoPlan | kReasonStopUnverified;
  return (c.out.reasons & 0xFFFF & ~kAfter) == 0;
}

}  // namespace

Test(oracle, gives_the_same_figures, .timeout = 36000) {
  Source source(5);
  uint64_t judged_cases = 0, safe = 0, false_safe = 0;
  double margin = 0, mean = 0;
  for (uint64_t i = 0; i < cases(); ++i) {
    const auto image = source.image();
    Cycle c = source.cycle(*image);
    const Cycle asked = c;
    c.run(*image);
    if (!judged(c)) continue;
    ++judged_cases;
    const oracle::Verdict truth = oracle::judge(*image, asked);
    const double off = std::fabs(static_cast<double>(truth.margin) -
                                 static_cast<double>(c.out.margin));
    cr_expect(off < kSame, "case %lu: margin %.9f, oracle %.9f (row %s)", i,
              static_cast<double>(c.out.margin),
              static_cast<double>(truth.margin), image->row[truth.row].id);
    margin = std::max(margin, off);
    mean = std::max(mean, std::fabs(static_cast<double>(truth.mean) -
                                    static_cast<double>(c.out.mean_score)));
    safe += c.out.violated == 0;
    false_safe += c.out.violated == 0 && truth.margin < 0;
  }
  std::printf("judged %lu safe %lu; off by %.1e, mean %.1e\n", judged_cases,
              safe, margin, mean);
  cr_assert(mean < kSame);
  cr_assert(judged_cases > cases() / 2);
  cr_assert(safe > cases() / 50);
  cr_assert(eq(u64, false_safe, 0));
}
