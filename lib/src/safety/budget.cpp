// SPDX-License-Identifier: MIT
#include "safety/budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "core/error.hpp"
#include "safety/stopwatch.hpp"
#include "safety/violations.hpp"

// How long code takes that a sanitizer watches says nothing.
#ifdef TACTUS_SANITIZED
#define TACTUS_MEASURES false
#else
#define TACTUS_MEASURES true
#endif

namespace tactus::safety {
namespace {

constexpr bool kMeasures = TACTUS_MEASURES;

constexpr std::size_t kNamed = 3;  // rows that a refusal names
constexpr uint32_t kScenes = 100;
constexpr uint32_t kCalls = 3;  // of each
constexpr double kLow = 0.1;    // quantile

std::string micros(double ns) { return fmt::format("{:.3g} us", ns * 1e-3); }

std::string most_expensive(const Image& image, rt::Isa isa) {
  struct One {
    const char* id;
    double ns;
  };
  std::vector<One> rows;
  for (uint32_t r = 0; r < image.rows; ++r)
    rows.push_back({image.row[r].id, cost_of(image, image.row[r], isa).ns});
  std::stable_sort(rows.begin(), rows.end(),
                   [](const One& a, const One& b) { return a.ns > b.ns; });
  rows.resize(std::min(rows.size(), kNamed));
  std::string out;
  for (const One& row : rows)
    out +=
        fmt::format("{}{} {}", out.empty() ? "" : ", ", row.id, micros(row.ns));
  return out;
}

std::string refusal(const Image& image, const Cost& cost,
                    const BudgetAsk& ask) {
  std::string out = fmt::format(
      "{}: the worst cycle of the check is predicted to take {} ({} "
      "kernel)",
      ask.where, micros(cost.cycle_ns), rt::isa_name(cost.isa));
  if (ask.ratio > kTrustedRatio)
    out += fmt::format(
        ", and this machine takes {:.1f} times what is predicted", ask.ratio);
  const bool projects = (image.ladder.rungs & kRungProject) != 0;
  return out + fmt::format(
                   ": the budget is {} ({}): it judges {} motions of {}, most "
                   "expensive {}: remove rows, allow coarser covers "
                   "(robot.overshoot){}, or raise limit.budget or stage.check",
                   micros(static_cast<double>(ask.budget.ns)), ask.budget.from,
                   cost.motions, micros(cost.motion_ns),
                   most_expensive(image, cost.isa),
                   projects ? ", leave rung project out" : "");
}

}  // namespace

Result<void> check_budget(const Image& image, rt::Isa isa,
                          const BudgetAsk& ask) {
  if (ask.budget.ns <= 0) return {};
  const Cost cost = cost_of(image, isa);
  const auto budget = static_cast<double>(ask.budget.ns);
  if (!(cost.cycle_ns <= budget))
    return bad_input("{}", refusal(image, cost, ask));
  if (!(ask.ratio > kTrustedRatio)) return {};
  if (cost.cycle_ns * ask.ratio <= budget) return {};
  return unavailable("{}", refusal(image, cost, ask));
}

std::string budget_text(const Cost& cost, const Budget& budget) {
  const std::string worst = "worst cycle " + micros(cost.cycle_ns);
  if (budget.ns <= 0) return worst + ", no budget";
  return fmt::format("{} of {} ({})", worst,
                     micros(static_cast<double>(budget.ns)), budget.from);
}

double calibrate(const Image& image, const Kernel& kernel) {
  if (image.rows == 0 || !kMeasures) return 0;
  const auto single = std::make_unique<Image>(image);
  single->ladder.rungs = kRungPass | kRungStop;
  Stopwatch watch(kernel);
  Scenes scenes(*single, kernel, 1);
  const auto scene = std::make_unique<Scene>();
  ShieldOutput out;
  std::vector<double> ratios;
  for (uint32_t i = 0; i < kScenes; ++i) {
    scenes.next(*scene);
    scene->state.plan.plan_id = 0;
    const double ns = watch.least(*single, *scene, out, kCalls);
    if (!was_judged(out.worst_row, out.violated)) continue;
    const double predicted =
        single_ns(*single, kernel.isa, commands_in_flight(*single, *scene));
    ratios.push_back(ns / predicted);
  }
  if (ratios.empty()) return 0;
  const double rank = kLow * static_cast<double>(ratios.size());
  const auto low = ratios.begin() + static_cast<int64_t>(rank);
  std::nth_element(ratios.begin(), low, ratios.end());
  return *low;
}

}  // namespace tactus::safety
