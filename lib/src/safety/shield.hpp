// SPDX-License-Identifier: MIT
// The shield: what the check stage runs. A pure function of an Image (the
// limits), a ShieldState (what is carried from cycle to cycle) and a
// ShieldInput (this cycle): no clock, no globals, no libm; the same bytes in
// give the same bytes out, which is what replay compares. Everything here is
// RT-safe. Not for set-up (seal.hpp) and not for sending: that is rt, io and
// guard.
//
// A cycle that sends: check → [publish output.plan] → send → committed, both
// of them from a Kernel (kernel.hpp).
// On rung stop, play() gives the command for the actual time of sending.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/layout/stop_page.hpp"
#include "safety/image.hpp"
#include "safety/qp.hpp"
#include "tactus/tactus.h"

namespace tactus::safety {

// Why the rung is what it is. The low half says what was wrong with the
// cycle, the upper bits which families a motion violated.
enum Reason : uint32_t {
  kReasonNan = 1u << 0,            // NaN or Inf in a signal or the action
  kReasonRange = 1u << 1,          // a value outside its declared range
  kReasonStale = 1u << 2,          // signal older than max_age (stale mask)
  kReasonFuture = 1u << 3,         // stamp after now, or time going back
  kReasonNoAction = 1u << 4,       // infer gave none
  kReasonGuardianStale = 1u << 5,  // heartbeat older than its bound
  kReasonHistory = 1u << 6,        // commands in flight are not all known
  kReasonNoPlan = 1u << 7,         // engaged without a committed plan
  kReasonNotConverged = 1u << 8,   // neither scaling nor projection verified
  kReasonImage = 1u << 9,          // not a sealed image: never judged
  kReasonHumanLost = 1u << 10,     // a human signal beyond its max_age
  kReasonLate = 1u << 11,          // set by the loop, never by check()
  kReasonPlanner = 1u << 12,       // no stop plan within the limits
  kReasonHorizon = 1u << 13,       // the motion is not over in the horizon
  kReasonLadder = 1u << 14,        // the ladder has no rung that would do
  kReasonStopUnverified = 1u << 15,
  kReasonRowBox = 1u << 16,  // of a row: tables_impl.hpp says which
  kReasonRowRate = 1u << 17,
  kReasonRowPosition = 1u << 18,
  kReasonRowVelocity = 1u << 19,
  kReasonRowKeepIn = 1u << 20,
  kReasonRowKeepOut = 1u << 21,
  kReasonRowSeparation = 1u << 22,
  kReasonRowSeparationNow = 1u << 23,
  kReasonRowLinear = 1u << 24,
  kReasonRowExpression = 1u << 25,  // past-time and callback rows, too
  kReasonRowSelf = 1u << 26,
  kReasonResponse = 1u << 27,  // a row's response is stop or latch
  // From the top, one for each group of families; worst_row names the row.
  kReasonRowBarrier = 1u << 28,
  kReasonRowContact = 1u << 29,     // power and force limiting
  kReasonRowLoad = 1u << 30,        // torque, force, power, energy
  kReasonRowTrajectory = 1u << 31,  // acceleration, jerk, viability
};

// "stale", "row human separation"; "unknown" for anything else.
[[nodiscard]] const char* reason_name(uint32_t single_bit) noexcept;

// Commands remembered. The compiler of the image refuses constants that
// would need more: (max_age + actuator delay) / T + 2 <= kHistory.
inline constexpr uint32_t kHistory = 128;
inline constexpr int64_t kNever = INT64_MAX;

struct Command {
  int64_t sent_ns;  // the send was completed ...
  int64_t took_ns;  // ... this long after it began
  float u[kMaxJoints];
};

// The last computed verdict on space and the motion that it was about.
struct Remembered {
  double slack;  // NaN: the row was violated
  uint32_t link;
  uint32_t reserved;
};
struct SpaceSlacks {
  Remembered box[kMaxBoxes], turned[kMaxTurned], capsule[kMaxCapsules];
  Remembered hull[kMaxHulls], human[kMaxHumans], contact[kMaxContacts];
  Remembered self;
};
struct SpaceMemory {
  uint64_t image;  // its hash; 0: nothing is remembered
  uint32_t open;   // task windows
  uint32_t uses;   // verdicts that it gave
  double q[kMaxJoints][kScreenSamples];
  double wide[kMaxJoints][kScreenSamples];
  double speed[kMaxJoints][kScreenSamples];
  double until[kScreenSamples];
  double age_s[kMaxSignals];
  float place[kMaxSignals][kMaxSignalValues];
  SpaceSlacks slack;
};

// Carried from cycle to cycle; plain data of fixed size, so that a keyframe
// is a copy. Zero-initialised is the state of a fresh start.
struct ShieldState {
  // Commands sent since the last reset, newest at (head - 1) % kHistory.
  Command history[kHistory];
  uint64_t head;               // commands ever pushed since the last reset
  float before[kMaxJoints];    // in effect before the first of them ...
  uint32_t before_known;       // ... 0: not known, nothing can be predicted
  uint32_t last_life;          // tactus_state of the last check
  layout::StopPlan plan;       // last verified plan that was committed
  layout::StopPlan candidate;  // of the last check; plan_id 0: it had none
  // Of the newest command sent: its cycle's release, and how long after that of
  // the one before, the period at most. 0: not known, so a period.
  int64_t sent_release_ns;
  int64_t sent_step_ns;
  int64_t last_now_ns;  // time may not go back
  int64_t last_stamp_ns[kMaxSignals];
  int64_t still_since_ns;        // observation stamp; kNever: not still
  int64_t still_last_ns;         // newest observation seen still
  float blend_from[kMaxJoints];  // velocity measured at engage
  QpRows projected;              // active when rung project last solved
  // Since when each window's signal is set; 0: it was last seen unset.
  int64_t window_since_ns[kMaxWindows];
  SpaceMemory memory;
  // Rows with a hysteresis that refused the last action judged; a bit each.
  uint64_t held[kMaxRows / 64];
  // Past-time rows, of the image with this hash: other limits know nothing.
  uint64_t memory_of;
  int64_t looked_ns;   // at the last check; 0: there was none
  uint32_t past_held;  // bit per past-time row: its limits, at that check
  uint32_t reserved[3];
  MemoryState past_rows[kMaxMemories];
};
static_assert(std::is_trivially_copyable_v<ShieldState>);

// A fresh state; the only way to make one.
void reset(ShieldState& state) noexcept;

// The motion of the action that the ladder sends if the callbacks let it (or of
// the one that was asked for, where it sends none), with its stop: what
// callbacks are shown.
struct Foreseen {
  uint32_t samples;  // 0: it is not known
  float action[kMaxJoints];
  // What the ladder found below rung pass, for the check of the same cycle.
  bool descended;
  tactus_rung rung;
  double scale;
  QpRows projected;
  uint64_t cycle;
  int64_t now_ns;
  double until_s[kMaxSamples];  // after now: each stands for the time up to it
  // samples x joints: where each joint is, and how far from there it may be
  // within the time that the sample stands for.
  double q[kMaxSamples * kMaxJoints];
  double wide[kMaxSamples * kMaxJoints];
};

struct ShieldInput {
  // By Image::signal index: signal[i].count values and their receive stamp
  // (CLOCK_MONOTONIC, age and transport bound already taken off; 0: never
  // received).
  const float* value[kMaxSignals] = {};
  int64_t stamp_ns[kMaxSignals] = {};
  const float* action = nullptr;  // raw, image.joints values
  bool action_valid = false;
  int64_t now_ns = 0;      // begin of the check stage
  int64_t release_ns = 0;  // of this cycle
  uint64_t cycle = 0;
  tactus_state life = TACTUS_STATE_IDLE;
  float blend = 0;  // 0 at engage .. 1
  bool guardian_stale = true;
  bool guardian_acted = false;  // it commands the robot, not we
  uint32_t epoch = 0;           // sender epoch for the plan
  // The image's expressions as machine code, if it was admitted
  // (expr/jit.hpp); without it the VM runs them, to the same bits.
  const ExprNative* native = nullptr;
  // What foresee() found of this very cycle: spares the ladder once more; null:
  // it is climbed, to the same bits.
  const Foreseen* foreseen = nullptr;
  // What the image's callbacks gave for what foresee() showed, and what became
  // of them.
  float callback[kMaxCallbacks] = {};
  uint8_t callback_fate[kMaxCallbacks] = {};  // CallbackFate
};

// One row's share of a verdict.
struct RowFigure {
  float margin;   // normalised, [-1, 1]; violated: below 0
  uint16_t link;  // sphere, or joint for joint rows
  uint16_t near;  // 1: kept, but within the row's warn of its limit
};

struct ShieldOutput {
  tactus_rung rung = TACTUS_RUNG_STOP;  // fail closed
  bool may_engage = false;
  bool standstill = false;
  bool stop_unverified = false;
  bool recalled = false;  // bounded by the last verdict, not computed
  bool bad = true;     // a signal or guardian failure: counts for the trip rule
  bool latch = false;  // a row with response latch refused: the loop trips
  // The verdict on the action that was asked for (blended): worst hard row
  // first. On pass these are the figures of what is sent.
  uint16_t worst_row = kNoIndex;
  uint16_t worst_link = kNoIndex;  // sphere, or joint for joint rows
  float margin = -1;               // [-1, 1]; < 0: violated
  float mean_score = 0;            // [0, 1], mean over rows
  float separation_m = 0;          // surface to surface now; NaN: no human
  // s, if the action that was asked for is held; infinite: longer than the
  // horizon; NaN: nobody looked.
  float time_to_violation = __builtin_nanf("");
  float scale = 0;  // 1 pass, 0 project and stop
  uint64_t violated = ~uint64_t{0};
  uint32_t reasons = kReasonImage;
  uint32_t stale = ~uint32_t{0};  // bit per signal
  float action[kMaxJoints] = {};  // to send: checked, or the plan at now
  uint64_t plan_id = 0;           // of the plan that covers `action`
  // Of the action that was asked for, by Image::row; only where it was judged
  // (violations.hpp).
  RowFigure row[kMaxRows] = {};
};

// The running plan's command at now_ns: held before its origin, terminal
// after its end. Without any committed plan, and for NaN, zero velocity (the
// static hold: engage needs standstill, so there is no motion to stop).
void play(const Image& image, const ShieldState& state, int64_t now_ns,
          float* u) noexcept;

// What was sent. `verified`: rung pass, scale or project of the last check, so
// its candidate becomes the running plan; otherwise `u` came from play().
struct Sent {
  const float* u = nullptr;  // image.joints values, as sent
  int64_t now_ns = 0;        // send completed
  bool verified = false;
  int64_t release_ns = 0;  // of the cycle; 0: a period after the last
  int64_t begin_ns = 0;    // of the send; 0: at once
};

// Value of a plan at a command time, for one joint (guard uses it too).
[[nodiscard]] double plan_command(const layout::StopPlan& plan, uint32_t joint,
                                  int64_t at_ns) noexcept;

}  // namespace tactus::safety
