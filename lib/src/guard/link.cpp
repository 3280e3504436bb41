// SPDX-License-Identifier: MIT
#include "guard/link.hpp"

#include <algorithm>

namespace tactus::guard {

using layout::guard_epoch;
using layout::guard_state;
using layout::GuardState;
using layout::pack;

namespace {

constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kBoth = std::memory_order_acq_rel;

}  // namespace

LinkView Link::begin(int64_t now_ns, int64_t commit_deadline_ns) noexcept {
  deadline_ns_ = commit_deadline_ns;
  words_->next_deadline_ns.store(commit_deadline_ns, kRelease);
  const uint64_t word = words_->state_epoch.load(kAcquire);
  const layout::GuardConfig& config = words_->config;
  LinkView view;
  view.epoch = guard_epoch(word);
  view.acted = guard_state(word) == GuardState::kActed ||
               guard_state(word) == GuardState::kSilenced;
  view.bound_broken = view.acted && words_->bound_broken.load(kAcquire) != 0;
  view.heartbeat_age_ns = now_ns - words_->heartbeat_ns.load(kAcquire);
  const bool ready = words_->ready.load(kAcquire) != 0;
  // A heartbeat from the future is no sign of life either: it is a clock
  // that somebody forgot, and would never grow old.
  const int64_t limit =
      layout::heartbeat_limit_ns(config.period_ns, config.bound_ns);
  const bool old =
      config.virtual_clock == 0 &&
      !(view.heartbeat_age_ns <= limit && view.heartbeat_age_ns >= -limit);
  view.stale = !ready || old;
  return view;
}

bool Link::publish(const layout::StopPlan& plan) noexcept {
  const uint64_t word = words_->state_epoch.load(kAcquire);
  const bool armed = guard_state(word) == GuardState::kArmed;
  if (!armed || plan.epoch != guard_epoch(word)) return false;
  if (plan.joints != words_->config.joints) return false;
  return writer_.publish(plan);
}

// The order is explained beside the words (core/layout/guard_words.hpp).
void Link::committed(uint64_t cycle, uint64_t plan_id, bool late,
                     int64_t played_ns) noexcept {
  if (plan_id != 0) {
    writer_.committed();
    words_->committed_plan.store(plan_id, kRelease);
  } else {
    words_->played_ns.store(played_ns, kRelease);
  }
  words_->commit.store(cycle, kRelease);
  if (!late) words_->commit_deadline_ns.store(deadline_ns_, kRelease);
}

uint32_t Link::arm(uint32_t robot_epoch, int64_t commit_deadline_ns) noexcept {
  uint64_t word = words_->state_epoch.load(kAcquire);
  const bool ready = words_->ready.load(kAcquire) != 0;
  if (!ready || guard_state(word) != GuardState::kDisarmed) return 0;
  const uint32_t last = std::max(guard_epoch(word), robot_epoch);
  // There must be an epoch above for us, and one above that for the guardian.
  if (last >= UINT32_MAX - 1) return 0;
  const uint32_t epoch = last + 1;
  writer_.forget();
  deadline_ns_ = commit_deadline_ns;
  words_->committed_plan.store(0, kRelease);
  words_->played_ns.store(0, kRelease);
  words_->commit_deadline_ns.store(0, kRelease);
  words_->next_deadline_ns.store(commit_deadline_ns, kRelease);
  // Pairs with the guardian's acquire: armed is seen only with these.
  const bool done = words_->state_epoch.compare_exchange_strong(
      word, pack(GuardState::kArmed, epoch), kBoth, kAcquire);
  return done ? epoch : 0;
}

bool Link::disarm() noexcept {
  uint64_t word = words_->state_epoch.load(kAcquire);
  if (guard_state(word) == GuardState::kDisarmed) return true;
  if (guard_state(word) != GuardState::kArmed) return false;
  return words_->state_epoch.compare_exchange_strong(
      word, pack(GuardState::kDisarmed, guard_epoch(word)), kBoth, kAcquire);
}

bool Link::rearm() noexcept {
  uint64_t word = words_->state_epoch.load(kAcquire);
  if (guard_state(word) == GuardState::kActed && !asked_) {
    words_->rearm_request.fetch_add(1, kRelease);
    asked_ = true;
  }
  if (guard_state(word) == GuardState::kSilenced) {
    words_->state_epoch.compare_exchange_strong(
        word, pack(GuardState::kDisarmed, guard_epoch(word)), kBoth, kAcquire);
    asked_ = false;
  }
  word = words_->state_epoch.load(kAcquire);
  return guard_state(word) == GuardState::kDisarmed;
}

void Link::life(uint32_t state) noexcept {
  words_->loop_state.store(state, kRelease);
}

void Link::leave() noexcept { words_->orderly_exit.store(1, kRelease); }

bool Link::armed() const noexcept {
  return guard_state(words_->state_epoch.load(kAcquire)) == GuardState::kArmed;
}

uint32_t Link::epoch() const noexcept {
  return guard_epoch(words_->state_epoch.load(kAcquire));
}

}  // namespace tactus::guard
