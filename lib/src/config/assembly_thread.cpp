// SPDX-License-Identifier: MIT
// The thread that runs. build() prepares the one that calls it; affinity and
// FIFO are a thread's own, so another one is seen to before its first release.
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "config/assembly.hpp"
#include "config/granted.hpp"

namespace tactus::config {

rt::ThreadAsk Assembly::thread_ask() const {
  const LoopTable& loop = blueprint_.file.loop;
  return {.cpu = loop.cpu, .priority = loop.priority};
}

rt::Grants Assembly::grants() const {
  const std::lock_guard lock(grants_mutex_);
  return grants_;
}

void Assembly::tell_granted() {
  const std::string& text = granted_texts_.emplace_back(rt::to_text(grants()));
  granted_.store(&text, std::memory_order_release);
  segment_->set_text(text);
}

// A reload that is under way has the recorder, and reads the grants itself.
void Assembly::log_granted() {
  const std::unique_lock lock(log_mutex_, std::try_to_lock);
  if (lock && recorder_) recorder_->now_granted(granted_facts(grants()));
}

// What is so on this thread, of what was asked for at build. Where nothing
// changed, build's reason tells more.
Result<void> Assembly::adopt(rt::Grants found) {
  bool changed = false;
  for (rt::Grant& now : found) {
    const std::lock_guard lock(grants_mutex_);
    const auto g = std::find_if(
        grants_.begin(), grants_.end(),
        [&](const rt::Grant& x) { return x.name == now.name.c_str(); });
    if (g == grants_.end() || g->granted == now.granted) continue;
    *g = std::move(now);
    changed = true;
  }
  if (changed) tell_granted();
  if (changed) log_granted();
  return rt::check_required(grants(), blueprint_.file.loop.require);
}

void Assembly::prepared_here(const rt::Grants& grants) {
  prepared_ = ::gettid();
  const bool fifo = std::ranges::any_of(
      grants, [](const rt::Grant& g) { return g.name == "fifo" && g.ok; });
  raised_ = fifo ? prepared_ : 0;
}

// Takes back what was given, and nothing that a thread had from its owner.
void Assembly::release_prepared() noexcept {
  prepared_ = 0;
  if (raised_ != 0) rt::release_thread(std::exchange(raised_, 0));
}

Result<void> Assembly::prepare_runner() {
  if (blueprint_.lockstep) return {};  // nothing real-time was asked
  if (prepared_ == ::gettid()) return adopt(rt::inspect_thread(thread_ask()));
  // Two threads of the loop's priority on its core would be one too many.
  release_prepared();
  rt::Grants grants = rt::prepare_thread(thread_ask());
  prepared_here(grants);
  return adopt(std::move(grants));
}

// The thread has an owner, who gave it what it has.
Result<void> Assembly::inspect_stepper() {
  if (blueprint_.lockstep) return {};
  if (prepared_ != ::gettid()) release_prepared();
  return adopt(rt::inspect_thread(thread_ask()));
}

rt::ExitReason Assembly::run(int64_t duration_ns) noexcept {
  if (!prepare_runner()) return rt::ExitReason::kNotGranted;
  return loop_->run(duration_ns);
}

tactus_status Assembly::step(const tactus_tick& tick) noexcept {
  if (!std::exchange(stepped_, true))
    may_step_ = static_cast<bool>(inspect_stepper());
  return may_step_ ? loop_->step(tick) : TACTUS_FAILED;
}

}  // namespace tactus::config
