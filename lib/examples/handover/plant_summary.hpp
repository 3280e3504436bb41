// SPDX-License-Identifier: MIT
// The plant's JSON summary, schema tactus/handover-plant/1.
#pragma once

#include <cstdint>
#include <string>

#include "plant_link.hpp"
#include "plant_options.hpp"
#include "plant_task.hpp"
#include "plant_watch.hpp"

namespace handover {

struct Totals {
  uint64_t ticks = 0;     // of 1 ms, from the first command accepted
  uint64_t timeouts = 0;  // of the robot's own
  bool at_rest = true;
};

std::string summary(const Options& options, const Totals& totals,
                    const Task& task, const PlantLink& link,
                    const Watch& watch);

}  // namespace handover
