// SPDX-License-Identifier: MIT
// What a unit of each kind of work of a check takes, per kernel: the figures
// of safety/cost.cpp, from the least time of checks of growing images that
// judge one motion each, of programs of rung project, and of whole ladders.
// Prints each figure beside the one in the table, and as a line of it.
//   SCENES=4   random cycles of each image
#include <cstdlib>
#include <memory>
#include <random>
#include <utility>

#include "cost_fit.hpp"
#include "cost_images.hpp"
#include "report.hpp"
#include "safety/check.hpp"
#include "safety/ladder_counts.hpp"
#include "safety/stopwatch.hpp"

using namespace tactus;
using namespace tactus::safety;

namespace {

constexpr uint32_t kCalls = 40;
constexpr int64_t kMs = 1'000'000;

// Counts what the templates ask for.
struct Counting {
  static inline std::array<uint64_t, static_cast<std::size_t>(Fault::kCount)>
      asked{};
  static bool on(Fault fault) {
    ++asked[static_cast<std::size_t>(fault)];
    return false;
  }
  static double count(Fault fault) {
    return static_cast<double>(asked[static_cast<std::size_t>(fault)]);
  }
};

void far_hands(const Image& image, Scene& scene) {
  for (uint32_t i = 0; i < image.signals; ++i)
    if (image.signal[i].sphere != 0) scene.value[i].fill(50);
}

// The newest `count` commands came after what was observed.
void refill(const Image& image, uint32_t count, Scene& scene) {
  const Command last = scene.state.history[(scene.state.head - 1) % kHistory];
  scene.state.head = 0;
  for (uint32_t k = count; k > 0; --k) {
    Command& c = scene.state.history[scene.state.head++];
    c = last;
    c.sent_ns = scene.in.release_ns - int64_t{k} * kMs + kMs / 2;
  }
  const int64_t seen = scene.in.release_ns - int64_t{count} * kMs +
                       image.commit.actuator_delay_ns;
  for (uint32_t i = 0; i < image.signals; ++i) {
    scene.state.last_stamp_ns[i] = 0;  // time does not go back
    scene.in.stamp_ns[i] = std::min(seen, scene.in.release_ns);
  }
}

// Cycles of one image: one that passes, with the plan before it; the same
// without that plan; and one whose action is outside its box, so that the
// running plan is judged, too.
struct Times {
  std::vector<double> planned, alone, stopped;
};

Times times_of(const bench::CostImage& from, const Kernel& kernel,
               Stopwatch& watch, std::size_t count) {
  const Image& image = *from.image;
  Scenes scenes(image, kernel, 1);
  auto scene = std::make_unique<Scene>();
  ShieldOutput result;
  Times out;
  for (std::size_t i = 0; i < 20 * count && out.alone.size() < count; ++i) {
    scenes.next(*scene);
    far_hands(image, *scene);
    refill(image, from.commands, *scene);
    (void)watch.hot(image, *scene, result);
    if (result.rung != TACTUS_RUNG_PASS || scene->state.plan.plan_id == 0)
      continue;
    out.planned.push_back(watch.least(image, *scene, result, kCalls));
    const float asked = std::exchange(scene->action[0], 1.5F);
    out.stopped.push_back(watch.least(image, *scene, result, kCalls));
    scene->action[0] = asked;
    scene->state.plan.plan_id = 0;
    out.alone.push_back(watch.least(image, *scene, result, kCalls));
  }
  return out;
}

void see_motions(const bench::CostImage& from, const Kernel& kernel,
                 Stopwatch& watch, int count, std::vector<bench::Seen>& out) {
  const Times times =
      times_of(from, kernel, watch, static_cast<std::size_t>(count));
  if (times.alone.empty())
    return fmt::print(stderr, "no scene of {} passes\n", from.name);
  const WorkLoad check = check_load(*from.image, from.commands);
  const auto add = [&](const std::vector<double>& ns, bool planned,
                       bool alone) {
    bench::Seen one{check, bench::median(ns)};
    if (planned) one.load.add(motion_load(*from.image, true), 1);
    if (alone) one.load.add(motion_load(*from.image, false), 1);
    out.push_back(one);
  };
  add(times.planned, true, false);
  add(times.alone, false, true);
  add(times.stopped, true, true);
}

void see_programs(const Kernel& kernel, std::vector<bench::Seen>& out) {
  rt::TscClock clock;
  clock.calibrate();
  std::mt19937_64 rng(7);
  std::normal_distribution<double> normal;
  auto program = std::make_unique<QpProblem>();
  for (const uint32_t values : {3U, 7U, 12U, 16U})
    for (const uint32_t rows : {16U, 46U, 128U, 300U})
      for (int i = 0; i < 8; ++i) {
        program->n = values;
        program->m = rows;
        for (uint32_t j = 0; j < values; ++j) {
          program->scale[j] = 2;
          program->target[j] = normal(rng);
        }
        for (uint32_t r = 0; r < rows; ++r) {
          for (uint32_t j = 0; j < values; ++j)
            program->row[r][j] = normal(rng);
          program->bound[r] = 0.3 * std::abs(normal(rng));
        }
        QpResult result;
        double least = 1e12;
        for (uint32_t k = 0; k < kCalls; ++k) {
          const int64_t begin = clock.now();
          kernel.solve(*program, QpRows{}, result);
          const auto ns = static_cast<double>(clock.now() - begin);
          least = std::min(least, ns);
        }
        // One more look finds no row that is missed.
        out.push_back(
            {program_load(values, rows, 1, result.iterations + 1), least});
      }
}

// Whole ladders, by what they were seen to do. Programs of a round are few
// and short: they are within what a round is said to take.
void see_projects(const bench::CostImage& from, const Kernel& kernel,
                  Stopwatch& watch, int count, std::vector<bench::Seen>& out) {
  const Image& image = *from.image;
  const double boxes = image.boxes;
  const double blocks = static_cast<double>(image.ladder.samples) / kin::kLanes;
  double spheres = 0;
  for (uint32_t i = 0; i < image.chain.spheres; ++i)
    spheres += image.chain.sphere[i].link > 0 ? 1 : 0;
  Scenes scenes(image, kernel, 3);
  auto scene = std::make_unique<Scene>();
  auto state = std::make_unique<ShieldState>();
  ShieldOutput result;
  int found = 0;
  for (int i = 0; i < 400 && found < count; ++i) {
    scenes.next(*scene);
    Counting::asked.fill(0);
    *state = scene->state;
    check_with<Counting>(image, *state, scene->in, result);
    // Both look at each block of a motion; a motion asks once for each box,
    // a walk for each box and sphere.
    const double looks = Counting::count(Fault::kModelError);
    const double asked = Counting::count(Fault::kSpared) / boxes;
    const double walks = (asked - looks) / (spheres - 1) / blocks;
    const double motions = Counting::count(Fault::kBefore);
    if (!(walks >= 0.5)) continue;
    ++found;
    bench::Seen one{check_load(image, 8),
                    watch.least(image, *scene, result, kCalls / 4)};
    one.load.add(motion_load(image, true), motions);
    one.load.add(round_load(image), walks);
    out.push_back(one);
  }
}

bench::Figures figures_of(const Kernel& kernel, int scenes,
                          bench::Report& report) {
  Stopwatch watch(kernel);
  std::vector<bench::Seen> motions, programs, projects;
  for (const auto& image : bench::cost_images())
    see_motions(image, kernel, watch, scenes, motions);
  see_programs(kernel, programs);
  for (const auto& image : bench::project_images())
    see_projects(image, kernel, watch, 4 * scenes, projects);
  bench::Figures figures = bench::fit(motions, {});
  figures = bench::fit(programs, figures);
  figures = bench::fit(projects, figures);
  const char* isa = rt::isa_name(kernel.isa);
  const auto off = [&](const char* what, const std::vector<bench::Seen>& seen) {
    std::vector<double> parts;
    for (const bench::Seen& one : seen)
      parts.push_back(one.ns / bench::predicted(one.load, figures));
    std::sort(parts.begin(), parts.end());
    for (const double p : {0.0, 0.5, 1.0})
      report.ratio(
          fmt::format("{} {}, measured / fitted p{:.0f}", isa, what, 100 * p),
          bench::quantile(parts, p));
  };
  if (projects.empty())
    fmt::print(stderr, "bench cost: no ladder was walked\n");
  off("motions", motions);
  off("program", programs);
  off("ladder", projects);
  return figures;
}

}  // namespace

int main() {
  const char* text = std::getenv("SCENES");
  const int scenes = text ? std::atoi(text) : 4;
  bench::Report report("cost");
  std::array<bench::Figures, std::size(rt::kIsas)> all{};
  for (const rt::Isa isa : rt::kIsas) {
    if (!rt::isa_here(isa)) continue;
    all[static_cast<std::size_t>(isa)] =
        figures_of(kernel_for(isa), scenes, report);
  }
  report.print();
  fmt::print("{:<24} {}\n", "unit", "ns, and what the table has");
  for (std::size_t w = 0; w < kWorks; ++w) {
    const auto work = static_cast<Work>(w);
    std::string now, table;
    for (const rt::Isa isa : rt::kIsas) {
      const char* comma = now.empty() ? "" : ", ";
      now +=
          fmt::format("{}{:.3g}", comma, all[static_cast<std::size_t>(isa)][w]);
      table += fmt::format("{}{:.3g}", comma, unit_ns(work, isa));
    }
    fmt::print("{:<24} {{{}}}}},  // {}\n", unit_name(work), now, table);
  }
  return report.write() ? 0 : 5;
}
