// SPDX-License-Identifier: MIT
#include "policy/prune.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/error.hpp"
#include "policy/image.hpp"
#include "policy/observe.hpp"
#include "policy/onnx/writer.hpp"
#include "policy/prune_cut.hpp"

namespace tactus::policy {
namespace {

using Bytes = std::vector<std::byte>;

// Mean and spread of each unit at one value.
struct Moments {
  std::vector<double> mean, deviation;
};

Bytes to_bytes(std::span<const std::byte> from) {
  return {from.begin(), from.end()};
}

class Pruner {
 public:
  Pruner(const ModelPlan& plan, const Rows* rows, const PruneOptions& options)
      : label_(plan.describe().label),
        rows_(rows),
        options_(options),
        image_(to_bytes(model_part(plan.image()))) {}

  Result<Pruned> run();

 private:
  Result<void> step(std::size_t at);
  Result<std::vector<Moments>> observe(const OpenedModel& opened,
                                       const Chain& chain) const;
  [[nodiscard]] std::size_t wanted(std::size_t units) const;
  Result<Selection> select(const OpenedModel& opened, const Chain& chain,
                           LayerReport& report) const;
  Result<void> finish();
  Result<void> check_any() const;

  const std::string& label_;
  const Rows* rows_;
  const PruneOptions& options_;
  Bytes image_;
  Pruned pruned_;
};

// Rounded up to what the kernels compute anyway.
std::size_t Pruner::wanted(std::size_t units) const {
  const double share = options_.keep * static_cast<double>(units);
  std::size_t keep = options_.keep_units;
  if (keep == 0) keep = static_cast<std::size_t>(std::ceil(share));
  keep = (std::max<std::size_t>(keep, 1) + options_.multiple - 1) /
         options_.multiple * options_.multiple;
  return std::min(keep, units);
}

struct Sums {
  ir::Id id;
  std::vector<double> sum, squares;
  double count = 0;
  void add(const double* x, int64_t size) {
    const std::size_t units = sum.size();
    for (std::size_t i = 0; i < static_cast<std::size_t>(size); ++i) {
      sum[i % units] += x[i];
      squares[i % units] += x[i] * x[i];
    }
    count += static_cast<double>(size) / static_cast<double>(units);
  }
  [[nodiscard]] Moments moments() const {
    Moments m;
    for (std::size_t u = 0; u < sum.size(); ++u) {
      const double mean = sum[u] / count;
      const double variance = squares[u] / count - mean * mean;
      m.mean.push_back(mean);
      m.deviation.push_back(std::sqrt(std::max(0.0, variance)));
    }
    return m;
  }
};

// What each reader of the chain is given, over all rows.
Result<std::vector<Moments>> Pruner::observe(const OpenedModel& opened,
                                             const Chain& chain) const {
  const ir::Graph& graph = opened.built.graph;
  std::vector<Sums> sums;
  for (const Cut& cut : chain.read) {
    const auto& name = opened.model.nodes[cut.node].inputs[0];
    const auto at = std::ranges::find(graph.values, name, &ir::Value::name);
    sums.push_back({static_cast<ir::Id>(at - graph.values.begin()),
                    std::vector<double>(chain.units),
                    std::vector<double>(chain.units)});
  }
  each_row(opened.built, rows_, [&](ir::Interpreter& net) {
    for (Sums& sum : sums) sum.add(net.read(sum.id), graph.at(sum.id).size());
    return true;
  });
  std::vector<Moments> moments;
  for (const Sums& s : sums) {
    moments.push_back(s.moments());
    const auto finite = [](double v) { return std::isfinite(v); };
    if (!std::ranges::all_of(moments.back().deviation, finite)) {
      return bad_input("{}: '{}' is not finite over the rows of {}", label_,
                       chain.name, rows_ ? rows_->source : "zeros");
    }
  }
  return moments;
}

// Removed unit → the first kept one with the same constants.
void find_equal(const std::vector<std::vector<double>>& units,
                Selection& selection) {
  std::map<std::vector<double>, std::size_t> first;
  for (const std::size_t kept : selection.kept) {
    first.emplace(units[kept], kept);
  }
  for (std::size_t u = 0; u < units.size(); ++u) {
    if (std::ranges::binary_search(selection.kept, u)) continue;
    const auto it = first.find(units[u]);
    if (it != first.end()) selection.equal.emplace(u, it->second);
  }
}

// A unit that repeats an earlier one is worth nothing beside it.
std::vector<double> without_repeats(
    const std::vector<std::vector<double>>& units, std::vector<double> score) {
  std::map<std::vector<double>, std::size_t> seen;
  for (std::size_t u = 0; u < units.size(); ++u) {
    if (!seen.emplace(units[u], u).second) score[u] = 0;
  }
  return score;
}

Result<Selection> Pruner::select(const OpenedModel& opened, const Chain& chain,
                                 LayerReport& report) const {
  auto moments = observe(opened, chain);
  if (!moments) return moments.error();
  const auto units = unit_constants(chain, opened.model, opened.built.graph);
  const ir::Graph& graph = opened.built.graph;
  const auto incoming = unit_norms(chain.made[0], opened.model, graph);
  std::vector<double> score(chain.units, 0.0);
  Selection selection;
  for (std::size_t sink = 0; sink < chain.read.size(); ++sink) {
    const Moments& m = (*moments)[sink];
    const auto out = unit_norms(chain.read[sink], opened.model, graph);
    for (std::size_t u = 0; u < chain.units; ++u) {
      const double in = rows_ != nullptr ? m.deviation[u] : incoming[u];
      score[u] += in * in * out[u] * out[u];
    }
    selection.mean.push_back(m.mean);
  }
  score = without_repeats(units, std::move(score));
  std::vector<std::size_t> order(chain.units);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](auto a, auto b) { return score[a] > score[b]; });
  order.resize(wanted(chain.units));
  std::ranges::sort(order);
  selection.kept = std::move(order);
  find_equal(units, selection);
  report.after = selection.kept.size();
  report.duplicates = selection.equal.size();
  return selection;
}

