// SPDX-License-Identifier: MIT
// The one TOML file of a loop as plain data, each value with its origin
// (file:line:column, environment, default). Reads everything but what only
// the shield uses ([limit], [robot], ranges and ages of [signal]): safety
// reads those from the same document, and finish() then refuses what nobody
// asked for. Set-up only.
//
// A default exists only where no limit is concerned; all are shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/toml.hpp"
#include "policy/contract.hpp"
#include "rt/loop_spec.hpp"
#include "tactus/result.hpp"
#include "tactus/tactus.h"

namespace tactus::config {

inline constexpr int kDefaultPriority = 45;  // below NIC interrupt threads: 50

struct Origin {
  std::string key;     // "loop.period"
  std::string value;   // as it took effect
  std::string origin;  // "arm.toml:3:20", "default", "TACTUS_CPU"
};

struct LoopTable {
  int64_t period_ns = 0;
  int64_t commit_ns = 0;  // without a guard; 0: the act stage's deadline
  int cpu = -1;           // -1: where the kernel puts it
  int priority = 0;       // 0: not FIFO
  rt::Overrun overrun = rt::Overrun::kSkip;
  std::string wake = "auto";
  int64_t lead_max_ns = 0;
  int64_t prewarm_max_ns = 0;  // 0: off
  rt::TripRule trip;
  int64_t engage_time_ns = 0;
  std::vector<std::string> require;
};

// Of the slack before a release: more than cold policy and shield need (tens
// of us), and a quarter of the period at most.
[[nodiscard]] constexpr int64_t default_prewarm_max(int64_t period_ns) {
  return period_ns / 4 < 200'000 ? period_ns / 4 : 200'000;
}

struct IoTable {
  bool present = false;  // a controller with its own driver has none
  std::string listen;
  std::string peer;
  int64_t transport_bound_ns = 0;
};

struct LateRule {
  tactus_on_late rule = TACTUS_KEEP_LAST;
  uint32_t keep_last = 0;
};

struct StageTable {
  int64_t sense_ns = 0, infer_ns = 0, check_ns = 0, act_ns = 0;
  LateRule late_sense, late_infer, late_act;
};

struct GuardTable {
  bool none = false;  // guard = "none", written out
  int64_t commit_ns = 0;
  uint32_t misses = 0;
  int64_t bound_ns = 0;
  int64_t repeat_ns = 0;
  bool then_hold = true;
  int cpu = -1;  // another core than the loop's; -1: any
};

struct RecordTable {
  std::string path;  // empty: nothing is recorded
  int64_t keyframe_ns = 0;
  int64_t keep_ns = 0;  // 0: everything
  bool trip_on_gap = false;
};

// What the frame needs of a signal.
struct SignalEntry {
  std::string name;
  std::string unit;
  uint32_t count = 0;
  std::string stamp;  // frame field of its receive stamp
  bool from_io = false;
  bool sphere = false;
  double radius_m = 0;
};

// "timed", "rule", or names of kernels as a log has them (with a "/").
[[nodiscard]] bool names_kernels(std::string_view text) noexcept;

// What becomes of recurrent state and histories when the loop engages. They
// run on in ready and through rung stop; stopping and latched run no policy,
// so that what was there before is still there at the next ready; a new run
// begins without any.
enum class AtEngage : uint8_t { kKeep, kReset };

struct PolicyTable {
  bool present = false;
  std::string model;  // resolved path
  std::string backend;
  std::string kernels = "auto";  // "timed", "rule", or their names
  std::vector<std::string> input;
  std::string output;  // field name
  std::string kind;
  std::string unit;
  std::vector<std::string> slow;  // of input
  std::size_t answers = 0;
  AtEngage state = AtEngage::kKeep;
  std::optional<policy::History> history;  // of a model without a contract
};

struct File {
  std::string path;
  std::string name;
  LoopTable loop;
  IoTable io;
  StageTable stage;
  GuardTable guard;
  RecordTable record;
  std::vector<SignalEntry> signal;
  PolicyTable policy;
  bool limit_none = false;
  std::vector<Origin> origins;
};

// Reads `document`; does not call finish(). The first error is one line with
// file, line and column, exit code 2.
Result<File> read_file(const toml::Document& document);

class Scribe;
// [guard]'s part of the commit rule, or "none", of a loop with that period.
// Without a repeat in the file it is `repeat_ns`, or an error.
void read_guard_times(const Scribe& root, int64_t period_ns,
                      std::optional<int64_t> repeat_ns, GuardTable& out);

// [signal] alone: all that a controller with its own driver needs of it.
std::vector<SignalEntry> read_signals(const toml::Document& document,
                                      std::vector<Origin>& origins);

}  // namespace tactus::config
