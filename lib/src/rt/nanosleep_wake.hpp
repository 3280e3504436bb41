// SPDX-License-Identifier: MIT
// Wake source `nanosleep`: clock_nanosleep(TIMER_ABSTIME) until release −
// lead, then a spin on the TSC until the release. RT-safe after calibrate().
#pragma once

#include "rt/tsc.hpp"
#include "rt/wake_source.hpp"

namespace tactus::rt {

class NanosleepWake final : public WakeSource {
 public:
  // Set-up: calibrates the TSC (20 ms).
  NanosleepWake() { clock_.calibrate(); }

  [[nodiscard]] const char* name() const noexcept override {
    return "nanosleep";
  }
  [[nodiscard]] int64_t now() noexcept override { return clock_.now(); }
  Wake wait(int64_t release_ns, int64_t lead_ns) noexcept override;
  int64_t spin(int64_t release_ns) noexcept override;
  void anchor() noexcept override { clock_.anchor(); }

  [[nodiscard]] const TscClock& clock() const noexcept { return clock_; }

 private:
  TscClock clock_;
};

}  // namespace tactus::rt