// One layer at a time: the next one is judged behind what was cut before.
Result<void> Pruner::step(std::size_t at) {
  auto opened = open_model(image_, label_);
  if (!opened) return opened.error();
  const auto chains = find_chains(opened->model, opened->built.graph);
  const Chain& chain = chains[at];
  LayerReport report{chain.name, chain.units, chain.units, 0, chain.reason};
  if (chain.reason.empty() && wanted(chain.units) == chain.units) {
    report.reason = "no smaller at this share: kernels compute whole blocks";
  }
  if (report.reason.empty()) {
    auto selection = select(*opened, chain, report);
    if (!selection) return selection.error();
    cut_units(chain, *selection, opened->built.graph, opened->model);
    auto bytes = onnx::rewrite(onnx_part(image_), opened->model);
    if (!bytes) return bytes.error();
    const auto* p = reinterpret_cast<const std::byte*>(bytes->data());
    image_.assign(p, p + bytes->size());
  }
  pruned_.layers.push_back(std::move(report));
  return {};
}

Result<void> Pruner::finish() {
  auto opened = open_model(image_, label_);
  if (!opened) return opened.error();
  pruned_.golden_dropped = drop_golden(opened->model);
  drop_unread(opened->model);
  auto bytes = onnx::rewrite(onnx_part(image_), opened->model);
  if (!bytes) return bytes.error();
  const auto* p = reinterpret_cast<const std::byte*>(bytes->data());
  pruned_.image.assign(p, p + bytes->size());
  return {};
}

Result<void> Pruner::check_any() const {
  std::string reasons;
  for (const LayerReport& l : pruned_.layers) {
    if (l.reason.empty()) return {};
    reasons += fmt::format("{}'{}': {}", reasons.empty() ? "" : "; ", l.name,
                           l.reason);
  }
  if (reasons.empty()) reasons = "it has no product by constant weights";
  return bad_input("{}: no layer can be pruned: {}", label_, reasons);
}

Result<Pruned> Pruner::run() {
  auto opened = open_model(image_, label_);
  if (!opened) return opened.error();
  // A cut changes neither the number of chains nor their order.
  const std::size_t count =
      find_chains(opened->model, opened->built.graph).size();
  for (std::size_t i = 0; i < count; ++i) {
    if (auto ok = step(i); !ok) return ok.error();
  }
  if (auto ok = check_any(); !ok) return ok.error();
  if (auto ok = finish(); !ok) return ok.error();
  return std::move(pruned_);
}

}  // namespace

Result<Pruned> prune(const ModelPlan& plan, const Rows* rows,
                     const PruneOptions& options) {
  return Pruner(plan, rows, options).run();
}

}  // namespace tactus::policy
