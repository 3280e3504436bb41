// SPDX-License-Identifier: MIT
// --lockstep: the plant owns time. A state frame flagged lockstep carries
// the time; the cycle runs; tick-done lets the plant advance. The time is
// published to the guardian through the virtual clock words. Not for real
// robots. One thread (the loop's).
//
// After *every* cycle, sent or not, wait() sends tick-done with the stamp of
// the time that it finishes; a plant advances when that stamp is its own
// time, so repeating one is harmless. Commands go before it on one socket.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "core/layout/guard_words.hpp"
#include "io/udp.hpp"
#include "rt/wake_source.hpp"

namespace tactus::io {

struct LockstepOptions {
  // Without a new time for this long the plant is dead: TACTUS_ENDED and
  // dead() (rtctl: exit 5).
  std::chrono::nanoseconds watchdog = std::chrono::seconds(10);
  std::chrono::nanoseconds repeat = std::chrono::milliseconds(200);
  layout::GuardWords* words = nullptr;  // null: no guardian
};

class LockstepWake final : public rt::WakeSource {
 public:
  // Waits for the plant's first frame, so that now() is its time from the
  // start; kUnavailable when none came within the watchdog. `udp` was opened
  // with lockstep = true and outlives this.
  static Result<std::unique_ptr<LockstepWake>> open(
      Udp& udp, const LockstepOptions& options);

  [[nodiscard]] const char* name() const noexcept override {
    return "lockstep";
  }
  [[nodiscard]] int64_t now() noexcept override { return now_ns_; }
  rt::Wake wait(int64_t release_ns, int64_t lead_ns) noexcept override;
  int64_t spin(int64_t) noexcept override { return now_ns_; }

  // Sender epoch for the tick-done frames; any value is accepted by plants
  // (they judge the stamp).
  void set_epoch(uint32_t epoch) noexcept { epoch_ = epoch; }
  // The watchdog ended it: "dead lockstep".
  [[nodiscard]] bool dead() const noexcept { return dead_; }

 private:
  LockstepWake(Udp& udp, const LockstepOptions& options)
      : udp_(udp), options_(options) {}
  bool await_after(int64_t stamp_ns) noexcept;
  bool adopt(const State& state, int64_t after_ns) noexcept;
  void publish() noexcept;
  void finish_tick() noexcept;

  Udp& udp_;
  LockstepOptions options_;
  int64_t now_ns_ = INT64_MIN;
  uint64_t seq_ = 0;
  uint32_t epoch_ = 0;
  bool dead_ = false;
};

}  // namespace tactus::io
