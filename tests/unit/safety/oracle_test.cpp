// SPDX-License-Identifier: MIT
// The product's verdict beside the oracle's, on random limits and cycles: the
// same figures; and where a value stands at the very threshold, nothing that
// the oracle calls unsafe is called safe. One image in 32, which costs as much
// as ten others, has a robot of up to 64 spheres among up to 70 shapes.
// TACTUS_ORACLE: how many cases instead of 600; TACTUS_PROVE=1: 20000.
// TACTUS_SEED: others.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cstdlib>
#include <random>

#include "crowd.hpp"
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
  explicit Source(uint64_t seed) : rng_(seed), crowd_(seed) {}

  std::unique_ptr<Image> image() {
    auto image = draft();
    Commit& c = image->commit;
    c.lag_ns = ns(5e6, 40e6);
    c.actuator_delay_ns = ns(0, 8e6);
    c.commit_ns = ns(3e5, 9e5);
    c.guardian_bound_ns = ns(1e5, 2e6);
    c.repeat_ns = ns(5e5, 2e7);
    c.misses = 1 + static_cast<uint32_t>(draw(0, 4));
    // One in eight has no guardian.
    if (images_ % 8 == 5) {
      c.misses = 0;
      c.robot_timeout_ns = ns(3e6, 3e7);
    }
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
    image->ladder.samples = 16 + 8 * static_cast<uint32_t>(draw(0, 3));
    if (++images_ % 32 == 2) crowd_around(*image);
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
      sent.took_ns = ns(0, 1e6);
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
  uint32_t index(uint32_t below) {
    return std::uniform_int_distribution<uint32_t>(0, below - 1)(rng_);
  }

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
  // With so many spheres most of them are within 10 cm of something.
  void crowd_around(Image& image) {
    const Cycle rest;
    double q[7];
    for (int j = 0; j < 7; ++j) q[j] = static_cast<double>(rest.q[j]);
    const uint32_t own = image.chain.spheres;
    crowd::grow(image.chain, own + index(kScreenSpheres - own + 1), crowd_);
    crowd::surround(image, 30 + index(41), q, crowd::Parts::kSome, crowd_);
  }
  std::mt19937_64 rng_;
  space_rig::Draw crowd_;
  uint64_t images_ = 0;
};

// Looked at without a screen.
Cycle looked_at(Image& image, const Cycle& asked) {
  Cycle c = asked;
  const uint32_t was = image.derived.screened;
  image.derived.screened = 0;
  c.run(image);
  image.derived.screened = was;
  return c;
}

// The figures of the action that was asked for are there unless an input was
// at fault.
bool judged(const Cycle& c) {
  constexpr uint32_t kAfter = kReasonNotConverged | kReasonLadder |
                              kReasonNoPlan | kReasonStopUnverified;
  return (c.out.reasons & 0xFFFF & ~kAfter) == 0;
}

}  // namespace

namespace {

struct Figures {
  uint64_t judged = 0, safe = 0, false_safe = 0, screened = 0, full = 0;
  double margin = 0, mean = 0, apart = 0;

  // What is far from everything has a bound in place of a figure, and where
  // too much is near, it is refused: never better than the truth.
  void compare(Image& image, const Cycle& asked, Cycle c) {
    const oracle::Verdict truth = oracle::judge(image, asked);
    ++judged;
    safe += c.out.violated == 0;
    false_safe += c.out.violated == 0 && truth.margin < 0;
    if (image.derived.screened != 0) {
      ++screened;
      const auto said = static_cast<double>(c.out.margin);
      cr_expect(said < static_cast<double>(truth.margin) + kSame);
      cr_expect(static_cast<double>(c.out.mean_score) <
                static_cast<double>(truth.mean) + kSame);
      const auto violated = c.out.violated;
      c = looked_at(image, asked);
      full += violated != c.out.violated;
      const bool more = (c.out.violated & ~violated) != 0;
      cr_expect(not(more), "case %lu", judged);
      cr_expect(said <= static_cast<double>(c.out.margin));
    }
    const double off = std::fabs(static_cast<double>(truth.margin) -
                                 static_cast<double>(c.out.margin));
    cr_expect(off < kSame, "case %lu: margin %.9f, oracle %.9f (row %s)",
              judged, static_cast<double>(c.out.margin),
              static_cast<double>(truth.margin), image.row[truth.row].id);
    const double gap = std::fabs(static_cast<double>(truth.separation) -
                                 static_cast<double>(c.out.separation_m));
    cr_expect(gap < kSame, "case %lu: separation %.9f, oracle %.9f", judged,
              static_cast<double>(c.out.separation_m),
              static_cast<double>(truth.separation));
    margin = std::max(margin, off);
    apart = std::max(apart, gap);
    mean = std::max(mean, std::fabs(static_cast<double>(truth.mean) -
                                    static_cast<double>(c.out.mean_score)));
  }
};

}  // namespace

