// SPDX-License-Identifier: MIT
// The same order of calls as rt/cycle.cpp and rt/life.cpp make, with times
// and decisions taken from the record.
#include "trace/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <vector>

#include "core/error.hpp"
#include "rt/carried.hpp"
#include "trace/json_text.hpp"
#include "trace/report.hpp"

namespace tactus::trace {
namespace {

using layout::CycleRecord;

std::string hex_bits(const std::byte* at, std::size_t size) {
  std::string out = "0x";
  for (std::size_t i = size; i-- > 0;)
    out += fmt::format("{:02x}", std::to_integer<unsigned>(at[i]));
  return out;
}

template <class T>
std::string show(const T& value) {
  const auto bits =
      hex_bits(reinterpret_cast<const std::byte*>(&value), sizeof(value));
  if constexpr (std::is_floating_point_v<T>)
    return fmt::format("{} ({:.9g})", bits, value);
  else
    return fmt::format("{} ({})", bits, value);
}

// One cycle on its way through the subject.
class Cycle {
 public:
  Cycle(const LogReader& log, const CycleView& view, ReplaySubject& subject,
        const ReplayOptions& options)
      : log_(log),
        view_(view),
        r_(view.record),
        subject_(subject),
        options_(options) {
    frame_.assign(view.frame.begin(), view.frame.end());
    tick_.cycle = r_.cycle;
    tick_.release_ns = r_.release_ns;
    tick_.wake_ns = r_.wake_ns;
    tick_.period_ns = log.header().period_ns;
    tick_.missed = r_.missed;
    tick_.state = r_.state_before;
    if (flagged(layout::kCycleShadow)) tick_.flags |= TACTUS_TICK_SHADOW;
    now_ns_ = tick_.now_ns = r_.wake_ns;
  }

  // The first difference, if any. `carried` is the loop's own state: only
  // what a supervisor call depends on is kept up in it.
  std::optional<Difference> run(rt::LoopCarried* carried) {
    carried_ = carried;
    rt::Supervisor& s = subject_.supervisor();
    if (carried_->state != r_.state_before)
      s.life(static_cast<tactus_state>(r_.state_before));
    (void)s.begin(tick_);
    for (uint32_t i = 0; i < stages(); ++i) step(i);
    edges();
    if (!difference_) compare_action();
    return difference_;
  }

 private:
  [[nodiscard]] uint32_t stages() const {
    return static_cast<uint32_t>(log_.info().stages.size());
  }
  [[nodiscard]] bool ran(uint32_t i) const {
    return r_.stage[i].begin_ns != INT32_MIN;
  }
  [[nodiscard]] bool has(uint32_t i, uint8_t flags) const {
    return (r_.stage_flags[i] & flags) != 0;
  }
  [[nodiscard]] bool flagged(uint32_t flag) const {
    return (r_.flags & flag) != 0;
  }
  [[nodiscard]] std::byte* action() {
    return frame_.data() + log_.header().action_offset;
  }

  void step(uint32_t i) {
    const tactus_stage_kind kind = log_.info().stages[i].kind;
    const bool source = kind == TACTUS_SENSE || kind == TACTUS_INFER;
    if (source && ran(i)) tick_.now_ns = r_.release_ns + r_.stage[i].begin_ns;
    if (kind == TACTUS_INFER) infer(i);
    if (kind == TACTUS_CHECK) check(i);
    if (kind == TACTUS_ACT) act(i);
    // act() needs the end of the stage before, not its own.
    if (ran(i)) now_ns_ = r_.release_ns + r_.stage[i].end_ns;
  }

  // Runs wherever it ran, so that recurrent state advances; a result that
  // the loop discarded is not compared.
  void infer(uint32_t i) {
    tactus_status status = TACTUS_LATE;
    if (ran(i)) status = subject_.infer(frame_.data(), tick_);
    const bool discarded = has(i, layout::kStageLate | layout::kStageFailed);
    const bool usable = status == TACTUS_OK || status == TACTUS_NO_DATA;
    if (ran(i) && !has(i, layout::kStageLate) &&
        usable == has(i, layout::kStageFailed))
      differ("infer's status", has(i, layout::kStageFailed) ? "failed" : "ok",
             usable ? "ok" : "failed");
    const bool fresh = !discarded && status == TACTUS_OK;
    if (fresh) compare_raw();
    if (fresh) carried_->have_good[i] = 1;
    const bool have = carried_->have_good[i] != 0;
    infer_failed_ = infer_failed_ || has(i, layout::kStageFailed);
    action_valid_ = ran(i) && !discarded && have;
    if (has(i, layout::kStageKeptLast)) action_valid_ = have;
    if (has(i, layout::kStageFallback)) action_valid_ = true;
  }

