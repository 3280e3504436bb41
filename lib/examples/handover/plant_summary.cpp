// SPDX-License-Identifier: MIT
#include "plant_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace handover {
namespace {

std::string score(const Score& s) {
  return fmt::format(R"({{"episodes":{},"successes":{},"violating":{}}})",
                     s.episodes, s.successes, s.violating);
}

std::string joints(const Joints& v) {
  return fmt::format("[{:.6f}]", fmt::join(v, ","));
}

std::string frames(const tactus::io::WireCounters& c, bool named) {
  std::string out =
      named ? fmt::format(R"("accepted":{},"gaps":{},)", c.accepted, c.gaps)
            : std::string();
  out += R"("rejected":{)";
  const char* comma = "";
  for (std::size_t i = 1; i < tactus::io::kRejects; ++i) {
    const auto reason = static_cast<tactus::io::Reject>(i);
    out += fmt::format(R"({}"{}":{})", comma, tactus::io::name(reason),
                       c.rejected[i]);
    comma = ",";
  }
  return "{" + out + "}}";
}

// What the host took of the silence, in ticks after the controller's last
// command came.
std::string host_gaps(const Takeover& t, const std::vector<Gap>& gaps,
                      int64_t begin_ns) {
  constexpr double kTickNs = 1e9 * kSubstep * kSubsteps;
  const double heard = static_cast<double>(t.heard) / kSubsteps * kTickNs;
  const int64_t from = begin_ns + std::llround(heard);
  const int64_t to = from + std::llround(t.silent_ticks * kTickNs);
  std::string out;
  for (const Gap& g : within(gaps, from, to))
    out += fmt::format("{}[{:.2f},{:.2f}]", out.empty() ? "" : ",",
                       static_cast<double>(g.due_ns - from) / kTickNs,
                       static_cast<double>(g.woke_ns - from) / kTickNs);
  return out;
}

std::string witness(const Options& o, const Witnessed& w) {
  if (!w.witness) return "null";
  int64_t longest = 0;
  const std::vector<Gap> gaps = w.witness->gaps();
  for (const Gap& g : gaps) longest = std::max(longest, g.woke_ns - g.due_ns);
  return fmt::format(
      R"({{"cpu":{},"pinned":{},"priority":{},"fifo":{},"gaps":{},)"
      R"("longest_gap_ms":{:.2f}}})",
      o.witness.cpu, w.witness->pinned(), o.witness.priority, w.witness->fifo(),
      gaps.size(), static_cast<double>(longest) * 1e-6);
}

std::string takeover(const Takeover& t, const std::string& gaps) {
  return fmt::format(
      R"({{"begin_tick":{:.2f},"silent_ticks":{:.2f},"rest_tick":{:.2f},)"
      R"("speed_rad_s":{:.4f},"off_path_rad":{:.2e},"travel_rad":{:.4f},)"
      R"("u":{},"q_begin":{},"q_end":{},"host_gaps":[{}]}})",
      t.begin_tick, t.silent_ticks, t.rest_tick, t.speed, t.off_path, t.travel,
      joints(t.u), joints(t.q_begin), joints(t.q_end), gaps);
}

std::string head(const Options& o, const Totals& t) {
  return fmt::format(
      R"({{"schema":"tactus/handover-plant/1","seed":{},"human":{},)"
      R"("lockstep":{},"timeout_s":{},"ticks":{},"timeouts":{},)"
      R"("at_rest":{},)",
      o.seed, o.human, o.lockstep, o.timeout_s, t.ticks, t.timeouts, t.at_rest);
}

std::string outcome(const Task& task) {
  const Results& r = task.results();
  const double n = static_cast<double>(r.all.successes);
  return fmt::format(
      R"("episodes":{},"successes":{},"time_limit_s":{},)"
      R"("mean_time_s":{:.3f},"violations":{},"violating_paths":{},)"
      R"("violation_substeps":{},"violation_speed_mps":{:.4f},)"
      R"("d_min_m":{},"min_separation_m":{:.4f},)"
      R"("min_separation_moving_m":{:.4f},"max_flange_speed_mps":{:.3f},)",
      r.all.episodes, r.all.successes, task.time_limit(),
      n > 0 ? r.success_time_sum / n : 0, r.violations, r.all.violating,
      r.violation_substeps, r.worst_speed, kMinDistance, r.least_separation,
      r.least_moving_separation, r.fastest_flange);
}

std::string by_kind(const Task& task) {
  std::string out;
  for (std::size_t i = 0; i < kPathKinds; ++i)
    out += fmt::format(R"({}"{}":{})", i ? "," : "",
                       name(static_cast<PathKind>(i)),
                       score(task.results().kind[i]));
  return fmt::format(R"("paths":{{{}}},)", out);
}

}  // namespace

std::string summary(const Options& options, const Totals& totals,
                    const Task& task, const PlantLink& link, const Watch& watch,
                    const Witnessed& witnessed) {
  std::vector<Gap> gaps;
  if (witnessed.witness) gaps = witnessed.witness->gaps();
  std::string stops;
  for (const Takeover& t : watch.takeovers())
    stops += (stops.empty() ? "" : ",") +
             takeover(t, host_gaps(t, gaps, witnessed.begin_ns));
  const auto& counters = link.counters();
  return head(options, totals) + outcome(task) + by_kind(task) +
         fmt::format(
             R"("epoch":{},"frames":{{"controller":{},"guardian":{},)"
             R"("unknown":{},"foreign":{}}},"witness":{},"guardian_stops":[{}]}})",
             link.acceptor().epoch(), frames(counters[1], true),
             frames(counters[2], true), frames(counters[0], false),
             link.foreign(), witness(options, witnessed), stops) +
         "\n";
}

}  // namespace handover
