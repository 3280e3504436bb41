// SPDX-License-Identifier: MIT
// The loop's statistics: plain memory that telemetry puts into a shared
// segment. Written by the loop's thread only; zero bytes are a valid, empty
// state. Counters are guarded by `sequence` (read_counters); histograms and
// single words stand for themselves. Histograms of the first warm-up cycles
// are kept apart; nothing else is left out.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/layout/record.hpp"
#include "rt/histogram.hpp"
#include "rt/loop_spec.hpp"

namespace tactus::rt {

inline constexpr uint32_t kStatsMagic = 0x54535354;  // "TSST"
inline constexpr uint32_t kStatsVersion = 3;

// Why the loop left engaged for the latch. Status and report print it.
enum class TripReason : uint32_t {
  kNone = 0,
  kBadReleases,  // trip rule
  kGuardian,     // the guardian acted
  kFault,        // the supervisor's verdict
  kLateSense,    // on_late = trip
  kLateInfer,
  kLateAct,
  kKeepLastUsedUp,  // more late results in a row than keep_last allows
  kRecordGap,       // record.on_gap = trip
  kStopUnverified,  // stop_limit passed without a verified standstill
  kLimit,           // an action violated a row whose response is latch
};
[[nodiscard]] const char* trip_reason_name(TripReason reason) noexcept;

struct StageInfo {
  char name[32];
  uint32_t kind;  // tactus_stage_kind
  uint32_t reserved;
  int64_t deadline_ns;
  int64_t budget_ns;
};

struct StageCounters {
  uint64_t ran;
  uint64_t late;
  uint64_t over_budget;
  uint64_t failed;
  uint64_t kept;  // kept last or fell back
};

// One consistent set.
struct LoopCounters {
  uint64_t released;
  uint64_t executed;
  uint64_t skipped;
  uint64_t bad;
  uint64_t sent;
  uint64_t rungs[5];  // by tactus_rung
  uint64_t trips;
  uint64_t gaps;  // records that found no room
  uint64_t keyframes;
  uint64_t stop_unverified;        // cycles whose re-check failed
  uint64_t stop_verified;          // of rung stop: the re-check passed
  uint64_t stop_verified_engaged;  // the ladder's own, before any stopping
  uint64_t prewarmed;              // releases with something prewarmed
  uint64_t prewarm_dropped;        // ... with a step that had no room
  uint64_t prewarm_over;           // ... that took more than was reserved
  uint64_t recalled;               // verdicts on space that were bounded
  uint64_t cycle;                  // of the last executed
  int64_t release_ns;
  int64_t end_ns;
  StageCounters stage[layout::kMaxStages];
};

struct LoopStats {
  uint32_t magic;
  uint32_t version;
  uint64_t size;
  char name[32];
  int64_t period_ns;
  int64_t lead_ns;
  int64_t prewarm_max_ns;
  uint32_t stages;
  uint32_t trip_bad;
  uint32_t trip_of;
  uint32_t shadow;
  StageInfo stage_info[layout::kMaxStages];

  std::atomic<uint32_t> writer_pid;
  std::atomic<uint32_t> state;        // tactus_state
  std::atomic<uint32_t> trip_reason;  // TripReason of the last trip
  std::atomic<uint32_t> pending;      // Request bits not yet granted
  std::atomic<uint32_t> reloads;
  std::atomic<uint32_t> reloads_refused;
  std::atomic<uint32_t> guard_flags;  // bits: acted, stale, bound broken
  std::atomic<uint32_t> epoch;
  // The last check, for the live line.
  std::atomic<uint32_t> rung;
  std::atomic<uint32_t> reasons;  // safety::Reason bits
  std::atomic<uint32_t> worst_row;
  std::atomic<float> margin;
  std::atomic<float> separation_m;
  std::atomic<float> blend;
  std::atomic<uint32_t> stop_unverified;  // 1: the re-check failed
  std::atomic<uint32_t> prewarm_ns;       // reserved before each release
  std::atomic<float> time_to_violation;   // s

  // Odd while the writer is inside `counters`.
  std::atomic<uint64_t> sequence;
  LoopCounters counters;

  Histogram lateness;         // wake − first release not yet run
  Histogram lateness_warmup;  // the first warmup_cycles
  Histogram cycle_time;       // wake → end
  Histogram stage_time[layout::kMaxStages];
  Histogram prewarm_time;  // of releases with something prewarmed
};

enum class StatsRead { kOk, kBusy, kWriterDied };
// Copies the counters as one consistent set; retries a bounded number of
// times. kWriterDied: the writer was killed inside an update (`out` then
// holds the torn values). Any process; not the RT path.
[[nodiscard]] StatsRead read_counters(const LoopStats& stats,
                                      LoopCounters& out) noexcept;

// The writer's side: `from` becomes what readers see. RT-safe.
void publish_counters(LoopStats& stats, const LoopCounters& from) noexcept;

// Set-up: header and names; counters stay as they are (a fresh segment is
// zero).
void describe(LoopStats& stats, const LoopSpec& spec) noexcept;

}  // namespace tactus::rt
