// SPDX-License-Identifier: MIT
// What a cycle leaves behind: its record, now and then a keyframe, and the
// statistics. RT-safe.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "rt/cycle.hpp"
#include "rt/record_sink.hpp"

namespace tactus::rt {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// What a stage's stamps can say; min() itself is for one that did not run.
constexpr int64_t kLow = std::numeric_limits<int32_t>::min() + int64_t{1};
constexpr int64_t kHigh = std::numeric_limits<int32_t>::max();

int32_t offset_of(int64_t t, int64_t release) noexcept {
  return static_cast<int32_t>(std::clamp(t - release, kLow, kHigh));
}

using StageTimes = int64_t[layout::kMaxStages];
bool frozen(int64_t release, const StageTimes& begin, const StageTimes& end) {
  const auto outside = [&](int64_t t) {
    return t - release < kLow || t - release > kHigh;
  };
  bool any = false;
  for (std::size_t i = 0; i < layout::kMaxStages; ++i)
    any = any || (begin[i] != 0 && (outside(begin[i]) || outside(end[i])));
  return any;
}

void fill_verdict(layout::CycleRecord& r, const CheckOutput& v) noexcept {
  r.worst_row = v.worst_row;
  r.worst_link = v.worst_link;
  r.margin = v.margin;
  r.separation = v.separation_m;
  r.time_to_violation = v.time_to_violation;
  r.scale = v.scale;
  r.violated = v.violated;
  r.soft = v.soft;
  r.near = v.near;
  r.score = v.score;
  r.verdict = v.reasons;
  r.plan_id = v.plan_id;
  std::copy_n(v.margins.fate, layout::kMaxCallbacks, r.callback_fate);
  std::copy_n(v.margins.margin, layout::kMaxCallbacks, r.callback);
}

}  // namespace

std::size_t Loop::raw_offset() const noexcept {
  return sizeof(layout::CycleRecord);
}
std::size_t Loop::frame_offset() const noexcept {
  return raw_offset() + pad8(raw_size_);
}
std::size_t Loop::record_size() const noexcept {
  return frame_offset() + pad8(frame_.size());
}

void Loop::fill_record(const Cycle& c, layout::CycleRecord& r) const noexcept {
  r.cycle = c.tick.cycle;
  r.release_ns = c.tick.release_ns;
  r.wake_ns = c.tick.wake_ns;
  r.end_ns = c.now_ns;
  r.missed = static_cast<uint32_t>(
      std::min<uint64_t>(c.tick.missed, std::numeric_limits<uint32_t>::max()));
  r.flags = c.flags;
  r.state = static_cast<uint8_t>(carried_.state);
  r.state_before = static_cast<uint8_t>(c.before);
  r.rung = static_cast<uint8_t>(c.rung);
  r.stages = static_cast<uint8_t>(stages_.size());
  r.blend = c.blend;
  r.epoch = c.guard.epoch;
  r.seq = carried_.sent;
  r.parameter_epoch = identity_.parameter_epoch;
  r.model_hash = identity_.model_hash;
  r.image_epoch = identity_.image_epoch;
  r.heartbeat_age_ns = c.guard.heartbeat_age_ns;
  r.program_expiry_ns = c.wake.expiry_ns;
  r.prewarm_ns = c.prewarmed.ns;
  fill_verdict(r, c.check);
  for (std::size_t i = 0; i < layout::kMaxStages; ++i) {
    r.stage_flags[i] = c.stage_flags[i];
    r.stage[i] = {std::numeric_limits<int32_t>::min(),
                  std::numeric_limits<int32_t>::min()};
    if (c.begin_ns[i] == 0) continue;
    r.stage[i] = {offset_of(c.begin_ns[i], r.release_ns),
                  offset_of(c.end_ns[i], r.release_ns)};
  }
}

void Loop::emit_record(Cycle& c) noexcept {
  if (parts_.record == nullptr) return;
  std::byte* slot = parts_.record->begin();
  if (slot == nullptr) {
    ++counters_.gaps;
    // Replay can only resume at a keyframe after the gap.
    carried_.flags |= kCarriedKeyframeDue | kCarriedGap;
    return;
  }
  if (frozen(c.tick.release_ns, c.begin_ns, c.end_ns)) {
    c.flags |= layout::kCycleFrozen;
    carried_.flags |= kCarriedKeyframeDue;
  }
  layout::CycleRecord r{};
  fill_record(c, r);
  std::memcpy(slot, &r, sizeof r);
  std::memset(slot + raw_offset(), 0, pad8(raw_size_));
  std::memcpy(slot + raw_offset(), good_.data() + raw_at_, raw_size_);
  std::memset(slot + record_size() - 8, 0, 8);
  std::memcpy(slot + frame_offset(), frame_.data(), frame_.size());
  parts_.record->commit();
}

