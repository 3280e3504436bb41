// SPDX-License-Identifier: MIT
// One cycle of the pipeline. RT-safe throughout.
#include "rt/cycle.hpp"

#include <algorithm>
#include <cstring>

namespace tactus::rt {

namespace {

using layout::kMaxStages;

bool usable(tactus_status s) noexcept {
  return s == TACTUS_OK || s == TACTUS_NO_DATA;
}

bool is_source(const tactus_stage& s) noexcept {
  return s.kind == TACTUS_SENSE || s.kind == TACTUS_INFER;
}

}  // namespace

void Loop::run_cycle(Cycle& c) noexcept {
  c.before = static_cast<tactus_state>(carried_.state);
  c.tick.state = c.before;
  c.now_ns = c.tick.now_ns = c.tick.wake_ns;
  if (spec_.shadow) c.flags |= layout::kCycleShadow;
  if (!c.dry) c.guard = parts_.supervisor->begin(c.tick);
  if (c.guard.guardian_acted) {
    c.flags |= layout::kCycleGuardActed;
    carried_.flags |= kCarriedSilent;
  }
  if (c.guard.guardian_bound_broken) c.flags |= layout::kCycleGuardBoundBroken;
  if (c.guard.guardian_stale) c.flags |= layout::kCycleGuardStale;
  if (c.before == TACTUS_STATE_ENGAGED) c.blend = blend_at(c.tick.release_ns);
  run_pipeline(c);
}

float Loop::blend_at(int64_t release_ns) noexcept {
  if (carried_.engaged_at_ns == 0) carried_.engaged_at_ns = release_ns;
  if (spec_.engage_time_ns == 0) return 1;
  const auto t = static_cast<double>(release_ns - carried_.engaged_at_ns);
  const double b = t / static_cast<double>(spec_.engage_time_ns);
  return b < 1 ? static_cast<float>(b) : 1.0F;
}

void Loop::run_pipeline(Cycle& c) noexcept {
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const tactus_stage& s = stages_[i].spec;
    // Stopping and latched follow a plan: the policy has no say.
    const bool idle_policy =
        s.kind == TACTUS_INFER &&
        (c.before == TACTUS_STATE_STOPPING || c.before == TACTUS_STATE_LATCHED);
    const bool rest = c.skip_rest && !c.dry;
    if (is_source(s) && !idle_policy && !rest) run_source(c, i);
    if (s.kind == TACTUS_CHECK) run_check(c, i);
    if (s.kind == TACTUS_ACT) run_act(c, i);
  }
}

// A stage that would start past its deadline is not started. A dry run has no
// grid to be late on.
bool Loop::may_start(Cycle& c, std::size_t i) noexcept {
  if (c.dry) return true;
  if (c.now_ns <= c.tick.release_ns + stages_[i].spec.deadline_ns) return true;
  c.stage_flags[i] |= layout::kStageLate;
  return false;
}

tactus_status Loop::call(Cycle& c, std::size_t i) noexcept {
  const tactus_stage& s = stages_[i].spec;
  c.tick.now_ns = c.now_ns;
  c.begin_ns[i] = c.now_ns;
  const tactus_status status = s.fn(s.self, frame_.data(), &c.tick);
  close_stage(c, i);
  if (usable(status)) return status;
  c.stage_flags[i] |=
      status == TACTUS_LATE ? layout::kStageLate : layout::kStageFailed;
  // A source may have nothing yet; only what cannot work at all fails here.
  if (c.dry && status == TACTUS_INVALID) warm_failed_ = s.name;
  return status;
}

void Loop::close_stage(Cycle& c, std::size_t i) noexcept {
  const tactus_stage& s = stages_[i].spec;
  c.now_ns = parts_.wake->now();
  c.end_ns[i] = c.now_ns;
  c.stage_flags[i] |= layout::kStageRan;
  if (!c.dry && c.now_ns > c.tick.release_ns + s.deadline_ns)
    c.stage_flags[i] |= layout::kStageLate;
  if (s.budget_ns > 0 && c.now_ns - c.begin_ns[i] > s.budget_ns)
    c.stage_flags[i] |= layout::kStageOverBudget;
}

