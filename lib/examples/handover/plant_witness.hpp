// SPDX-License-Identifier: MIT
// Was it the host? A thread that only asks to run once a millisecond, on the
// guardian's processor and just above its priority, notes when it could not.
// It shares nothing else with the guardian: whoever says that a takeover was
// late because of the host needs this thread to have been late in the same
// moment. What the guardian itself does to its processor it does not see.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <thread>
#include <vector>

namespace handover {

// CLOCK_MONOTONIC: ready to run at `due_ns`, running at `woke_ns`. The host
// may have begun up to one period before.
struct Gap {
  int64_t due_ns = 0, woke_ns = 0;
};

// The parts of `gaps` within [from, to], in order.
std::vector<Gap> within(const std::vector<Gap>& gaps, int64_t from_ns,
                        int64_t to_ns);

struct WitnessOptions {
  int cpu = -1;  // < 0: no witness
  int priority = 0;
};

class Witness {
 public:
  static constexpr int64_t kPeriodNs = 1'000'000;
  static constexpr int64_t kNotedNs = 500'000;  // less is no gap

  // Starts the thread, which asks for processor and priority.
  explicit Witness(const WitnessOptions& options);

  // Any thread: the gaps noted so far. Full, it notes nothing more.
  [[nodiscard]] std::vector<Gap> gaps() const;
  [[nodiscard]] bool pinned() const { return pinned_.load(); }
  [[nodiscard]] bool fifo() const { return fifo_.load(); }

 private:
  void watch(const std::stop_token& stop);
  void ask_for(const WitnessOptions& options);

  std::vector<Gap> gaps_;
  std::atomic<std::size_t> count_{0};  // of gaps_, written whole
  std::atomic<bool> pinned_{false}, fifo_{false};
  std::jthread thread_;  // last: it uses the above
};

}  // namespace handover
