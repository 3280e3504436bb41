// SPDX-License-Identifier: MIT
// What a composed loop was granted beyond its own thread: wake source,
// receive stamps, log, guardian; and all of it as JSON. Set-up and status
// threads only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "config/limit_parts.hpp"
#include "core/json.hpp"
#include "guard/spawn.hpp"
#include "io/transport.hpp"
#include "rt/grants.hpp"
#include "rt/loop_stats.hpp"
#include "rt/wake_source.hpp"
#include "safety/budget.hpp"
#include "safety/expr/jit.hpp"
#include "trace/log_info.hpp"
#include "trace/recorder.hpp"

namespace tactus::config {

// {"fifo": "priority 45", …}: what there is, whether or not it was asked.
[[nodiscard]] json::Value granted_value(const rt::Grants& grants);
// {"fifo": "Operation not permitted: …"}: why something is less than asked.
[[nodiscard]] json::Value refused_value(const rt::Grants& grants);

// The same for a log's head.
[[nodiscard]] std::vector<trace::Fact> granted_facts(const rt::Grants& grants);

// `asked` as the file has it; lead and prewarming as calibrated.
[[nodiscard]] rt::Grant wake_grant(const std::string& asked,
                                   const rt::WakeSource& wake,
                                   const rt::LoopSpec& spec);
// {"max_ns": …, "reserved_ns": …, "ran": …, "dropped": …, "over": …, "p50": …}
[[nodiscard]] json::Value prewarm_value(const rt::LoopStats& stats,
                                        const rt::LoopCounters& counters);
[[nodiscard]] rt::Grant stamps_grant(const io::Transport& transport);
// By trying io_uring: before there is a log, and of one.
[[nodiscard]] rt::Grant record_grant();
[[nodiscard]] rt::Grant record_grant(const trace::Recorder& recorder);

// What runs the limits' expressions.
[[nodiscard]] rt::Grant expressions_grant(const safety::ExprRunner& runner);

// What the program left of the files' limits.
[[nodiscard]] rt::Grant limits_grant(const safety::limits::Edits& edits);
// How the check's cost table fits this machine; `ratio`: measured / predicted.
[[nodiscard]] rt::Grant budget_grant(const safety::Cost& cost,
                                     const safety::Budget& budget,
                                     double ratio);

// What the guardian was given when it asked the kernel itself: `bits` are
// GuardWords::granted of a guardian that is ready.
struct GuardianStart {
  pid_t pid = 0;
  guard::SpawnOptions asked;
  uint32_t bits = 0;
};
[[nodiscard]] rt::Grants guardian_grants(const GuardianStart& start);

}  // namespace tactus::config
