// SPDX-License-Identifier: MIT
// The product's verdict beside the oracle's, on random limits and cycles: the
// same figures; and where a value stands at the very threshold, nothing that
// the oracle calls unsafe is called safe. TACTUS_ORACLE: how many cases
// instead of 600; TACTUS_PROVE=1: 20000. TACTUS_SEED: others.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cstdlib>
#include <random>

#include "oracle.hpp"

using namespace rig;

namespace {

constexpr uint64_t kPerImage = 16;  // cycles; to seal one takes longer
constexpr double kSame = 2e-6;      // of figures in f32, at most 1

uint64_t cases() {
  if (const char* count = std::getenv("TACTUS_ORACLE"))
    return std::strtoull(count, nullptr, 10);
  return std::getenv("TACTUS_PROVE") ? 20'000 : 600;
}

uint64_t seed(uint64_t otherwise) {
  const char* given = std::getenv("TACTUS_SEED");
  return given ? otherwise + 1000 * std::strtoull(given, nullptr, 10)
               : otherwise;
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
    // Half of them with room: the other half is refused for some row.
    const bool calm = chance(0.5);
    const double vigour = chance(0.2) ? 0 : draw(0, calm ? 0.3 : 1);
    const double bend = calm ? 0.2 : 1;
    for (uint32_t j = 0; j < 7; ++j) {
      c.q[j] += single(-bend, bend);
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
    const double step = calm ? 0.004 : 0.02;
    for (uint32_t j = 0; j < 7; ++j) c.u[j] += single(-step, step);
    c.in.stamp_ns[kQ] -= ns(0, 2.5e6);
    c.in.stamp_ns[kDq] -= ns(0, 2.5e6);
    c.in.stamp_ns[kHand] -= ns(0, 9e7);
    for (float& x : c.hand) x = calm ? single(1.2, 2.5) : single(-0.3, 1.8);
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
  Source source(seed(5));
  uint64_t judged_cases = 0, safe = 0, false_safe = 0;
  double margin = 0, mean = 0, apart = 0;
  std::unique_ptr<Image> image;
  for (uint64_t i = 0; i < cases(); ++i) {
    if (i % kPerImage == 0) image = source.image();
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
    const double gap = std::fabs(static_cast<double>(truth.separation) -
                                 static_cast<double>(c.out.separation_m));
    cr_expect(gap < kSame, "case %lu: separation %.9f, oracle %.9f", i,
              static_cast<double>(c.out.separation_m),
              static_cast<double>(truth.separation));
    apart = std::max(apart, gap);
    safe += c.out.violated == 0;
    false_safe += c.out.violated == 0 && truth.margin < 0;
  }
  std::printf("judged %lu safe %lu; off by %.1e, mean %.1e, distance %.1e\n",
              judged_cases, safe, margin, mean, apart);
  cr_assert(mean < kSame);
  cr_assert(judged_cases > cases() / 2);
  cr_assert(safe > cases() / 5);
  cr_assert(eq(u64, false_safe, 0));
}

namespace {

struct Steps {
  uint64_t safe = 0, unsafe = 0, false_safe = 0, far = 0;
};

// Bisects floats: `good` passes, `bad` does not; ends with neighbours.
template <class Try>
void to_the_last(float& good, float& bad, Try passes) {
  while (std::nextafterf(good, bad) != bad) {
    const float middle = good + (bad - good) / 2;
    if (middle == good || middle == bad) break;
    (passes(middle) ? good : bad) = middle;
  }
}

// Eight floats to each side of the threshold: what passes must be safe, and
// what the oracle calls safe by a micrometre must pass.
template <class At>
void step_over(const Image& image, float good, float bad, At at, Steps& sum) {
  float x = good;
  for (int i = 0; i < 8; ++i) x = std::nextafterf(x, good + (good - bad));
  for (int i = 0; i < 16; ++i, x = std::nextafterf(x, bad)) {
    Cycle c = at(x);
    const Cycle asked = c;
    c.run(image);
    const bool passes = c.out.rung == TACTUS_RUNG_PASS;
    const auto truth = oracle::judge(image, asked).margin;
    (truth >= 0 ? sum.safe : sum.unsafe) += 1;
    sum.false_safe += passes && truth < 0;
    sum.far += !passes && truth > 1e-6L;
  }
}

}  // namespace

Test(oracle, at_every_threshold_nothing_unsafe_is_called_safe,
     .timeout = 36000) {
  Source source(seed(11));
  Steps sum;
  uint64_t edges = 0;
  std::unique_ptr<Image> image;
  for (uint64_t i = 0; i < cases() / 2; ++i) {
    if (i % kPerImage == 0) image = source.image();
    const Cycle start = source.cycle(*image);
    Cycle first = start;
    if (first.run(*image) != TACTUS_RUNG_PASS) continue;
    // One of the inputs, up to where it no longer passes.
    const auto which = static_cast<int>(source.draw(0, 24));
    const auto at = [&](float x) {
      Cycle c = start;
      float* field[] = {c.q, c.dq, c.u, c.hand};
      field[which / 7][which / 7 == 3 ? which % 3 : which % 7] = x;
      return c;
    };
    Cycle read = start;
    float* field[] = {read.q, read.dq, read.u, read.hand};
    float good = field[which / 7][which / 7 == 3 ? which % 3 : which % 7];
    float bad = static_cast<float>(source.draw(-3, 3));
    const auto passes = [&](float x) {
      Cycle c = at(x);
      return c.run(*image) == TACTUS_RUNG_PASS;
    };
    if (passes(bad)) continue;
    to_the_last(good, bad, passes);
    step_over(*image, good, bad, at, sum);
    ++edges;
  }
  std::printf("edges %lu safe %lu unsafe %lu false safe %lu far %lu\n", edges,
              sum.safe, sum.unsafe, sum.false_safe, sum.far);
  cr_assert(edges > cases() / 20);
  cr_assert(sum.unsafe > edges);
  cr_assert(eq(u64, sum.false_safe, 0));
  cr_assert(eq(u64, sum.far, 0));
}
