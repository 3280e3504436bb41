// SPDX-License-Identifier: MIT
// What the loop's thread asks of the kernel. Every setting is read back, so
// a grant says what is, not what was asked. Set-up; applies to the calling
// thread, except memory locking (the process). Start helper threads and the
// guardian first or let them set their own: affinity is inherited (FIFO is
// not: SCHED_RESET_ON_FORK).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "core/fd.hpp"
#include "rt/grants.hpp"

namespace tactus::rt {

struct ThreadAsk {
  int cpu = -1;      // -1: any; not asked, so not in the grants
  int priority = 0;  // FIFO priority; 0: stay in OTHER, not in the grants
  bool lock_memory = true;
  std::size_t stack_bytes = std::size_t{512} << 10;  // touched; 0: not asked
};

// Order: timer slack, memory, stack, affinity, FIFO last (so a failure
// before it leaves no runaway FIFO thread). Names: memlock, stack, affinity,
// fifo.
[[nodiscard]] Grants prepare_thread(const ThreadAsk& ask);

// What the calling thread has of affinity and FIFO, changing nothing: a
// thread that others own, or one that was prepared a while ago.
[[nodiscard]] Grants inspect_thread(const ThreadAsk& ask);

// Back to OTHER, for a process that goes on after its loop. Affinity stays, and
// SCHED_RESET_ON_FORK, which takes CAP_SYS_NICE to clear, stays too.
// 0: the calling thread; one that has ended is left alone.
void release_thread(pid_t thread = 0) noexcept;

// CPU latency QoS: no deep idle state while this is held. Grant: qos.
class CpuLatency {
 public:
  static CpuLatency hold(int32_t latency_us = 0);
  [[nodiscard]] const Grant& grant() const { return grant_; }

 private:
  UniqueFd fd_;  // the kernel drops the request when it closes
  Grant grant_;
};

}  // namespace tactus::rt
