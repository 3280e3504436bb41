// SPDX-License-Identifier: MIT
// What runs in the slack before a release, so that the cycle finds its code
// and data in the caches: dry runs that change nothing. The loop wakes that
// much earlier. A step begins only if the time it is known to need is left,
// before the release and within the cap: what does not fit is dropped, never
// the release delayed. run() is RT-safe; everything else is set-up.
//
// A step's need is followed by its own runs, as about the 97th percentile:
// one that took longer raises it by an eighth, one that did not lowers it by a
// 256th. A single stolen millisecond therefore costs little; a step that needs
// more than the cap is soon left out, until forget() gives it another chance.
// Where wake-ups come later than the lead expects, so that a step finds no
// room, the loop is asked to wake earlier still, until that happens in fewer
// than one of a hundred cycles; all of it within the cap. What the cap itself
// leaves no room for does not count.
#pragma once

#include <cstdint>
#include <vector>

#include "rt/loop_spec.hpp"
#include "rt/wake_source.hpp"

namespace tactus::rt {

struct Prewarmed {
  int64_t ns = 0;        // spent; 0: nothing ran
  bool dropped = false;  // a step had no room
  bool over = false;     // took more than its steps were to need
};

class Prewarm {
 public:
  Prewarm() = default;
  // At most `most_ns` before each release; 0: nothing ever runs.
  Prewarm(const std::vector<PrewarmStep>& steps, int64_t most_ns);

  // Runs each step a few times to learn what it needs.
  void calibrate(WakeSource& wake) noexcept;
  // Back to what calibrate() found. RT-safe.
  void forget() noexcept;

  // How much earlier than otherwise to wake: all steps and what late wake-ups
  // take, capped. RT-safe.
  [[nodiscard]] int64_t reserve_ns() const noexcept;
  // From `now_ns`, when the coarse wait returned.
  Prewarmed run(WakeSource& wake, int64_t now_ns, int64_t release_ns) noexcept;

 private:
  struct Step {
    PrewarmStep what;
    int64_t first_ns = 0;  // as calibrated
    int64_t needs_ns = 0;
  };
  static void learn(Step& step, int64_t took_ns) noexcept;
  void learn_early(bool no_room) noexcept;
  [[nodiscard]] int64_t needs_ns() const noexcept;

  std::vector<Step> steps_;
  int64_t most_ns_ = 0;
  int64_t early_ns_ = 0;  // of the reserve: for late wake-ups
};

}  // namespace tactus::rt
