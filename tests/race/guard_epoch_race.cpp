// SPDX-License-Identifier: MIT
// Loop and guardian on two threads over one segment: the loop publishes,
// commits, disarms, rearms; the guardian takes over whenever it may. Run
// under TSan. At each act the guardian has the committed plan, epochs only
// rise, and the two never both believe that they own the robot.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include "guard/core.hpp"
#include "guard/link.hpp"

using namespace tactus;
using namespace tactus::guard;

namespace {

// Engages until the guardian has acted this often, or gives up.
constexpr uint32_t kActs = 300;
constexpr int kEngagements = 100'000;

void require(bool what, const char* text) {
  if (what) return;
  std::fprintf(stderr, "guard_epoch_race: %s\n", text);
  std::exit(1);
}

layout::StopPlan plan(uint64_t id, uint32_t epoch) {
  layout::StopPlan p{};
  p.plan_id = id;
  p.epoch = epoch;
  p.joints = 2;
  p.segments = 4;
  for (uint32_t s = 0; s < 4; ++s) p.segment_end_ns[s] = s + 1;
  p.held[0] = p.held[1] = static_cast<double>(id % 1000);
  return p;
}

struct Shared {
  std::unique_ptr<layout::GuardSegment> segment =
      std::make_unique<layout::GuardSegment>();
  std::atomic<int64_t> now{1};
  std::atomic<bool> done{false};
  std::atomic<uint32_t> acts{0};
};

void guardian(Shared& s) {
  GuardianCore core(s.segment->words, s.segment->page);
  uint32_t last_epoch = 0;
  s.segment->words.ready.store(1);
  while (!s.done.load()) {
    const auto& words = s.segment->words;
    // Armed and committed before the step: the act that follows in this
    // epoch has no excuse for another choice.
    const uint64_t word = words.state_epoch.load();
    const bool armed = layout::guard_state(word) == layout::GuardState::kArmed;
    const bool sent = armed && words.committed_plan.load() != 0;
    const Step step = core.step(s.now.load(), true);
    if (step.what == Step::Do::kSend) core.sent(step);
    std::this_thread::yield();
    if (step.what != Step::Do::kSend || step.epoch == last_epoch) continue;
    require(step.epoch > last_epoch, "an epoch fell");
    last_epoch = step.epoch;
    s.acts.fetch_add(1);
    const auto choice = static_cast<Choice>(words.choice.load());
    const bool same = step.epoch == layout::guard_epoch(word) + 1;
    require(choice == Choice::kCommitted ||
                (choice == Choice::kStaticHold && !(sent && same)),
            "acted without the committed plan");
  }
}

// Commits until the guardian acts, or disarms; true: it acted.
bool engagement(Shared& s, Link& link, uint64_t& cycle, int length) {
  const uint32_t epoch = link.arm(0, s.now.load() + 1);
  require(epoch != 0, "not armed");
  for (int i = 0; i < length; ++i) {
    const int64_t now = s.now.fetch_add(2);
    if (link.begin(now, now + 1).acted) return true;
    ++cycle;
    if (!link.publish(plan(cycle, epoch))) continue;
    const bool late = i % 7 > 2;  // runs of misses
    link.committed(cycle, cycle, late);
    std::this_thread::yield();
  }
  return !link.disarm();
}

}  // namespace

int main() {
  Shared s;
  auto& words = s.segment->words;
  words.config.period_ns = 2;
  words.config.bound_ns = 1'000'000;
  words.config.repeat_ns = 1;
  words.config.misses = 2;
  words.config.joints = 2;
  words.config.then_hold = 1;
  format_page(s.segment->page);
  std::thread other([&] { guardian(s); });
  Link link(words, s.segment->page);
  while (words.ready.load() == 0) std::this_thread::yield();
  uint64_t cycle = 0;
  int i = 0;
  for (; i < kEngagements && s.acts.load() < kActs; ++i) {
    if (!engagement(s, link, cycle, 1 + i % 40)) continue;
    while (!link.rearm()) {
      s.now.fetch_add(1000);
      std::this_thread::yield();
    }
  }
  s.done.store(true);
  other.join();
  require(s.acts.load() >= kActs, "the guardian hardly acted");
  std::printf("guard_epoch_race: %u acts in %d engagements\n", s.acts.load(),
              i);
}
