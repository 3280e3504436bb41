// SPDX-License-Identifier: MIT
// Priority and affinity belong to a thread: the one that runs must have them,
// or say that it has not.
#include <sched.h>

#include <thread>

#include "loop_rig.hpp"
#include "trace/reader.hpp"

using namespace capi_rig;

namespace {

constexpr int kPriority = 3;

struct Seen {
  int policy = -1;
  int priority = 0;
  int cpus = 0;
};

Seen look() {
  Seen seen;
  seen.policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
  sched_param param{};
  sched_getparam(0, &param);
  seen.priority = param.sched_priority;
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  seen.cpus = CPU_COUNT(&set);
  return seen;
}

tactus::LoopOptions asking(std::vector<tactus::Grant> require = {}) {
  tactus::LoopOptions o = Rig::options();
  o.cpu = 0;
  o.priority = kPriority;
  o.require = std::move(require);
  return o;
}

// A loop that notes what the thread of its cycles has; built on this thread,
// which keeps its affinity.
struct Built {
  Rig rig;
  cpu_set_t before{};
  Seen in_cycle;
  std::string log = rig.files.folder.path() + "/run.tlog";
  tactus::Result<tactus::Loop> loop;

  explicit Built(const tactus::LoopOptions& options) : loop(make(options)) {
    sched_setaffinity(0, sizeof before, &before);
  }
  tactus::Result<tactus::Loop> make(const tactus::LoopOptions& options) {
    sched_getaffinity(0, sizeof before, &before);
    rig.log = log;
    return rig.build(options, options.period,
                     [this](Frame&, const tactus::Tick& tick) noexcept {
                       if (!is_dry(tick)) in_cycle = look();
                       return TACTUS_OK;
                     });
  }
  [[nodiscard]] bool says(const char* what) const {
    return loop->granted().find(what) != std::string::npos;
  }
  // What the log's head says; ends the loop.
  [[nodiscard]] std::string logged(const char* grant) {
    {
      const tactus::Loop ended = std::move(*loop);
    }
    const auto read = tactus::trace::LogReader::open(log);
    if (!read) cr_assert(false, "%s", read.error().text());
    for (const auto& fact : read->info().granted)
      if (fact.name == grant) return fact.value;
    return "";
  }
};

void need_fifo() {
  const sched_param param{.sched_priority = kPriority};
  const bool granted = sched_setscheduler(0, SCHED_FIFO, &param) == 0;
  const sched_param none{};
  sched_setscheduler(0, SCHED_OTHER, &none);
  if (!granted) cr_skip_test("SCHED_FIFO is not permitted here");
}

// What a program may give its thread before it builds.
void own_fifo() {
  const sched_param own{.sched_priority = kPriority};
  sched_setscheduler(0, SCHED_FIFO, &own);
}

tactus_status step_now(tactus::Loop& loop) {
  tactus_tick tick{};
  tick.release_ns = now_ns();
  return loop.step(tick);
}

}  // namespace

Test(thread, another_one_that_runs_gets_what_the_builder_had) {
  need_fifo();
  Built b(asking({tactus::Grant::fifo}));
  if (!b.loop) cr_assert(false, "%s", b.loop.error().text());
  cr_assert_eq(look().policy, SCHED_FIFO);
  int code = -1;
  std::thread([&] { code = b.loop->run(60ms).exit_code(); }).join();
  cr_assert_eq(code, 0);
  cr_assert_eq(b.in_cycle.policy, SCHED_FIFO);
  cr_assert_eq(b.in_cycle.priority, kPriority);
  cr_assert_eq(b.in_cycle.cpus, 1);
  cr_assert_eq(look().policy, SCHED_OTHER, "the builder's went with it");
}

Test(thread, that_lost_what_is_required_does_not_run) {
  need_fifo();
  Built b(asking({tactus::Grant::fifo}));
  if (!b.loop) cr_assert(false, "%s", b.loop.error().text());
  const sched_param none{};
  sched_setscheduler(0, SCHED_OTHER, &none);
  cr_assert_eq(b.loop->run(60ms).exit_code(), 3);
  cr_assert_eq(b.in_cycle.policy, -1, "no cycle");
  cr_assert(b.says("fifo other"));
}

Test(thread, that_did_not_run_does_not_step_either) {
  need_fifo();
  Built b(asking({tactus::Grant::fifo}));
  if (!b.loop) cr_assert(false, "%s", b.loop.error().text());
  const sched_param none{}, again{.sched_priority = kPriority};
  sched_setscheduler(0, SCHED_OTHER, &none);
  cr_assert_eq(b.loop->run(60ms).exit_code(), 3);
  // The log is closed and the guardian gone, whatever the thread has now.
  sched_setscheduler(0, SCHED_FIFO, &again);
  cr_assert_eq(step_now(*b.loop), TACTUS_ENDED);
  cr_assert_eq(b.in_cycle.policy, -1, "no cycle");
}

