// SPDX-License-Identifier: MIT
// The life of a loop (DESIGN, "One cycle") as one constexpr table; API,
// rtctl and status show the same names. Events are decided elsewhere (the
// loop at a cycle edge); a pair that the table does not list changes nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tactus/tactus.h"

namespace tactus::rt {

inline constexpr std::size_t kStates = 6;

enum class LifeEvent : uint8_t {
  kWarm,            // set-up is complete, the dry run begins
  kWarmed,          // the dry run passed
  kWarmFailed,      // a stage refused to run dry
  kEngaged,         // request granted: standstill, fresh, a verified stop
  kTrip,            // bad/of, a late stage's trip, a fault
  kGuardActed,      // the guardian has taken over
  kStop,            // stop request
  kEnd,             // signal, end of the duration
  kStoodAfterTrip,  // standstill verified; what the stop was for
  kStoodAfterStop,
  kStoodAfterEnd,
  kRearmed,  // asked for, and the guardian acknowledged silence
};
inline constexpr std::size_t kLifeEvents = 12;

struct LifeEdge {
  tactus_state from;
  LifeEvent event;
  tactus_state to;
};

inline constexpr LifeEdge kLifeEdges[] = {
    {TACTUS_STATE_IDLE, LifeEvent::kWarm, TACTUS_STATE_WARM},
    {TACTUS_STATE_WARM, LifeEvent::kWarmed, TACTUS_STATE_READY},
    {TACTUS_STATE_WARM, LifeEvent::kWarmFailed, TACTUS_STATE_IDLE},
    {TACTUS_STATE_WARM, LifeEvent::kEnd, TACTUS_STATE_IDLE},
    {TACTUS_STATE_READY, LifeEvent::kEngaged, TACTUS_STATE_ENGAGED},
    {TACTUS_STATE_READY, LifeEvent::kGuardActed, TACTUS_STATE_LATCHED},
    {TACTUS_STATE_READY, LifeEvent::kEnd, TACTUS_STATE_IDLE},
    {TACTUS_STATE_ENGAGED, LifeEvent::kTrip, TACTUS_STATE_STOPPING},
    {TACTUS_STATE_ENGAGED, LifeEvent::kGuardActed, TACTUS_STATE_STOPPING},
    {TACTUS_STATE_ENGAGED, LifeEvent::kStop, TACTUS_STATE_STOPPING},
    {TACTUS_STATE_ENGAGED, LifeEvent::kEnd, TACTUS_STATE_STOPPING},
    {TACTUS_STATE_STOPPING, LifeEvent::kStoodAfterTrip, TACTUS_STATE_LATCHED},
    {TACTUS_STATE_STOPPING, LifeEvent::kStoodAfterStop, TACTUS_STATE_READY},
    {TACTUS_STATE_STOPPING, LifeEvent::kStoodAfterEnd, TACTUS_STATE_IDLE},
    {TACTUS_STATE_LATCHED, LifeEvent::kRearmed, TACTUS_STATE_READY},
    {TACTUS_STATE_LATCHED, LifeEvent::kEnd, TACTUS_STATE_IDLE},
};

namespace detail {
using LifeTable = std::array<std::array<tactus_state, kLifeEvents>, kStates>;
constexpr LifeTable make_life_table() {
  LifeTable table{};
  for (std::size_t s = 0; s < kStates; ++s)
    for (auto& to : table[s]) to = static_cast<tactus_state>(s);
  for (const LifeEdge& e : kLifeEdges)
    table[e.from][static_cast<std::size_t>(e.event)] = e.to;
  return table;
}
inline constexpr LifeTable kLifeTable = make_life_table();
}  // namespace detail

// RT-safe.
[[nodiscard]] constexpr tactus_state next_state(tactus_state from,
                                                LifeEvent event) noexcept {
  return detail::kLifeTable[from][static_cast<std::size_t>(event)];
}

inline constexpr std::array<std::string_view, kStates> kStateNames = {
    "idle", "warm", "ready", "engaged", "stopping", "latched"};
inline constexpr std::array<std::string_view, 5> kRungNames = {
    "none", "pass", "scale", "project", "stop"};

// Every state but idle and warm cycles; these two move the robot or hold it.
[[nodiscard]] constexpr bool sends(tactus_state s) noexcept {
  return s == TACTUS_STATE_ENGAGED || s == TACTUS_STATE_STOPPING ||
         s == TACTUS_STATE_LATCHED;
}

}  // namespace tactus::rt
