// SPDX-License-Identifier: MIT
#include "guard/guardian.hpp"

#include "guard/evaluate.hpp"

namespace tactus::guard {
namespace {

constexpr auto kRelease = std::memory_order_release;

}  // namespace

void Guardian::warm() noexcept {
  layout::StopPlan plan{};
  plan.plan_id = 1;
  plan.joints = words_->config.joints;
  plan.segments = layout::kMaxSegments;
  for (uint32_t s = 0; s < plan.segments; ++s) plan.segment_end_ns[s] = s + 1;
  layout::StopPage page{};
  PageWriter(page).publish(plan);
  (void)PageReader(page, plan.joints).choose(1, 0, plan);
  evaluate(plan, 0, scratch_.command);
  (void)core_.step(wait_->now(), true);  // disarmed: heartbeat only
  sink_->warm(frame(scratch_, 0));
}

void Guardian::run(AskedToLeave asked_to_leave) noexcept {
  bool alive = true;
  for (;;) {
    const int64_t now_ns = wait_->now();
    const Step step = core_.step(now_ns, alive);
    if (step.what == Step::Do::kExit) return;
    if (step.what == Step::Do::kSend) send(step, now_ns);
    // Asked in every state, so that what came while armed is forgotten.
    if (asked_to_leave && asked_to_leave() && core_.idle()) return;
    if (wait_->until(step.until_ns) == Woken::kControllerDied) alive = false;
  }
}

CommandFrame Guardian::frame(const Step& step, int64_t now_ns) noexcept {
  CommandFrame frame;
  frame.sender = layout::WireSender::kGuardian;
  frame.flags = step.flags;
  frame.epoch = step.epoch;
  frame.seq = seq_;
  frame.stamp_ns = now_ns;
  frame.values = std::span(value_).first(words_->config.joints);
  return frame;
}

void Guardian::send(const Step& step, int64_t now_ns) noexcept {
  if (step.epoch != epoch_) {
    epoch_ = step.epoch;
    seq_ = 0;
  }
  ++seq_;
  for (uint32_t j = 0; j < words_->config.joints; ++j) {
    value_[j] = static_cast<float>(step.command[j]);
  }
  if (sink_->send(frame(step, now_ns)) != TACTUS_OK) {
    words_->send_failures.fetch_add(1, kRelease);
    return;
  }
  core_.sent(step);
  words_->last_seq.store(seq_, kRelease);
  words_->frames_sent.fetch_add(1, kRelease);
}

}  // namespace tactus::guard
