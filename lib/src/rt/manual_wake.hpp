// SPDX-License-Identifier: MIT
// Wake source `manual`: a virtual clock that moves only by wait() and by
// advance(), with scripted stalls. For tests and benches; costs nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "rt/wake_source.hpp"

namespace tactus::rt {

class ManualWake final : public WakeSource {
 public:
  // The first wait that would return at or after `at_ns` returns `for_ns`
  // later (a preempted thread, a host that stole the CPU).
  struct Stall {
    int64_t at_ns;
    int64_t for_ns;
  };

  explicit ManualWake(int64_t start_ns = 1'000'000'000) : now_(start_ns) {}

  // Set-up. Stalls are applied in the order of their times.
  void script(std::vector<Stall> stalls);
  // wait() says TACTUS_ENDED from the (n+1)th on.
  void end_after(uint64_t waits) { waits_left_ = waits; }
  void advance(int64_t ns) noexcept { now_ += ns; }

  [[nodiscard]] const char* name() const noexcept override { return "manual"; }
  [[nodiscard]] int64_t now() noexcept override { return now_; }
  Wake wait(int64_t release_ns, int64_t lead_ns) noexcept override;
  int64_t spin(int64_t release_ns) noexcept override {
    now_ = std::max(now_, release_ns);
    return now_;
  }

 private:
  int64_t now_;
  uint64_t waits_left_ = UINT64_MAX;
  std::vector<Stall> stalls_;
  std::size_t next_stall_ = 0;
};

}  // namespace tactus::rt
