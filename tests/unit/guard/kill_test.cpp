// SPDX-License-Identifier: MIT
// The controller killed after each of its instructions: one process steps
// another through arm, begin, publish, send and commit over the shared
// segment, and after every instruction gives a copy of what stands there to
// a guardian that is told that the controller is dead.
#include <criterion/criterion.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <memory>
#include <string>

#include "guard/core.hpp"
#include "guard/link.hpp"
#include "plans.hpp"

using namespace tactus;
using namespace tactus::guard;
using plans::kMs;

namespace {

constexpr int64_t kStart = 1000 * kMs;
constexpr uint64_t kCycles = 6;

int64_t release(uint64_t k) { return kStart + static_cast<int64_t>(k) * kMs; }
int64_t deadline(uint64_t k) { return release(k) + 900'000; }
int64_t played(uint64_t k) { return release(k) + 1; }
layout::StopPlan plan_of(uint64_t k) {
  return plans::plan(k, deadline(k + 3) + kMs, static_cast<double>(k));
}

// What both processes see. `sent`: the plan whose action left last, the
// robot's side of it.
struct Shared {
  layout::GuardSegment segment;
  std::atomic<uint64_t> sent;
};

using Controller = void (*)(Shared&);

Shared* make_shared() {
  void* at = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  cr_assert_neq(at, MAP_FAILED);
  auto* shared = new (at) Shared{};
  plans::configure(shared->segment);
  return shared;
}

// "" or what the guardian would do wrong if the controller died here.
std::string fault(const Shared& shared) {
  auto left = std::make_unique<layout::GuardSegment>();
  std::memcpy(static_cast<void*>(left.get()), &shared.segment,
              sizeof shared.segment);
  const layout::GuardWords& w = left->words;
  const uint64_t sent = shared.sent.load(), committed = w.committed_plan.load();
  GuardianCore core(left->words, left->page);
  const bool was_armed =
      layout::guard_state(w.state_epoch.load()) == layout::GuardState::kArmed;
  const Step step = core.step(deadline(0), false);
  if (!was_armed) {
    return sent == 0 && step.what == Step::Do::kExit ? "" : "not armed";
  }
  if (step.what != Step::Do::kSend) return "it does not act";
  const auto choice = static_cast<Choice>(w.choice.load());
  if (committed == 0) {
    const bool first = sent <= 1 && choice == Choice::kStaticHold;
    return first ? "" : "a static hold after a commit";
  }
  if (committed > sent) return "a plan whose action has not left";
  if (choice != Choice::kCommitted) return "not the committed plan";
  const layout::StopPlan& plan = core.plan();
  if (plan.plan_id != committed) return "another plan";
  if (plan.held[1] != static_cast<double>(committed)) return "a torn plan";
  // Nothing is sent between two plans' sends: one send may be missing.
  if (committed < sent && w.commit.load() >= sent) return "commit before plan";
  if (committed < sent && w.commit_deadline_ns.load() >= deadline(sent)) {
    return "a met deadline before its plan";
  }
  const uint64_t cycle = w.commit.load();
  const bool stop_cycle = cycle > committed;
  if (stop_cycle && w.played_ns.load() != played(cycle)) {
    return "a stop cycle's commit before its sample";
  }
  return "";
}

struct Found {
  std::string fault;
  int instructions = 0;
  uint64_t committed = 0;  // in the end
  bool traced = true;
};

// Steps the controller through to its end, or to the first fault.
Found kill_everywhere(Controller controller) {
  Shared* shared = make_shared();
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
    ::raise(SIGSTOP);
    controller(*shared);
    ::_exit(0);
  }
  Found found;
  int status = 0;
  ::waitpid(pid, &status, 0);
  found.traced = WIFSTOPPED(status);
  while (WIFSTOPPED(status) && found.fault.empty()) {
    if (::ptrace(PTRACE_SINGLESTEP, pid, nullptr, nullptr) != 0) break;
    ::waitpid(pid, &status, 0);
    ++found.instructions;
    found.fault = fault(*shared);
  }
  const bool ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!ended && found.fault.empty()) found.fault = "it did not end";
  if (!WIFEXITED(status)) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
  }
  found.committed = shared->segment.words.committed_plan.load();
  ::munmap(shared, sizeof *shared);
  return found;
}

