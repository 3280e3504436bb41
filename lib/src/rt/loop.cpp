// SPDX-License-Identifier: MIT
// Set-up of a loop, its releases, and running it.
#include "rt/loop.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "core/error.hpp"
#include "rt/cycle.hpp"
#include "rt/record_sink.hpp"

namespace tactus::rt {

const char* exit_reason_name(ExitReason reason) noexcept {
  constexpr std::array<const char*, 8> kNames = {
      "none",       "duration",    "end",      "latched",
      "wake ended", "wake failed", "not warm", "not granted"};
  return kNames[static_cast<std::size_t>(reason)];
}

Loop::Loop(LoopSpec spec, LoopParts parts)
    : spec_(std::move(spec)), parts_(std::move(parts)) {}

Loop::~Loop() = default;

Result<std::unique_ptr<Loop>> Loop::make(LoopSpec spec, LoopParts parts) {
  if (auto r = validate(spec); !r) return r.error();
  if (parts.wake == nullptr || parts.supervisor == nullptr)
    return internal_error("loop {}: no wake source or no supervisor",
                          spec.name);
  std::unique_ptr<Loop> loop(new Loop(std::move(spec), std::move(parts)));
  loop->copy_stages();
  loop->lay_out();
  return loop;
}

void Loop::copy_stages() {
  // Reserved at once: names and fallbacks are pointed into.
  stages_.reserve(spec_.stages.size());
  for (tactus_stage& from : spec_.stages) {
    Stage& s = stages_.emplace_back();
    s.name = from.name;
    s.spec = from;
    const auto* bytes = static_cast<const std::byte*>(from.fallback);
    if (bytes != nullptr) s.fallback.assign(bytes, bytes + from.output_size);
    s.spec.name = s.name.c_str();
    s.spec.fallback = s.fallback.data();
    // A check writes nothing of its own: what it checks is infer's output.
    if (from.kind == TACTUS_CHECK) s.spec.output_size = 0;
    from.name = s.spec.name;
    from.fallback = s.spec.fallback;
  }
}

void Loop::lay_out() {
  std::size_t size = 0;
  for (Stage& s : stages_) {
    s.good_offset = size;
    size += pad8(s.spec.output_size);
    if (s.spec.kind != TACTUS_INFER) continue;
    raw_in_frame_ = s.spec.output_offset;
    raw_size_ = s.spec.output_size;
  }
  raw_at_ = size;
  good_.assign(size + pad8(raw_size_), std::byte{0});
  frame_.assign(spec_.frame_size, std::byte{0});
  before_ = frame_;
  identity_ = parts_.identity;
  prewarm_ = Prewarm(parts_.prewarm, spec_.prewarm_max_ns);
  stats_ = parts_.stats;
  if (stats_ == nullptr) {
    own_stats_.reset(new LoopStats{});  // zeroed: every page is touched
    stats_ = own_stats_.get();
  }
  describe(*stats_, spec_);
}

// ------------------------------------------------------------- warm-up

void Loop::dry_run(uint32_t cycles) noexcept {
  for (uint32_t i = 0; i < cycles; ++i) {
    Cycle c;
    c.dry = true;
    c.tick.cycle = i;
    c.tick.release_ns = parts_.wake->now();
    c.tick.wake_ns = c.tick.release_ns;
    c.tick.period_ns = spec_.period_ns;
    c.tick.flags = TACTUS_TICK_DRY_RUN;
    run_cycle(c);
  }
}

Result<void> Loop::warm() {
  if (carried_.state != TACTUS_STATE_IDLE) return {};
  tactus_tick tick{};
  edge(LifeEvent::kWarm, tick);
  std::vector<std::byte> before(keyframe_size());
  save(before.data());
  dry_run(spec_.dry_cycles);
  const uint32_t state = carried_.state;
  restore(before.data());
  carried_.state = state;
  std::fill(frame_.begin(), frame_.end(), std::byte{0});
  if (warm_failed_ != nullptr) {
    edge(LifeEvent::kWarmFailed, tick);
    return unavailable("loop {}: stage {} failed in the dry run", spec_.name,
                       std::exchange(warm_failed_, nullptr));
  }
  prewarm_.calibrate(*parts_.wake);
  edge(LifeEvent::kWarmed, tick);
  if (spec_.engage_when_ready) carried_.pending |= kRequestEngage;
  return {};
}

// ------------------------------------------------------------- running

ExitReason Loop::run(int64_t duration_ns) noexcept {
  exit_ = ExitReason::kNone;
  // Set-up, not the RT path: may allocate; out of memory ends the process
  // here as anywhere in set-up.
  if (carried_.state == TACTUS_STATE_IDLE && !warm())
    return ExitReason::kNotWarm;
  begin_run(duration_ns);
  return cycle_until_idle();
}

void Loop::begin_run(int64_t duration_ns) noexcept {
  const int64_t now = parts_.wake->now();
  const auto done = static_cast<int64_t>(carried_.cycle);
  // The first release is one period ahead: time to go to sleep for it.
  t0_ns_ = now + spec_.period_ns - done * spec_.period_ns;
  end_at_ns_ = duration_ns > 0 ? now + spec_.period_ns + duration_ns : 0;
  last_end_ns_ = now;
  prewarm_.forget();
  last_release_ns_ = 0;  // of a step() before: this grid is another
  refused_ = 0;
}

ExitReason Loop::cycle_until_idle() noexcept {
  while (carried_.state != TACTUS_STATE_IDLE) {
    Cycle c;
    if (!wait_for_release(c)) return exit_;
    if (end_at_ns_ != 0 && c.tick.release_ns >= end_at_ns_)
      end_because(ExitReason::kDuration);
    one_cycle(c);
  }
  carried_.pending = 0;
  return exit_;
}

bool Loop::wait_for_release(Cycle& c) noexcept {
  const auto k = static_cast<int64_t>(carried_.cycle);
  const int64_t release = t0_ns_ + k * spec_.period_ns;
  c.wake = parts_.wake->wait(release, spec_.lead_ns + prewarm_.reserve_ns());
  if (c.wake.status != TACTUS_OK) {
    exit_ = c.wake.status == TACTUS_ENDED ? ExitReason::kWakeEnded
                                          : ExitReason::kWakeFailed;
    return false;
  }
  c.prewarmed = prewarm_.run(*parts_.wake, c.wake.coarse_ns, release);
  if (c.prewarmed.dropped) c.flags |= layout::kCyclePrewarmDropped;
  c.wake.wake_ns = parts_.wake->spin(release);
  c.tick.release_ns = release;
  c.tick.wake_ns = c.wake.wake_ns;
  place_on_grid(c);
  return true;
}

// Which release this wake-up belongs to: the newest that has passed. Older
// ones are skipped and counted; their deadlines are gone.
void Loop::place_on_grid(Cycle& c) noexcept {
  const int64_t late = c.tick.wake_ns - c.tick.release_ns;
  const int64_t missed = late >= 0 ? late / spec_.period_ns : 0;
  c.tick.missed = static_cast<uint64_t>(missed);
  c.tick.cycle = carried_.cycle + c.tick.missed;
  c.tick.release_ns += missed * spec_.period_ns;
  const bool overran = last_end_ns_ > c.tick.release_ns || missed > 0;
  if (spec_.overrun == Overrun::kSkip || !overran) return;
  // Rephase: the lost time stays lost, the grid goes on from here.
  t0_ns_ += c.tick.wake_ns - c.tick.release_ns;
  c.tick.release_ns = c.tick.wake_ns;
}

// False: the loop went idle at the edge and the cycle did not run.
bool Loop::one_cycle(Cycle& c) noexcept {
  c.tick.period_ns = spec_.period_ns;
  if (spec_.shadow) c.tick.flags |= TACTUS_TICK_SHADOW;
  c.flags |= std::exchange(refused_flags_, 0);
  apply_requests(c);
  if (carried_.state == TACTUS_STATE_IDLE) return false;
  if (carried_.executed < spec_.warmup_cycles) c.flags |= layout::kCycleWarmup;
  run_cycle(c);
  carried_.cycle = c.tick.cycle + 1;
  carried_.released += 1 + c.tick.missed - c.refused;
  carried_.skipped += c.tick.missed - c.refused;
  ++carried_.executed;
  end_of_cycle_edges(c);
  if (spec_.keyframe_cycles != 0 &&
      (carried_.executed - 1) % spec_.keyframe_cycles == 0)
    carried_.flags |= kCarriedKeyframeDue;
  emit_record(c);
  emit_keyframe(c);
  update_stats(c);
  last_end_ns_ = parts_.wake->now();
  return true;
}

// Deadlines count from the release, so only a stamp that can be the next one
// is run by: after the last, and not farther ahead than a jittering clock.
bool Loop::is_next(int64_t release_ns) noexcept {
  return release_ns > last_release_ns_ &&
         release_ns <= parts_.wake->now() + spec_.period_ns;
}

// T is a declared maximum: ticks may come sooner, and every further period
// without one was missed; half a period is left to the stamps' jitter. Nobody
// is asked: a count that does not fit the stamps would break the grid.
uint64_t Loop::missed_before(int64_t release_ns) const noexcept {
  if (last_release_ns_ == 0) return 0;
  const int64_t gap = release_ns - last_release_ns_;
  const int64_t periods = (gap + spec_.period_ns / 2) / spec_.period_ns;
  return periods > 1 ? static_cast<uint64_t>(periods - 1) : 0;
}

// Nothing is sent by it: the guard counts that. Delivered, not executed, bad.
// It has no record: a trip that it sets is told by the next one.
tactus_status Loop::refuse_tick() noexcept {
  Cycle c;
  c.before = static_cast<tactus_state>(carried_.state);
  c.tick.release_ns = last_release_ns_;
  ++refused_;
  ++carried_.released;
  ++carried_.skipped;
  ++counters_.bad;
  if (c.before == TACTUS_STATE_ENGAGED) push_bad(c, 1);
  refused_flags_ |= c.flags;
  counters_.released = carried_.released;
  counters_.skipped = carried_.skipped;
  publish_counters(*stats_, counters_);
  return TACTUS_INVALID;
}

tactus_status Loop::step(const tactus_tick& tick) noexcept {
  if (carried_.state == TACTUS_STATE_IDLE) return TACTUS_ENDED;
  parts_.wake->anchor();
  if (!is_next(tick.release_ns)) return refuse_tick();
  Cycle c;
  c.tick = tick;
  c.tick.flags = 0;
  c.tick.missed = missed_before(tick.release_ns);
  c.tick.cycle = carried_.cycle + c.tick.missed;
  // A tick that was refused leaves a gap in the stamps: one event, not two.
  c.refused = std::min(std::exchange(refused_, 0), c.tick.missed);
  last_release_ns_ = tick.release_ns;
  if (c.tick.wake_ns == 0) c.tick.wake_ns = parts_.wake->now();
  c.wake.wake_ns = c.tick.wake_ns;
  if (!one_cycle(c)) return TACTUS_ENDED;
  return (c.flags & layout::kCycleBad) != 0 ? TACTUS_LATE : TACTUS_OK;
}

}  // namespace tactus::rt
