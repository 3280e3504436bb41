// SPDX-License-Identifier: MIT
#include "rt/thread_setup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

namespace tactus::rt {

namespace {

std::string why(int error, std::string_view remedy) {
  return fmt::format("{}: {}", std::strerror(error), remedy);
}

// What is really locked, read back: sanitizers and seccomp make mlockall
// return 0 without locking anything.
int64_t locked_kib() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.starts_with("VmLck:")) return std::stoll(line.substr(6));
  return 0;
}

Grant lock_memory() {
  Grant g{"memlock", "all", "not locked", false, ""};
  if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
    rlimit limit{};
    getrlimit(RLIMIT_MEMLOCK, &limit);
    g.reason = why(errno, fmt::format("limit {} KiB: raise it (ulimit -l)",
                                      limit.rlim_cur / 1024));
    return g;
  }
  const int64_t kib = locked_kib();
  g.ok = kib > 0;
  if (!g.ok) g.reason = "mlockall said yes, but VmLck is 0";
  if (g.ok) g.granted = "all";
  return g;
}

// Writes one byte per page below the present frame, so that the cycle never
// faults on its own stack. Recursion: an array of variable size would be
// one large frame, which -Wstack-clash and sanitizers dislike.
[[gnu::noinline]] std::size_t touch_stack(std::size_t bytes) {
  volatile char block[4096];
  block[0] = 1;
  if (bytes <= sizeof(block)) return static_cast<std::size_t>(block[0]);
  return touch_stack(bytes - sizeof(block)) +
         static_cast<std::size_t>(block[0]);
}

std::size_t stack_room() {
  pthread_attr_t attr;
  if (pthread_getattr_np(pthread_self(), &attr) != 0) return 0;
  void* low = nullptr;
  std::size_t size = 0;
  pthread_attr_getstack(&attr, &low, &size);
  pthread_attr_destroy(&attr);
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  const auto bottom = reinterpret_cast<uintptr_t>(low);
  return here > bottom ? here - bottom : 0;
}

Grant prefault_stack(std::size_t bytes) {
  const auto kib = [](std::size_t b) { return fmt::format("{} KiB", b >> 10); };
  Grant g{"stack", kib(bytes), "", false, ""};
  // Frames are a little larger than the block they touch: leave a quarter.
  const std::size_t room = stack_room() / 4 * 3;
  const std::size_t touched = bytes < room ? bytes : room;
  touch_stack(touched);
  g.granted = kib(touched);
  g.ok = touched == bytes;
  if (!g.ok) g.reason = "the thread's stack is smaller: raise ulimit -s";
  return g;
}

Grant set_affinity(int cpu) {
  Grant g{"affinity", fmt::format("cpu {}", cpu), "any", false, ""};
  cpu_set_t set;
  CPU_ZERO(&set);
  if (cpu < CPU_SETSIZE) CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof(set), &set) != 0) {
    g.reason = why(errno, fmt::format("{} CPUs are online: choose another "
                                      "cpu, or widen the cpuset",
                                      sysconf(_SC_NPROCESSORS_ONLN)));
    return g;
  }
  cpu_set_t got;
  CPU_ZERO(&got);
  sched_getaffinity(0, sizeof(got), &got);
  g.ok = CPU_COUNT(&got) == 1 && CPU_ISSET(cpu, &got) && sched_getcpu() == cpu;
  if (g.ok) g.granted = g.asked;
  if (!g.ok) g.reason = "set, but another set was read back";
  return g;
}

Grant set_fifo(int priority) {
  Grant g{"fifo", fmt::format("priority {}", priority), "other", false, ""};
  sched_param param{};
  param.sched_priority = priority;
  if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param) != 0) {
    g.reason = why(errno, "needs CAP_SYS_NICE or an rtprio limit");
    return g;
  }
  sched_param got{};
  sched_getparam(0, &got);
  const int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
  g.ok = policy == SCHED_FIFO && got.sched_priority == priority;
  if (g.ok) g.granted = g.asked;
  if (!g.ok) g.reason = "set, but another policy was read back";
  return g;
}

Grant read_affinity(int cpu) {
  Grant g{"affinity", fmt::format("cpu {}", cpu), "any", false, ""};
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof(set), &set);
  const bool pinned = CPU_COUNT(&set) == 1;
  g.ok = pinned && cpu < CPU_SETSIZE && CPU_ISSET(cpu, &set);
  if (pinned) g.granted = g.ok ? g.asked : "another cpu";
  if (!g.ok) g.reason = "the thread that runs is not pinned to it";
  return g;
}

// Above what was asked will do: such a thread has its owner's priority.
Grant read_fifo(int priority) {
  Grant g{"fifo", fmt::format("priority {}", priority), "other", false, ""};
  sched_param got{};
  sched_getparam(0, &got);
  const int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
  if (policy == SCHED_FIFO)
    g.granted = fmt::format("priority {}", got.sched_priority);
  g.ok = policy == SCHED_FIFO && got.sched_priority >= priority;
  if (!g.ok) g.reason = "the thread that runs has no such priority";
  return g;
}

}  // namespace

Grants inspect_thread(const ThreadAsk& ask) {
  Grants grants;
  if (ask.cpu >= 0) grants.push_back(read_affinity(ask.cpu));
  if (ask.priority > 0) grants.push_back(read_fifo(ask.priority));
  return grants;
}

Grants prepare_thread(const ThreadAsk& ask) {
  Grants grants;
  // Without FIFO the kernel may delay a wake-up by the timer slack (50 us).
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  if (ask.lock_memory) grants.push_back(lock_memory());
  if (ask.stack_bytes > 0) grants.push_back(prefault_stack(ask.stack_bytes));
  if (ask.cpu >= 0) grants.push_back(set_affinity(ask.cpu));
  if (ask.priority > 0) grants.push_back(set_fifo(ask.priority));
  return grants;
}

void release_thread(pid_t thread) noexcept {
  // Ended since? Its number may be another process's by now.
  if (thread != 0 && syscall(SYS_tgkill, getpid(), thread, 0) != 0) return;
  // Taking the flag away that set_fifo() gave needs CAP_SYS_NICE: where only
  // an rtprio limit allowed FIFO, the thread would keep it.
  const sched_param param{};
  sched_setscheduler(thread, SCHED_OTHER | SCHED_RESET_ON_FORK, &param);
}

CpuLatency CpuLatency::hold(int32_t latency_us) {
  CpuLatency held;
  held.grant_ = {"qos", fmt::format("cpu_dma_latency {} us", latency_us),
                 "not held", false, ""};
  UniqueFd fd(open("/dev/cpu_dma_latency", O_RDWR | O_CLOEXEC));
  const auto size = static_cast<ssize_t>(sizeof(latency_us));
  if (!fd || write(fd.get(), &latency_us, sizeof(latency_us)) != size) {
    held.grant_.reason =
        why(errno, "/dev/cpu_dma_latency must exist and be writable");
    return held;
  }
  int32_t got = -1;
  // Reads the value in force: the smallest that anyone asks for.
  held.grant_.ok =
      pread(fd.get(), &got, sizeof(got), 0) == size && got <= latency_us;
  if (!held.grant_.ok) held.grant_.reason = "written, but not in force";
  if (held.grant_.ok)
    held.grant_.granted = fmt::format("cpu_dma_latency {} us", got);
  held.fd_ = std::move(fd);
  return held;
}

}  // namespace tactus::rt
