// SPDX-License-Identifier: MIT
#include "guard/guardian_main.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>
#include <string_view>

#include "core/error.hpp"
#include "guard/guardian.hpp"
#include "guard/segment.hpp"

namespace tactus::guard {
namespace {

struct Option {
  const char* name;
  int GuardianOptions::* field;
  int min;
  int max;
};
constexpr Option kOptions[] = {
    {"--fd", &GuardianOptions::segment_fd, 3, INT_MAX},
    {"--pidfd", &GuardianOptions::pidfd, 3, INT_MAX},
    {"--cpu", &GuardianOptions::cpu, 0, CPU_SETSIZE - 1},
    {"--priority", &GuardianOptions::priority, 1, 99},
};

Result<void> parse_one(const char* name, const char* value,
                       GuardianOptions& out) {
  const auto* option =
      std::find_if(std::begin(kOptions), std::end(kOptions),
                   [&](const Option& o) { return !std::strcmp(o.name, name); });
  if (option == std::end(kOptions)) {
    return bad_input("guardian: unknown option \"{}\": see rtctl guardian -h",
                     name);
  }
  if (!value) return bad_input("guardian: {} needs a number", name);
  const char* end = value + std::strlen(value);
  int number = 0;
  const auto [p, error] = std::from_chars(value, end, number);
  if (error != std::errc{} || p != end || number < option->min ||
      number > option->max) {
    return bad_input("guardian: {} \"{}\": a number from {} to {}", name, value,
                     option->min, option->max);
  }
  out.*(option->field) = number;
  return {};
}

// INT, TERM, HUP and QUIT are blocked and looked for while disarmed; PIPE
// comes from a stderr that nobody reads any more.
sigset_t leave_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) {
    sigaddset(&set, s);
  }
  return set;
}

bool asked_to_leave() {
  const sigset_t set = leave_signals();
  const timespec none{};
  bool asked = false;
  for (int s = ::sigtimedwait(&set, nullptr, &none); s > 0;
       s = ::sigtimedwait(&set, nullptr, &none)) {
    asked = asked || s != SIGPIPE;
  }
  return asked;
}

// A controller's descriptors that it forgot to mark close-on-exec (a port, a
// serial line) must not live on in here.
void close_others(const GuardianOptions& o) {
  const unsigned low = static_cast<unsigned>(std::min(o.segment_fd, o.pidfd));
  const unsigned high = static_cast<unsigned>(std::max(o.segment_fd, o.pidfd));
  unsigned next = 3;
  for (const unsigned keep : {low, high}) {
    if (keep == UINT_MAX) continue;  // -1: not given
    if (keep > next) ::close_range(next, keep - 1, 0);
    next = keep + 1;
  }
  ::close_range(next, UINT_MAX, 0);
}

bool pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0) return false;
  cpu_set_t got;
  return ::sched_getaffinity(0, sizeof got, &got) == 0 && CPU_EQUAL(&set, &got);
}

bool go_fifo(int priority) {
  const sched_param asked{priority};
  if (::sched_setscheduler(0, SCHED_FIFO, &asked) != 0) return false;
  sched_param got{};
  return ::sched_getscheduler(0) == SCHED_FIFO &&
         ::sched_getparam(0, &got) == 0 && got.sched_priority == priority;
}

uint32_t ask_for(const GuardianOptions& o) {
  uint32_t granted = 0;
  ::prctl(PR_SET_NAME, "tactus-guardian");
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  if (::setsid() > 0 || ::getsid(0) == ::getpid()) granted |= kGrantSession;
  if (::mlockall(MCL_CURRENT | MCL_FUTURE) == 0) granted |= kGrantLocked;
  if (o.cpu >= 0 && pin(o.cpu)) granted |= kGrantAffinity;
  if (o.priority > 0 && go_fifo(o.priority)) granted |= kGrantFifo;
  return granted;
}

void guard_with(Wait& wait, layout::GuardWords& words,
                const layout::StopPage& page, CommandSink& sink) {
  Guardian guardian(words, page, wait, sink);
  guardian.warm();
  words.ready.store(1, std::memory_order_release);
  guardian.run(asked_to_leave);
  words.ready.store(0, std::memory_order_release);
}

}  // namespace

Result<GuardianOptions> parse_guardian_options(int argc, char** argv) {
  GuardianOptions out;
  for (int i = 0; i < argc; i += 2) {
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (auto r = parse_one(argv[i], value, out); !r) return r.error();
  }
  if (out.segment_fd < 0) {
    return bad_input(
        "guardian: --fd is missing: the loop starts the guardian and passes "
        "the descriptor of its guard segment");
  }
  return out;
}

Result<void> run_guardian(const GuardianOptions& options, OpenSink open_sink) {
  const sigset_t set = leave_signals();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  close_others(options);
  auto segment = Segment::attach(options.segment_fd);
  if (!segment) return segment.error();
  layout::GuardWords& words = segment->words();
  auto sink = open_sink(words.config.sender);
  if (!sink) return sink.error();
  words.granted.store(ask_for(options), std::memory_order_release);
  if (words.config.virtual_clock != 0) {
    VirtualWait wait(words, options.pidfd);
    guard_with(wait, words, segment->page(), **sink);
  } else {
    RealWait wait(options.pidfd);
    guard_with(wait, words, segment->page(), **sink);
  }
  return {};
}

}  // namespace tactus::guard
