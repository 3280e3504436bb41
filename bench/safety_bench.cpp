// SPDX-License-Identifier: MIT
// One check of the shield on the handover demo's limits: random states with
// commands in flight, random actions, the hand anywhere from far away to
// within reach. Every kernel that this machine can run judges the same cycles
// in turn; a row per rung that came out. Hot: state and image are in cache.
// Then with more and more pairs of the robot's own spheres, and with posts
// (capsules) and pillars (hulls of eight faces) in its cell.
// Then a large cell: 40 spheres against 60 capsules, 256 linear rows and 32
// expressions beside the demo's rows; the same without time to violation, and
// that on half as many samples, the fewest. "instant": check only, of what was
// measured and asked for, without the motion and its stop, so no leave to send.
// Then rung project's solver alone, seven values and thirty rows; DAQP and
// OSQP on such programs, through Python, are in tests/oracle/qp.sh. Then 32
// custom expressions alone: VM and JIT of each kernel against muparser and code
// compiled ahead.
//   CASES=20000   how many cycles, and programs
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>

#include "expressions_rows.hpp"
#include "report.hpp"
#include "rt/life.hpp"
#include "rt/tsc.hpp"
#include "safety/expr/jit.hpp"
#include "safety/kernel.hpp"
#include "safety/shield.hpp"
#include "safety_rows.hpp"
#include "safety_sizes.hpp"

using namespace tactus;

namespace {

constexpr int64_t kMs = 1'000'000;

// One cycle's inputs, by image signal; the frame of the bench.
struct Cycle {
  std::array<std::array<float, 16>, safety::kMaxSignals> value{};
  std::array<float, safety::kMaxJoints> action{};
  safety::ShieldInput in;
  safety::ShieldState state;
};

class Source {
 public:
  explicit Source(const safety::Image& image) : image_(image) {}

  void next(Cycle& c) {
    safety::reset(c.state);
    at(c);
    const float vigour = draw(0, 1);
    for (uint32_t j = 0; j < image_.joints; ++j) joint(c, j, vigour);
    push(c);
    const uint32_t hand = image_.human[0].signal;
    c.value[hand] = {draw(0.2F, 1.6F), draw(-0.8F, 0.8F), draw(0.2F, 1.2F)};
  }

 private:
  float draw(float lo, float hi) {
    return std::uniform_real_distribution<float>(lo, hi)(rng_);
  }
  void at(Cycle& c) {
    c.in.cycle = 1000;
    c.in.release_ns = 1000 * kMs;
    c.in.now_ns = c.in.release_ns + kMs / 4;
    c.in.life = TACTUS_STATE_ENGAGED;
    c.in.blend = 1;
    c.in.guardian_stale = false;
    c.in.action_valid = true;
    c.in.action = c.action.data();
    c.state.last_life = TACTUS_STATE_ENGAGED;
    c.state.before_known = 1;
    for (uint32_t i = 0; i < image_.signals; ++i) {
      c.in.value[i] = c.value[i].data();
      c.in.stamp_ns[i] = c.in.release_ns - kMs;
    }
  }
  void joint(Cycle& c, uint32_t j, float vigour) {
    static constexpr float kMiddle[7] = {0, 0.4F, 0, -1.2F, 0, 1.2F, 0};
    const float speed = vigour * draw(-0.9F, 0.9F);
    c.value[image_.q_signal][j] = kMiddle[j % 7] + draw(-0.6F, 0.6F);
    c.value[image_.dq_signal][j] = speed;
    c.state.before[j] = speed;
    c.action[j] = speed + draw(-0.011F, 0.011F);
  }
  // Six commands in flight, all the same.
  void push(Cycle& c) {
    for (int64_t k = 6; k > 0; --k) {
      auto& command = c.state.history[c.state.head++ % safety::kHistory];
      command.sent_ns = c.in.release_ns - k * kMs + kMs / 2;
      for (uint32_t j = 0; j < image_.joints; ++j)
        command.u[j] = c.state.before[j];
    }
  }

