// SPDX-License-Identifier: MIT
#include "rt/life.hpp"

#include <criterion/criterion.h>

#include <set>

using namespace tactus::rt;

// Written down a second time, from DESIGN's text, not from the table.
static tactus_state expected(tactus_state s, LifeEvent e) {
  using E = LifeEvent;
  const bool ends = e == E::kEnd;
  switch (s) {
    case TACTUS_STATE_IDLE:
      return e == E::kWarm ? TACTUS_STATE_WARM : s;
    case TACTUS_STATE_WARM:
      if (e == E::kWarmed) return TACTUS_STATE_READY;
      return ends || e == E::kWarmFailed ? TACTUS_STATE_IDLE : s;
    case TACTUS_STATE_READY:
      if (e == E::kEngaged) return TACTUS_STATE_ENGAGED;
      if (e == E::kGuardActed) return TACTUS_STATE_LATCHED;
      return ends ? TACTUS_STATE_IDLE : s;
    case TACTUS_STATE_ENGAGED:
      return e == E::kTrip || e == E::kGuardActed || e == E::kStop || ends
                 ? TACTUS_STATE_STOPPING
                 : s;
    case TACTUS_STATE_STOPPING:
      if (e == E::kStoodAfterTrip) return TACTUS_STATE_LATCHED;
      if (e == E::kStoodAfterStop) return TACTUS_STATE_READY;
      return e == E::kStoodAfterEnd ? TACTUS_STATE_IDLE : s;
    default:
      if (e == E::kRearmed) return TACTUS_STATE_READY;
      return ends ? TACTUS_STATE_IDLE : s;
  }
}

Test(life, every_state_and_event_does_what_design_says) {
  for (std::size_t s = 0; s < kStates; ++s)
    for (std::size_t e = 0; e < kLifeEvents; ++e) {
      const auto state = static_cast<tactus_state>(s);
      const auto event = static_cast<LifeEvent>(e);
      cr_assert_eq(next_state(state, event), expected(state, event),
                   "state %zu event %zu", s, e);
    }
}

Test(life, nothing_leads_to_engaged_but_a_granted_request_in_ready) {
  for (const LifeEdge& e : kLifeEdges)
    if (e.to == TACTUS_STATE_ENGAGED) {
      cr_assert_eq(e.from, TACTUS_STATE_READY);
      cr_assert_eq(e.event, LifeEvent::kEngaged);
    }
}

Test(life, the_latch_is_left_by_rearm_or_by_leaving) {
  for (const LifeEdge& e : kLifeEdges)
    if (e.from == TACTUS_STATE_LATCHED)
      cr_assert(e.event == LifeEvent::kRearmed || e.event == LifeEvent::kEnd);
}
