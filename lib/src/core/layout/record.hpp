// SPDX-License-Identifier: MIT
// One cycle's record: fixed head, then the raw action (action_size bytes,
// padded to 8), then the frame as it was at the end of the cycle. Written by
// the loop into a ring, drained to the .tlog file by the recorder; replay
// injects from it everything that the cycle decided by. No padding bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tactus::layout {

inline constexpr uint32_t kMaxStages = 8;
inline constexpr uint32_t kMaxCallbacks = 4;
inline constexpr uint32_t kRecordVersion = 5;

// Per stage: what the loop decided about it.
enum StageFlag : uint8_t {
  kStageRan = 1,
  kStageLate = 2,  // ended after, or would have begun after, deadline
  kStageOverBudget = 4,
  kStageFailed = 8,  // status other than OK / NO_DATA
  kStageKeptLast = 16,
  kStageFallback = 32,
  kStageSkippedRest = 64,
};

// Per cycle.
enum CycleFlag : uint32_t {
  kCycleBad = 1u << 0,  // counts for the trip rule
  kCycleTripped = 1u << 1,
  kCycleCommitted = 1u << 2,  // send completed
  kCycleCommitLate = 1u << 3,
  kCycleStopUnverified = 1u << 4,
  kCycleEngageRequested = 1u << 5,
  kCycleEngaged = 1u << 6,  // this cycle the life went to engaged
  kCycleGuardActed = 1u << 7,
  kCycleGuardStale = 1u << 8,  // guardian heartbeat older than its bound
  kCycleWarmup = 1u << 9,
  kCycleKeyframe = 1u << 10,
  kCycleRearmed = 1u << 11,
  kCycleStopRequested = 1u << 12,
  kCycleEndRequested = 1u << 13,
  kCycleShadow = 1u << 14,
  kCyclePlanPublished = 1u << 15,
  // A stage began or ended more than 2.1 s from the release: its stamps do not
  // say when, and replay goes on at the keyframe that follows.
  kCycleFrozen = 1u << 16,
  // The guardian acted later than its bound: the stop that it plays is not
  // the one that was verified in time.
  kCycleGuardBoundBroken = 1u << 17,
  // Rung stop, and the running plan passed its re-check in this very cycle.
  // Rung stop without it: unverified, or nobody looked (late, no plan).
  kCycleStopVerified = 1u << 18,
  // Something of the prewarming had no room before this release.
  kCyclePrewarmDropped = 1u << 19,
  // The verdict on space was bounded by the last computed one.
  kCycleRecalled = 1u << 20,
};

struct StageRecord {
  int32_t begin_ns;  // from release; INT32_MIN: did not run
  int32_t end_ns;
};

struct CycleRecord {
  uint64_t cycle;
  int64_t release_ns;
  int64_t wake_ns;
  int64_t end_ns;
  uint32_t missed;  // releases skipped before this one
  uint32_t flags;   // CycleFlag
  uint8_t state;    // tactus_state at the end
  uint8_t state_before;
  uint8_t rung;  // tactus_rung
  uint8_t stages;
  uint16_t worst_row;   // index into the image's rows; 0xFFFF: none
  uint16_t worst_link;  // robot sphere or joint of that row; 0xFFFF: none
  float margin;         // worst normalised margin over hard rows, [-1, 1]
  float separation;     // m, smallest robot-human distance now; NaN: none
  float scale;          // lambda of rung scale, 1 on pass, else 0
  float blend;          // engage blend in [0, 1]
  uint64_t violated;    // bit per row, rows >= 63 share bit 63
  uint32_t verdict;     // safety::Reason bits
  uint32_t epoch;       // sender epoch
  uint64_t seq;         // of the frame sent
  uint64_t plan_id;
  uint64_t parameter_epoch;
  uint64_t model_hash;
  uint64_t image_epoch;
  int64_t stolen_ns;  // reserved for the tracer
  int64_t heartbeat_age_ns;
  int64_t program_expiry_ns;  // what the timer was programmed to
  uint8_t stage_flags[kMaxStages];
  StageRecord stage[kMaxStages];
  int64_t prewarm_ns;       // spent before the release, on top of the lead
  uint64_t soft;            // soft rows violated, the bits of `violated`
  float score;              // mean over all rows, [0, 1]; 0: nothing was judged
  float time_to_violation;  // s, of the asked-for action held; NaN: not asked
  uint64_t near;  // rows kept, but within their warn; the bits of `violated`
  // safety::CallbackFate and margin of each callback: what replay has in
  // place of the calls.
  uint8_t callback_fate[kMaxCallbacks];
  uint32_t spare;
  float callback[kMaxCallbacks];
  uint64_t reserved[2];
};

static_assert(sizeof(CycleRecord) == 288);
static_assert(offsetof(CycleRecord, stage_flags) == 144);
static_assert(offsetof(CycleRecord, stage) == 152);
static_assert(offsetof(CycleRecord, soft) == 224);

}  // namespace tactus::layout
