// SPDX-License-Identifier: MIT
// Everything the loop itself decides by from cycle to cycle. Plain data
// without padding bytes: a keyframe is a copy of it.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/layout/record.hpp"
#include "rt/trip_window.hpp"

namespace tactus::rt {

// What the running stop is for; the larger one wins.
enum class StopCause : uint32_t { kNone, kStop, kEnd, kTrip };

enum CarriedFlag : uint32_t {
  kCarriedSilent = 1u << 0,  // the guardian acted: send nothing
  kCarriedArmed = 1u << 1,   // armed and not yet disarmed
  kCarriedEverLatched = 1u << 2,
  kCarriedKeyframeDue = 1u << 3,  // asked again until there is room
  kCarriedGap = 1u << 5,          // a record found no room in the cycle before
  kCarriedStoodVerified = 1u << 4,  // latched with a measured standstill
};

struct LoopCarried {
  uint64_t cycle;  // next grid index
  uint64_t released;
  uint64_t executed;
  uint64_t skipped;
  uint64_t sent;
  int64_t engaged_at_ns;   // release of the first engaged cycle; 0: none yet
  int64_t stopping_at_ns;  // release at which stopping began
  uint32_t state;          // tactus_state
  uint32_t cause;          // StopCause
  uint32_t pending;        // Request bits
  uint32_t flags;          // CarriedFlag
  uint32_t trip_reason;    // TripReason
  uint32_t reserved;
  uint32_t kept[layout::kMaxStages];       // in a row
  uint32_t have_good[layout::kMaxStages];  // a good output exists
  TripWindow window;
};

static_assert(std::is_trivially_copyable_v<LoopCarried>);
static_assert(std::has_unique_object_representations_v<LoopCarried>);

}  // namespace tactus::rt