  const safety::Image& image_;
  std::mt19937 rng_{7};
};

using Samples =
    std::map<std::pair<std::string, std::string>, std::vector<double>>;

using bench::ImageCopy;

ImageCopy sealed(ImageCopy image) {
  if (!bench::seal_or_say(*image)) std::exit(1);
  return image;
}

ImageCopy with_pairs(const safety::Image& image, uint32_t count) {
  auto out = std::make_unique<safety::Image>(image);
  bench::add_pairs(*out, count);
  return sealed(std::move(out));
}

// Posts and eight-sided pillars beyond the robot's reach.
ImageCopy with_shapes(const safety::Image& image, uint32_t count) {
  auto out = std::make_unique<safety::Image>(image);
  for (uint32_t k = 0; k < count; ++k) {
    auto& post = out->capsule[out->capsules++];
    post = {"post", {3, 0, 0}, {3, 0, 1}, 0.1, {}};
    out->row[out->rows++] = {"post",
                             safety::RowKernel::kCapsuleOut,
                             safety::RowKind::kHard,
                             out->rows,
                             k,
                             0,
                             1};
    auto& pillar = out->hull[out->hulls++];
    pillar.first = out->faces;
    pillar.faces = 8;
    for (int side = 0; side < 8; ++side) {
      const double turn = side * M_PI / 4;
      out->face[out->faces++] = {{std::cos(turn), std::sin(turn), 0},
                                 0.1 + 3 * std::cos(turn)};
    }
    out->row[out->rows++] = {"pillar",
                             safety::RowKernel::kHullOut,
                             safety::RowKind::kHard,
                             out->rows,
                             k,
                             0,
                             1};
  }
  return sealed(std::move(out));
}

// Random cycles, each given to every kernel that this machine can run, with
// its machine code for expressions, as the loop has it.
template <class Judge>
void on_each_kernel(const safety::Image& image, int cases, Judge judge) {
  Source source(image);
  auto cycle = std::make_unique<Cycle>();
  std::map<rt::Isa, safety::ExprRunner> runners;
  for (const rt::Isa isa : rt::kIsas)
    if (rt::isa_here(isa))
      runners[isa] = safety::make_runner(image.expressions, isa);
  for (int i = 0; i < cases; ++i) {
    source.next(*cycle);
    for (const auto& [isa, runner] : runners) {
      cycle->in.native = runner.get();
      judge(safety::kernel_for(isa), *cycle);
    }
  }
}

// No rung below pass: every row at this instant.
void measure_instant(const safety::Image& image, const std::string& what,
                     int cases, Samples& out) {
  rt::TscClock clock;
  clock.calibrate();
  safety::ShieldOutput result;
  on_each_kernel(image, cases, [&](const auto& kernel, const Cycle& cycle) {
    kernel.check_instant(image, cycle.state, cycle.in, result);
    const int64_t begin = clock.now();
    kernel.check_instant(image, cycle.state, cycle.in, result);
    const int64_t end = clock.now();
    out[{what, rt::isa_name(kernel.isa)}].push_back(
        static_cast<double>(end - begin));
  });
}

// `what` begins the names of the rows.
void measure(const safety::Image& image, const std::string& what, int cases,
             Samples& out) {
  rt::TscClock clock;
  clock.calibrate();
  auto state = std::make_unique<safety::ShieldState>();
  safety::ShieldOutput result;
  on_each_kernel(image, cases, [&](const auto& kernel, const Cycle& cycle) {
    for (int warm = 0; warm < 2; ++warm) {
      *state = cycle.state;
      const int64_t begin = clock.now();
      kernel.check(image, *state, cycle.in, result);
      const int64_t end = clock.now();
      if (warm == 0) continue;
      out[{fmt::format("{}, rung {}", what, rt::kRungNames[result.rung]),
           rt::isa_name(kernel.isa)}]
          .push_back(static_cast<double>(end - begin));
    }
  });
}

// No time to violation; as many samples of every motion.
ImageCopy plain(const safety::Image& from, uint32_t samples) {
  auto image = std::make_unique<safety::Image>(from);
  image->ladder.horizon_ns = 0;
  image->ladder.samples = samples;
  return sealed(std::move(image));
}

ImageCopy without_project(const safety::Image& from) {
  auto image = std::make_unique<safety::Image>(from);
  image->ladder.rungs &= ~uint32_t{safety::kRungProject};
  return sealed(std::move(image));
}

// Rows of both signs around a point that most programs allow.
void next_program(std::mt19937_64& rng, safety::QpProblem& out) {
  std::normal_distribution<double> normal;
  out.n = 7;
  out.m = 30;
  for (uint32_t j = 0; j < out.n; ++j) {
    out.scale[j] = 2;
    out.target[j] = normal(rng);
  }
  for (uint32_t r = 0; r < out.m; ++r) {
    for (uint32_t j = 0; j < out.n; ++j) out.row[r][j] = normal(rng);
    out.bound[r] = 0.3 * std::abs(normal(rng));
  }
}

void measure_qp(int cases, Samples& out, std::vector<double>& iterations) {
  rt::TscClock clock;
  clock.calibrate();
  std::mt19937_64 rng(7);
  auto program = std::make_unique<safety::QpProblem>();
  safety::QpResult result;
  for (int i = 0; i < cases; ++i) {
    next_program(rng, *program);
    for (const rt::Isa isa : rt::kIsas) {
      if (!rt::isa_here(isa)) continue;
      const safety::Kernel& kernel = safety::kernel_for(isa);
      kernel.solve(*program, safety::QpRows{}, result);
      const int64_t begin = clock.now();
      kernel.solve(*program, safety::QpRows{}, result);
      const int64_t end = clock.now();
      out[{"qp, 7 x 30 rows", rt::isa_name(isa)}].push_back(
          static_cast<double>(end - begin));
    }
    iterations.push_back(result.iterations);
  }
}

}  // namespace