  void check(uint32_t i) {
    // Kept, fallen back or left from before: what the loop had is an input.
    std::memcpy(action(), view_.raw_action.data(), view_.raw_action.size());
    action_valid_ = action_valid_ && !infer_failed_;
    if (ran(i)) {
      rt::CheckInput in{};
      in.tick = tick_;
      in.tick.now_ns = r_.release_ns + r_.stage[i].begin_ns;
      in.state = static_cast<tactus_state>(r_.state_before);
      in.action_valid = action_valid_;
      in.engage_requested = r_.state_before == TACTUS_STATE_READY &&
                            flagged(layout::kCycleEngageRequested);
      in.blend = r_.blend;
      in.guardian_stale = flagged(layout::kCycleGuardStale);
      in.guardian_acted = flagged(layout::kCycleGuardActed);
      std::copy_n(r_.callback, layout::kMaxCallbacks, in.margins.margin);
      std::copy_n(r_.callback_fate, layout::kMaxCallbacks, in.margins.fate);
      out_ = subject_.supervisor().check(frame_.data(), in);
      checked_ = !has(i, layout::kStageLate);
    }
    if (!checked_)
      out_ = rt::unchecked(static_cast<tactus_state>(r_.state_before));
    compare_verdict();
    choose_rung();
  }

  void choose_rung() {
    if (r_.state_before == TACTUS_STATE_READY) return;
    const bool forced = r_.state_before != TACTUS_STATE_ENGAGED ||
                        !action_valid_ || flagged(layout::kCycleGuardStale) ||
                        flagged(layout::kCycleGuardActed) || out_.trip ||
                        !checked_ || out_.rung == TACTUS_RUNG_NONE;
    rung_ = forced ? TACTUS_RUNG_STOP : out_.rung;
  }

  void act(uint32_t i) {
    const int64_t by = r_.release_ns + log_.info().stages[i].deadline_ns;
    // The loop looks at the clock before it publishes a plan, and after that.
    const bool published = flagged(layout::kCyclePlanPublished);
    const int64_t looked =
        published ? r_.release_ns + r_.stage[i].begin_ns : now_ns_;
    if (ran(i) && rung_ != TACTUS_RUNG_STOP && looked > by)
      rung_ = TACTUS_RUNG_STOP;
    compare("rung", r_.rung, static_cast<uint8_t>(rung_));
    if (!ran(i)) return;
    rt::Supervisor& s = subject_.supervisor();
    if (published) s.publish(tick_);
    if (!published || rung_ == TACTUS_RUNG_STOP) s.play(frame_.data(), looked);
    tick_.now_ns = r_.release_ns + r_.stage[i].begin_ns;
    if (!flagged(layout::kCycleCommitted)) return;
    s.committed(frame_.data(), tick_, r_.release_ns + r_.stage[i].end_ns, rung_,
                flagged(layout::kCycleCommitLate));
  }

  void edges() {
    rt::Supervisor& s = subject_.supervisor();
    if (flagged(layout::kCycleEngaged) && !flagged(layout::kCycleShadow)) {
      (void)s.armed(tick_);
      carried_->flags |= rt::kCarriedArmed;
    }
    const bool stops = r_.state_before == TACTUS_STATE_STOPPING ||
                       r_.state_before == TACTUS_STATE_LATCHED;
    const bool armed = (carried_->flags & rt::kCarriedArmed) != 0;
    if (stops && armed && checked_ && out_.standstill) {
      s.disarmed(tick_);
      carried_->flags &= ~uint32_t{rt::kCarriedArmed};
    }
    if (flagged(layout::kCycleRearmed)) (void)s.rearm(tick_);
    if (r_.state != r_.state_before)
      s.life(static_cast<tactus_state>(r_.state));
    carried_->state = r_.state;
  }