uint64_t expect(Controller controller, const char* wanted) {
  const Found found = kill_everywhere(controller);
  if (!found.traced) cr_skip_test("ptrace is not allowed here");
  cr_assert_str_eq(found.fault.c_str(), wanted, "after %d instructions: \"%s\"",
                   found.instructions, found.fault.c_str());
  // More than the stores: it was stepped, not run.
  cr_assert_gt(found.instructions, 1000);
  return found.committed;
}

bool fails_to_send(uint64_t k) { return k == 3; }
bool stops(uint64_t k) { return k == 4; }

// Passes, a send that fails, a stop cycle, passes again.
void good(Shared& s) {
  Link link(s.segment.words, s.segment.page);
  (void)link.arm(0, deadline(1));
  for (uint64_t k = 1; k <= kCycles; ++k) {
    link.begin(release(k), deadline(k));
    if (stops(k)) {
      link.committed(k, 0, false, played(k));
      continue;
    }
    (void)link.publish(plan_of(k));
    if (fails_to_send(k)) continue;
    s.sent.store(k);
    link.committed(k, k, false);
  }
}

// The rest show that the test above can fail.
void commits_before_it_sends(Shared& s) {
  Link link(s.segment.words, s.segment.page);
  (void)link.arm(0, deadline(1));
  for (uint64_t k = 1; k <= 2; ++k) {
    link.begin(release(k), deadline(k));
    (void)link.publish(plan_of(k));
    link.committed(k, k, false);
    s.sent.store(k);
  }
}

void writes_over_the_committed_slot(Shared& s) {
  Link link(s.segment.words, s.segment.page);
  PageWriter writer(s.segment.page);
  (void)link.arm(0, deadline(1));
  for (uint64_t k = 1; k <= 2; ++k) {
    writer.forget();
    (void)writer.publish(plan_of(k));
    s.sent.store(k);
    s.segment.words.committed_plan.store(k);
  }
}

void meets_the_deadline_before_the_plan(Shared& s) {
  Link link(s.segment.words, s.segment.page);
  PageWriter writer(s.segment.page);
  (void)link.arm(0, deadline(1));
  for (uint64_t k = 1; k <= 2; ++k) {
    (void)writer.publish(plan_of(k));
    s.sent.store(k);
    s.segment.words.commit_deadline_ns.store(deadline(k));
    s.segment.words.committed_plan.store(k);
    writer.committed();
  }
}

void commits_before_the_sample(Shared& s) {
  Link link(s.segment.words, s.segment.page);
  (void)link.arm(0, deadline(1));
  (void)link.publish(plan_of(1));
  s.sent.store(1);
  link.committed(1, 1, false);
  s.segment.words.commit.store(2);
  s.segment.words.played_ns.store(played(2));
}

}  // namespace

Test(kill, after_any_instruction_the_committed_plan_is_played) {
  cr_assert_eq(expect(good, ""), kCycles);
}
Test(kill, a_commit_before_the_send_is_noticed) {
  (void)expect(commits_before_it_sends, "a plan whose action has not left");
}
Test(kill, a_store_into_the_committed_slot_is_noticed) {
  (void)expect(writes_over_the_committed_slot, "not the committed plan");
}
Test(kill, a_met_deadline_before_its_plan_is_noticed) {
  (void)expect(meets_the_deadline_before_the_plan,
               "a met deadline before its plan");
}
Test(kill, a_stop_cycles_commit_before_its_sample_is_noticed) {
  (void)expect(commits_before_the_sample,
               "a stop cycle's commit before its sample");
}