int main() {
  const auto image = bench::load_size({});
  if (!image) {
    fmt::print(stderr, "bench safety: not run: {}\n", image.error().text());
    return 77;
  }
  const char* cases = std::getenv("CASES");
  Samples samples;
  const int count = cases ? std::atoi(cases) : 20'000;
  measure(**image, "check", count, samples);
  measure(*without_project(**image), "check without project", count, samples);
  const auto large = bench::load_size({60, 256, 32, "5 mm"});
  if (!large) {
    fmt::print(stderr, "bench safety: {}\n", large.error().text());
    return 5;
  }
  measure_instant(**image, "instant", count, samples);
  measure_instant(**large, "large cell, instant", count / 4, samples);
  measure(**large, "large cell", count / 4, samples);
  for (const uint32_t few : {(*large)->ladder.samples, 16U})
    measure(*plain(**large, few),
            fmt::format("large cell, no horizon, {} samples", few), count / 4,
            samples);
  std::vector<double> iterations;
  measure_qp(count, samples, iterations);
  for (const uint32_t pairs : {64U, 256U, 1024U, 4096U})
    measure(*with_pairs(**image, pairs), fmt::format("{:4} pairs", pairs),
            count / 10, samples);
  for (const uint32_t shapes : {2U, 8U})
    measure(*with_shapes(**image, shapes),
            fmt::format("{} posts, {} pillars", shapes, shapes), count / 10,
            samples);
  bench::Report report("safety");
  std::map<std::string, double> portable;
  for (auto& [key, ns] : samples) {
    report.add(bench::row(key.first, key.second, std::move(ns)));
    if (key.second == "portable") portable[key.first] = report.last().p50;
  }
  for (const bench::Row& r : report.rows())
    if (r.peer != "portable")
      report.ratio(r.name + ", portable / " + r.peer, portable[r.name] / r.p50);
  std::sort(iterations.begin(), iterations.end());
  report.ratio("qp, iterations p50", bench::quantile(iterations, 0.5));
  report.ratio("qp, iterations p99", bench::quantile(iterations, 0.99));
  report.ratio("qp, iterations max", bench::quantile(iterations, 1));
  if (!bench::add_expression_rows(count, report)) {
    fmt::print(stderr, "bench safety: expressions: peers disagree\n");
    return 1;
  }
  bench::add_data_rows(**image, count, report);
  bench::add_paced_rows(**image, 5, report);
  if (!bench::add_growth_rows(**image, count, report)) return 5;
#ifdef BENCH_FCL
  if (!bench::add_peer_rows(**image, count, report)) {
    report.print();
    fmt::print(stderr, "bench safety: FCL or Eigen disagree\n");
    return 1;
  }
#else
  fmt::print("fcl: left out, libfcl-dev is not installed\n");
#endif
  report.print();
  return report.write() ? 0 : 5;
}
