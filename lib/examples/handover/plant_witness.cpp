// SPDX-License-Identifier: MIT
#include "plant_witness.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>

namespace handover {
namespace {

constexpr std::size_t kMostGaps = 1 << 16;
constexpr int64_t kSecond = 1'000'000'000;

int64_t monotonic_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

}  // namespace

std::vector<Gap> within(const std::vector<Gap>& gaps, int64_t from_ns,
                        int64_t to_ns) {
  std::vector<Gap> out;
  for (const Gap& g : gaps) {
    const Gap part{std::max(g.due_ns, from_ns), std::min(g.woke_ns, to_ns)};
    if (part.due_ns < part.woke_ns) out.push_back(part);
  }
  return out;
}

// Filled in: no page of it is touched for the first time while it watches.
Witness::Witness(const WitnessOptions& options)
    : gaps_(kMostGaps), thread_([this, options](const std::stop_token& stop) {
        ask_for(options);
        watch(stop);
      }) {}

void Witness::ask_for(const WitnessOptions& options) {
  prctl(PR_SET_TIMERSLACK, 1UL);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(options.cpu), &set);
  pinned_ = sched_setaffinity(0, sizeof set, &set) == 0;
  sched_param wanted{};
  wanted.sched_priority = options.priority;
  fifo_ = sched_setscheduler(0, SCHED_FIFO, &wanted) == 0;
}

// `due` goes on by the period even where that has passed, so that a gap
// after the clock was read is seen too.
void Witness::watch(const std::stop_token& stop) {
  for (int64_t due = monotonic_ns(); !stop.stop_requested();) {
    due += kPeriodNs;
    const timespec until{due / kSecond, due % kSecond};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    const int64_t woke = monotonic_ns();
    if (woke - due <= kNotedNs) continue;
    const std::size_t n = count_.load(std::memory_order_relaxed);
    if (n < gaps_.size()) {
      gaps_[n] = {due, woke};
      // Pairs with gaps(): a gap is counted when it is written.
      count_.store(n + 1, std::memory_order_release);
    }
    due = woke - (woke - due) % kPeriodNs;
  }
}

std::vector<Gap> Witness::gaps() const {
  const std::size_t n = count_.load(std::memory_order_acquire);
  const auto end = gaps_.begin() + static_cast<std::ptrdiff_t>(n);
  return {gaps_.begin(), end};
}

}  // namespace handover
