// SPDX-License-Identifier: MIT
// How the guardian waits: until an absolute time, or until the controller
// dies (which only shortens the wait). Later the module's GUARD_WAIT.
#pragma once

#include <cstdint>

#include "core/layout/guard_words.hpp"

namespace tactus::guard {

enum class Woken { kDeadline, kControllerDied };

class Wait {
 public:
  virtual ~Wait() = default;
  [[nodiscard]] virtual int64_t now() noexcept = 0;
  // After kControllerDied once, later calls wait for the deadline only.
  virtual Woken until(int64_t deadline_ns) noexcept = 0;
};

// CLOCK_MONOTONIC, ppoll on the controller's pidfd (< 0: none).
class RealWait final : public Wait {
 public:
  explicit RealWait(int pidfd) noexcept : pidfd_(pidfd) {}
  [[nodiscard]] int64_t now() noexcept override;
  Woken until(int64_t deadline_ns) noexcept override;

 private:
  int pidfd_;
};

// The virtual clock words of lockstep: futex on virtual_tick. Controller
// death is looked for every 20 ms of real time. A dead controller's clock
// stands still: from then on real time is added, so that a plan still ends.
class VirtualWait final : public Wait {
 public:
  VirtualWait(layout::GuardWords& words, int pidfd) noexcept
      : words_(&words), pidfd_(pidfd) {}
  [[nodiscard]] int64_t now() noexcept override;
  Woken until(int64_t deadline_ns) noexcept override;

 private:
  [[nodiscard]] bool died() noexcept;
  [[nodiscard]] bool left() const noexcept;

  layout::GuardWords* words_;
  int pidfd_;
  bool dead_ = false;
  int64_t died_at_ns_ = 0;
};

}  // namespace tactus::guard
