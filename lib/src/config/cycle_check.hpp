// SPDX-License-Identifier: MIT
// One cycle's check of a log, computed again: the shield's state comes from a
// replay up to that cycle, the limits from the log. Not for the RT thread.
#pragma once

#include "safety/ladder_story.hpp"
#include "trace/explain.hpp"
#include "trace/reader.hpp"

namespace tactus::config {

// kUnavailable when it cannot be told (no keyframe before the cycle, other
// limits since, a model or limits that do not load here): why.
Result<safety::LadderStory> recheck(const trace::LogReader& log,
                                    uint64_t cycle);

// The same for rtctl explain, as text and JSON; it says so when it cannot.
[[nodiscard]] trace::CycleCheck explain_check(const trace::LogReader& log,
                                              uint64_t cycle);

}  // namespace tactus::config
