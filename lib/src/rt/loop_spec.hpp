// SPDX-License-Identifier: MIT
// What a loop is built from. Plain data, copied by Loop::make; set-up only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tactus/result.hpp"
#include "tactus/tactus.h"

namespace tactus::rt {

class WakeSource;
class Supervisor;
class RecordSink;
struct LoopStats;

inline constexpr uint32_t kMaxTripWindow = 4096;
inline constexpr std::size_t kMaxLoopName = 31;

enum class Overrun : uint8_t {
  kSkip,     // keeps the phase; releases that passed are counted as skipped
  kRephase,  // the grid moves to where the late cycle begins
  kCatchUp,  // reserved: a load error
};

// `bad` bad releases in the last `of` trip. Skipped releases are bad.
struct TripRule {
  uint32_t bad = 3;
  uint32_t of = 100;
};

struct LoopSpec {
  std::string name = "loop";  // [a-z0-9_-], at most 31 characters
  int64_t period_ns = 1'000'000;
  Overrun overrun = Overrun::kSkip;
  TripRule trip;
  int64_t engage_time_ns = 500'000'000;
  // Commit later than this after the release: the guard counts it as missed.
  // 0: the act stage's deadline.
  int64_t commit_deadline_ns = 0;
  // Stopping longer than this without a *verified* standstill (a dead
  // sensor cannot verify one) latches; the guard then stays armed.
  int64_t stop_limit_ns = 5'000'000'000;
  int64_t lead_ns = 0;             // wake this early, then spin
  int64_t prewarm_max_ns = 0;      // and this much earlier at most; 0: off
  uint32_t dry_cycles = 8;         // dry runs in state warm
  uint32_t warmup_cycles = 0;      // first cycles kept apart in statistics
  uint32_t keyframe_cycles = 0;    // 0: no keyframes
  uint32_t frame_size = 0;         // bytes
  bool shadow = false;             // never calls act, publish or committed
  bool engage_when_ready = false;  // `rtctl run`: once; rearm asks again
  bool exit_on_latch = false;
  bool trip_on_gap = false;  // record.on_gap = "trip"
  // Order: sense… infer… check act. At most one check, one act, no act
  // without check. Names and fallbacks are copied.
  std::vector<tactus_stage> stages;
};

// One line of error naming the loop, the stage, what was seen, the remedy.
Result<void> validate(const LoopSpec& spec);

// What a record says it ran with; the reload hook changes it at the edge.
struct Identity {
  uint64_t parameter_epoch = 0;
  uint64_t model_hash = 0;
  uint64_t image_epoch = 0;
};

// Carried state of something that the loop does not know (a policy's
// recurrent state), for keyframes. RT-safe functions; size is constant.
struct CarriedPart {
  void* self;
  std::size_t size;
  void (*save)(const void* self, std::byte* to) noexcept;
  void (*restore)(void* self, const std::byte* from) noexcept;
};

// Swaps in what a non-RT thread prepared; called on the loop's thread at a
// cycle edge in ready or latched only. False: refused. RT-safe.
struct ReloadHook {
  bool (*apply)(void* self, Identity& identity) noexcept = nullptr;
  void* self = nullptr;
};

// A dry run of something that a cycle does, at `now_ns` of the loop's clock:
// the same code and data, and no trace of it but in the caches. RT-safe.
struct PrewarmStep {
  void (*run)(void* self, int64_t now_ns) noexcept;
  void* self;
};

// Borrowed; all must outlive the loop.
struct LoopParts {
  WakeSource* wake = nullptr;        // required
  Supervisor* supervisor = nullptr;  // required
  RecordSink* record = nullptr;      // null: nothing is recorded
  LoopStats* stats = nullptr;        // null: the loop's own
  std::vector<CarriedPart> carried;  // in keyframe order
  std::vector<PrewarmStep> prewarm;  // in order
  ReloadHook reload;
  Identity identity;
};

}  // namespace tactus::rt
