// SPDX-License-Identifier: MIT
// The stop plan page: what the guardian plays when the controller is dead or
// hung (DESIGN: "what a stop is"). One writer (the loop), one reader in
// another process. Two slots; the writer never overwrites the slot of the
// last committed plan, so the reader always finds it whole, wherever the
// writer was killed. No seqlock: a writer killed inside leaves it odd for
// ever. Fixed layout, versioned; every slot carries its own CRC-32C.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tactus::layout {

inline constexpr uint32_t kStopPageMagic = 0x50545354;  // "TSTP"
inline constexpr uint32_t kStopPageVersion = 1;
inline constexpr uint32_t kMaxJoints = 16;
inline constexpr uint32_t kMaxSegments = 8;

// Command of one joint on one segment, in the output's unit (rad/s for
// joint_velocity): c[0] + c[1] t + c[2] t^2 + c[3] t^3, t seconds from the
// segment's begin.
struct Cubic {
  double c[4];
};

struct StopPlan {
  uint64_t plan_id;   // cycle that made it; 0: none
  int64_t origin_ns;  // command time: before it the last command is held
  uint32_t epoch;     // sender epoch it belongs to
  uint32_t joints;    // 1..kMaxJoints
  uint32_t segments;  // 1..kMaxSegments; after the last: `terminal`
  uint32_t kind;      // OutputKind (shield.hpp)
  int64_t segment_end_ns[kMaxSegments];  // from origin, increasing
  double held[kMaxJoints];               // u_k, held before the origin
  double terminal[kMaxJoints];           // command from the last end on
  Cubic cubic[kMaxSegments][kMaxJoints];
};

struct alignas(64) StopSlot {
  StopPlan plan;
  uint32_t crc;  // of `plan` up to the last segment in use
  uint32_t pad[15];
};

struct StopPage {
  uint32_t magic;
  uint32_t version;
  uint32_t size;
  uint32_t reserved0;
  // Slot that holds the newest plan whole. Published with release after the
  // slot; pairs with the reader's acquire: without it the reader could see
  // the index before the bytes (the CRC would still refuse them).
  std::atomic<uint32_t> newest;
  uint32_t reserved1[11];
  StopSlot slot[2];
};

// Bytes of a plan that are in use (and summed): a multiple of 8.
[[nodiscard]] constexpr std::size_t used_bytes(uint32_t segments) {
  return offsetof(StopPlan, cubic) + segments * sizeof(StopPlan{}.cubic[0]);
}

static_assert(sizeof(Cubic) == 32);
static_assert(offsetof(StopPlan, segment_end_ns) == 32);
static_assert(offsetof(StopPlan, cubic) == 32 + 64 + 128 + 128);
static_assert(sizeof(StopPlan) == 352 + 8 * 16 * 32);
static_assert(offsetof(StopPage, slot) == 64);
static_assert(std::atomic<uint32_t>::is_always_lock_free);

}  // namespace tactus::layout
