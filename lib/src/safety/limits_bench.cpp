// SPDX-License-Identifier: MIT
#include "safety/limits_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "rt/cpu.hpp"
#include "safety/stopwatch.hpp"

namespace tactus::safety {
namespace {

constexpr const char* kRungs[] = {"none", "pass", "scale", "project", "stop"};
constexpr uint32_t kFamilyCases = 2000;
constexpr uint32_t kStep = 256;  // cases between two lines of progress

using Samples = std::vector<double>;

double rank(const Samples& sorted, double p) {
  if (sorted.empty()) return 0;
  const double n = std::ceil(p * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(n, 1.0)) - 1];
}

BenchPath path_of(std::string name, Samples samples) {
  std::sort(samples.begin(), samples.end());
  return {std::move(name),     samples.size(),       rank(samples, 0.5),
          rank(samples, 0.99), rank(samples, 0.999), rank(samples, 1)};
}

// What is measured together: rows that a part of the check is for.
enum class Group : uint8_t {
  kRest,  // with the kinematics: action and joints
  kBoxes,
  kSolids,
  kSelf,
  kHumans,
  kContacts,
  kLinear,
  kTrajectory,
  kLoads,
  kEnergy,
  kBarriers,
  kExpressions,
  kMemories,
  kCallbacks,
};

Group group_of(RowKernel kernel) {
  switch (kernel) {
    case RowKernel::kNone:
    case RowKernel::kActionBox:
    case RowKernel::kActionRate:
    case RowKernel::kJointPosition:
    case RowKernel::kJointVelocity:
      break;
    case RowKernel::kKeepIn:
    case RowKernel::kKeepOut:
      return Group::kBoxes;
    case RowKernel::kTurnedIn:
    case RowKernel::kTurnedOut:
    case RowKernel::kCapsuleIn:
    case RowKernel::kCapsuleOut:
    case RowKernel::kHullIn:
    case RowKernel::kHullOut:
      return Group::kSolids;
    case RowKernel::kSelf:
      return Group::kSelf;
    case RowKernel::kSeparation:
    case RowKernel::kSeparationNow:
      return Group::kHumans;
    case RowKernel::kContact:
      return Group::kContacts;
    case RowKernel::kLinear:
      return Group::kLinear;
    case RowKernel::kJointAcceleration:
    case RowKernel::kJointJerk:
    case RowKernel::kJointViable:
      return Group::kTrajectory;
    case RowKernel::kTorque:
    case RowKernel::kForce:
    case RowKernel::kPower:
      return Group::kLoads;
    case RowKernel::kEnergy:
      return Group::kEnergy;
    case RowKernel::kBarrier:
      return Group::kBarriers;
    case RowKernel::kExpression:
      return Group::kExpressions;
    case RowKernel::kMemory:
      return Group::kMemories;
    case RowKernel::kCallback:
      return Group::kCallbacks;
  }
  return Group::kRest;
}

uint32_t drop_rows(Image& image, Group group) {
  uint32_t kept = 0;
  for (uint32_t r = 0; r < image.rows; ++r) {
    if (group_of(image.row[r].kernel) == group) continue;
    image.derived.rounding[kept] = image.derived.rounding[r];
    image.row[kept++] = image.row[r];
  }
  const uint32_t dropped = image.rows - kept;
  image.rows = kept;
  return dropped;
}

// What has a table of its own can be left out whole. A table is only counted
// as empty: a barrier may still look at its box or human.
struct Family {
  const char* name;
  Group group;
  void (*clear)(Image&);
};
constexpr Family kFamilies[] = {
    {"boxes", Group::kBoxes,
     [](Image& image) { image.boxes = image.boxes_in = 0; }},
    {"other shapes", Group::kSolids,
     [](Image& image) {
       image.turned = image.turned_in = 0;
       image.capsules = image.capsules_in = 0;
       image.hulls = image.hulls_in = 0;
     }},
    {"self", Group::kSelf,
     [](Image& image) { image.selves = image.pair_groups = image.pairs = 0; }},
    {"humans", Group::kHumans, [](Image& image) { image.humans = 0; }},
    {"contacts", Group::kContacts,
     [](Image& image) { image.dynamics.contacts = 0; }},
    {"linear", Group::kLinear, [](Image& image) { image.linears = 0; }},
    {"trajectory", Group::kTrajectory,
     [](Image& image) { image.dynamics.trajectory.limited = 0; }},
    {"loads", Group::kLoads,
     [](Image& image) {
       Dynamics& all = image.dynamics;
       all.torques = all.forces = all.loads = 0;
     }},
    {"energy", Group::kEnergy, [](Image& image) { image.dynamics.masses = 0; }},
    {"barriers", Group::kBarriers,
     [](Image& image) { image.dynamics.barriers = 0; }},
    // Their programs are the expressions', which stay.
    {"past-time", Group::kMemories, [](Image& image) { image.memories = 0; }},
    {"callbacks", Group::kCallbacks, [](Image& image) { image.callbacks = 0; }},
    {"expressions", Group::kExpressions,
     [](Image& image) {
       for (uint32_t m = 0; m < image.memories; ++m)
         image.memory[m].expression = 0;
       image.expressions = Expressions{};
     }},
};

uint32_t drop(Image& image, const Family& family) {
  family.clear(image);
  return drop_rows(image, family.group);
}

void measure_paths(const Image& image, const Kernel& kernel,
                   const BenchAsk& ask, LimitsBench& out) {
  Stopwatch watch(kernel);
  Scenes scenes(image, kernel, ask.seed);
  Scene scene;
  ShieldOutput result;
  Samples all;
  std::array<Samples, std::size(kRungs)> by_rung;
  for (uint32_t i = 0; i < ask.cases; ++i) {
    scenes.next(scene);
    scene.in.native = ask.native;
    all.push_back(watch.hot(image, scene, result));
    by_rung[static_cast<std::size_t>(result.rung)].push_back(all.back());
    if (ask.progress && i % kStep == 0) ask.progress(i);
  }
  out.paths.push_back(path_of("all", std::move(all)));
  for (std::size_t r = TACTUS_RUNG_PASS; r < by_rung.size(); ++r)
    out.paths.push_back(path_of(kRungs[r], std::move(by_rung[r])));
}

void measure_families(const Image& image, const Kernel& kernel,
                      const BenchAsk& ask, LimitsBench& out) {
  std::vector<std::unique_ptr<Image>> without;
  auto whole = std::make_unique<Image>(image);
  whole->ladder.rungs = kRungPass | kRungStop;
  auto bare = std::make_unique<Image>(*whole);
  for (const Family& family : kFamilies) {
    auto less = std::make_unique<Image>(*whole);
    const uint32_t rows = drop(*less, family);
    (void)drop(*bare, family);
    if (rows == 0) continue;
    out.families.push_back({family.name, rows, 0, 0});
    without.push_back(std::move(less));
  }
  Stopwatch watch(kernel);
  Scenes scenes(image, kernel, ask.seed);
  Scene scene;
  ShieldOutput result;
  std::vector<Samples> saved(without.size());
  Samples rest;
  for (uint32_t i = 0; i < std::min(ask.cases, kFamilyCases); ++i) {
    scenes.next(scene);
    scene.in.native = nullptr;  // the machine code is of all expressions
    // A stop's re-check is work of its own.
    scene.state.plan.plan_id = 0;
    const double full = watch.hot(*whole, scene, result);
    for (std::size_t f = 0; f < without.size(); ++f)
      saved[f].push_back(full - watch.hot(*without[f], scene, result));
    rest.push_back(watch.hot(*bare, scene, result));
  }
  const uint32_t commands = commands_in_flight(image, scene);
  const double all = single_ns(*whole, kernel.isa, commands);
  for (std::size_t f = 0; f < saved.size(); ++f) {
    out.families[f].p50 = path_of("", std::move(saved[f])).p50;
    out.families[f].predicted =
        all - single_ns(*without[f], kernel.isa, commands);
  }
  out.rest = path_of("", std::move(rest)).p50;
  out.rest_predicted = single_ns(*bare, kernel.isa, commands);
}

std::string micros(double ns) { return fmt::format("{:.2f}", ns * 1e-3); }

}  // namespace

