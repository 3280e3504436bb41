// SPDX-License-Identifier: MIT
// The numbers.
#include "trace/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <limits>

namespace tactus::trace {
namespace {

using layout::CycleRecord;
constexpr std::size_t kMaxEvents = 200;

// Saturating: an untrusted log may hold any stamps.
int64_t minus(int64_t a, int64_t b) {
  int64_t out = 0;
  if (!__builtin_sub_overflow(a, b, &out)) return out;
  return b < 0 ? INT64_MAX : INT64_MIN;
}

class Collector {
 public:
  Collector(const LogReader& log, const ReportOptions& options)
      : log_(log),
        options_(options),
        violations_(log.info(), {options.reasons, options.places}) {
    s_.log = log.name();
    s_.loop = log.info().loop;
    s_.ended = log.ended();
    s_.tail_bytes = log.tail_bytes();
    s_.gaps = log.gaps();
    s_.lost = log.lost();
    s_.min_separation_m = std::numeric_limits<float>::quiet_NaN();
    s_.min_margin = std::numeric_limits<float>::quiet_NaN();
    for (const StageInfo& stage : log.info().stages)
      s_.stages.emplace_back().info = stage;
    run_.resize(s_.stages.size());
    finish_.resize(s_.stages.size());
  }

  Summary collect() {
    for (uint64_t i = 0; i < log_.size(); ++i) {
      const CycleView view = log_.at(i);
      if (i > 0) note_gap(view.record);
      add(view.record);
      violations_.add(view.record);
      last_ = view.record;
    }
    return finish();
  }

 private:
  [[nodiscard]] double time_s(const CycleRecord& r) const {
    return static_cast<double>(minus(r.release_ns, first_ns_)) * 1e-9;
  }

  void add(const CycleRecord& r) {
    if (s_.executed == 0) first_ns_ = r.release_ns;
    ++s_.executed;
    s_.skipped += r.missed;
    s_.bad += (r.flags & layout::kCycleBad) != 0;
    s_.committed += (r.flags & layout::kCycleCommitted) != 0;
    s_.commit_late += (r.flags & layout::kCycleCommitLate) != 0;
    s_.stop_unverified += (r.flags & layout::kCycleStopUnverified) != 0;
    if (r.rung < s_.rungs.size()) ++s_.rungs[r.rung];
    const bool verified = r.rung == TACTUS_RUNG_STOP &&
                          (r.flags & layout::kCycleStopVerified) != 0;
    s_.stop_verified += verified;
    s_.stop_verified_engaged +=
        verified && r.state_before == TACTUS_STATE_ENGAGED;
    s_.latched = s_.latched || r.state == TACTUS_STATE_LATCHED;
    add_lateness(r);
    if (r.prewarm_ns > 0) prewarm_.push_back(r.prewarm_ns);
    s_.prewarm_dropped += (r.flags & layout::kCyclePrewarmDropped) != 0;
    for (std::size_t i = 0; i < s_.stages.size(); ++i) add_stage(r, i);
    // fmin drops a NaN: unknown is neither near nor far.
    s_.min_separation_m = std::fmin(s_.min_separation_m, r.separation);
    if (r.rung != TACTUS_RUNG_NONE)
      s_.min_margin = std::fmin(s_.min_margin, r.margin);
    note_flags(r);
  }

  // From the release that the wait was programmed for, like the loop's own
  // statistics: a wake-up three periods late is that late.
  void add_lateness(const CycleRecord& r) {
    if ((r.flags & layout::kCycleWarmup) != 0) {
      ++s_.warmup;
      return;
    }
    int64_t missed_ns = 0;
    if (__builtin_mul_overflow(int64_t{r.missed}, log_.header().period_ns,
                               &missed_ns))
      missed_ns = INT64_MAX;
    lateness_.push_back(minus(r.wake_ns, minus(r.release_ns, missed_ns)));
  }

  void add_stage(const CycleRecord& r, std::size_t i) {
    StageSummary& s = s_.stages[i];
    const uint8_t f = r.stage_flags[i];
    s.late += (f & layout::kStageLate) != 0;
    s.over_budget += (f & layout::kStageOverBudget) != 0;
    s.failed += (f & layout::kStageFailed) != 0;
    s.kept_last += (f & layout::kStageKeptLast) != 0;
    s.fallback += (f & layout::kStageFallback) != 0;
    if (r.stage[i].begin_ns == INT32_MIN) return;
    ++s.ran;
    run_[i].push_back(int64_t{r.stage[i].end_ns} - r.stage[i].begin_ns);
    finish_[i].push_back(r.stage[i].end_ns);
  }

