// SPDX-License-Identifier: MIT
#include "guard/core.hpp"

#include <algorithm>

#include "guard/evaluate.hpp"

namespace tactus::guard {

using layout::guard_epoch;
using layout::guard_state;
using layout::GuardState;
using layout::pack;

namespace {

constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kBoth = std::memory_order_acq_rel;

Step wait_until(int64_t until_ns) {
  Step step;
  step.until_ns = until_ns;
  return step;
}

Step leave() {
  Step step;
  step.what = Step::Do::kExit;
  return step;
}

}  // namespace

Step GuardianCore::step(int64_t now_ns, bool controller_alive) noexcept {
  words_->heartbeat_ns.store(now_ns, kRelease);
  const uint64_t word = words_->state_epoch.load(kAcquire);
  switch (guard_state(word)) {
    case GuardState::kArmed:
      return armed(now_ns, controller_alive, word);
    case GuardState::kActed:
      return play(now_ns, controller_alive, word);
    case GuardState::kDisarmed:
    case GuardState::kSilenced:
      break;
  }
  return rest(now_ns, controller_alive);
}

Step GuardianCore::rest(int64_t now_ns, bool alive) noexcept {
  armed_epoch_ = 0;
  misses_ = 0;
  playing_ = false;
  const bool orderly = words_->orderly_exit.load(kAcquire) != 0;
  if (orderly || !alive) return leave();
  return wait_until(now_ns + words_->config.period_ns);
}

Step GuardianCore::armed(int64_t now_ns, bool alive, uint64_t word) noexcept {
  if (armed_epoch_ != guard_epoch(word)) {
    armed_epoch_ = guard_epoch(word);
    misses_ = 0;
    playing_ = false;
    judged_ns_ = 0;
    deadline_ns_ = words_->next_deadline_ns.load(kAcquire);
    words_->bound_broken.store(0, kRelease);
  }
  count_misses(now_ns);
  const bool missed = misses_ >= words_->config.misses;
  if (missed || !alive) {
    const Reason reason = missed ? Reason::kMissedCommits : Reason::kDied;
    // Refused: the loop disarmed in this instant. Look again at once.
    if (!act(now_ns, word, reason)) return wait_until(now_ns);
    return play(now_ns, alive, words_->state_epoch.load(kAcquire));
  }
  return wait_until(std::min(deadline_ns_, now_ns + words_->config.period_ns));
}

// Judges every deadline that has passed; they count from the last that was met,
// which may have come sooner than a period after the one before. At most
// `misses` + 1 rounds.
void GuardianCore::count_misses(int64_t now_ns) noexcept {
  const int64_t period = words_->config.period_ns;
  // Pairs with Link::committed's release.
  const int64_t met_ns = words_->commit_deadline_ns.load(kAcquire);
  while (deadline_ns_ <= now_ns && misses_ < words_->config.misses) {
    if (met_ns > judged_ns_) {
      misses_ = 0;
      judged_ns_ = met_ns;
      deadline_ns_ = met_ns + period;
    } else {
      ++misses_;
      judged_ns_ = deadline_ns_;
      deadline_ns_ += period;
    }
  }
  // A hung loop leaves its deadline behind: ours go on by the period. What the
  // loop tells may only bring the next one nearer: put off, a deadline that
  // passed would never be judged.
  const int64_t told_ns = words_->next_deadline_ns.load(kAcquire);
  if (told_ns > judged_ns_ && told_ns < deadline_ns_) deadline_ns_ = told_ns;
}

bool GuardianCore::act(int64_t now_ns, uint64_t word, Reason reason) noexcept {
  const uint32_t epoch = guard_epoch(word);
  const bool late = reason == Reason::kMissedCommits &&
                    now_ns > judged_ns_ + words_->config.bound_ns;
  // Before the word that says it acted: who sees that also sees why. Of an
  // act that is refused nobody reads them.
  words_->acted_ns.store(now_ns, kRelease);
  words_->reason.store(static_cast<uint32_t>(reason), kRelease);
  words_->choice.store(static_cast<uint32_t>(Choice::kNone), kRelease);
  if (late) words_->bound_broken.store(1, kRelease);
  // Who wins this word decides: the loop's disarm, or we. After it the loop
  // is silent and robots drop its epoch.
  if (!words_->state_epoch.compare_exchange_strong(
          word, pack(GuardState::kActed, epoch + 1), kBoth, kAcquire)) {
    return false;
  }
  choose_plan(now_ns, epoch);
  return true;
}

void GuardianCore::choose_plan(int64_t now_ns, uint32_t epoch) noexcept {
  rested_ = false;
  Choice choice = Choice::kNone;
  // A loop that is only late may still publish once: its new committed plan
  // can have replaced the one whose id we read. It publishes no second time.
  for (int i = 0; i < 3 && choice != Choice::kCommitted; ++i) {
    const uint64_t id = words_->committed_plan.load(kAcquire);
    choice = reader_.choose(id, epoch, plan_);
  }
  words_->choice.store(static_cast<uint32_t>(choice), kRelease);
  acted_at_ns_ = now_ns;
  playing_ = true;
  if (choice != Choice::kStaticHold) join(now_ns);
}

// What the robot does now, it goes on doing from here: u_k until the origin,
// or the sample of a running stop that was sent last. The plan's times shift
// by as long as that was held, which the commit rule has verified up to its
// bounds; a jump into the plan would be one that nobody verified.
void GuardianCore::join(int64_t now_ns) noexcept {
  const layout::GuardConfig& config = words_->config;
  const int64_t played_ns = words_->played_ns.load(kAcquire);
  // Samples of an earlier plan lie before this one's origin.
  const int64_t held_ns = std::max(played_ns, plan_.origin_ns);
  if (now_ns <= held_ns) return;
  const int64_t shift_ns = now_ns - held_ns;
  plan_.origin_ns += shift_ns;
  const int64_t bound_ns =
      (config.misses + 1) * config.period_ns + config.bound_ns;
  const bool on_plan = held_ns == played_ns;
  if (!on_plan || shift_ns > bound_ns) words_->bound_broken.store(1, kRelease);
}

Step GuardianCore::play(int64_t now_ns, bool alive, uint64_t word) noexcept {
  if (!playing_) choose_plan(now_ns, guard_epoch(word) - 1);
  const bool ended = now_ns >= end_ns(plan_);
  const bool orderly = words_->orderly_exit.load(kAcquire) != 0;
  const bool gone = !alive || orderly;
  // What the robot keeps must be the plan's end.
  if (ended && rested_ && !gone && silence(word)) return rest(now_ns, alive);
  const int64_t quiet_ns = std::max(end_ns(plan_), acted_at_ns_) + kLingerNs;
  if (now_ns >= quiet_ns) {
    if (gone) return leave();
    if (words_->config.then_hold == 0) {
      return wait_until(now_ns + words_->config.period_ns);
    }
  }
  Step step;
  step.what = Step::Do::kSend;
  step.until_ns = now_ns + words_->config.repeat_ns;
  step.epoch = guard_epoch(word);
  if (ended) step.flags = layout::kWireHold;
  evaluate(plan_, now_ns, step.command);
  return step;
}

void GuardianCore::sent(const Step& step) noexcept {
  rested_ = (step.flags & layout::kWireHold) != 0;
}

// Rearm: from the acknowledgement on nothing more is sent.
bool GuardianCore::silence(uint64_t word) noexcept {
  const uint32_t asked = words_->rearm_request.load(kAcquire);
  if (asked == words_->rearm_ack.load(kAcquire)) return false;
  words_->rearm_ack.store(asked, kRelease);
  return words_->state_epoch.compare_exchange_strong(
      word, pack(GuardState::kSilenced, guard_epoch(word)), kBoth, kAcquire);
}

}  // namespace tactus::guard
