// SPDX-License-Identifier: MIT
// Where releases come from: two phases, a coarse wait and a spin; between
// them the loop prewarms (prewarm.hpp). One
// implementation per source: nanosleep, manual (virtual clock); kmod,
// timerfd and uring later; lockstep lives in io. RT-safe.
#pragma once

#include <cstdint>

#include "tactus/tactus.h"

namespace tactus::rt {

struct Wake {
  tactus_status status = TACTUS_OK;  // TACTUS_ENDED: no more releases
  int64_t expiry_ns = 0;             // what the timer was programmed to
  int64_t irq_ns = 0;                // timer interrupt, where known; else 0
  int64_t coarse_ns = 0;             // returned from the coarse wait
  int64_t wake_ns = 0;               // after the spin: when the cycle begins
};

class WakeSource {
 public:
  virtual ~WakeSource() = default;
  [[nodiscard]] virtual const char* name() const noexcept = 0;
  // Monotonic now of this source's clock (virtual in tests and lockstep).
  [[nodiscard]] virtual int64_t now() noexcept = 0;
  // Sleeps until about release_ns − lead_ns.
  virtual Wake wait(int64_t release_ns, int64_t lead_ns) noexcept = 0;
  // Spins until release_ns; returns when the cycle begins.
  virtual int64_t spin(int64_t release_ns) noexcept = 0;
  // A cycle begins that somebody else woke (Loop::step): what wait() does
  // for the clock's sake happens here.
  virtual void anchor() noexcept {}
};

}  // namespace tactus::rt
