// SPDX-License-Identifier: MIT
// Re-runs a log's cycles through a policy and a supervisor and compares bits.
// Everything the loop decided by time or by hand (stage lateness, kept
// actions, states, engage blend, guard flags) is injected from the record;
// everything policy and shield decided is computed again. Not for the RT
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rt/supervisor.hpp"
#include "trace/reader.hpp"

namespace tactus::trace {

// What is replayed; config makes one from the log's model and limits or from
// the ones given instead.
class ReplaySubject {
 public:
  virtual ~ReplaySubject() = default;
  // All carried state as `cycle` left it: the bytes that the loop wrote as
  // its keyframe (Loop::save). An error when their size is not ours.
  virtual Result<void> reset(uint64_t cycle,
                             std::span<const std::byte> keyframe) = 0;
  // Runs the policy on the frame's inputs and writes its raw action into the
  // frame, like the infer stage.
  virtual tactus_status infer(std::byte* frame,
                              const tactus_tick& tick) noexcept = 0;
  // The shield, without a guardian behind it: begin() and the life edges
  // keep its state, nothing is sent.
  virtual rt::Supervisor& supervisor() noexcept = 0;
};

struct ReplayOptions {
  uint64_t first_cycle = 0;  // replay begins at the keyframe before it
  uint64_t last_cycle = UINT64_MAX;
  // The mean over all rows too. With other limits it is another from the first
  // cycle on, which would hide where they first mattered.
  bool scores = true;
};

struct Difference {
  uint64_t cycle = 0;
  std::string field;     // "raw action[2]", "rung", "margin", …
  std::string expected;  // bits of the log, hexadecimal, and the value
  std::string got;
};

struct ReplayResult {
  uint64_t cycles = 0;   // compared
  uint64_t skipped = 0;  // no keyframe at or before them since the last gap
  uint64_t gaps = 0;
  uint64_t keyframes = 0;  // states restored
  std::string stopped;     // why it ended before the log did; else empty
  std::vector<std::string> notes;  // "the log has no end: …"
  std::optional<Difference> first_difference;
  [[nodiscard]] bool identical() const { return !first_difference; }
};

// An error only when nothing can be replayed (no keyframe, wrong size).
Result<ReplayResult> replay(const LogReader& log, ReplaySubject& subject,
                            const ReplayOptions& options = {});

// {schema, log, cycles, skipped, gaps, identical, stopped, notes,
// first_difference}
[[nodiscard]] std::string to_json(const ReplayResult& result,
                                  const std::string& log);
[[nodiscard]] std::string to_text(const ReplayResult& result);

}  // namespace tactus::trace
