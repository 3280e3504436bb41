// SPDX-License-Identifier: MIT
// Starts the guardian process and waits until it is warm. Set-up only.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "core/fd.hpp"
#include "guard/segment.hpp"
#include "tactus/result.hpp"

namespace tactus::guard {

struct SpawnOptions {
  // Program with the `guardian` subcommand. Empty: $TACTUS_RTCTL, else
  // /proc/self/exe when that is rtctl, else rtctl in PATH.
  std::string program;
  int cpu = -1;  // as GuardianOptions
  int priority = 0;
  std::chrono::milliseconds ready_within{5000};
};

// A running guardian. Destroying the object does not kill it (it may be
// playing a plan); the loop's Link::leave() tells it to go, wait() reaps.
class GuardianProcess {
 public:
  // Error: the child's own one-line reason, or the time-out. A child that
  // did not get ready is killed and reaped.
  static Result<GuardianProcess> start(const Segment& segment,
                                       const SpawnOptions& options);

  // Reaps it; false: still running when the time was over.
  [[nodiscard]] bool wait(std::chrono::milliseconds limit);
  // Not RT-safe (one poll): for set-up, status threads.
  [[nodiscard]] bool running() const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }

 private:
  GuardianProcess(pid_t pid, UniqueFd pidfd)
      : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_;
  UniqueFd pidfd_;
};

// The program that start() would run; an error names what was looked for.
Result<std::string> find_guardian_program(const std::string& asked);

}  // namespace tactus::guard
