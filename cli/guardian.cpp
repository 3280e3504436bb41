// SPDX-License-Identifier: MIT
// rtctl guardian: the process that plays the stop plan of a dead loop.
#include "guard/guardian_main.hpp"

#include "commands.hpp"
#include "io/udp.hpp"

namespace tactus::cli {

int guardian_command(const GuardianOptions& o, const Output& out) {
  const guard::GuardianOptions options{.segment_fd = o.segment_fd,
                                       .pidfd = o.loop_pidfd,
                                       .cpu = o.cpu,
                                       .priority = o.priority};
  const auto done = guard::run_guardian(options, io::open_sink);
  return done ? 0 : out.error(done.error());
}

}  // namespace tactus::cli