  void compare_verdict() {
    compare("margin", r_.margin, out_.margin);
    compare("verdict", r_.verdict, out_.reasons);
    compare("violated", r_.violated, out_.violated);
    compare("soft rows violated", r_.soft, out_.soft);
    compare("rows near a limit", r_.near, out_.near);
    if (options_.scores) {
      compare("score", r_.score, out_.score);
      compare("time to violation", r_.time_to_violation,
              out_.time_to_violation);
      compare("recalled", uint32_t{flagged(layout::kCycleRecalled)},
              uint32_t{out_.recalled});
    }
    compare("worst row", r_.worst_row, out_.worst_row);
    compare("worst link", r_.worst_link, out_.worst_link);
    compare("separation", r_.separation, out_.separation_m);
    compare("scale", r_.scale, out_.scale);
    compare("plan id", r_.plan_id, out_.plan_id);
    compare("stop unverified", uint32_t{flagged(layout::kCycleStopUnverified)},
            uint32_t{out_.stop_unverified});
  }

  void compare_raw() { compare_bytes("raw ", view_.raw_action); }
  void compare_action() {
    compare_bytes("checked ", view_.frame.subspan(log_.header().action_offset,
                                                  log_.header().action_size));
  }

  // The action field's bytes now against the log's, value by value.
  void compare_bytes(const char* what, std::span<const std::byte> expected) {
    const FieldInfo field = action_field();
    const std::size_t size = type_size(field.type);
    for (std::size_t at = 0; at + size <= expected.size(); at += size) {
      const std::byte* got = action() + at;
      if (std::memcmp(got, &expected[at], size) == 0) continue;
      const auto i = static_cast<uint32_t>(at / size);
      differ(fmt::format("{}{}[{}]", what, field.name, i),
             describe(field, i, expected),
             describe(field, i, {got - at, expected.size()}));
      return;
    }
  }

  [[nodiscard]] FieldInfo action_field() const {
    for (const FieldInfo& f : log_.info().fields)
      if (f.offset == log_.header().action_offset) return f;
    return {"action", "", TACTUS_U8, log_.header().action_size, 0};
  }

  static std::string describe(FieldInfo field, uint32_t i,
                              std::span<const std::byte> bytes) {
    field.offset = 0;
    const std::size_t size = type_size(field.type);
    return fmt::format("{} ({:.9g})", hex_bits(&bytes[i * size], size),
                       field_value(field, bytes, i));
  }

  template <class T>
  void compare(const char* what, const T& expected, const T& got) {
    if (std::ranges::equal(std::as_bytes(std::span(&expected, 1)),
                           std::as_bytes(std::span(&got, 1))))
      return;
    differ(what, show(expected), show(got));
  }

  void differ(std::string field, std::string expected, std::string got) {
    if (difference_) return;
    difference_ = {r_.cycle, std::move(field), std::move(expected),
                   std::move(got)};
  }

  const LogReader& log_;
  const CycleView& view_;
  const CycleRecord& r_;
  ReplaySubject& subject_;
  const ReplayOptions& options_;
  rt::LoopCarried* carried_ = nullptr;
  std::vector<std::byte> frame_;
  tactus_tick tick_{};
  rt::CheckOutput out_{};
  tactus_rung rung_ = TACTUS_RUNG_NONE;
  int64_t now_ns_ = 0;
  bool action_valid_ = false;
  bool infer_failed_ = false;
  bool checked_ = false;
  std::optional<Difference> difference_;
};

Result<rt::LoopCarried> restore(const KeyframeView& key,
                                ReplaySubject& subject) {
  rt::LoopCarried carried;
  if (key.state.size() < sizeof(carried))
    return bad_input(
        "replay: keyframe of cycle {}: {} bytes, a loop's state "
        "has {}: use the rtctl that recorded it",
        key.cycle, key.state.size(), sizeof(carried));
  std::memcpy(&carried, key.state.data(), sizeof(carried));
  if (auto r = subject.reset(key.cycle, key.state); !r) return r.error();
  return carried;
}

bool same_identity(const CycleRecord& a, const CycleRecord& b) {
  return a.parameter_epoch == b.parameter_epoch &&
         a.model_hash == b.model_hash && a.image_epoch == b.image_epoch;
}

// Walks from keyframe to gap to keyframe.
class Walk {
 public:
  Walk(const LogReader& log, ReplaySubject& subject,
       const ReplayOptions& options)
      : log_(log), subject_(subject), options_(options) {}

