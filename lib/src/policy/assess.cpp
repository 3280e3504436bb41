// SPDX-License-Identifier: MIT
#include "policy/assess.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "rt/clock.hpp"

namespace tactus::policy {
namespace {

// One plan with the places of its inputs and outputs.
class Player {
 public:
  static Result<Player> make(const ModelPlan::Ptr& plan) {
    auto context = Context::make(plan);
    if (!context) return context.error();
    return Player(plan, std::move(*context));
  }

  void aim(const Rows* rows, std::size_t row) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const std::size_t size = plan_->describe().inputs[i].size;
      inputs_[i].data =
          rows ? rows->inputs[i].data() + row * size : still_[i].data();
    }
  }
  Status run() noexcept { return context_.run(inputs_, outputs_); }
  [[nodiscard]] const std::vector<std::vector<float>>& values() const {
    return values_;
  }

 private:
  Player(ModelPlan::Ptr plan, Context context)
      : plan_(std::move(plan)), context_(std::move(context)) {
    constexpr float kStill = 0.1F;
    for (const auto& t : plan_->describe().inputs) {
      still_.emplace_back(t.size, kStill);
      inputs_.push_back({still_.back().data()});
    }
    for (const auto& t : plan_->describe().outputs) {
      values_.emplace_back(t.size);
      outputs_.emplace_back(values_.back());
    }
  }

  ModelPlan::Ptr plan_;
  Context context_;
  std::vector<std::vector<float>> still_, values_;
  std::vector<InputView> inputs_;
  std::vector<OutputView> outputs_;
};

double quantile(const std::vector<double>& sorted, double p) {
  if (sorted.empty()) return 0;
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<std::size_t>(std::ceil(p * last))];
}

// What is known of one element, row after row.
struct Element {
  std::vector<double> errors;
  double low = std::numeric_limits<double>::infinity();
  double high = -low;

  void add(double exact, double other) {
    const bool same =
        exact == other || (std::isnan(exact) && std::isnan(other));
    const double error = same ? 0 : std::fabs(other - exact);
    errors.push_back(std::isnan(error) ? INFINITY : error);
    low = std::min(low, exact);
    high = std::max(high, exact);
  }
};

ErrorStats stats_of(std::vector<double> errors, double spread) {
  std::ranges::sort(errors);
  double squares = 0;
  for (const double e : errors) squares += e * e;
  const auto n = static_cast<double>(std::max<std::size_t>(1, errors.size()));
  return {quantile(errors, 1), quantile(errors, 0.99), std::sqrt(squares / n),
          spread};
}

OutputAccuracy accuracy_of(const std::vector<Element>& elements) {
  OutputAccuracy a;
  std::vector<double> all;
  double widest = 0;
  for (const Element& e : elements) {
    const double spread = e.high > e.low ? e.high - e.low : 0;
    widest = std::max(widest, spread);
    a.elements.push_back(stats_of(e.errors, spread));
    all.insert(all.end(), e.errors.begin(), e.errors.end());
  }
  a.all = stats_of(std::move(all), widest);
  return a;
}

std::string action_output(const Description& d) {
  const std::string& named = d.contract.action.output;
  return named.empty() && !d.outputs.empty() ? d.outputs[0].name : named;
}

}  // namespace

Result<std::vector<OutputAccuracy>> action_errors(const ModelPlan::Ptr& exact,
                                                  const ModelPlan::Ptr& other,
                                                  const Rows& rows) {
  auto a = Player::make(exact);
  if (!a) return a.error();
  auto b = Player::make(other);
  if (!b) return b.error();
  const Description& d = exact->describe();
  const std::string action = action_output(d);
  std::vector<std::vector<Element>> elements;
  for (const auto& o : d.outputs) elements.emplace_back(o.size);
  for (std::size_t row = 0; row < rows.count; ++row) {
    a->aim(&rows, row);
    b->aim(&rows, row);
    if (a->run() == Status::kBackend || b->run() == Status::kBackend) {
      return internal_error("{}: row {}: the backend failed", d.label, row);
    }
    for (std::size_t i = 0; i < d.outputs.size(); ++i) {
      std::vector<float> x = a->values()[i], y = b->values()[i];
      if (d.contract.present && d.outputs[i].name == action) {
        decode(d.contract.action, x);
        decode(d.contract.action, y);
      }
      for (std::size_t e = 0; e < x.size(); ++e) {
        elements[i][e].add(static_cast<double>(x[e]),
                           static_cast<double>(y[e]));
      }
    }
  }
  std::vector<OutputAccuracy> report;
  for (std::size_t i = 0; i < d.outputs.size(); ++i) {
    report.push_back(accuracy_of(elements[i]));
    report.back().output = d.outputs[i].name;
    report.back().action = d.outputs[i].name == action;
    if (report.back().action) report.back().unit = d.contract.action.unit;
  }
  return report;
}

namespace {

constexpr double kSampleNs = 1000;  // of which the clock takes 2 to 3 %
constexpr int kWarm = 50;

struct Timed {
  Player player;
  std::size_t calls = 1;
  std::vector<double> ns = {};

  double sample() {
    const int64_t begin = rt::monotonic_ns();
    for (std::size_t i = 0; i < calls; ++i) (void)player.run();
    return static_cast<double>(rt::monotonic_ns() - begin) /
           static_cast<double>(calls);
  }
  // The fastest of a few: how many calls make a sample.
  void warm() {
    double best = std::numeric_limits<double>::infinity();
    for (int i = 0; i < kWarm; ++i) best = std::min(best, sample());
    calls =
        static_cast<std::size_t>(std::ceil(kSampleNs / std::max(best, 1.0)));
    (void)sample();
  }
};

Timing timing_of(Timed& t) {
  std::ranges::sort(t.ns);
  return {t.ns.size(),          t.calls,
          quantile(t.ns, 0),    quantile(t.ns, 0.5),
          quantile(t.ns, 0.99), quantile(t.ns, 0.999),
          quantile(t.ns, 1)};
}

}  // namespace

Result<std::vector<Timing>> time_calls(std::span<const ModelPlan::Ptr> plans,
                                       const Rows* rows, int64_t duration_ns) {
  std::vector<Timed> timed;
  for (const auto& plan : plans) {
    auto player = Player::make(plan);
    if (!player) return player.error();
    timed.push_back({std::move(*player)});
  }
  for (Timed& t : timed) {
    t.player.aim(rows, 0);
    t.warm();
  }
  const int64_t end = rt::monotonic_ns() + duration_ns;
  constexpr std::size_t kLeast = 20;
  for (std::size_t i = 0; i < kLeast || rt::monotonic_ns() < end; ++i) {
    for (Timed& t : timed) {
      t.player.aim(rows, rows ? i % rows->count : 0);
      (void)t.sample();  // the one before had the caches
      t.ns.push_back(t.sample());
    }
  }
  std::vector<Timing> report;
  for (Timed& t : timed) report.push_back(timing_of(t));
  return report;
}

}  // namespace tactus::policy