void Loop::run_source(Cycle& c, std::size_t i) noexcept {
  if (stages_[i].spec.kind == TACTUS_SENSE)
    std::copy(frame_.begin(), frame_.end(), before_.begin());
  tactus_status status = TACTUS_LATE;
  if (may_start(c, i)) status = call(c, i);
  const bool failed = (c.stage_flags[i] & layout::kStageFailed) != 0;
  const bool late = (c.stage_flags[i] & layout::kStageLate) != 0;
  if (failed) fail(c, i);
  if (late) on_late(c, i);
  if (!failed && !late) take(c, i, status);
}

void Loop::take(Cycle& c, std::size_t i, tactus_status status) noexcept {
  const Stage& st = stages_[i];
  std::byte* output = frame_.data() + st.spec.output_offset;
  std::byte* good = good_.data() + st.good_offset;
  if (status == TACTUS_OK) {
    std::memcpy(good, output, st.spec.output_size);
    carried_.have_good[i] = 1;
  }
  // Nothing new: the checked action may stand in the field; the raw one is
  // what is held. Not so a sense's: its stamps, which need not be part of its
  // output, say how old the values are that stand there.
  const bool infer = st.spec.kind == TACTUS_INFER;
  if (status == TACTUS_NO_DATA && infer && carried_.have_good[i] != 0)
    std::memcpy(output, good, st.spec.output_size);
  carried_.kept[i] = 0;
  if (infer) c.action_valid = carried_.have_good[i] != 0;
}

// What the stage wrote goes. A sense stage need not say where it writes, and
// a stamp that it did not name must not make old values look fresh: the whole
// frame is as it was before it.
void Loop::discard(std::size_t i) noexcept {
  const Stage& st = stages_[i];
  if (st.spec.kind == TACTUS_SENSE) {
    std::copy(before_.begin(), before_.end(), frame_.begin());
    return;
  }
  std::memcpy(frame_.data() + st.spec.output_offset,
              good_.data() + st.good_offset, st.spec.output_size);
}

// Wrong is not late: no rule puts something in its place, and the cycle is
// bad. Without a policy's word the rung is stop; what a sense left out ages.
// The raw action stays where it is, for the record; the check, which is told
// that it is none, writes its own.
void Loop::fail(Cycle& c, std::size_t i) noexcept {
  const tactus_stage& s = stages_[i].spec;
  const bool infer = s.kind == TACTUS_INFER;
  if (infer) c.infer_failed = true;
  if (!infer || s.output_offset != raw_in_frame_) discard(i);
}

// The result is discarded whatever the rule.
void Loop::on_late(Cycle& c, std::size_t i) noexcept {
  Stage& st = stages_[i];
  discard(i);
  const bool infer = st.spec.kind == TACTUS_INFER;
  if (infer) c.action_valid = false;
  switch (st.spec.on_late) {
    case TACTUS_KEEP_LAST:
      return keep_last(c, i);
    case TACTUS_FALLBACK:
      c.stage_flags[i] |= layout::kStageFallback;
      std::memcpy(frame_.data() + st.spec.output_offset, st.fallback.data(),
                  st.spec.output_size);
      if (infer) c.action_valid = true;
      return;
    case TACTUS_SKIP_REST:
      c.stage_flags[i] |= layout::kStageSkippedRest;
      c.skip_rest = true;
      return;
    default:
      c.skip_rest = true;
      c.trip = infer ? TripReason::kLateInfer : TripReason::kLateSense;
  }
}

void Loop::keep_last(Cycle& c, std::size_t i) noexcept {
  const tactus_stage& s = stages_[i].spec;
  if (carried_.kept[i] >= s.keep_last) {
    c.skip_rest = true;
    c.trip = TripReason::kKeepLastUsedUp;
    return;
  }
  ++carried_.kept[i];
  c.stage_flags[i] |= layout::kStageKeptLast;
  if (s.kind == TACTUS_INFER) c.action_valid = carried_.have_good[i] != 0;
}

