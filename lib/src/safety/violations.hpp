// SPDX-License-Identifier: MIT
// What the shield found against the actions that were asked for, as people
// read it: how severe, how often, by which row. One form for a running loop
// (telemetry/violation_board.hpp) and for a log (trace/violations.hpp). Not
// for the RT thread, but for severity_of() and was_judged().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "safety/image.hpp"
#include "tactus/tactus.h"

namespace tactus::safety {

enum class Severity : uint8_t { kLow = 0, kMedium, kHigh, kCritical };
inline constexpr uint32_t kSeverities = 4;
[[nodiscard]] const char* severity_name(Severity severity) noexcept;

// Of the byte that a log or a segment has: what is no rung is a stop.
[[nodiscard]] constexpr tactus_rung rung_of(uint32_t byte) {
  return byte <= TACTUS_RUNG_STOP ? static_cast<tactus_rung>(byte)
                                  : TACTUS_RUNG_STOP;
}

// The one place that says how severe a violated row is: `rung` is what the
// ladder made of the action. A hard row that nothing less than a stop obeyed
// is critical, one that a smaller action obeyed high; a soft row decides
// nothing, so it is low, or medium when the action did not leave as asked.
[[nodiscard]] constexpr Severity severity_of(RowKind kind, tactus_rung rung) {
  const bool mended = rung == TACTUS_RUNG_SCALE || rung == TACTUS_RUNG_PROJECT;
  if (kind == RowKind::kHard)
    return mended ? Severity::kHigh : Severity::kCritical;
  return rung == TACTUS_RUNG_PASS ? Severity::kLow : Severity::kMedium;
}

// What the row declares goes before that.
[[nodiscard]] constexpr Severity severity_of(RowSeverity declared, RowKind kind,
                                             tactus_rung rung) {
  if (declared == RowSeverity::kByRung) return severity_of(kind, rung);
  return static_cast<Severity>(static_cast<uint32_t>(declared) - 1);
}
// "by rung", "low", …; and back, what is no severity as "by rung".
[[nodiscard]] const char* declared_name(RowSeverity severity) noexcept;
[[nodiscard]] RowSeverity declared_of(std::string_view name) noexcept;
// "hard", "soft", "off".
[[nodiscard]] const char* kind_name(RowKind kind) noexcept;

// Whether the rows were looked at: a cycle whose signals, plan or time were
// wrong before has a verdict without them.
[[nodiscard]] constexpr bool was_judged(uint16_t worst_row, uint64_t violated) {
  return worst_row != kNoIndex || violated != ~uint64_t{0};
}

// Counts of the last minute: one-second buckets, by the cycles' own time.
inline constexpr uint32_t kSeconds = 60;
[[nodiscard]] constexpr uint32_t second_of(int64_t time_ns) {
  return static_cast<uint32_t>(static_cast<uint64_t>(time_ns) / 1'000'000'000);
}
[[nodiscard]] constexpr bool in_last_minute(uint32_t second, uint32_t now) {
  return second <= now && now - second < kSeconds;
}

// A row began to be violated, or became more severe while it was; or it began
// to be within its warn of that, which is of low severity.
struct ViolationEntry {
  uint64_t cycle = 0;
  double age_s = 0;   // before the last cycle
  std::string row;    // "": the check could judge no row
  std::string where;  // joint, or link and what it was near; "": not known
  double margin = 0;  // normalised; NaN: not recorded
  tactus_rung rung = TACTUS_RUNG_STOP;
  Severity severity = Severity::kCritical;
  bool warning = false;
  std::string reasons;
};

struct RowStatistics {
  std::string id;
  std::string kind;         // "hard", "soft", "off"
  uint64_t times = 0;       // began to be violated
  uint64_t cycles = 0;      // was violated
  uint64_t warned = 0;      // began to be within its warn, not violated
  double worst_margin = 0;  // NaN: never judged, or not recorded
  std::optional<uint64_t> last_cycle;
};

struct ViolationReport {
  bool safe = false;      // the last action asked for had nothing against it
  double score = 0;       // of the last check: mean of the rows' scores, [0, 1]
  std::string worst_row;  // of the last check
  uint64_t engaged = 0;   // cycles
  uint64_t safe_cycles = 0;  // of those, with nothing against the action
  double score_sum = 0;      // of those
  std::array<uint64_t, kSeverities> total{};
  std::array<uint64_t, kSeverities> last_60s{};
  uint64_t overwritten = 0;            // entries no longer kept
  std::vector<ViolationEntry> recent;  // newest first
  std::vector<RowStatistics> rows;
};

// At most this many of `recent` are told.
inline constexpr std::size_t kRecentTold = 16;

// safe, safety_score, safety_score_mean, engaged_cycles, safe_cycles,
// worst_row, violations and rows, appended to `to`.
void add_to(json::Value& to, const ViolationReport& report);
// The same members as a JSON text without braces: "safe": …, "rows": […]
[[nodiscard]] std::string members_of(const ViolationReport& report);
[[nodiscard]] std::string to_text(const ViolationReport& report);

// "joint j4", "link forearm (sphere 12) and hand": what a verdict's worst
// link of this row is.
[[nodiscard]] std::string place_of(const Image& image, uint32_t row,
                                   uint32_t link);

}  // namespace tactus::safety
