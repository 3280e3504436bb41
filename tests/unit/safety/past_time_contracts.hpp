// SPDX-License-Identifier: MIT
// Contracts of past-time rows and callbacks, for contracts_test.cpp. target[0]
// is bad above 0.5.
#pragma once

#include "contract_rig.hpp"
#include "past_time_rows.hpp"

namespace contracts {

enum class Target : uint8_t { kGood, kBad };

inline bool violated(const Cycle& c) {
  return c.out.rung != TACTUS_RUNG_PASS &&
         (c.out.reasons & kReasonRowExpression) != 0;
}
// One cycle, with what it sends; true: a past-time row is violated.
inline bool watch(Cycle& c, const Image& image, uint64_t cycle, Target target) {
  c.at(cycle);
  c.target[0] = target == Target::kBad ? 1 : 0;
  run(c, image);
  c.send<Removed>(image);
  return violated(c);
}
// Cycles from .. to, both; true when it is violated in the last.
inline bool watch(Cycle& c, const Image& image, uint64_t from, uint64_t to) {
  bool last = true;
  for (uint64_t k = from; k <= to; ++k)
    last = watch(c, image, k, Target::kGood);
  return last;
}

inline std::unique_ptr<Image> throughout() {
  return remembering({{"target[0]", 0.5, MemoryForm::kHistorically, 20 * kMs}});
}
inline std::unique_ptr<Image> once() {
  return remembering({{"target[0]", 0.5, MemoryForm::kOnce, 300 * kMs}});
}
inline std::unique_ptr<Image> at_most() {
  return remembering(
      {{"target[0]", 0.5, MemoryForm::kAtMost, 31 * kMs, 5'100'000}});
}

inline bool historically_begins_when_it_is_watched() {
  static const auto image = throughout();
  Cycle c;
  return watch(c, *image, 100, 119) && !watch(c, *image, 120, Target::kGood);
}
// Up to the next check a violation counts, then for the window.
inline bool historically_waits_for_its_window() {
  static const auto image = throughout();
  Cycle c;
  if (watch(c, *image, 100, 130)) return false;
  if (!watch(c, *image, 131, Target::kBad)) return false;
  return watch(c, *image, 132, 151) && !watch(c, *image, 152, Target::kGood);
}
inline bool what_was_between_far_checks_is_not_known() {
  static const auto image = throughout();
  Cycle near, far;
  if (watch(near, *image, 100, 130)) return false;
  far = near;
  return !watch(near, *image, 134, Target::kGood) &&
         watch(far, *image, 135, Target::kGood);
}
inline bool a_bad_signal_is_not_known() {
  static const auto image = throughout();
  Cycle c;
  if (watch(c, *image, 100, 130)) return false;
  c.at(131);
  c.in.stamp_ns[kTarget] = 0;
  run(c, *image);
  c.send<Removed>(*image);
  return watch(c, *image, 132, Target::kGood);
}
// Each row of them: the second's own target was never good.
inline bool other_limits_know_nothing() {
  static const auto image = throughout();
  static const auto other =
      remembering({{"target[1]", 0.5, MemoryForm::kHistorically, 20 * kMs}});
  const auto twice = [](const char* second) {
    return remembering({{"target[1]", 0.5, MemoryForm::kOnce, 300 * kMs},
                        {second, 0.5, MemoryForm::kOnce, 300 * kMs}});
  };
  static const auto two = twice("target[1]"), others = twice("target[0]");
  Cycle c, seen;
  return !watch(c, *image, 100, 130) && watch(c, *other, 131, Target::kGood) &&
         !watch(seen, *two, 100, Target::kBad) &&
         watch(seen, *others, 101, Target::kBad);
}
inline bool what_the_guardian_sends_is_not_known() {
  static const auto image =
      remembering({{"u[0]", 0.5, MemoryForm::kHistorically, 20 * kMs}});
  Cycle c;
  if (watch(c, *image, 100, 130)) return false;
  c.in.guardian_acted = true;
  watch(c, *image, 131, Target::kGood);
  c.in.guardian_acted = false;
  return watch(c, *image, 132, Target::kGood);
}
inline bool once_needs_to_be_seen() {
  static const auto image = once();
  Cycle c, never;
  return watch(never, *image, 100, Target::kBad) &&
         !watch(c, *image, 100, Target::kGood);
}
// What is seen late is so much longer ago: here by 60 ms of 300.
inline bool once_counts_from_the_stamp() {
  static const auto image = once();
  Cycle fresh, late;
  for (Cycle* c : {&fresh, &late}) {
    c->at(100);
    if (c == &late) c->in.stamp_ns[kTarget] -= 60 * kMs;
    run(*c, *image);
    c->send<Removed>(*image);
    if (violated(*c)) return false;
  }
  return !watch(fresh, *image, 180, Target::kBad) &&
         watch(late, *image, 180, Target::kBad);
}
// The whole motion, about 180 ms here, must be over by the window's end.
inline bool once_counts_the_motion() {
  static const auto image = once();
  Cycle c;
  return !watch(c, *image, 100, Target::kGood) &&
         !watch(c, *image, 150, Target::kBad) &&
         watch(c, *image, 390, Target::kBad);
}
inline bool at_most_adds_up() {
  static const auto image = at_most();
  Cycle few, many;
  if (watch(few, *image, 100, 140)) return false;
  for (uint64_t k = 141; k <= 143; ++k) watch(few, *image, k, Target::kBad);
  many = few;
  if (watch(few, *image, 144, Target::kGood)) return false;
  for (uint64_t k = 144; k <= 145; ++k) watch(many, *image, k, Target::kBad);
  return watch(many, *image, 146, Target::kGood);
}
// What was in violation at the very begin of the window still counts: here a
// quarter of a millisecond beside five.
inline bool at_most_forgets_late() {
  static const auto image = at_most();
  Cycle c;
  watch(c, *image, 100, 140);
  for (uint64_t k = 141; k <= 145; ++k) watch(c, *image, k, Target::kBad);
  watch(c, *image, 146, 171);
  c.at(172);
  c.in.now_ns -= 250'000;
  for (auto& stamp : c.in.stamp_ns) stamp -= 250'000;
  run(c, *image);
  return violated(c) && !watch(c, *image, 173, 175);
}
inline bool at_most_begins_when_it_is_watched() {
  static const auto image = at_most();
  Cycle c;
  return watch(c, *image, 100, 110);
}

inline bool given(float margin, uint8_t fate) {
  static const auto image = with_callback(0.05);
  Cycle c;
  c.in.callback[0] = margin;
  c.in.callback_fate[0] = fate;
  run(c, *image);
  return violated(c);
}
inline bool a_margin_binds() {
  return given(0.04f, kCallbackGave) && !given(0.06f, kCallbackGave) &&
         given(std::nanf(""), kCallbackGave);
}
// What rungs scale and project send is what the callbacks are shown.
inline bool callbacks_are_shown_what_is_sent() {
  static const auto image = with_callback(0.05);
  for (const float asked : {0.01f, 0.3f}) {
    Cycle c;
    c.in.callback[0] = 1;
    c.in.callback_fate[0] = kCallbackGave;
    c.u[2] = asked;
    Cycle copy = c;
    static Foreseen seen;
    if (!foresee_with<Removed>(*image, copy.state, c.in, seen)) return false;
    run(c, *image);
    if (c.out.rung == TACTUS_RUNG_STOP) return false;
    if (seen.action[2] != c.out.action[2]) return false;
  }
  return true;
}
inline bool a_call_that_failed_gave_none() {
  return given(1, kCallbackNone) && given(1, kCallbackFailed) &&
         given(1, kCallbackLate);
}

}  // namespace contracts
