// SPDX-License-Identifier: MIT
#include "policy/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_set>

#include "core/error.hpp"
#include "policy/ir/passes.hpp"
#include "policy/ir/rewrite.hpp"
#include "policy/observe.hpp"
#include "policy/plan.hpp"

namespace tactus::policy {
namespace {

using ir::Graph;
using ir::Id;

class Calibrator {
 public:
  Calibrator(const ModelPlan& plan, const CalibrationRows& rows)
      : plan_(plan), rows_(rows) {}
  Result<Calibration> run();

 private:
  struct Watch {
    Id id;
    std::size_t elements;  // of one row of what reads it
    double amax = 0, low = 0;
    std::vector<double> each;
  };
  Result<void> count_rows();
  Result<void> open();
  void watch(Id id, int64_t elements);
  void watch();
  Result<void> look(ir::Interpreter& net, uint64_t row);

  const ModelPlan& plan_;
  const CalibrationRows& rows_;
  ir::Built built_;
  const Graph& graph_ = built_.graph;
  uint64_t count_ = 0;
  std::vector<Watch> watched_;
};

Result<void> Calibrator::count_rows() {
  const Description& d = plan_.describe();
  if (rows_.inputs.size() != d.inputs.size())
    return bad_input("{}: {} inputs given, the model has {}: give one each",
                     rows_.source, rows_.inputs.size(), d.inputs.size());
  for (std::size_t i = 0; i < d.inputs.size(); ++i) {
    const std::size_t size = d.inputs[i].size, given = rows_.inputs[i].size();
    const bool whole = size > 0 && given > 0 && given % size == 0;
    if (!whole || (i > 0 && given / size != count_))
      return bad_input(
          "{}: {} values for input '{}' of {}: give as many whole rows for "
          "each input, at least one",
          rows_.source, given, d.inputs[i].name, size);
    count_ = given / size;
  }
  if (count_ > 0) return {};
  return bad_input("{}: the model has no input to calibrate over: use tier f32",
                   rows_.source);
}

// The graph that the fused backend sees: as built, then its passes.
Result<void> Calibrator::open() {
  const Description& d = plan_.describe();
  std::vector<std::string> outputs;
  for (const auto& o : d.outputs) outputs.push_back(o.name);
  auto opened = open_model(plan_.image(), d.label, std::move(outputs));
  if (!opened) return opened.error();
  built_ = std::move(opened->built);
  ir::optimise(built_.graph);
  return {};
}

// Read by several, the longest row counts: shorter ones lie in it one behind
// the other.
void Calibrator::watch(Id id, int64_t elements) {
  if (id == ir::kNone || graph_.is_constant(id)) return;
  const auto size = static_cast<std::size_t>(std::max<int64_t>(elements, 1));
  const auto same = std::ranges::find(watched_, id, &Watch::id);
  if (same == watched_.end())
    watched_.push_back({id, size, 0, 0, {}});
  else
    same->elements = std::max(same->elements, size);
}

void Calibrator::watch() {
  constexpr std::size_t kInitialState = 5;  // of LSTM and GRU
  for (const ir::Node& node : graph_.nodes) {
    if (!ir::reads_matrix(node)) continue;
    const auto last = [&](Id id) {
      if (id == ir::kNone) return int64_t{1};
      const auto& dims = graph_.at(id).dims;
      return dims.empty() ? int64_t{1} : dims.back();
    };
    // A Flatten before a product is folded away: its row is the weights'.
    const bool linear = node.op == "Linear";
    watch(node.in[0], last(linear ? node.in[1] : node.in[0]));
    if (node.in.size() > kInitialState)
      watch(node.in[kInitialState], last(node.in[kInitialState]));
  }
}

Result<void> Calibrator::look(ir::Interpreter& net, uint64_t row) {
  for (Watch& w : watched_) {
    const double* x = net.read(w.id);
    w.each.resize(w.elements);
    for (int64_t i = 0; i < graph_.at(w.id).size(); ++i) {
      if (!std::isfinite(x[i]))
        return bad_input("{}: row {}: '{}' is not finite: leave such rows out",
                         rows_.source, row, ir::name_of_value(graph_, w.id));
      w.amax = std::max(w.amax, std::fabs(x[i]));
      double& of = w.each[static_cast<std::size_t>(i) % w.each.size()];
      of = std::max(of, std::fabs(x[i]));
      w.low = row == 0 && i == 0 ? x[i] : std::min(w.low, x[i]);
    }
  }
  return {};
}

Result<Calibration> Calibrator::run() {
  if (auto ok = count_rows(); !ok) return ok.error();
  if (auto ok = open(); !ok) return ok.error();
  watch();
  Result<void> looked;
  uint64_t row = 0;
  each_row(built_, rows_.inputs, count_, [&](ir::Interpreter& net) {
    looked = look(net, row++);
    return bool(looked);
  });
  if (!looked) return looked.error();
  Calibration made{rows_.source, count_, {}};
  for (const Watch& w : watched_)
    made.ranges.push_back(
        {ir::name_of_value(graph_, w.id), w.amax, w.low, w.each});
  return made;
}

}  // namespace

Result<Calibration> calibrate(const ModelPlan& plan,
                              const CalibrationRows& rows) {
  return Calibrator(plan, rows).run();
}

Result<void> check(const Calibration& calibration) {
  std::unordered_set<std::string_view> seen;
  for (const Range& r : calibration.ranges) {
    const bool fits = std::isfinite(r.amax) && r.amax >= 0 &&
                      r.low >= -r.amax && r.low <= r.amax &&
                      std::ranges::all_of(r.each, [&](double each) {
                        return each >= 0 && each <= r.amax;
                      });
    if (!fits)
      return bad_input(
          "calibration by {}: '{}' is said to reach {} from {} on: calibrate "
          "again (rtctl model quantize)",
          calibration.source, r.value, r.amax, r.low);
    if (!seen.insert(r.value).second)
      return bad_input(
          "calibration by {}: '{}' comes twice: calibrate again (rtctl model "
          "quantize)",
          calibration.source, r.value);
  }
  return {};
}

const Range* find_range(const Calibration& calibration,
                        std::string_view value) noexcept {
  const auto it = std::ranges::find(calibration.ranges, value, &Range::value);
  return it == calibration.ranges.end() ? nullptr : &*it;
}

}  // namespace tactus::policy
