// SPDX-License-Identifier: MIT
// What a log says, as numbers, text, JSON and one self-contained HTML page.
// Percentiles are exact (all samples sorted). Not for the RT thread.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "trace/input_use.hpp"
#include "trace/reader.hpp"
#include "trace/violations.hpp"

namespace tactus::trace {

struct Percentiles {
  uint64_t n = 0;
  int64_t p50 = 0, p95 = 0, p99 = 0, p999 = 0, max = 0;
};
// Nearest rank; sorts `samples`.
[[nodiscard]] Percentiles percentiles(std::vector<int64_t>* samples);

struct StageSummary {
  StageInfo info;
  Percentiles run_ns;     // end − begin
  Percentiles finish_ns;  // end − release
  uint64_t ran = 0, late = 0, over_budget = 0, failed = 0;
  uint64_t kept_last = 0, fallback = 0;
};

// Something that happened: a trip, a gap, an engage.
struct Event {
  enum class Kind { kEngaged, kTripped, kLatched, kRearmed, kGap, kGuard };
  Kind kind = Kind::kGap;
  uint64_t cycle = 0;
  double time_s = 0;  // since the first record
  std::string text;
};

struct Summary {
  std::string log;
  std::string loop;
  uint64_t released = 0, executed = 0, skipped = 0;  // executed + skipped
  uint64_t bad = 0, committed = 0, commit_late = 0, stop_unverified = 0;
  std::array<uint64_t, 5> rungs{};  // by tactus_rung
  // Of rung stop: its plan passed the re-check; of those, while engaged.
  uint64_t stop_verified = 0, stop_verified_engaged = 0;
  uint8_t state = 0;     // of the last record
  bool latched = false;  // at any time
  double duration_s = 0;
  Percentiles lateness_ns;  // wake − release, warm-up cycles apart
  uint64_t warmup = 0;
  Percentiles prewarm_ns;  // of the cycles before which something ran
  uint64_t prewarm_dropped = 0;
  std::vector<StageSummary> stages;
  InputUse inputs;             // of the policy
  float min_separation_m = 0;  // NaN: never known
  float min_margin = 0;
  uint64_t gaps = 0, lost = 0;
  bool ended = false;  // orderly
  uint64_t tail_bytes = 0;
  safety::ViolationReport violations;
  std::vector<Event> events;  // the first 200
  uint64_t events_left_out = 0;
};

struct Point {
  double x = 0, y = 0, z = 0;
};

// What the caller knows and this room does not.
struct ReportOptions {
  // Origins of base, links and tip for joint positions q (m, base frame);
  // empty: the animation is left out, and the page says why.
  std::function<std::vector<Point>(const float* q)> links;
  std::vector<std::string> inputs;  // frame fields that the policy reads
  // Names of safety::Reason bits; empty: hexadecimal.
  std::function<std::string(uint32_t)> reasons;
  // "joint j4": a link of a row (CycleRecord::worst_link); empty: numbers.
  std::function<std::string(uint32_t row, uint32_t link)> places;
};

[[nodiscard]] Summary summarise(const LogReader& log,
                                const ReportOptions& options = {});
[[nodiscard]] std::string to_text(const Summary& summary, const LogInfo& info);
// `schema` first; the keys of `rtctl run --json`, then the report's own.
[[nodiscard]] std::string to_json(const Summary& summary, const LogInfo& info,
                                  const std::string& schema);
[[nodiscard]] std::string to_html(const Summary& summary, const LogReader& log,
                                  const ReportOptions& options);

[[nodiscard]] const char* rung_name(uint8_t rung);
[[nodiscard]] const char* state_name(uint8_t state);
// "123 ns", "4.56 us", "7.89 ms", "1.23 s".
[[nodiscard]] std::string duration_text(int64_t ns);

}  // namespace tactus::trace
