// SPDX-License-Identifier: MIT
// What the guardian decides, as a step function of (now, shared words, page,
// controller alive): no clock, no sleep, no socket, so that tests drive it
// with any time. RT-safe. The loop around it is guard/guardian.hpp.
#pragma once

#include <cstdint>

#include "core/layout/guard_words.hpp"
#include "core/layout/wire.hpp"
#include "guard/page.hpp"
#include "guard/report.hpp"

namespace tactus::guard {

// After the plan's end the command is held at least this long when the
// controller is gone (or then = "silence"), then the guardian leaves and the
// robot's own time-out, if it has one, finds it at rest.
inline constexpr int64_t kLingerNs = 1'000'000'000;

struct Step {
  enum class Do : uint8_t { kWait, kSend, kExit };
  Do what = Do::kWait;
  int64_t until_ns = 0;                     // next wake-up (kWait, kSend)
  uint32_t epoch = 0;                       // kSend
  uint16_t flags = 0;                       // kSend: layout::WireFlag
  double command[layout::kMaxJoints] = {};  // kSend
};

class GuardianCore {
 public:
  GuardianCore(layout::GuardWords& words, const layout::StopPage& page) noexcept
      : words_(&words), reader_(page, words.config.joints) {}

  // Call at every wake-up. kSend: send the command, say so if it left, then
  // step again at until_ns (or when the controller dies).
  [[nodiscard]] Step step(int64_t now_ns, bool controller_alive) noexcept;

  // A step's command has left.
  void sent(const Step& step) noexcept;

  [[nodiscard]] uint32_t misses() const noexcept { return misses_; }
  // Neither armed nor playing, at the last step.
  [[nodiscard]] bool idle() const noexcept {
    return armed_epoch_ == 0 && !playing_;
  }
  // The plan being played (after an act).
  [[nodiscard]] const layout::StopPlan& plan() const noexcept { return plan_; }

 private:
  Step rest(int64_t now_ns, bool alive) noexcept;
  Step armed(int64_t now_ns, bool alive, uint64_t word) noexcept;
  Step play(int64_t now_ns, bool alive, uint64_t word) noexcept;
  void count_misses(int64_t now_ns) noexcept;
  bool act(int64_t now_ns, uint64_t word, Reason reason) noexcept;
  void choose_plan(int64_t now_ns, uint32_t epoch) noexcept;
  void join(int64_t now_ns) noexcept;
  bool silence(uint64_t word) noexcept;

  layout::GuardWords* words_;
  PageReader reader_;
  layout::StopPlan plan_{};
  uint32_t armed_epoch_ = 0;  // of the deadlines below; 0: none
  int64_t deadline_ns_ = 0;   // next commit deadline to judge
  int64_t judged_ns_ = 0;     // the last one judged
  int64_t acted_at_ns_ = 0;
  uint32_t misses_ = 0;   // consecutive
  bool playing_ = false;  // plan_ is chosen
  bool rested_ = false;   // its terminal command has left
};

}  // namespace tactus::guard
