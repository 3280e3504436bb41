// SPDX-License-Identifier: MIT
// Past-time rows (past_time.hpp). A check looks at each expression as things
// are (expressions_impl.hpp: held_now), notes it in the state once, and judges
// every candidate by the past and by its whole motion. An instant between two
// checks counts as the worse of both. Included by expressions_impl.hpp.
//
// Exact in ns but for kAtMost, whose slots keep what is in violation up to
// one slot too long. Trip counts are the image's.
#pragma once

#include "safety/rows/slack_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// A motion to one past-time row, s.
struct MotionTime {
  double whole;
  double spent;  // in violation, at most
  bool fresh;    // it is not yet under way
};

// One check's look: which expressions held, and since when that is known.
struct Look {
  int64_t now_ns;
  int64_t since_ns;  // the last check's
  int64_t seen_ns;   // what it goes by was so then
  bool first;        // nothing is known of the time before
  bool held;         // now
  bool throughout;   // held at both checks, which are near enough
};

// Slots that begin after the newest one so far are empty.
inline void turn_slots(int64_t newest, MemoryState& state) {
  const int64_t passed = newest - state.slot;
  for (uint32_t i = 0; i < kMemorySlots; ++i) {
    const int64_t age = (newest - int64_t{i}) & (kMemorySlots - 1);
    if (age < passed) state.spent_ns[i] = 0;
  }
  state.slot = newest;
}

// In nanoseconds in violation. All that is not known is.
template <class F>
int64_t spend(const Memory& memory, const Look& look, MemoryState& state) {
  const int64_t newest = look.now_ns / memory.slot_ns;
  if (look.first) {
    const int64_t full = F::on(Fault::kPastFresh) ? 0 : memory.slot_ns;
    for (int64_t& spent : state.spent_ns) spent = full;
    state.slot = newest;
  }
  turn_slots(newest, state);
  // To the newest, although part of it may be older.
  if (!look.throughout)
    state.spent_ns[newest & (kMemorySlots - 1)] += look.now_ns - look.since_ns;
  int64_t sum = 0;
  const int64_t oldest = (newest + 1) & (kMemorySlots - 1);
  for (int64_t i = 0; i < int64_t{kMemorySlots}; ++i) {
    if (i == oldest && F::on(Fault::kPastLeak)) continue;
    sum += state.spent_ns[i];
  }
  return sum;
}

// What is left of the window, ns: below 0 it is violated.
template <class F>
int64_t left_of(const Memory& memory, const Look& look, MemoryState& state) {
  const bool fresh = look.first && F::on(Fault::kPastFresh);
  switch (memory.form) {
    case MemoryForm::kHistorically:
      if (fresh && look.held) state.mark_ns = look.now_ns - memory.window_ns;
      if (!look.throughout && !fresh) state.mark_ns = look.now_ns;
      return look.now_ns - state.mark_ns - memory.window_ns;
    case MemoryForm::kOnce:
      if ((look.held || fresh) && look.seen_ns > state.mark_ns)
        state.mark_ns = look.seen_ns;
      if (state.mark_ns == 0) return -memory.window_ns;
      return state.mark_ns + memory.window_ns - look.now_ns;
    case MemoryForm::kAtMost:
      return memory.allowed_ns - spend<F>(memory, look, state);
  }
  return -1;
}

// When the oldest of what a row's expression goes by was so, at the latest now.
template <class F>
int64_t seen_at(const Image& image, const ShieldInput& in, uint32_t memory,
                int64_t now_ns) {
  int64_t oldest = now_ns;
  const uint32_t signals =
      F::on(Fault::kPastStamp) ? 0 : image.derived.observed[memory];
  for (uint32_t i = 0; i < image.signals; ++i) {
    const int64_t stamp = in.stamp_ns[i];
    if ((signals >> i & 1) != 0 && stamp < oldest) oldest = stamp;
  }
  return oldest;
}

// Notes this check's look; `held`: a bit per memory. Once for each check.
template <class F>
void note_held(const Image& image, const ShieldInput& in, uint32_t held,
               ShieldState& state, double* left) {
  const bool other = state.memory_of != image.header.hash;
  if (other && !F::on(Fault::kPastLimits)) {
    for (MemoryState& one : state.past_rows) one = MemoryState{};
    state.looked_ns = 0;
  }
  Look look{};
  look.now_ns = state.last_now_ns;
  look.first = state.looked_ns == 0;
  look.since_ns = look.first ? look.now_ns : state.looked_ns;
  for (uint32_t m = 0; m < image.memories; ++m) {
    const int64_t gap = look.now_ns - look.since_ns;
    const bool near = gap <= image.memory[m].gap_ns || F::on(Fault::kPastGap);
    const bool before = ((state.past_held >> m) & 1) != 0;
    look.held = ((held >> m) & 1) != 0;
    look.seen_ns = seen_at<F>(image, in, m, look.now_ns);
    const bool both = look.held && (before || F::on(Fault::kPastBetween));
    look.throughout = both && near && !look.first;
    left[m] = seconds(left_of<F>(image.memory[m], look, state.past_rows[m]));
  }
  state.memory_of = image.header.hash;
  state.looked_ns = look.now_ns;
  state.past_held = held;
}

// What a motion leaves of one window. Of time itself no stop can save any: a
// running one is judged by what it still does, not by what was before it.
template <class F>
void memory_slack(const Memory& memory, double left, const MotionTime& motion,
                  const Slack& expression, Slack& out) {
  const bool past_only = F::on(Fault::kPastMotion);
  if (memory.form == MemoryForm::kHistorically) {
    if (!past_only) out = expression;
    // As a part of the window; not known long enough is violated.
    const double part = left / seconds(memory.window_ns) * memory.worth;
    const bool lacks = !(left >= 0) && motion.fresh;
    if (lacks || past_only) out.take(part, kNoIndex);
    return;
  }
  const double taken =
      memory.form == MemoryForm::kOnce ? motion.whole : motion.spent;
  const double rest = past_only ? left : left - taken;
  out.take(motion.fresh ? rest : std::numeric_limits<double>::infinity(),
           kNoIndex);
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
