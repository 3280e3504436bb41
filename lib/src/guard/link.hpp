// SPDX-License-Identifier: MIT
// The loop's side of the guard: publishes deadlines, plans and commits,
// arms and disarms, sees whether the guardian has acted. RT-safe, the loop's
// thread only. Starting the guardian is guard/spawn.hpp.
//
//   begin → publish(plan) → (send) → committed → begin → ...
#pragma once

#include <cstdint>

#include "core/layout/guard_words.hpp"
#include "guard/page.hpp"
#include "guard/report.hpp"

namespace tactus::guard {

struct LinkView {
  bool acted = false;         // the guardian has taken over: send nothing
  bool stale = false;         // its heartbeat is older than period + bound
  bool bound_broken = false;  // it acted, later than its bound
  int64_t heartbeat_age_ns = 0;
  uint32_t epoch = 0;  // the one in force, the guardian's included
};

class Link {
 public:
  // `words` and `page` outlive this.
  Link(layout::GuardWords& words, layout::StopPage& page) noexcept
      : words_(&words), writer_(page) {}

  // Release edge: the absolute commit deadline of this cycle. The heartbeat
  // is due once a period and may be late by the bound; in lockstep (virtual
  // clock) only a guardian that never got ready is stale.
  LinkView begin(int64_t now_ns, int64_t commit_deadline_ns) noexcept;

  // Before the send. False: not armed (or the guardian has acted), or the
  // plan is not valid: then do not send its action.
  bool publish(const layout::StopPlan& plan) noexcept;

  // The send completed. `plan_id`: of the plan just published when its
  // action left; 0 when a running stop (or hold) was played, evaluated at
  // `played_ns`.
  void committed(uint64_t cycle, uint64_t plan_id, bool late,
                 int64_t played_ns = 0) noexcept;

  // On engage: the next epoch above both the last one used here and
  // `robot_epoch` (what the robot reports). Its first deadline must come
  // with begin() of the same or the next cycle. Returns the sender epoch;
  // 0 when not disarmed, or the guardian is not ready.
  uint32_t arm(uint32_t robot_epoch, int64_t commit_deadline_ns) noexcept;
  // At verified standstill. False: the guardian has acted meanwhile.
  bool disarm() noexcept;
  // Call every cycle until true: the guardian has acknowledged silence and
  // the guard is disarmed again. It refuses while its plan still moves.
  bool rearm() noexcept;
  void life(uint32_t state) noexcept;
  // The loop leaves on purpose: a disarmed guardian goes at once, one that
  // plays finishes its plan first. Never disarms: a loop that leaves while
  // armed is a dead controller.
  void leave() noexcept;

  [[nodiscard]] uint32_t epoch() const noexcept;
  // And the guardian has not acted.
  [[nodiscard]] bool armed() const noexcept;
  // Any thread.
  [[nodiscard]] Report report() const noexcept { return report_of(*words_); }

 private:
  layout::GuardWords* words_;
  PageWriter writer_;
  int64_t deadline_ns_ = 0;
  bool asked_ = false;
};

}  // namespace tactus::guard