Test(thread, that_steps_is_looked_at_and_left_alone) {
  need_fifo();
  Built b(asking());
  if (!b.loop) cr_assert(false, "%s", b.loop.error().text());
  cr_assert(b.says("fifo priority 3"));
  std::thread([&] { (void)step_now(*b.loop); }).join();
  cr_assert_eq(b.in_cycle.policy, SCHED_OTHER);
  cr_assert(b.says("fifo other"));
}

Test(thread, that_steps_without_what_is_required_runs_nothing) {
  need_fifo();
  Built b(asking({tactus::Grant::fifo}));
  if (!b.loop) cr_assert(false, "%s", b.loop.error().text());
  tactus_status first = TACTUS_OK, second = TACTUS_OK;
  std::thread([&] {
    first = step_now(*b.loop);
    second = step_now(*b.loop);
  }).join();
  cr_assert_eq(first, TACTUS_FAILED);
  cr_assert_eq(second, TACTUS_FAILED);
  cr_assert_eq(b.in_cycle.policy, -1, "no cycle");
}

Test(thread, that_steps_may_have_more_than_was_asked) {
  need_fifo();
  Built b(asking({tactus::Grant::fifo}));
  if (!b.loop) cr_assert(false, "%s", b.loop.error().text());
  std::thread([&] {
    const sched_param more{.sched_priority = kPriority + 1};
    sched_setscheduler(0, SCHED_FIFO, &more);
    (void)step_now(*b.loop);
  }).join();
  cr_assert_eq(b.in_cycle.priority, kPriority + 1);
  cr_assert(b.says("fifo priority 4"));
}

Test(thread, with_a_priority_of_its_own_keeps_it) {
  need_fifo();
  own_fifo();
  {
    tactus::LoopOptions o = asking();
    o.priority = 0;
    Built b(o);
    if (!b.loop) cr_assert(false, "%s", b.loop.error().text());
    std::thread([&] { (void)b.loop->run(60ms); }).join();
    cr_expect_eq(look().policy, SCHED_FIFO, "after run() on another");
  }
  cr_expect_eq(look().policy, SCHED_FIFO, "after the loop");
}

Test(thread, is_released_once) {
  need_fifo();
  {
    Built b(asking());
    if (!b.loop) cr_assert(false, "%s", b.loop.error().text());
    std::thread([&] { (void)step_now(*b.loop); }).join();
    cr_expect_eq(look().policy, SCHED_OTHER);
    own_fifo();
  }
  cr_expect_eq(look().policy, SCHED_FIFO, "what it took itself is its own");
}

Test(thread, that_builds_and_runs_is_prepared_again_after_steps_elsewhere) {
  need_fifo();
  Built b(asking());
  if (!b.loop) cr_assert(false, "%s", b.loop.error().text());
  std::thread([&] { (void)step_now(*b.loop); }).join();
  cr_assert_eq(b.in_cycle.policy, SCHED_OTHER);
  (void)b.loop->run(60ms);
  cr_expect_eq(b.in_cycle.policy, SCHED_FIFO);
  cr_expect_eq(b.in_cycle.cpus, 1);
}

Test(thread, that_steps_is_the_one_that_the_log_tells_of) {
  need_fifo();
  Built b(asking());
  if (!b.loop) cr_assert(false, "%s", b.loop.error().text());
  std::thread([&] { (void)step_now(*b.loop); }).join();
  cr_expect_eq(b.logged("fifo").find("other"), 0U);
}

Test(thread, that_lost_what_was_granted_is_the_one_that_the_log_tells_of) {
  need_fifo();
  Built b(asking());
  if (!b.loop) cr_assert(false, "%s", b.loop.error().text());
  const sched_param none{};
  sched_setscheduler(0, SCHED_OTHER, &none);
  cr_assert_eq(b.loop->run(60ms).exit_code(), 0);
  cr_expect_eq(b.logged("fifo").find("other"), 0U);
}

Test(thread, that_is_as_it_was_granted_leaves_the_log_as_it_is) {
  need_fifo();
  Built b(asking());
  if (!b.loop) cr_assert(false, "%s", b.loop.error().text());
  cr_assert_eq(b.loop->run(60ms).exit_code(), 0);
  cr_expect(b.logged("fifo") == "priority 3");
}
