// SPDX-License-Identifier: MIT
// The guardian process from its command line on: what `rtctl guardian` calls.
// It opens its own sink to the robot, asks the kernel for what it needs,
// warms up, says ready and guards. Not RT-safe before that.
#pragma once

#include <string>

#include "core/command_sink.hpp"
#include "core/layout/guard_words.hpp"
#include "tactus/result.hpp"

namespace tactus::guard {

// GuardWords::granted; what is missing is degraded, never pretended.
enum Grant : uint32_t {
  kGrantFifo = 1,
  kGrantAffinity = 2,
  kGrantLocked = 4,
  kGrantSession = 8,
};

struct GuardianOptions {
  int segment_fd = -1;  // inherited memfd
  int pidfd = -1;       // of the controller, inherited; -1: none
  int cpu = -1;         // another core than the loop's; -1: any
  int priority = 0;     // SCHED_FIFO, above the loop's; 0: as it is
};

// "--fd 3 --pidfd 4 --cpu 1 --priority 46"; one clear line on a bad option.
Result<GuardianOptions> parse_guardian_options(int argc, char** argv);

// Returns an error if it could not get ready (text is one line; print it to
// stderr: the parent reports it); otherwise after its work is done.
Result<void> run_guardian(const GuardianOptions& options, OpenSink open_sink);

}  // namespace tactus::guard
