// SPDX-License-Identifier: MIT
// How the check's time grows, that it does not depend on data, and what it is
// at a steady 2 kHz beside a host that steals.
#include <time.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "growth_svg.hpp"
#include "safety/expr/jit.hpp"
#include "safety_rows.hpp"

namespace bench {

using namespace tactus;
using namespace tactus::safety;

namespace {

// ---------------------------------------------------------------- growth

struct Grown {
  std::string of;
  uint32_t count;
  ImageCopy image;
};

bool grow(const Image& demo, std::vector<Grown>& out) {
  const auto begin = [&](const char* of, uint32_t count) -> Image& {
    out.push_back({of, count, bare(demo)});
    return *out.back().image;
  };
  for (const uint32_t n : {16U, 64U, 256U, 1024U, 4096U})
    add_pairs(begin("self pairs", n), n);
  const uint32_t balls = demo.chain.spheres;
  for (const uint32_t n : {1U, 4U, 16U})
    add_posts(begin("sphere-post pairs", n * balls), n);
  for (const uint32_t n : {1U, 4U, 16U, 64U})
    add_linear(begin("linear rows", n), n);
  for (const uint32_t n : {1U, 4U, 16U, 32U})
    if (!add_expressions(begin("expressions", n), n)) return false;
  for (const uint32_t n : {16U, 32U, 64U, 128U}) {
    Image& image = begin("samples of a motion", n);
    image.ladder.samples = n;
    add_pairs(image, 64);
  }
  return true;
}

// ------------------------------------------------------------------ data

float tiny(uint64_t bits) {
  constexpr float kSome[] = {0.0F, -0.0F, 1e-40F, -1e-42F, 1.4e-45F, 1e-38F};
  return kSome[bits % std::size(kSome)];
}

// Speeds that are hardly any, and the hand where the verdict turns.
void spoil(const Image& image, Scenes& scenes, Scene& s) {
  for (uint32_t j = 0; j < image.joints; ++j) {
    if (scenes.pick(2) == 0) continue;
    s.value[image.dq_signal][j] = tiny(scenes.pick(6));
    s.action[j] = s.state.before[j] = tiny(scenes.pick(6));
    for (Command& c : s.state.history) c.u[j] = tiny(scenes.pick(6));
  }
  if (image.humans == 0) return;
  const Scenes::Place place = scenes.near_robot(s, 0);
  double near = 0.01, far = 3;
  ShieldOutput out;
  auto state = std::make_unique<ShieldState>();
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (near + far);
    Scenes::put(place, middle, s);
    *state = s.state;
    this_kernel().check(image, *state, s.in, out);
    (out.rung == TACTUS_RUNG_PASS ? far : near) = middle;
  }
  Scenes::put(place, scenes.pick(2) == 0 ? near : far, s);
}

// ----------------------------------------------------------------- paced

struct Cpu {
  double stolen = 0, all = 0;  // ticks
};
Cpu cpu_time() {
  std::ifstream stat("/proc/stat");
  std::string word;
  stat >> word;
  Cpu out;
  double ticks = 0;
  for (int i = 0; i < 8 && stat >> ticks; ++i) {
    out.all += ticks;
    if (i == 7) out.stolen = ticks;
  }
  return out;
}

void add_ns(timespec& at, long ns) {
  at.tv_nsec += ns;
  if (at.tv_nsec < 1'000'000'000) return;
  at.tv_nsec -= 1'000'000'000;
  ++at.tv_sec;
}

}  // namespace

bool add_growth_rows(const Image& demo, int cases, Report& report) {
  std::vector<Grown> all;
  if (!grow(demo, all)) return false;
  for (Grown& g : all)
    if (!seal_or_say(*g.image)) return false;
  Stopwatch watch(this_kernel());
  ShieldOutput out;
  Scene s;
  std::vector<std::vector<double>> ns(all.size());
  Scenes scenes(*all.front().image, this_kernel(), 5);
  // Turn by turn, on the same cycles.
  for (int i = 0; i < std::max(cases / 40, 100); ++i) {
    scenes.next(s);
    for (std::size_t g = 0; g < all.size(); ++g)
      ns[g].push_back(watch.hot(*all[g].image, s, out));
  }
  std::map<std::string, Curve> curves;
  for (std::size_t g = 0; g < all.size(); ++g) {
    report.add(row(fmt::format("{} {}", all[g].count, all[g].of), "tactus",
                   std::move(ns[g])));
    Curve& curve = curves[all[g].of];
    curve.name = all[g].of;
    curve.points.emplace_back(all[g].count, report.last().p50);
  }
  std::vector<Curve> list;
  for (auto& [of, curve] : curves) list.push_back(std::move(curve));
  std::filesystem::create_directories("build/bench");
  std::ofstream svg("build/bench/safety_growth.svg");
  svg << growth_svg("One check against what is in it, " + machine(), list, {},
                    {"how many", false});
  return static_cast<bool>(svg.flush());
}

void add_data_rows(const Image& demo, int cases, Report& report) {
  auto image = std::make_unique<Image>(demo);
  image->ladder.rungs = kRungPass | kRungStop;
  if (!seal_or_say(*image)) return;
  Scenes scenes(*image, this_kernel(), 11);
  Stopwatch watch(this_kernel());
  ShieldOutput out;
  Scene s;
  std::map<std::pair<std::string, std::string>, std::vector<double>> ns;
  for (int i = 0; i < std::max(cases / 4, 200); ++i) {
    for (const bool hostile : {false, true}) {
      scenes.next(s);
      if (hostile) spoil(*image, scenes, s);
      const double time = watch.hot(*image, s, out);
      ns[{out.rung == TACTUS_RUNG_PASS ? "one motion, pass" : "motion and stop",
          hostile ? "hostile" : "random"}]
          .push_back(time);
    }
  }
  std::map<std::string, double> p50;
  for (auto& [key, all] : ns) {
    report.add(row(key.first, key.second, std::move(all)));
    const Row& r = report.last();
    const std::string name = key.first + ", " + key.second;
    report.ratio(name + ", p99 / p50", r.p99 / r.p50);
    p50[name] = r.p50;
  }
  for (const char* path : {"one motion, pass", "motion and stop"}) {
    const std::string name = path;
    report.ratio(name + ", p50 hostile / random",
                 p50[name + ", hostile"] / p50[name + ", random"]);
  }
}

void add_paced_rows(const Image& demo, double seconds, Report& report) {
  const auto runner = make_runner(demo.expressions, this_kernel().isa);
  Scenes scenes(demo, this_kernel(), 13);
  Stopwatch watch(this_kernel());
  Scene s;
  ShieldOutput out;
  std::vector<double> ns;
  const Cpu before = cpu_time();
  timespec at{};
  clock_gettime(CLOCK_MONOTONIC, &at);
  for (int i = 0; i < static_cast<int>(2000 * seconds); ++i) {
    scenes.next(s);
    s.in.native = runner.get();
    add_ns(at, 500'000);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
    const int64_t begin = watch.now();
    this_kernel().check(demo, s.state, s.in, out);
    const Sent sent{out.action, s.in.now_ns, out.rung != TACTUS_RUNG_STOP};
    this_kernel().committed(demo, s.state, sent);
    ns.push_back(static_cast<double>(watch.now() - begin));
  }
  const Cpu after = cpu_time();
  report.add(row("any rung, paced at 2 kHz", "tactus", std::move(ns)));
  report.ratio(
      "paced, share that the host stole",
      (after.stolen - before.stolen) / std::max(after.all - before.all, 1.0));
}

}  // namespace bench