  void note_gap(const CycleRecord& r) {
    const uint64_t lost = LogReader::lost_between(last_, r);
    if (lost > 0)
      event(Event::Kind::kGap, r, fmt::format("records missing: {}", lost));
  }

  void note_flags(const CycleRecord& r) {
    if ((r.flags & layout::kCycleEngaged) != 0)
      event(Event::Kind::kEngaged, r, "engaged");
    if ((r.flags & layout::kCycleTripped) != 0)
      event(Event::Kind::kTripped, r, "tripped: " + why(r));
    const bool acted = (r.flags & layout::kCycleGuardActed) != 0;
    if (acted && !guard_acted_)
      event(Event::Kind::kGuard, r, "the guardian has taken over");
    guard_acted_ = acted;
    const bool broken = (r.flags & layout::kCycleGuardBoundBroken) != 0;
    if (broken && !bound_broken_)
      event(Event::Kind::kGuard, r, "the guardian acted later than its bound");
    bound_broken_ = broken;
    if (r.state == TACTUS_STATE_LATCHED &&
        r.state_before != TACTUS_STATE_LATCHED)
      event(Event::Kind::kLatched, r, "latched");
    if ((r.flags & layout::kCycleRearmed) != 0)
      event(Event::Kind::kRearmed, r, "rearmed");
  }

  [[nodiscard]] std::string why(const CycleRecord& r) const {
    std::string out = options_.reasons
                          ? options_.reasons(r.verdict)
                          : fmt::format("verdict {:#x}", r.verdict);
    const auto add = [&out](const std::string& text) {
      out += out.empty() ? text : ", " + text;
    };
    if (r.missed > 0) add(fmt::format("{} releases skipped", r.missed));
    for (std::size_t i = 0; i < s_.stages.size(); ++i)
      if ((r.stage_flags[i] & layout::kStageLate) != 0)
        add(s_.stages[i].info.name + " late");
    return out;
  }

  void event(Event::Kind kind, const CycleRecord& r, std::string text) {
    if (s_.events.size() >= kMaxEvents)
      ++s_.events_left_out;
    else
      s_.events.push_back({kind, r.cycle, time_s(r), std::move(text)});
  }

  Summary finish() {
    s_.released = s_.executed + s_.skipped;
    s_.state = s_.executed > 0 ? last_.state : 0;
    s_.duration_s = s_.executed > 0 ? time_s(last_) : 0;
    s_.violations = violations_.report();
    s_.lateness_ns = percentiles(&lateness_);
    s_.prewarm_ns = percentiles(&prewarm_);
    for (std::size_t i = 0; i < s_.stages.size(); ++i) {
      s_.stages[i].run_ns = percentiles(&run_[i]);
      s_.stages[i].finish_ns = percentiles(&finish_[i]);
    }
    return std::move(s_);
  }

  const LogReader& log_;
  const ReportOptions& options_;
  ViolationTally violations_;
  Summary s_;
  CycleRecord last_{};
  int64_t first_ns_ = 0;
  bool guard_acted_ = false;
  bool bound_broken_ = false;
  std::vector<int64_t> lateness_, prewarm_;
  std::vector<std::vector<int64_t>> run_, finish_;
};

}  // namespace

Percentiles percentiles(std::vector<int64_t>* samples) {
  if (samples->empty()) return {};
  std::sort(samples->begin(), samples->end());
  const auto rank = [&](double p) {
    const double n = std::ceil(p * static_cast<double>(samples->size()));
    return (*samples)[static_cast<std::size_t>(std::max(n, 1.0)) - 1];
  };
  return {samples->size(), rank(0.5),   rank(0.95),
          rank(0.99),      rank(0.999), samples->back()};
}

Summary summarise(const LogReader& log, const ReportOptions& options) {
  Summary summary = Collector(log, options).collect();
  summary.inputs = input_use(log, options.inputs);
  return summary;
}

const char* rung_name(uint8_t rung) {
  constexpr const char* kNames[] = {"none", "pass", "scale", "project", "stop"};
  return rung < std::size(kNames) ? kNames[rung] : "?";
}

const char* state_name(uint8_t state) {
  constexpr const char* kNames[] = {"idle",    "warm",     "ready",
                                    "engaged", "stopping", "latched"};
  return state < std::size(kNames) ? kNames[state] : "?";
}

std::string duration_text(int64_t ns) {
  const double v = static_cast<double>(ns);
  const double a = std::fabs(v);
  if (a < 1e3) return fmt::format("{} ns", ns);
  if (a < 1e6) return fmt::format("{:.2f} us", v * 1e-3);
  if (a < 1e9) return fmt::format("{:.2f} ms", v * 1e-6);
  return fmt::format("{:.2f} s", v * 1e-9);
}

}  // namespace tactus::trace
