// SPDX-License-Identifier: MIT
// Cycle edges: requests, life, latch, rearm. RT-safe.
#include "rt/life.hpp"

#include "rt/cycle.hpp"

namespace tactus::rt {

void Loop::edge(LifeEvent event, const tactus_tick& tick) noexcept {
  const auto from = static_cast<tactus_state>(carried_.state);
  const tactus_state to = next_state(from, event);
  if (to == from) return;
  carried_.state = to;
  if (to == TACTUS_STATE_ENGAGED) {
    carried_.engaged_at_ns = 0;
    carried_.window.clear();
    carried_.trip_reason = 0;
  }
  if (to == TACTUS_STATE_STOPPING) carried_.stopping_at_ns = tick.release_ns;
  if (to == TACTUS_STATE_LATCHED) {
    carried_.flags |= kCarriedEverLatched;
    ever_latched_.store(true, std::memory_order_relaxed);
    // Asking before the latch must not fire after the rearm.
    carried_.pending &= ~uint32_t{kRequestEngage | kRequestRearm};
    if (spec_.exit_on_latch) end_because(ExitReason::kLatched);
  }
  // Nothing is sent: what had no room any more may show that it has.
  if (to == TACTUS_STATE_READY) prewarm_.forget();
  if (to == TACTUS_STATE_READY && from != TACTUS_STATE_WARM)
    carried_.pending &= ~uint32_t{kRequestEngage | kRequestStop};
  // Release pairs with state()'s acquire: who sees the new state also sees
  // why (trip_reason).
  stats_->state.store(to, std::memory_order_release);
  parts_.supervisor->life(to);
}

void Loop::raise_cause(StopCause cause) noexcept {
  if (static_cast<uint32_t>(cause) > carried_.cause)
    carried_.cause = static_cast<uint32_t>(cause);
}

void Loop::end_because(ExitReason reason) noexcept {
  if (exit_ == ExitReason::kNone) exit_ = reason;
  carried_.pending |= kRequestEnd;
}

void Loop::apply_requests(Cycle& c) noexcept {
  const uint32_t bits = requests_.take();
  if ((bits & kRequestEnd) != 0) end_because(ExitReason::kEnd);
  if ((bits & kRequestReload) != 0) apply_reload();
  const auto state = static_cast<tactus_state>(carried_.state);
  const bool latched = state == TACTUS_STATE_LATCHED;
  if ((bits & kRequestRearm) != 0 && latched) carried_.pending |= kRequestRearm;
  if ((bits & kRequestEngage) != 0 && state == TACTUS_STATE_READY)
    carried_.pending |= kRequestEngage;
  if ((bits & kRequestStop) != 0) {
    c.flags |= layout::kCycleStopRequested;
    carried_.pending &= ~uint32_t{kRequestEngage};
    leave_engaged(LifeEvent::kStop, StopCause::kStop, c.tick);
  }
  if ((carried_.pending & kRequestEngage) != 0)
    c.flags |= layout::kCycleEngageRequested;
  if ((carried_.pending & kRequestEnd) != 0) {
    c.flags |= layout::kCycleEndRequested;
    leave_engaged(LifeEvent::kEnd, StopCause::kEnd, c.tick);
  }
}

void Loop::leave_engaged(LifeEvent event, StopCause cause,
                         const tactus_tick& tick) noexcept {
  const bool engaged = carried_.state == TACTUS_STATE_ENGAGED;
  if (engaged || carried_.state == TACTUS_STATE_STOPPING) raise_cause(cause);
  edge(event, tick);
}

void Loop::apply_reload() noexcept {
  const bool allowed = carried_.state == TACTUS_STATE_READY ||
                       carried_.state == TACTUS_STATE_LATCHED;
  const ReloadHook& hook = parts_.reload;
  const bool done =
      allowed && hook.apply != nullptr && hook.apply(hook.self, identity_);
  // The log goes on in a new file: replay needs a state to begin with.
  if (done) carried_.flags |= kCarriedKeyframeDue;
  // One writer: this thread. Readers poll the count.
  auto& count = done ? stats_->reloads : stats_->reloads_refused;
  count.store(count.load(std::memory_order_relaxed) + 1,
              std::memory_order_release);
}

void Loop::trip(Cycle& c, TripReason reason) noexcept {
  const bool moves = c.before == TACTUS_STATE_ENGAGED ||
                     c.before == TACTUS_STATE_STOPPING ||
                     reason == TripReason::kGuardian;
  const bool again = carried_.cause == static_cast<uint32_t>(StopCause::kTrip);
  if (!moves || again || c.before == TACTUS_STATE_LATCHED) return;
  carried_.trip_reason = static_cast<uint32_t>(reason);
  stats_->trip_reason.store(carried_.trip_reason, std::memory_order_relaxed);
  ++counters_.trips;
  c.flags |= layout::kCycleTripped;
  if (c.before != TACTUS_STATE_READY) raise_cause(StopCause::kTrip);
  edge(reason == TripReason::kGuardian ? LifeEvent::kGuardActed
                                       : LifeEvent::kTrip,
       c.tick);
}

// Everything that may set the latch, the first one names it.
void Loop::judge_trip(Cycle& c) noexcept {
  if (c.guard.guardian_acted) trip(c, TripReason::kGuardian);
  if (c.check.trip) trip(c, TripReason::kFault);
  if (c.check.latch) trip(c, TripReason::kLimit);
  if (c.trip != TripReason::kNone) trip(c, c.trip);
  const bool gap = (carried_.flags & kCarriedGap) != 0;
  carried_.flags &= ~uint32_t{kCarriedGap};
  if (gap && spec_.trip_on_gap) trip(c, TripReason::kRecordGap);
  const bool bad = (c.flags & layout::kCycleBad) != 0;
  if (c.before != TACTUS_STATE_ENGAGED) return;
  if (bad) return push_bad(c, c.tick.missed - c.refused + 1);
  carried_.window.push(spec_.trip.of, false);
}

void Loop::push_bad(Cycle& c, uint64_t releases) noexcept {
  carried_.window.push_bad(spec_.trip.of, releases);
  if (carried_.window.count >= spec_.trip.bad)
    trip(c, TripReason::kBadReleases);
}

// Said by the check itself of the plan that runs. A stop that came after the
// check (a late act, a stale guardian) plays a plan that nobody looked at.
bool Loop::verified_stop(const Cycle& c) noexcept {
  return c.rung == TACTUS_RUNG_STOP && c.checked &&
         c.check.rung == TACTUS_RUNG_STOP && !c.check.stop_unverified &&
         c.check.plan_id != 0;
}

void Loop::end_of_cycle_edges(Cycle& c) noexcept {
  if (was_bad(c) || c.tick.missed > c.refused) c.flags |= layout::kCycleBad;
  if (c.check.stop_unverified) c.flags |= layout::kCycleStopUnverified;
  if (c.checked && c.check.recalled) c.flags |= layout::kCycleRecalled;
  if (verified_stop(c)) c.flags |= layout::kCycleStopVerified;
  judge_trip(c);
  if (c.before == TACTUS_STATE_READY) try_engage(c);
  if (c.before == TACTUS_STATE_STOPPING) try_standstill(c);
  if (c.before == TACTUS_STATE_LATCHED) try_rearm(c);
}

void Loop::try_engage(Cycle& c) noexcept {
  const bool asked = (carried_.pending & kRequestEngage) != 0 &&
                     (carried_.pending & kRequestEnd) == 0;
  const bool silent = (carried_.flags & kCarriedSilent) != 0;
  if (!asked || silent || !c.checked || !c.check.may_engage) return;
  if (!spec_.shadow) {
    if (!parts_.supervisor->armed(c.tick)) return;
    carried_.flags |= kCarriedArmed;
  }
  carried_.pending &= ~uint32_t{kRequestEngage};
  c.flags |= layout::kCycleEngaged;
  edge(LifeEvent::kEngaged, c.tick);
}

void Loop::disarm(const tactus_tick& tick) noexcept {
  carried_.flags |= kCarriedStoodVerified;
  if ((carried_.flags & kCarriedArmed) == 0) return;
  carried_.flags &= ~uint32_t{kCarriedArmed};
  parts_.supervisor->disarmed(tick);
}

void Loop::try_standstill(Cycle& c) noexcept {
  const int64_t stopping_ns = c.tick.release_ns - carried_.stopping_at_ns;
  const bool stood = c.checked && c.check.standstill;
  if (!stood) {
    if (stopping_ns < spec_.stop_limit_ns) return;
    trip(c, TripReason::kStopUnverified);
    raise_cause(StopCause::kTrip);
  }
  carried_.flags &= ~uint32_t{kCarriedStoodVerified};
  if (stood) disarm(c.tick);
  const auto cause = static_cast<StopCause>(carried_.cause);
  carried_.cause = 0;
  if (cause == StopCause::kTrip) edge(LifeEvent::kStoodAfterTrip, c.tick);
  if (cause == StopCause::kStop) edge(LifeEvent::kStoodAfterStop, c.tick);
  if (cause == StopCause::kEnd) edge(LifeEvent::kStoodAfterEnd, c.tick);
}

// Rearm needs a standstill that was measured, if not when it latched then
// now, and the guardian's word that it is silent.
void Loop::try_rearm(Cycle& c) noexcept {
  if (c.checked && c.check.standstill) disarm(c.tick);
  const bool asked = (carried_.pending & kRequestRearm) != 0;
  const bool stood = (carried_.flags & kCarriedStoodVerified) != 0;
  if (!asked || !stood || !parts_.supervisor->rearm(c.tick)) return;
  carried_.pending &= ~uint32_t{kRequestRearm};
  carried_.flags &= ~uint32_t{kCarriedSilent | kCarriedStoodVerified};
  c.flags |= layout::kCycleRearmed;
  edge(LifeEvent::kRearmed, c.tick);
}

}  // namespace tactus::rt