void Loop::emit_keyframe(const Cycle& c) noexcept {
  if (parts_.record == nullptr || spec_.keyframe_cycles == 0) return;
  if ((carried_.flags & kCarriedKeyframeDue) == 0) return;
  std::byte* slot = parts_.record->begin_keyframe(c.tick.cycle);
  if (slot == nullptr) return;
  carried_.flags &= ~uint32_t{kCarriedKeyframeDue};
  save(slot);
  parts_.record->commit_keyframe();
  ++counters_.keyframes;
}

void Loop::count_stages(const Cycle& c) noexcept {
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const uint8_t f = c.stage_flags[i];
    StageCounters& n = counters_.stage[i];
    n.late += (f & layout::kStageLate) != 0 ? 1 : 0;
    n.over_budget += (f & layout::kStageOverBudget) != 0 ? 1 : 0;
    n.failed += (f & layout::kStageFailed) != 0 ? 1 : 0;
    constexpr auto kKept = layout::kStageKeptLast | layout::kStageFallback;
    n.kept += (f & kKept) != 0 ? 1 : 0;
    if (c.begin_ns[i] == 0) continue;
    ++n.ran;
    stats_->stage_time[i].record(c.end_ns[i] - c.begin_ns[i]);
  }
}

void Loop::count_prewarm(const Prewarmed& p) noexcept {
  counters_.prewarm_dropped += p.dropped ? 1 : 0;
  counters_.prewarm_over += p.over ? 1 : 0;
  stats_->prewarm_ns.store(static_cast<uint32_t>(prewarm_.reserve_ns()),
                           kRelaxed);
  if (p.ns == 0) return;
  ++counters_.prewarmed;
  stats_->prewarm_time.record(p.ns);
}

void Loop::update_stats(const Cycle& c) noexcept {
  const auto missed = static_cast<int64_t>(c.tick.missed);
  // From the release that the wait was programmed for: a wake-up three
  // periods late is that late, not as late as the release it ran.
  const int64_t due = c.tick.release_ns - missed * spec_.period_ns;
  const bool warmup = (c.flags & layout::kCycleWarmup) != 0;
  (warmup ? stats_->lateness_warmup : stats_->lateness)
      .record(c.tick.wake_ns - due);
  if (!warmup) stats_->cycle_time.record(c.now_ns - c.tick.wake_ns);
  count_stages(c);
  count_prewarm(c.prewarmed);
  ++counters_.rungs[c.rung];
  counters_.bad += (c.flags & layout::kCycleBad) != 0 ? 1 : 0;
  counters_.stop_unverified += c.check.stop_unverified ? 1 : 0;
  counters_.recalled += c.checked && c.check.recalled ? 1 : 0;
  const bool stopped = (c.flags & layout::kCycleStopVerified) != 0;
  const bool engaged = c.before == TACTUS_STATE_ENGAGED;
  counters_.stop_verified += stopped ? 1 : 0;
  counters_.stop_verified_engaged += stopped && engaged ? 1 : 0;
  counters_.released = carried_.released;
  counters_.executed = carried_.executed;
  counters_.skipped = carried_.skipped;
  counters_.sent = carried_.sent;
  counters_.cycle = c.tick.cycle;
  counters_.release_ns = c.tick.release_ns;
  counters_.end_ns = c.now_ns;
  publish_counters(*stats_, counters_);
  publish_words(c);
  parts_.supervisor->ended({.cycle = c.tick.cycle,
                            .release_ns = c.tick.release_ns,
                            .before = c.before,
                            .rung = c.rung,
                            .checked = c.checked});
}

void Loop::publish_words(const Cycle& c) noexcept {
  stats_->rung.store(c.rung, kRelaxed);
  stats_->reasons.store(c.check.reasons, kRelaxed);
  stats_->worst_row.store(c.check.worst_row, kRelaxed);
  stats_->margin.store(c.check.margin, kRelaxed);
  stats_->separation_m.store(c.check.separation_m, kRelaxed);
  stats_->time_to_violation.store(c.check.time_to_violation, kRelaxed);
  stats_->blend.store(c.blend, kRelaxed);
  stats_->stop_unverified.store(c.check.stop_unverified ? 1 : 0, kRelaxed);
  stats_->pending.store(carried_.pending, kRelaxed);
  stats_->epoch.store(c.guard.epoch, kRelaxed);
  stats_->guard_flags.store((c.guard.guardian_acted ? 1U : 0U) |
                                (c.guard.guardian_stale ? 2U : 0U) |
                                (c.guard.guardian_bound_broken ? 4U : 0U),
                            kRelaxed);
}

}  // namespace tactus::rt
