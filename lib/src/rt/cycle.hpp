// SPDX-License-Identifier: MIT
// Private to the loop's own files: one stage with what it keeps, and what is
// known about the cycle that runs.
#pragma once

#include <string>
#include <vector>

#include "core/layout/record.hpp"
#include "rt/loop.hpp"
#include "rt/supervisor.hpp"
#include "rt/wake_source.hpp"

namespace tactus::rt {

struct Loop::Stage {
  std::string name;
  tactus_stage spec;  // name and fallback point into this struct
  std::vector<std::byte> fallback;
  std::size_t good_offset = 0;  // its last good output, in good_
};

struct Loop::Cycle {
  tactus_tick tick{};
  uint64_t refused = 0;  // of tick.missed: delivered, refused, counted then
  Wake wake{};
  Prewarmed prewarmed{};
  GuardView guard{};
  CheckOutput check{};
  tactus_state before{};
  tactus_rung rung = TACTUS_RUNG_NONE;
  uint32_t flags = 0;  // CycleFlag
  int64_t now_ns = 0;  // end of the last stage: begin of the next
  float blend = 0;
  bool dry = false;
  bool action_valid = false;
  bool infer_failed = false;  // NaN, Inf, or it could not: no action at all
  bool checked = false;       // the check ran in time
  bool skip_rest = false;     // of the pipeline, up to the stop that acts
  TripReason trip = TripReason::kNone;
  uint8_t stage_flags[layout::kMaxStages] = {};
  int64_t begin_ns[layout::kMaxStages] = {};  // 0: did not run
  int64_t end_ns[layout::kMaxStages] = {};
};

[[nodiscard]] constexpr std::size_t pad8(std::size_t n) {
  return (n + 7) & ~std::size_t{7};
}

}  // namespace tactus::rt
