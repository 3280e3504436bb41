// SPDX-License-Identifier: MIT
// Contracts of the memory of a verdict on space.
#pragma once

#include "space_contracts.hpp"
#include "twins.hpp"

namespace contracts {

inline bool a_memory_sees_the_robot_move() {
  static const auto image = sealed();
  return twins::same_commands(
      twins::run_twins<Removed>(*image, 1000, 1500, twins::reach_for_the_wall));
}
inline bool a_memory_sees_the_human_come() {
  static const auto image = sealed();
  return twins::same_commands(
      twins::run_twins<Removed>(*image, 1000, 1500, twins::let_a_hand_come));
}
// The post is where the hand stands; its window closes.
inline bool a_memory_sees_a_window_close() {
  const auto image = with_post({0, kHandBit | kWristBit, 1, 0});
  return twins::same_commands(twins::run_twins<Removed>(
      *image, 1000, 80,
      [](Cycle& c, uint64_t cycle) { set_contact(c, cycle < 140 ? 1 : 0); }));
}

}  // namespace contracts