void Loop::run_check(Cycle& c, std::size_t i) noexcept {
  keep_raw();
  // One of several that failed spoils them all.
  c.action_valid = c.action_valid && !c.infer_failed;
  const bool rest = c.skip_rest && c.before == TACTUS_STATE_ENGAGED;
  const bool in_time = may_start(c, i);
  if (!rest && in_time) {
    CheckInput in{};
    in.tick = c.tick;
    in.tick.now_ns = c.now_ns;
    in.state = c.before;
    in.action_valid = c.action_valid;
    in.engage_requested = c.before == TACTUS_STATE_READY &&
                          (carried_.pending & kRequestEngage) != 0;
    in.blend = c.blend;
    in.guardian_stale = c.guard.guardian_stale;
    in.guardian_acted = c.guard.guardian_acted;
    c.begin_ns[i] = c.now_ns;
    c.check = parts_.supervisor->check(frame_.data(), in);
    close_stage(c, i);
    c.checked = (c.stage_flags[i] & layout::kStageLate) == 0;
  }
  // Late means stop, and what a late check found must not count either: it
  // may neither engage nor call a standstill verified.
  if (!c.checked) {
    const Margins margins = c.check.margins;  // replay's check needs them
    c.check = unchecked(c.before);
    c.check.margins = margins;
  }
  choose_rung(c);
}

void Loop::choose_rung(Cycle& c) noexcept {
  if (c.before == TACTUS_STATE_READY || c.dry) return;  // sends nothing
  const bool forced = c.before != TACTUS_STATE_ENGAGED || !c.action_valid ||
                      c.guard.guardian_stale || c.guard.guardian_acted ||
                      c.check.trip || c.check.latch ||
                      c.trip != TripReason::kNone ||
                      c.check.rung == TACTUS_RUNG_NONE;
  c.rung = forced ? TACTUS_RUNG_STOP : c.check.rung;
}

void Loop::run_act(Cycle& c, std::size_t i) noexcept {
  if (c.dry || c.rung == TACTUS_RUNG_NONE) return;
  if (spec_.shadow) return;
  if ((carried_.flags & kCarriedSilent) != 0) return;
  choose_command(c, i);
  const tactus_status status = call(c, i);
  if (status == TACTUS_OK) return committed(c, i);
  // Nothing left, so nothing is committed: the guard counts it.
  c.stage_flags[i] |= layout::kStageFailed;
  if (stages_[i].spec.on_late == TACTUS_TRIP) c.trip = TripReason::kLateAct;
}

// An act that would start too late must not send u_k: its plan was verified
// for an earlier time. The stop plan is evaluated at the time that is, and
// there is never silence while engaged.
void Loop::choose_command(Cycle& c, std::size_t i) noexcept {
  const bool starts = c.rung != TACTUS_RUNG_STOP && may_start(c, i);
  if (starts) {
    parts_.supervisor->publish(c.tick);
    c.flags |= layout::kCyclePlanPublished;
    c.now_ns = parts_.wake->now();
    // The last look at the clock before it leaves.
    if (may_start(c, i)) return;
  }
  c.rung = TACTUS_RUNG_STOP;
  parts_.supervisor->play(frame_.data(), c.now_ns);
  if (!starts) c.now_ns = parts_.wake->now();
}

void Loop::committed(Cycle& c, std::size_t i) noexcept {
  const tactus_stage& s = stages_[i].spec;
  const int64_t by =
      spec_.commit_deadline_ns > 0 ? spec_.commit_deadline_ns : s.deadline_ns;
  const bool late = c.now_ns > c.tick.release_ns + by;
  parts_.supervisor->committed(frame_.data(), c.tick, c.now_ns, c.rung, late);
  ++carried_.sent;
  c.flags |= layout::kCycleCommitted;
  if (late) c.flags |= layout::kCycleCommitLate;
  const bool act_late = (c.stage_flags[i] & layout::kStageLate) != 0;
  if (act_late && s.on_late == TACTUS_TRIP) c.trip = TripReason::kLateAct;
}

// Skipped releases are pushed by the edge; this is about the cycle itself.
bool Loop::was_bad(const Cycle& c) const noexcept {
  bool bad = c.check.bad || (c.flags & layout::kCycleCommitLate) != 0;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    // A late source has a rule of its own.
    const uint32_t faults = is_source(stages_[i].spec)
                                ? layout::kStageFailed
                                : layout::kStageFailed | layout::kStageLate;
    bad = bad || (c.stage_flags[i] & faults) != 0;
  }
  return bad;
}

void Loop::keep_raw() noexcept {
  if (raw_size_ == 0) return;
  std::memcpy(good_.data() + raw_at_, frame_.data() + raw_in_frame_, raw_size_);
}

}  // namespace tactus::rt
