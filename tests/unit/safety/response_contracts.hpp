// SPDX-License-Identifier: MIT
// Contracts of what answers a violation: response, warn, hysteresis, and rows
// that were taken out. Driven through the action's box and rate, which are
// exact.
#pragma once

#include "contract_rig.hpp"

namespace contracts {

inline constexpr uint32_t kBoxRow = 0;   // |u| <= 1
inline constexpr uint32_t kRateRow = 1;  // 12 mrad/s a cycle

// What the check makes of a jump that only the rate row forbids.
inline Cycle after_a_jump(Response response, RowKind kind) {
  auto image = draft();
  image->row[kRateRow].response = response;
  image->row[kRateRow].kind = kind;
  if (!seal(*image)) image->header.magic = 0;
  Cycle c;
  c.moving(0.5f, 0);
  c.u[0] = 0.6f;
  run(c, *image);
  return c;
}

inline bool answers(const Cycle& c) {
  return (c.out.reasons & kReasonResponse) != 0;
}
inline bool a_stop_row_is_not_scaled() {
  const Cycle any = after_a_jump(Response::kLadder, RowKind::kHard);
  const Cycle stop = after_a_jump(Response::kStop, RowKind::kHard);
  return any.out.rung == TACTUS_RUNG_SCALE && !answers(any) &&
         stop.out.rung == TACTUS_RUNG_STOP && answers(stop) && !stop.out.latch;
}
inline bool a_latch_row_stops_and_latches() {
  const Cycle latch = after_a_jump(Response::kLatch, RowKind::kHard);
  return latch.out.rung == TACTUS_RUNG_STOP && answers(latch) &&
         latch.out.latch;
}
// Judged, but nothing is made of it.
inline bool a_row_that_warns_decides_nothing() {
  const Cycle warn = after_a_jump(Response::kWarn, RowKind::kSoft);
  return warn.out.rung == TACTUS_RUNG_PASS && warn.out.violated == 0 &&
         warn.out.row[kRateRow].margin < 0;
}
inline bool a_row_that_is_off_is_not_judged() {
  const Cycle off = after_a_jump(Response::kLadder, RowKind::kOff);
  return off.out.rung == TACTUS_RUNG_PASS && off.out.row[kRateRow].margin == 1;
}

inline bool what_comes_near_a_limit_is_told() {
  const auto told = [](double warn) {
    auto image = draft();
    image->row[kBoxRow].warn = warn;
    if (!seal(*image)) return 2;
    Cycle c;
    c.moving(0.9f, 0);
    if (run(c, *image) != TACTUS_RUNG_PASS) return 3;
    return int{c.out.row[kBoxRow].near};
  };
  return told(0.11) == 1 && told(0.09) == 0 && told(0) == 0;
}

// 0.1 rad/s below the box once it refused; any jump is allowed.
inline std::unique_ptr<Image> with_hysteresis() {
  auto image = draft();
  image->row[kRateRow].kind = RowKind::kSoft;
  image->row[kBoxRow].hysteresis = 0.1;
  if (!seal(*image)) image->header.magic = 0;
  return image;
}
struct Asker {
  const Image& image;
  Cycle& cycle;
  uint64_t next = 100;
  bool passes(float u) {
    cycle.at(next++);
    cycle.u[0] = u;
    return run(cycle, image) == TACTUS_RUNG_PASS;
  }
};
inline bool a_row_that_refused_asks_for_more_until_it_has_it() {
  static const auto image = with_hysteresis();
  Cycle c;
  c.moving(0.95f, 0);
  Asker ask{*image, c};
  const bool before = ask.passes(0.95f) && !ask.passes(1.01f);
  const bool held = !ask.passes(0.95f) && !ask.passes(0.91f);
  return before && held && ask.passes(0.89f) && ask.passes(0.95f);
}
// What a rung makes keeps the limit: it may be within the hysteresis.
inline bool a_row_that_refused_leaves_room_to_get_away() {
  static const auto image = with_hysteresis();
  Cycle c;
  c.moving(0.95f, 0);
  Asker ask{*image, c};
  if (ask.passes(1.01f) || ask.passes(0.95f)) return false;
  return c.out.rung == TACTUS_RUNG_SCALE && c.out.action[0] > 0.9f;
}
inline bool what_refused_is_forgotten_with_the_engagement() {
  static const auto image = with_hysteresis();
  Cycle c;
  c.moving(0.95f, 0);
  Asker ask{*image, c};
  if (ask.passes(1.01f) || c.state.held[0] != 1u << kBoxRow) return false;
  c.in.life = TACTUS_STATE_READY;
  c.in.action_valid = false;
  ask.passes(0);
  return c.state.held[0] == 0;
}
// The plan that runs is held to the limit, whatever was refused since.
inline bool a_row_that_refused_does_not_doubt_the_running_plan() {
  auto image = with_hysteresis();
  image->ladder.rungs = kRungPass | kRungStop;
  if (!seal(*image)) return false;
  Cycle c;
  c.moving(0.95f, 0);
  Asker ask{*image, c};
  if (!ask.passes(0.95f)) return false;
  c.send<Removed>(*image);
  return !ask.passes(1.01f) && !ask.passes(0.95f) && !c.out.stop_unverified;
}

}  // namespace contracts
