// SPDX-License-Identifier: MIT
#include "trace/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <iterator>

#include "core/error.hpp"
#include "trace/json_text.hpp"

namespace tactus::trace {
namespace {

using layout::CycleRecord;

struct FlagName {
  uint32_t flag;
  const char* name;
};
constexpr FlagName kStageFlags[] = {
    {layout::kStageLate, "late"},
    {layout::kStageOverBudget, "over budget"},
    {layout::kStageFailed, "failed"},
    {layout::kStageKeptLast, "kept the last result"},
    {layout::kStageFallback, "fell back"},
    {layout::kStageSkippedRest, "skipped the rest"},
};
constexpr FlagName kCycleFlags[] = {
    {layout::kCycleBad, "bad"},
    {layout::kCycleTripped, "tripped"},
    {layout::kCycleCommitted, "committed"},
    {layout::kCycleCommitLate, "commit late"},
    {layout::kCycleStopUnverified, "stop unverified"},
    {layout::kCycleStopVerified, "stop verified"},
    {layout::kCycleEngageRequested, "engage requested"},
    {layout::kCycleEngaged, "engaged here"},
    {layout::kCycleGuardActed, "guardian acted"},
    {layout::kCycleGuardStale, "guardian stale"},
    {layout::kCycleGuardBoundBroken, "guardian later than its bound"},
    {layout::kCycleWarmup, "warm-up"},
    {layout::kCycleRearmed, "rearmed"},
    {layout::kCycleStopRequested, "stop requested"},
    {layout::kCycleEndRequested, "end requested"},
    {layout::kCycleShadow, "shadow"},
    {layout::kCyclePlanPublished, "plan published"},
    {layout::kCycleFrozen, "frozen inside for more than 2.1 s"},
    {layout::kCyclePrewarmDropped, "prewarming dropped"},
    {layout::kCycleRecalled, "space bounded by the verdict before"},
};

template <std::size_t N>
std::string names(const FlagName (&table)[N], uint32_t flags) {
  std::string out;
  for (const FlagName& f : table)
    if ((flags & f.flag) != 0)
      out += (out.empty() ? "" : ", ") + std::string(f.name);
  return out;
}

// Where the record of `cycle` is; else why there is none.
Result<uint64_t> find(const LogReader& log, uint64_t cycle) {
  if (log.size() == 0) return bad_input("log {}: holds no cycles", log.name());
  const uint64_t p = log.lower_bound(cycle);
  const uint64_t first = log.at(0).record.cycle;
  const uint64_t last = log.at(log.size() - 1).record.cycle;
  if (p == log.size() || cycle < first)
    return bad_input("log {}: no cycle {}: it has {} to {}", log.name(), cycle,
                     first, last);
  const CycleRecord next = log.at(p).record;
  if (next.cycle == cycle) return p;
  const uint64_t before = log.at(p - 1).record.cycle;
  const bool skipped = next.cycle - cycle <= next.missed;
  return bad_input("log {}: cycle {} {}: its neighbours are {} and {}",
                   log.name(), cycle,
                   skipped ? "was skipped (its release passed unserved)"
                           : "lies in a gap (its record was lost)",
                   before, next.cycle);
}

std::string row_text(const CycleRecord& r, const LogInfo& info,
                     const ReportOptions& options) {
  if (r.worst_row == 0xFFFF) return "none";
  if (r.worst_row >= info.rows.size())
    return fmt::format("row {}", r.worst_row);
  const RowInfo& row = info.rows[r.worst_row];
  std::string out = fmt::format("{} ({}; {})", row.id, row.kernel, row.detail);
  if (r.worst_link == 0xFFFF) return out;
  const std::string place =
      options.places ? options.places(r.worst_row, r.worst_link) : "";
  return out + (place.empty() ? fmt::format(", link or joint {}", r.worst_link)
                              : ", " + place);
}

std::string reasons_text(const CycleRecord& r, const ReportOptions& options) {
  if (r.verdict == 0) return "none";
  return options.reasons ? options.reasons(r.verdict)
                         : fmt::format("{:#x}", r.verdict);
}

std::string stage_text(const CycleRecord& r, const StageInfo& stage,
                       std::size_t i) {
  const std::string flags = names(kStageFlags, r.stage_flags[i]);
  const layout::StageRecord& t = r.stage[i];
  const std::string end = flags.empty() ? "\n" : "  [" + flags + "]\n";
  if (t.begin_ns == INT32_MIN)
    return fmt::format("  {:<10} did not run{}", stage.name, end);
  std::string budget;
  if (stage.budget_ns > 0)
    budget = fmt::format(" (budget {})", duration_text(stage.budget_ns));
  return fmt::format("  {:<10} {:>10} → {:>10}  ran {:>10}{}  deadline {}{}",
                     stage.name, duration_text(t.begin_ns),
                     duration_text(t.end_ns),
                     duration_text(int64_t{t.end_ns} - t.begin_ns), budget,
                     duration_text(stage.deadline_ns), end);
}

std::string values_text(const FieldInfo& f, std::span<const std::byte> bytes) {
  std::string out;
  const uint32_t shown = std::min(f.count, 16u);
  for (uint32_t i = 0; i < shown; ++i)
    out +=
        fmt::format("{}{:.6g}", i == 0 ? "" : ", ", field_value(f, bytes, i));
  return out + (f.count > shown ? ", …" : "") +
         (f.unit.empty() ? "" : " " + f.unit);
}

// Stamps as ages: that is what staleness is about.
std::string field_text(const FieldInfo& f, const CycleView& v) {
  if (f.type != TACTUS_TIME || f.count != 1)
    return fmt::format("  {:<14} {}\n", f.name, values_text(f, v.frame));
  int64_t stamp = 0;
  std::memcpy(&stamp, &v.frame[f.offset], sizeof(stamp));
  int64_t age = 0;
  if (stamp == 0 || __builtin_sub_overflow(v.record.wake_ns, stamp, &age))
    return fmt::format("  {:<14} no stamp\n", f.name);
  return fmt::format("  {:<14} {} before the wake\n", f.name,
                     duration_text(age));
}

std::string raw_text(const LogReader& log, const CycleView& v) {
  for (FieldInfo f : log.info().fields) {
    if (f.offset != log.header().action_offset) continue;
    f.offset = 0;
    return fmt::format("  raw {:<10} {}\n", f.name,
                       values_text(f, v.raw_action));
  }
  return {};
}

std::string timing_text(const CycleRecord& r) {
  int64_t late = 0;
  int64_t whole = 0;
  if (__builtin_sub_overflow(r.wake_ns, r.release_ns, &late)) late = 0;
  if (__builtin_sub_overflow(r.end_ns, r.release_ns, &whole)) whole = 0;
  return fmt::format(
      "released {} ns, woke {} after, ended {} after; {} releases skipped "
      "before it; prewarmed for {}\n",
      r.release_ns, duration_text(late), duration_text(whole), r.missed,
      duration_text(r.prewarm_ns));
}

// What holding the action that was asked for comes to.
std::string held_text(float seconds) {
  if (std::isnan(seconds)) return "";
  if (std::isinf(seconds)) return "\nheld      no violation within the horizon";
  return fmt::format("\nheld      may violate in {:.3f} s", seconds);
}

std::string verdict_text(const CycleRecord& r, const LogInfo& info,
                         const ReportOptions& options) {
  return fmt::format(
      "rung {}  margin {:.4f}  separation {:.4f} m  scale {:.3f}  blend "
      "{:.3f}{}\nworst     {}\nreasons   {}\nviolated  {:#x}  plan {}  epoch "
      "{} "
      " seq {}  heartbeat age {}\n",
      rung_name(r.rung), r.margin, r.separation, r.scale, r.blend,
      held_text(r.time_to_violation), row_text(r, info, options),
      reasons_text(r, options), r.violated, r.plan_id, r.epoch, r.seq,
      duration_text(r.heartbeat_age_ns));
}

constexpr const char* kFates[] = {"not called", "gave", "failed", "late"};
const char* fate_name(uint8_t fate) {
  return fate < std::size(kFates) ? kFates[fate] : "?";
}

// What the limits' callbacks gave, in the order of their rows; none was
// called: nothing.
std::string callbacks_text(const CycleRecord& r) {
  std::string out;
  for (uint32_t i = 0; i < layout::kMaxCallbacks; ++i) {
    if (r.callback_fate[i] == 0) continue;
    out += fmt::format("{}{} {:.6g}", out.empty() ? "callbacks " : ", ",
                       fate_name(r.callback_fate[i]), r.callback[i]);
  }
  return out.empty() ? out : out + "\n";
}
std::string callbacks_json(const CycleRecord& r) {
  std::string out;
  for (uint32_t i = 0; i < layout::kMaxCallbacks; ++i) {
    if (r.callback_fate[i] == 0) continue;
    out += fmt::format(
        R"({}{{"fate": {}, "margin": {}}})", out.empty() ? "" : ", ",
        quote(fate_name(r.callback_fate[i])), number(r.callback[i]));
  }
  return "[" + out + "]";
}

std::string stages_json(const CycleRecord& r, const LogInfo& info) {
  std::string out;
  for (std::size_t i = 0; i < info.stages.size(); ++i) {
    const layout::StageRecord& t = r.stage[i];
    const bool ran = t.begin_ns != INT32_MIN;
    out += fmt::format(
        R"({}{{"name": {}, "ran": {}, "begin_ns": {}, "end_ns": {}, )"
        R"("deadline_ns": {}, "budget_ns": {}, "flags": {}}})",
        i == 0 ? "" : ", ", quote(info.stages[i].name), ran,
        ran ? fmt::to_string(t.begin_ns) : "null",
        ran ? fmt::to_string(t.end_ns) : "null", info.stages[i].deadline_ns,
        info.stages[i].budget_ns, quote(names(kStageFlags, r.stage_flags[i])));
  }
  return "[" + out + "]";
}

}  // namespace

Result<std::string> explain(const LogReader& log, uint64_t cycle,
                            const ReportOptions& options,
                            const Recheck& recheck) {
  const Result<uint64_t> position = find(log, cycle);
  if (!position) return position.error();
  const CycleView v = log.at(*position);
  const CycleRecord& r = v.record;
  const LogInfo& info = log.info();
  std::string out =
      fmt::format("cycle {} of {}: {} → {}  [{}]\n", r.cycle, info.loop,
                  state_name(r.state_before), state_name(r.state),
                  names(kCycleFlags, r.flags));
  out += timing_text(r);
  for (std::size_t i = 0; i < info.stages.size(); ++i)
    out += stage_text(r, info.stages[i], i);
  out += verdict_text(r, info, options);
  out += callbacks_text(r);
  if (recheck) out += recheck(cycle).text;
  out += "frame at the end:\n";
  out += raw_text(log, v);
  for (const FieldInfo& f : info.fields) out += field_text(f, v);
  return out;
}

Result<std::string> explain_json(const LogReader& log, uint64_t cycle,
                                 const ReportOptions& options,
                                 const Recheck& recheck) {
  const Result<uint64_t> position = find(log, cycle);
  if (!position) return position.error();
  const CycleView v = log.at(*position);
  const CycleRecord& r = v.record;
  return fmt::format(
      R"({{"schema": "tactus/explain/1", "log": {}, "cycle": {}, )"
      R"("release_ns": {}, "wake_ns": {}, "end_ns": {}, "missed": {}, )"
      R"("prewarm_ns": {}, "state_before": {}, "state": {}, "flags": {}, "rung": {}, )"
      R"("margin": {}, "separation_m": {}, "time_to_violation_s": {}, )"
      R"("scale": {}, "blend": {}, )"
      R"("worst": {}, "reasons": {}, "violated": {}, "plan_id": {}, )"
      R"("epoch": {}, "seq": {}, "score": {}, "soft": {}, "near": {}, )"
      R"("stages": {}, "callbacks": {}, "check": {}}})",
      quote(log.name()), r.cycle, r.release_ns, r.wake_ns, r.end_ns, r.missed,
      r.prewarm_ns, quote(state_name(r.state_before)),
      quote(state_name(r.state)), quote(names(kCycleFlags, r.flags)),
      quote(rung_name(r.rung)), number(r.margin), number(r.separation),
      number(r.time_to_violation), number(r.scale), number(r.blend),
      quote(row_text(r, log.info(), options)), quote(reasons_text(r, options)),
      r.violated, r.plan_id, r.epoch, r.seq, number(r.score), r.soft, r.near,
      stages_json(r, log.info()), callbacks_json(r),
      recheck ? recheck(cycle).json : "null");
}

}  // namespace tactus::trace