Test(oracle, gives_the_same_figures, .timeout = 36000) {
  Source source(seed(5));
  Figures sum;
  std::unique_ptr<Image> image;
  for (uint64_t i = 0; i < cases(); ++i) {
    if (i % kPerImage == 0) image = source.image();
    const Cycle asked = source.cycle(*image);
    Cycle c = asked;
    c.run(*image);
    if (judged(c)) sum.compare(*image, asked, c);
  }
  std::printf(
      "judged %lu safe %lu screened %lu too near %lu; off by %.1e, mean %.1e, "
      "distance %.1e\n",
      sum.judged, sum.safe, sum.screened, sum.full, sum.margin, sum.mean,
      sum.apart);
  cr_assert(sum.mean < kSame);
  cr_assert(sum.judged > cases() / 2);
  cr_assert(sum.safe > cases() / 5);
  cr_assert(sum.screened > cases() / 80);
  cr_assert(sum.full <= sum.screened / 50);
  cr_assert(eq(u64, sum.false_safe, 0));
}

Test(oracle, gives_the_same_figures_of_an_instant, .timeout = 36000) {
  Source source(seed(23));
  uint64_t judged = 0, safe = 0;
  std::unique_ptr<Image> image;
  for (uint64_t i = 0; i < cases() / 2; ++i) {
    if (i % kPerImage == 0) image = source.image();
    image->derived.screened = 0;
    const Cycle c = source.cycle(*image);
    ShieldOutput out;
    product().check_instant(*image, c.state, c.in, out);
    if (out.bad) continue;
    const oracle::Verdict truth = oracle::judge_now(*image, c);
    ++judged;
    safe += out.rung == TACTUS_RUNG_PASS;
    cr_assert(std::fabs(static_cast<double>(truth.margin) -
                        static_cast<double>(out.margin)) < kSame,
              "case %lu: margin %.9f, oracle %.9f (row %s)", i,
              static_cast<double>(out.margin),
              static_cast<double>(truth.margin), image->row[truth.row].id);
    const bool unsafe = out.rung == TACTUS_RUNG_PASS && truth.margin < 0;
    cr_assert(not(unsafe), "case %lu", i);
  }
  cr_assert(judged > cases() / 4);
  cr_assert(safe > cases() / 10);
}

