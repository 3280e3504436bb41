// SPDX-License-Identifier: MIT
// What trace/replay runs: the policy and the shield of a log, from what it
// embeds or from other files. Not for the RT thread.
#pragma once

#include <memory>
#include <string>

#include "config/blueprint.hpp"
#include "trace/replay.hpp"

namespace tactus::config {

struct ReplayAsk {
  std::string model;   // empty: the log's own
  std::string limits;  // empty: the log's own; else with its robot and guard
};

struct Replayed {
  std::unique_ptr<trace::ReplaySubject> subject;
  std::vector<std::string> notes;  // what a user must know beside the result
};

// The frame that a log's records hold.
[[nodiscard]] FrameLayout frame_of(const trace::LogReader& log);

// kUnavailable when this build or machine cannot reproduce the logged plan.
Result<Replayed> make_replay_subject(const trace::LogReader& log,
                                     const ReplayAsk& ask);

// The policy and the limits of a loop that was built, on a log of its frame:
// what would this program have done? Objects of their own: the loop is left
// alone.
Result<Replayed> replay_subject_of(const trace::LogReader& log,
                                   const Blueprint& blueprint);

}  // namespace tactus::config
