// SPDX-License-Identifier: MIT
// The plant's JSON summary, schema tactus/handover-plant/1.
#pragma once

#include <cstdint>
#include <string>

#include "plant_link.hpp"
#include "plant_options.hpp"
#include "plant_task.hpp"
#include "plant_watch.hpp"
#include "plant_witness.hpp"

namespace handover {

struct Totals {
  uint64_t ticks = 0;     // of 1 ms, from the first command accepted
  uint64_t timeouts = 0;  // of the robot's own
  bool at_rest = true;
};

struct Witnessed {
  const Witness* witness = nullptr;  // null: none
  int64_t begin_ns = 0;              // of substep 0, CLOCK_MONOTONIC
};

std::string summary(const Options& options, const Totals& totals,
                    const Task& task, const PlantLink& link, const Watch& watch,
                    const Witnessed& witnessed);

}  // namespace handover
