// SPDX-License-Identifier: MIT
// What the loop asks of the safety side and of the guard. rt knows neither:
// config composes safety::Shield and guard::Link into one Supervisor. All
// functions are RT-safe and called on the loop's thread, in this order in a
// cycle that sends:
//
//   begin → check → [publish] → (act stage sends) → committed → end
//
// and play() in place of check's action whenever the rung is stop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/layout/record.hpp"
#include "tactus/tactus.h"

namespace tactus::rt {

// What the limits' callbacks gave, and safety::CallbackFate of each call.
struct Margins {
  float margin[layout::kMaxCallbacks] = {};
  uint8_t fate[layout::kMaxCallbacks] = {};
};

// Everything check may decide by, beside the frame and the supervisor's own
// carried state. All of it is recorded, so replay can inject it.
struct CheckInput {
  tactus_tick tick;  // now_ns: begin of the check stage
  tactus_state state;
  bool action_valid;      // infer gave, kept or fell back to an action
  bool engage_requested;  // ready only: may we engage now?
  float blend;            // 0 at engage → 1 after engage_time
  bool guardian_stale;    // from begin()
  bool guardian_acted;    // from begin(): commands are not ours
  // Replay only: what the callbacks gave then. The loop leaves it, and the
  // supervisor calls them.
  Margins margins{};
};

struct CheckOutput {
  tactus_rung rung = TACTUS_RUNG_STOP;  // fail closed
  bool may_engage = false;       // standstill, fresh signals, a verified stop
  bool standstill = false;       // measured, for standstill's whole duration
  bool stop_unverified = false;  // the running stop's re-check failed
  bool recalled = false;         // space was bounded, not computed
  bool bad = false;              // counts for the trip rule (stale, ...)
  bool trip = false;             // a fault that latches at once
  bool latch = false;            // so does a limit whose response it is
  uint16_t worst_row = 0xFFFF;
  uint16_t worst_link = 0xFFFF;
  float margin = -1;
  float separation_m = std::numeric_limits<float>::quiet_NaN();
  float time_to_violation = std::numeric_limits<float>::quiet_NaN();  // s
  float scale = 0;
  uint64_t violated = ~uint64_t{0};
  uint64_t soft = 0;     // soft rows violated, the bits of `violated`
  uint64_t near = 0;     // rows kept, but within their warn: the same bits
  float score = 0;       // mean over all rows, [0, 1]; 0: nothing was judged
  uint32_t reasons = 0;  // safety::Reason bits
  uint64_t plan_id = 0;
  Margins margins{};
};

// The check did not run, or ended late: whatever it found is not known, so
// nothing is verified and, while engaged, the cycle is bad.
inline constexpr uint32_t kLateCheck = 1u << 11;  // safety::kReasonLate
[[nodiscard]] inline CheckOutput unchecked(tactus_state state) noexcept {
  CheckOutput out;
  if (state == TACTUS_STATE_READY) return out;
  out.stop_unverified = true;
  out.bad = state == TACTUS_STATE_ENGAGED;
  out.reasons = kLateCheck;
  return out;
}

struct GuardView {
  bool guardian_acted = false;         // it has taken over: be silent, latch
  bool guardian_stale = false;         // heartbeat older than its bound
  bool guardian_bound_broken = false;  // it acted, but later than its bound
  int64_t heartbeat_age_ns = 0;
  uint32_t epoch = 0;
};

// What became of a cycle.
struct CycleEnd {
  uint64_t cycle = 0;
  int64_t release_ns = 0;
  tactus_state before = TACTUS_STATE_IDLE;  // when it began
  tactus_rung rung = TACTUS_RUNG_STOP;
  bool checked = false;  // the check ran, in time
};

class Supervisor {
 public:
  virtual ~Supervisor() = default;

  // Release edge: publishes the next commit deadline, reads the guardian.
  // tick.now_ns is the wake-up: the heartbeat's age counts from it.
  virtual GuardView begin(const tactus_tick& tick) noexcept = 0;

  // Judges frame's raw action, writes the checked one in its place. Late,
  // NaN or stale is a stop: the loop overrides rung when the stage is late.
  virtual CheckOutput check(std::byte* frame,
                            const CheckInput& input) noexcept = 0;

  // The last check was in time and its rung is not stop: its plan goes to
  // the page. Before the act stage.
  virtual void publish(const tactus_tick& tick) noexcept = 0;

  // Writes the running plan's command at `now_ns` (or the static hold) into
  // the frame's action field. Always possible.
  virtual void play(std::byte* frame, int64_t now_ns) noexcept = 0;

  // The act stage completed its send at `now_ns` with this frame's action
  // (stop: `played`): commit word, command history. `late`: after the commit
  // deadline, so the guard's count is not reset, but the command is out.
  virtual void committed(const std::byte* frame, const tactus_tick& tick,
                         int64_t now_ns, tactus_rung rung,
                         bool late) noexcept = 0;

  // After a cycle's record, for statistics of its own: decides nothing.
  virtual void ended(const CycleEnd&) noexcept {}

  // Life edges. armed(): on entering engaged. disarmed(): at verified
  // standstill. rearm() asks the guardian for silence and returns true once
  // it acknowledged (called every cycle until then).
  virtual bool armed(const tactus_tick& tick) noexcept = 0;
  virtual void disarmed(const tactus_tick& tick) noexcept = 0;
  virtual bool rearm(const tactus_tick& tick) noexcept = 0;
  virtual void life(tactus_state state) noexcept = 0;

  // Carried state for keyframes: plain data, copied out and in.
  [[nodiscard]] virtual std::size_t carried_size() const noexcept = 0;
  virtual void save(std::byte* to) const noexcept = 0;
  virtual void restore(const std::byte* from) noexcept = 0;
};

}  // namespace tactus::rt
