// SPDX-License-Identifier: MIT
// The guardian's wait in lockstep: the loop's clock words are its time.
#include "guard/wait.hpp"

#include <criterion/criterion.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <thread>

#include "core/fd.hpp"
#include "plans.hpp"

using namespace tactus;
using namespace tactus::guard;
using layout::GuardState;
using plans::kMs;

namespace {

constexpr int64_t kStart = 1000 * kMs;

struct Rig {
  plans::Shared shared;
  layout::GuardWords& words = shared.words;

  Rig() { words.virtual_now_ns.store(kStart); }
  // As LockstepWake does it: the time, then its tick.
  void advance(int64_t to_ns) {
    words.virtual_now_ns.store(to_ns);
    words.virtual_tick.fetch_add(1);
    ::syscall(SYS_futex, &words.virtual_tick, FUTEX_WAKE, INT_MAX, nullptr,
              nullptr, 0);
  }
  // A wait to each whole period, beside a loop that ticks twenty times in it.
  void waits_for_deadlines() {
    VirtualWait wait(words, -1);
    std::thread loop([&] {
      for (int i = 1; i <= 200; ++i) {
        advance(kStart + i * kMs / 20);
        std::this_thread::yield();
      }
    });
    for (int i = 1; i <= 10; ++i) {
      cr_assert_eq(wait.until(kStart + i * kMs), Woken::kDeadline);
      cr_assert_geq(wait.now(), kStart + i * kMs);
    }
    loop.join();
  }
};

// A process and the descriptor that tells of its end.
struct Child {
  int hold[2];
  pid_t pid;
  UniqueFd pidfd;

  Child() {
    cr_assert_eq(::pipe(hold), 0);
    pid = ::fork();
    if (pid == 0) {
      ::close(hold[1]);
      char byte;
      (void)!::read(hold[0], &byte, 1);  // until end()
      ::_exit(0);
    }
    ::close(hold[0]);
    pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    cr_assert(pidfd);
  }
  void end() const {
    ::close(hold[1]);
    ::waitpid(pid, nullptr, 0);
  }
};

}  // namespace

// What waits for ever fails.
TestSuite(virtual_wait, .timeout = 60);

Test(virtual_wait, now_is_the_clock_word) {
  Rig r;
  VirtualWait wait(r.words, -1);
  cr_assert_eq(wait.now(), kStart);
  r.advance(kStart + 7 * kMs);
  cr_assert_eq(wait.now(), kStart + 7 * kMs);
}

Test(virtual_wait, a_deadline_that_has_passed_does_not_wait) {
  Rig r;
  VirtualWait wait(r.words, -1);
  cr_assert_eq(wait.until(kStart), Woken::kDeadline);
  cr_assert_eq(wait.until(kStart - kMs), Woken::kDeadline);
}

// Ticks before the deadline do not end it, however much real time they take.
Test(virtual_wait, ends_at_its_deadline_and_not_before) {
  Rig r;
  r.waits_for_deadlines();
}

Test(virtual_wait, a_dead_controller_ends_it_while_its_clock_stands_still) {
  Rig r;
  const Child controller;
  VirtualWait wait(r.words, controller.pidfd.get());
  controller.end();
  cr_assert_eq(wait.until(kStart + kMs), Woken::kControllerDied);
}

// Told once; then the plan goes on in real time, or it would never end.
Test(virtual_wait, time_goes_on_after_the_controllers_death) {
  Rig r;
  const Child controller;
  VirtualWait wait(r.words, controller.pidfd.get());
  controller.end();
  cr_assert_eq(wait.until(kStart + kMs), Woken::kControllerDied);
  const int64_t then = wait.now();
  cr_assert_geq(then, kStart);
  cr_assert_eq(wait.until(then + 3 * kMs), Woken::kDeadline);
  cr_assert_geq(wait.now(), then + 3 * kMs);
}

// A living controller's pidfd is no reason: only time is.
Test(virtual_wait, a_living_controller_is_waited_for) {
  Rig r;
  const Child controller;
  VirtualWait wait(r.words, controller.pidfd.get());
  std::thread loop([&] { r.advance(kStart + kMs); });
  cr_assert_eq(wait.until(kStart + kMs), Woken::kDeadline);
  cr_assert_eq(wait.now(), kStart + kMs);
  loop.join();
  controller.end();
}

// The clock of a loop that left disarmed stands still: it is not waited for.
Test(virtual_wait, a_loop_that_left_in_order_ends_it) {
  Rig r;
  VirtualWait wait(r.words, -1);
  r.words.orderly_exit.store(1);
  cr_assert_eq(wait.until(kStart + kMs), Woken::kDeadline);
  cr_assert_eq(wait.now(), kStart);
}

// One that says it left while armed is a controller like any other.
Test(virtual_wait, a_loop_that_left_armed_is_waited_for) {
  Rig r;
  r.words.state_epoch.store(layout::pack(GuardState::kArmed, 1));
  r.words.orderly_exit.store(1);
  r.waits_for_deadlines();
}
