// SPDX-License-Identifier: MIT
// The guardian's loop on a clock that the test moves: what it sends, when it
// leaves, and whether it heeds a signal.
#include "guard/guardian.hpp"

#include <criterion/criterion.h>

#include <functional>
#include <vector>

#include "guard/link.hpp"
#include "plans.hpp"

using namespace tactus;
using namespace tactus::guard;
using layout::GuardState;
using plans::kMs;

namespace {

constexpr int64_t kStart = 1000 * kMs;

// Jumps to each deadline, after the test has had its say at that time.
struct FakeWait final : Wait {
  int64_t now_ns = kStart;
  std::function<Woken(int64_t now_ns)> at = [](int64_t) {
    return Woken::kDeadline;
  };
  int64_t now() noexcept override { return now_ns; }
  Woken until(int64_t deadline_ns) noexcept override {
    now_ns = deadline_ns > now_ns ? deadline_ns : now_ns;
    return at(now_ns);
  }
};

struct FakeSink final : CommandSink {
  std::vector<CommandFrame> frames;
  tactus_status send(const CommandFrame& frame) noexcept override {
    frames.push_back(frame);
    return TACTUS_OK;
  }
  void warm(const CommandFrame&) noexcept override {}
};

// The signal that waits, as a plain function must find it; a call forgets.
int signals_waiting, signals_asked;
bool signal_came() {
  ++signals_asked;
  const bool came = signals_waiting > 0;
  signals_waiting = 0;
  return came;
}

struct Rig {
  plans::Shared shared;
  Link link{shared.words, shared.page};
  FakeWait wait;
  FakeSink sink;

  Rig() { signals_waiting = signals_asked = 0; }
  void arm_and_commit() {
    cr_assert_eq(link.arm(0, kStart + kMs), 1u);
    link.begin(kStart, kStart + kMs);
    cr_assert(link.publish(plans::plan(1, kStart + 5 * kMs)));
    link.committed(1, 1, false);
  }
  // Goes on meeting deadlines, as a living loop does.
  void commit_at(int64_t now_ns) {
    const auto k = static_cast<uint64_t>((now_ns - kStart) / kMs + 1);
    link.begin(now_ns, now_ns + kMs);
    cr_assert(link.publish(plans::plan(k, now_ns + 5 * kMs)));
    link.committed(k, k, false);
  }
  void run() {
    Guardian(shared.words, shared.page, wait, sink).run(signal_came);
  }
};

}  // namespace

Test(guardian_loop, a_signal_while_disarmed_is_heeded) {
  Rig r;
  int waits = 0;
  r.wait.at = [&](int64_t) {
    cr_assert_lt(++waits, 10, "it stayed");
    if (waits == 3) signals_waiting = 1;
    return Woken::kDeadline;
  };
  r.run();
  cr_assert_eq(waits, 3);
  cr_assert_eq(r.sink.frames.size(), 0u);
}

// Nor is it remembered: disarmed later, it stays until it is asked again.
Test(guardian_loop, a_signal_while_armed_is_ignored_and_forgotten) {
  Rig r;
  r.arm_and_commit();
  int waits = 0;
  r.wait.at = [&](int64_t now_ns) {
    ++waits;
    if (waits < 20) {
      signals_waiting = 1;
      r.commit_at(now_ns);
    } else if (waits == 20) {
      cr_assert_eq(signals_waiting, 0);
      cr_assert(r.link.disarm());
    } else if (waits == 30) {
      signals_waiting = 1;
    }
    cr_assert_lt(waits, 40, "it stayed");
    return Woken::kDeadline;
  };
  r.run();
  cr_assert_eq(waits, 30);
  cr_assert_geq(signals_asked, 30);
  cr_assert_eq(r.sink.frames.size(), 0u);
}

Test(guardian_loop, a_signal_while_it_plays_is_ignored) {
  Rig r;
  r.arm_and_commit();
  r.wait.at = [&](int64_t) {
    signals_waiting = 1;
    return Woken::kControllerDied;
  };
  r.run();
  // To the plan's end and through the hold after it.
  const auto end = kStart + 15 * kMs + kLingerNs;
  cr_assert_geq(r.sink.frames.back().stamp_ns, end - kMs);
  cr_assert_geq(r.wait.now_ns, end);
}

namespace {

// Misses its commits, plays to the end, and is looked at `after` the end.
Rig& past_the_end(Rig& r, int64_t after_ns) {
  r.arm_and_commit();
  const int64_t until = kStart + 15 * kMs + after_ns;
  r.wait.at = [&r, until](int64_t now_ns) {
    if (now_ns < until) return Woken::kDeadline;
    r.link.leave();
    return Woken::kControllerDied;
  };
  r.run();
  return r;
}

}  // namespace

Test(guardian_loop, then_hold_repeats_until_the_controller_leaves) {
  Rig r;
  past_the_end(r, 3 * kLingerNs);
  const auto& last = r.sink.frames.back();
  cr_assert_eq(last.flags, layout::kWireHold);
  cr_assert_geq(last.stamp_ns, kStart + 15 * kMs + 3 * kLingerNs - 2 * kMs);
}

Test(guardian_loop, then_silence_ends_after_the_hold) {
  Rig r;
  r.shared.words.config.then_hold = 0;
  past_the_end(r, 3 * kLingerNs);
  const auto end = kStart + 15 * kMs + kLingerNs;
  const auto& last = r.sink.frames.back();
  cr_assert_eq(last.flags, layout::kWireHold);
  cr_assert_lt(last.stamp_ns, end + 5 * kMs);
  cr_assert_geq(last.stamp_ns, end - kMs);
}