LimitsBench bench_limits(const Image& image, const Kernel& kernel,
                         const BenchAsk& ask) {
  LimitsBench out;
  out.cpu = rt::cpu_name();
  out.isa = rt::isa_name(kernel.isa);
  out.cost = cost_of(image, kernel.isa);
  measure_paths(image, kernel, ask, out);
  measure_families(image, kernel, ask, out);
  return out;
}

json::Value to_value(const LimitsBench& b) {
  json::Value paths = json::Value::object();
  for (const BenchPath& p : b.paths)
    paths.add(p.path, p.n == 0 ? json::Value()
                               : json::Value()
                                     .add("n", p.n)
                                     .add("p50", p.p50)
                                     .add("p99", p.p99)
                                     .add("p999", p.p999)
                                     .add("max", p.max));
  json::Value::Array families;
  for (const BenchFamily& f : b.families)
    families.push_back(json::Value()
                           .add("family", f.family)
                           .add("rows", f.rows)
                           .add("p50_ns", f.p50)
                           .add("predicted_ns", f.predicted));
  return json::Value()
      .add("cpu", b.cpu)
      .add("isa", b.isa)
      .add("check_ns", paths)
      .add("families", std::move(families))
      .add("rest_p50_ns", b.rest)
      .add("rest_predicted_ns", b.rest_predicted)
      .add("worst_cycle_predicted_ns", b.cost.cycle_ns);
}

std::string to_text(const LimitsBench& b) {
  std::string out = fmt::format(
      "{}, {} kernel, hot\n{:<10}{:>9}{:>10}{:>10}{:>10}{:>10}  us\n",
      b.cpu.empty() ? "unknown processor" : b.cpu, b.isa, "check", "n", "p50",
      "p99", "p99.9", "max");
  for (const BenchPath& p : b.paths) {
    out += p.n == 0 ? fmt::format("{:<10}{:>9}  never came out\n", p.path, 0)
                    : fmt::format("{:<10}{:>9}{:>10}{:>10}{:>10}{:>10}\n",
                                  p.path, p.n, micros(p.p50), micros(p.p99),
                                  micros(p.p999), micros(p.max));
  }
  out += fmt::format("worst cycle, predicted: {} us\n{:<25}{:>10}{:>11}\n",
                     micros(b.cost.cycle_ns), "of one verdict", "p50",
                     "predicted");
  for (const BenchFamily& f : b.families)
    out += fmt::format("  {:<14}{:>4} rows{:>10}{:>11} us\n", f.family, f.rows,
                       micros(f.p50), micros(f.predicted));
  return out + fmt::format("  {:<23}{:>10}{:>11} us\n", "kinematics, the rest",
                           micros(b.rest), micros(b.rest_predicted));
}

}  // namespace tactus::safety