  Result<ReplayResult> run() {
    uint64_t position = 0;
    if (const KeyframeView* k = log_.keyframe_before(options_.first_cycle))
      position = k->position;
    for (; position < log_.size(); ++position) {
      const CycleView view = log_.at(position);
      if (view.record.cycle > options_.last_cycle) break;
      if (auto r = one(view, position); !r) return r.error();
      if (result_.first_difference || !result_.stopped.empty()) break;
    }
    if (result_.keyframes == 0)
      return bad_input(
          "replay: log {}: no keyframe before the cycles asked "
          "for: record with record.keyframe",
          log_.name());
    if (!log_.ended()) result_.notes.push_back(open_end());
    return result_;
  }

 private:
  Result<void> one(const CycleView& view, uint64_t position) {
    const CycleRecord& r = view.record;
    if (have_last_ && LogReader::lost_between(last_, r) > 0) {
      ++result_.gaps;
      live_ = false;
    }
    const bool reloaded = live_ && have_last_ && !same_identity(last_, r);
    last_ = r;
    have_last_ = true;
    if (reloaded) {
      result_.stopped = fmt::format(
          "cycle {}: a reload changed model or limits; the log embeds those "
          "that it began with",
          r.cycle);
      return {};
    }
    if (!live_)
      if (auto ok = resume(position); !ok) return ok;
    if ((r.flags & layout::kCycleFrozen) != 0) live_ = false;
    if (!live_) {
      ++result_.skipped;
      return {};
    }
    ++result_.cycles;
    result_.first_difference =
        Cycle(log_, view, subject_, options_).run(&carried_);
    return {};
  }

  [[nodiscard]] std::string open_end() const {
    return fmt::format(
        "the log has no end: its writer was killed or the file cut: {} bytes "
        "after byte {} are no whole block and left out",
        log_.tail_bytes(), log_.tail_offset());
  }

  // A keyframe that was taken right before this record.
  Result<void> resume(uint64_t position) {
    for (const KeyframeView& k : log_.keyframes()) {
      if (k.position != position) continue;
      const CycleRecord r = log_.at(position).record;
      // Records between the keyframe and this one may have been lost.
      if (r.cycle - k.cycle - 1 > r.missed) continue;
      Result<rt::LoopCarried> carried = restore(k, subject_);
      if (!carried) return carried.error();
      carried_ = *carried;
      live_ = true;
      ++result_.keyframes;
      return {};
    }
    return {};
  }

  const LogReader& log_;
  ReplaySubject& subject_;
  const ReplayOptions& options_;
  ReplayResult result_;
  rt::LoopCarried carried_{};
  CycleRecord last_{};
  bool have_last_ = false;
  bool live_ = false;
};

}  // namespace

Result<ReplayResult> replay(const LogReader& log, ReplaySubject& subject,
                            const ReplayOptions& options) {
  return Walk(log, subject, options).run();
}

std::string to_json(const ReplayResult& r, const std::string& log) {
  std::string difference = "null";
  if (const auto& d = r.first_difference)
    difference = fmt::format(
        R"({{"cycle": {}, "field": {}, "expected": {}, "got": {}}})", d->cycle,
        quote(d->field), quote(d->expected), quote(d->got));
  std::string notes;
  for (const std::string& note : r.notes)
    notes += (notes.empty() ? "" : ", ") + quote(note);
  return fmt::format(
      R"({{"schema": "tactus/replay/1", "log": {}, "cycles": {}, )"
      R"("skipped": {}, "gaps": {}, "keyframes": {}, "identical": {}, )"
      R"("stopped": {}, "notes": [{}], "first_difference": {}}})",
      quote(log), r.cycles, r.skipped, r.gaps, r.keyframes, r.identical(),
      quote(r.stopped), notes, difference);
}

std::string to_text(const ReplayResult& r) {
  std::string out = fmt::format(
      "{} cycles replayed, {} without a keyframe before them, {} gaps\n",
      r.cycles, r.skipped, r.gaps);
  for (const std::string& note : r.notes) out += "note: " + note + "\n";
  if (!r.stopped.empty()) out += "stopped: " + r.stopped + "\n";
  if (!r.first_difference) return out + "identical\n";
  const Difference& d = *r.first_difference;
  return out + fmt::format("first difference: cycle {}: {}: log {}, now {}\n",
                           d.cycle, d.field, d.expected, d.got);
}

}  // namespace tactus::trace
