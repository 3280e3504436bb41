// SPDX-License-Identifier: MIT
#include "rt/loop_spec.hpp"

#include <limits>
#include <string_view>

#include "core/error.hpp"
#include "core/layout/record.hpp"

namespace tactus::rt {

namespace {

bool good_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxLoopName) return false;
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return name.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<void> check_times(const LoopSpec& s) {
  if (!good_name(s.name))
    return bad_input("loop name '{}': 1 to 31 letters, digits, _ or -", s.name);
  // Stage stamps are 32-bit offsets from the release: 2 s each way.
  if (s.period_ns < 10'000 || s.period_ns > 1'000'000'000)
    return bad_input("loop {}: period {} ns: choose 10 us to 1 s", s.name,
                     s.period_ns);
  if (s.lead_ns < 0 || s.lead_ns >= s.period_ns)
    return bad_input("loop {}: lead {} ns: must be in [0, period)", s.name,
                     s.lead_ns);
  if (s.prewarm_max_ns < 0 || s.prewarm_max_ns > s.period_ns / 2 ||
      s.lead_ns + s.prewarm_max_ns >= s.period_ns)
    return bad_input(
        "loop {}: prewarm_max {} ns, lead {} ns: choose 0 to half a period of "
        "{} ns, and less than a period with the lead",
        s.name, s.prewarm_max_ns, s.lead_ns, s.period_ns);
  if (s.engage_time_ns < 0 || s.stop_limit_ns <= 0 || s.commit_deadline_ns < 0)
    return bad_input(
        "loop {}: engage_time, stop_limit and commit deadline "
        "may not be negative",
        s.name);
  return {};
}

Result<void> check_rules(const LoopSpec& s) {
  if (s.overrun == Overrun::kCatchUp)
    return bad_input(
        "loop {}: overrun catch_up is reserved: choose skip or "
        "rephase",
        s.name);
  const TripRule& t = s.trip;
  if (t.bad == 0 || t.bad > t.of || t.of > kMaxTripWindow)
    return bad_input("loop {}: trip {} of {}: needs 1 <= bad <= of <= {}",
                     s.name, t.bad, t.of, kMaxTripWindow);
  return {};
}

Result<void> check_output(const LoopSpec& s, const tactus_stage& st) {
  const uint64_t end = uint64_t{st.output_offset} + st.output_size;
  if (end > s.frame_size)
    return bad_input(
        "loop {}: stage {}: output [{}, {}) is outside the "
        "frame of {} bytes",
        s.name, st.name, st.output_offset, end, s.frame_size);
  if (st.on_late == TACTUS_FALLBACK && st.fallback == nullptr)
    return bad_input("loop {}: stage {}: on_late fallback without a fallback",
                     s.name, st.name);
  if (st.on_late == TACTUS_FALLBACK && st.output_size == 0)
    return bad_input(
        "loop {}: stage {}: on_late fallback without an output to put it in: "
        "declare output_offset and output_size",
        s.name, st.name);
  return {};
}

Result<void> check_stage(const LoopSpec& s, const tactus_stage& st) {
  if (st.name == nullptr || !good_name(st.name))
    return bad_input("loop {}: a stage has no usable name", s.name);
  if (st.sz != sizeof(tactus_stage))
    return bad_input(
        "loop {}: stage {}: sz {}: initialise it with "
        "TACTUS_INIT(tactus_stage)",
        s.name, st.name, st.sz);
  if (st.kind < TACTUS_SENSE || st.kind > TACTUS_ACT)
    return bad_input("loop {}: stage {}: unknown kind {}", s.name, st.name,
                     static_cast<int>(st.kind));
  if (st.deadline_ns <= 0 || st.deadline_ns > s.period_ns || st.budget_ns < 0)
    return bad_input(
        "loop {}: stage {}: deadline {} ns, budget {} ns: the "
        "deadline must be in (0, period]",
        s.name, st.name, st.deadline_ns, st.budget_ns);
  const bool check = st.kind == TACTUS_CHECK;
  if (check != (st.fn == nullptr))
    return bad_input("loop {}: stage {}: {}", s.name, st.name,
                     check ? "the check stage is the shield's: fn must be null"
                           : "fn is null");
  if (st.kind == TACTUS_ACT && st.on_late != TACTUS_SKIP_REST &&
      st.on_late != TACTUS_TRIP)
    return bad_input(
        "loop {}: stage {}: a late act can only skip_rest or "
        "trip",
        s.name, st.name);
  return check ? Result<void>{} : check_output(s, st);
}

Result<void> check_order(const LoopSpec& s) {
  int last = TACTUS_SENSE;
  int64_t deadline = 0;
  for (const tactus_stage& st : s.stages) {
    const bool once = st.kind == TACTUS_CHECK || st.kind == TACTUS_ACT;
    if (st.kind < last || (once && st.kind == last))
      return bad_input(
          "loop {}: stage {}: order is sense, infer, one check, "
          "one act",
          s.name, st.name);
    if (st.kind == TACTUS_ACT && last != TACTUS_CHECK)
      return bad_input("loop {}: stage {}: no act without a check before it",
                       s.name, st.name);
    if (st.deadline_ns < deadline)
      return bad_input(
          "loop {}: stage {}: its deadline is before the "
          "previous stage's: deadlines count from the release",
          s.name, st.name);
    deadline = st.deadline_ns;
    last = st.kind;
  }
  return {};
}

}  // namespace

Result<void> validate(const LoopSpec& s) {
  if (auto r = check_times(s); !r) return r;
  if (auto r = check_rules(s); !r) return r;
  if (s.stages.size() > layout::kMaxStages)
    return bad_input("loop {}: {} stages: at most {}", s.name, s.stages.size(),
                     layout::kMaxStages);
  for (const tactus_stage& st : s.stages)
    if (auto r = check_stage(s, st); !r) return r;
  return check_order(s);
}

}  // namespace tactus::rt
