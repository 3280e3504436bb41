// SPDX-License-Identifier: MIT
// The head of the shared statistics segment /dev/shm/tactus.<loop>. The
// loop's own statistics (rt::LoopStats, with its own magic, version and
// size) follow at stats_offset, what the shield found at violations_offset.
// Written once at set-up but for the atomics. Readers map it read-only.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tactus::layout {

inline constexpr uint64_t kSegmentMagic = 0x5441545343415454;  // "TTACSTAT"
inline constexpr uint32_t kSegmentVersion = 5;
inline constexpr uint32_t kSegmentText = 16384;  // what was granted

struct SegmentHead {
  uint64_t magic;
  uint32_t version;
  uint32_t head_size;  // sizeof(SegmentHead)
  uint64_t size;       // of the whole segment
  uint64_t stats_offset;
  uint64_t stats_size;
  char loop_name[32];
  int64_t start_monotonic_ns;
  int64_t start_realtime_ns;
  uint32_t uid;
  uint32_t pid;
  // Published last at set-up (release; pairs with the reader's acquire): a
  // reader that sees 0 would otherwise take a half-written head for whole.
  std::atomic<uint32_t> ready;
  std::atomic<uint32_t> ended;  // 1: left in order
  uint64_t violations_offset;   // telemetry::ViolationBoard
  uint64_t violations_size;
  uint64_t reserved[14];
  char text[kSegmentText];  // NUL-terminated
};

static_assert(std::atomic<uint64_t>::is_always_lock_free);
static_assert(offsetof(SegmentHead, loop_name) == 40);
static_assert(offsetof(SegmentHead, ready) == 96);
static_assert(offsetof(SegmentHead, text) == 104 + 128);
static_assert(sizeof(SegmentHead) == 104 + 128 + 16384);

}  // namespace tactus::layout