namespace {

struct Steps {
  uint64_t safe = 0, unsafe = 0, false_safe = 0, far = 0;
  uint64_t screened = 0, too_near = 0;
};

// One of a cycle's inputs; or of the rods that the image has more than others,
// whose way to one of the robot's spheres goes from 0 to 1.
class Input {
 public:
  Input(Image& image, const Cycle& start, Source& source)
      : image_(image), start_(start), which_(source.index(24)) {
    good = field(start_)[which_ / 7 == 3 ? which_ % 3 : which_ % 7];
    bad = static_cast<float>(source.draw(-3, 3));
    if (image.capsules == 0 || source.chance(0.3)) return;
    rod_ = &image.capsule[source.index(image.capsules)];
    was_ = *rod_;
    double q[7];
    for (int j = 0; j < 7; ++j) q[j] = static_cast<double>(start.q[j]);
    const auto balls = oracle::balls_of(image.chain);
    const auto to =
        oracle::centres(q, balls)[source.index(image.chain.spheres)];
    const oracle::Real end[3] = {to.x, to.y, to.z};
    for (int a = 0; a < 3; ++a)
      way_[a] = static_cast<double>(end[a]) - was_.from[a];
    good = 0;
    bad = 1;
  }
  ~Input() {
    if (rod_ == nullptr) return;
    *rod_ = was_;
    sealing::derive_capsules(image_);
  }
  Cycle at(float x) {
    Cycle c = start_;
    if (rod_ == nullptr) {
      field(c)[which_ / 7 == 3 ? which_ % 3 : which_ % 7] = x;
      return c;
    }
    for (int a = 0; a < 3; ++a) {
      rod_->from[a] = was_.from[a] + static_cast<double>(x) * way_[a];
      rod_->to[a] = was_.to[a] + static_cast<double>(x) * way_[a];
    }
    sealing::derive_capsules(image_);
    return c;
  }
  bool passes(float x) { return at(x).run(image_) == TACTUS_RUNG_PASS; }

  float good = 0, bad = 0;  // passes, and may not

 private:
  float* field(Cycle& c) const {
    float* const of[] = {c.q, c.dq, c.u, c.hand};
    return of[which_ / 7];
  }
  Image& image_;
  Cycle start_;
  uint32_t which_;
  Capsule* rod_ = nullptr;
  Capsule was_{};
  double way_[3] = {};
};

// Bisects floats; ends with neighbours.
void to_the_last(Input& input) {
  float &good = input.good, &bad = input.bad;
  while (std::nextafterf(good, bad) != bad) {
    const float middle = good + (bad - good) / 2;
    if (middle == good || middle == bad) break;
    (input.passes(middle) ? good : bad) = middle;
  }
}

// Eight floats to each side of the threshold: what passes must be safe, and
// what the oracle calls safe by a micrometre must pass, unless too much is
// near.
void step_over(Image& image, Input& input, Steps& sum) {
  const float good = input.good, bad = input.bad;
  float x = good;
  for (int i = 0; i < 8; ++i) x = std::nextafterf(x, good + (good - bad));
  for (int i = 0; i < 16; ++i, x = std::nextafterf(x, bad)) {
    const Cycle asked = input.at(x);
    Cycle c = asked;
    c.run(image);
    const bool passes = c.out.rung == TACTUS_RUNG_PASS;
    const auto truth = oracle::judge(image, asked).margin;
    (truth >= 0 ? sum.safe : sum.unsafe) += 1;
    sum.screened += image.derived.screened;
    sum.false_safe += passes && truth < 0;
    if (passes || truth <= 1e-6L) continue;
    // Where a point just becomes so slow that separation does not bind it, the
    // margin jumps; both need not see that at the same float.
    constexpr auto kSlower =
        static_cast<oracle::Real>(kStandstillPoint) - 1e-7L;
    if (oracle::judge(image, asked, kSlower).margin <= 1e-6L) continue;
    const bool near = image.derived.screened != 0 &&
                      looked_at(image, asked).out.rung == TACTUS_RUNG_PASS;
    (near ? sum.too_near : sum.far) += 1;
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
    Input input(*image, start, source);
    if (input.passes(input.bad)) continue;
    to_the_last(input);
    step_over(*image, input, sum);
    ++edges;
  }
  std::printf(
      "edges %lu safe %lu unsafe %lu screened %lu too near %lu; false safe %lu "
      "far %lu\n",
      edges, sum.safe, sum.unsafe, sum.screened, sum.too_near, sum.false_safe,
      sum.far);
  cr_assert(edges > cases() / 20);
  cr_assert(sum.unsafe > edges);
  cr_assert(sum.screened > edges / 16);
  cr_assert(sum.too_near <= sum.screened / 50);
  cr_assert(eq(u64, sum.false_safe, 0));
  cr_assert(eq(u64, sum.far, 0));
}
