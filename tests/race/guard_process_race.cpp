// SPDX-License-Identifier: MIT
// Real processes: a controller arms, commits at 1 kHz and then dies or hangs
// in one of several ways; the guardian process brings the robot (here: a UDP
// socket) to rest along the page's plan, with a raised epoch. INT and TERM
// reach the guardian while it is armed, and must not matter. Own main: it
// is also the guardian's program (argv[1] == "guardian").
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "guard/evaluate.hpp"
#include "guard/guardian_main.hpp"
#include "guard/link.hpp"
#include "guard/spawn.hpp"
#include "io/acceptor.hpp"
#include "io/udp.hpp"
#include "tests_robot.hpp"

using namespace tactus;
using namespace tactus::guard;

namespace {

constexpr int64_t kMs = 1'000'000;
constexpr uint32_t kJoints = 2;
constexpr uint32_t kMisses = 20;
constexpr int64_t kCommit = 900'000;

enum class End { kKilled, kStopped, kHung, kSegfault, kOrderly, kTerminated };

bool orderly(End end) {
  return end == End::kOrderly || end == End::kTerminated;
}

void require(bool what, const char* text) {
  if (what) return;
  std::fprintf(stderr, "guard_process: %s\n", text);
  std::exit(1);
}

layout::GuardConfig config(const std::string& robot) {
  layout::GuardConfig c{};
  c.period_ns = c.repeat_ns = kMs;
  c.bound_ns = 5 * kMs;
  c.misses = kMisses;
  c.joints = kJoints;
  c.then_hold = 1;
  std::strcpy(c.loop_name, "test");
  std::strncpy(c.sender, robot.c_str(), sizeof c.sender - 1);
  return c;
}

layout::StopPlan plan(uint64_t k, int64_t deadline_ns, uint32_t epoch) {
  layout::StopPlan p{};
  p.plan_id = k;
  p.origin_ns = deadline_ns + int64_t{kMisses} * kMs + 5 * kMs;
  p.epoch = epoch;
  p.joints = kJoints;
  p.segments = 1;
  p.segment_end_ns[0] = 100 * kMs;
  for (uint32_t j = 0; j < kJoints; ++j) {
    const double v = 0.5 + 0.001 * static_cast<double>(k) + j;
    p.held[j] = p.cubic[0][j].c[0] = v;
    p.cubic[0][j].c[1] = -10 * v;
  }
  return p;
}

void sleep_until(int64_t ns) {
  const timespec t{ns / 1'000'000'000, ns % 1'000'000'000};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
}

[[noreturn]] void end_as(End end) {
  if (end == End::kKilled) ::kill(::getpid(), SIGKILL);
  if (end == End::kStopped) ::kill(::getpid(), SIGSTOP);
  if (end == End::kSegfault) {
    ::signal(SIGSEGV, SIG_DFL);
    ::kill(::getpid(), SIGSEGV);
  }
  for (std::atomic<uint64_t> spin = 0;;) spin.fetch_add(1);
}

void interrupt(const GuardianProcess& guardian) {
  for (const int s : {SIGINT, SIGTERM}) ::kill(guardian.pid(), s);
}

// Disarmed: the guardian goes when the loop leaves, or when it is asked to.
[[noreturn]] void leave_in_order(Link& link, GuardianProcess& guardian,
                                 End end) {
  require(guardian.running(), "the guardian heeded a signal while armed");
  require(link.disarm(), "controller: not disarmed");
  if (end == End::kTerminated) {
    ::kill(guardian.pid(), SIGTERM);
  } else {
    link.leave();
  }
  require(guardian.wait(std::chrono::seconds(30)), "guardian did not leave");
  std::_Exit(0);
}

[[noreturn]] void controller(const Segment& segment, const char* self,
                             const std::string& robot, End end) {
  auto udp = io::Udp::open({.listen = "", .peer = robot, .state = {}});
  require(static_cast<bool>(udp), "controller: no socket");
  SpawnOptions spawn;
  spawn.program = self;
  auto guardian = GuardianProcess::start(segment, spawn);
  require(static_cast<bool>(guardian), "controller: no guardian");
  Link link(segment.words(), segment.page());
  int64_t release = io::monotonic_ns() + kMs;
  const uint32_t epoch = link.arm(0, release + kCommit);
  require(epoch == 1, "controller: not armed");
  for (uint64_t k = 1; k <= 50; ++k, release += kMs) {
    sleep_until(release);
    if (link.begin(release, release + kCommit).acted) break;
    if (k == 20) interrupt(*guardian);
    const auto p = plan(k, release + kCommit, epoch);
    require(link.publish(p), "controller: not published");
    const float u[] = {static_cast<float>(p.held[0]),
                       static_cast<float>(p.held[1])};
    CommandFrame frame;
    frame.epoch = epoch;
    frame.seq = k;
    frame.values = u;
    if ((*udp)->send(frame) == TACTUS_OK) link.committed(k, k, false);
  }
  if (!orderly(end)) end_as(end);
  leave_in_order(link, *guardian, end);
}

// What the guardian has to play: the committed plan, from where it began.
layout::StopPlan expected(const Segment& segment) {
  layout::StopPlan p{};
  const auto& w = segment.words();
  const auto choice =
      PageReader(segment.page(), kJoints).choose(w.committed_plan.load(), 1, p);
  require(choice == Choice::kCommitted, "the committed plan is not there");
  const bool late = w.acted_ns.load() > p.origin_ns;
  require(!late || w.bound_broken.load() == 1, "late and not said so");
  if (late) p.origin_ns = w.acted_ns.load();
  return p;
}

// Hears the robot's side until it is held at rest; the guardian's frames.
int hear_stop(robot_test::Robot& robot, const Segment& segment) {
  io::Acceptor acceptor;
  io::WireCounters counters;
  io::Frame f;
  int frames = 0;
  for (;;) {
    require(robot.hear(f), "no frame for 30 s");
    const auto r =
        acceptor.accept(f.sender(), f.header.epoch, f.header.seq, counters);
    if (r != io::Reject::kNone) continue;
    if (f.sender() != layout::WireSender::kGuardian) {
      require(frames == 0, "the controller was heard after the guardian");
      continue;
    }
    require(f.header.epoch == 2, "the epoch was not raised");
    ++frames;
    double u[kJoints];
    evaluate(expected(segment), f.header.stamp_ns, u);
    require(f.value[0] == static_cast<float>(u[0]) &&
                f.value[1] == static_cast<float>(u[1]),
            "a frame that is not the plan's");
    if (f.has(layout::kWireHold)) return frames;
  }
}

void await_unready(const Segment& segment) {
  const int64_t end = io::monotonic_ns() + 30'000 * kMs;
  while (segment.words().ready.load() != 0) {
    require(io::monotonic_ns() < end, "the guardian stayed");
    sleep_until(io::monotonic_ns() + kMs);
  }
}

void run(const char* self, End end, const char* text) {
  robot_test::Robot robot;
  auto segment = Segment::create(config(robot.address()));
  require(static_cast<bool>(segment), "no segment");
  const pid_t pid = ::fork();
  if (pid == 0) controller(*segment, self, robot.address(), end);
  int status = 0;
  int frames = 0;
  if (!orderly(end)) {
    frames = hear_stop(robot, *segment);
    ::kill(pid, SIGKILL);
  }
  ::waitpid(pid, &status, 0);
  if (orderly(end)) {
    require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "not orderly");
    require(segment->words().frames_sent.load() == 0, "it sent for nothing");
  }
  await_unready(*segment);
  std::printf("guard_process: %s: %d frames, bound %s\n", text, frames,
              segment->words().bound_broken.load() ? "broken" : "kept");
}

int guardian(int argc, char** argv) {
  auto options = parse_guardian_options(argc - 2, argv + 2);
  auto done = options ? run_guardian(*options, io::open_sink)
                      : Result<void>(options.error());
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().text());
  return done.error().exit_code();
}

void reason_of_a_failed_start(const char* self) {
  auto segment = Segment::create(config("udp://nowhere:1"));
  SpawnOptions spawn;
  spawn.program = self;
  auto g = GuardianProcess::start(*segment, spawn);
  require(!g, "a guardian without a robot became ready");
  require(g.error().code() == ErrorCode::kBadInput, "another exit code");
  require(std::strstr(g.error().text(), "nowhere"), "not the child's reason");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && !std::strcmp(argv[1], "guardian")) {
    return guardian(argc, argv);
  }
  char self[4096] = {};
  require(::readlink("/proc/self/exe", self, sizeof self - 1) > 0, "no exe");
  reason_of_a_failed_start(self);
  run(self, End::kOrderly, "orderly exit");
  run(self, End::kTerminated, "SIGTERM while disarmed");
  run(self, End::kKilled, "kill -9");
  run(self, End::kStopped, "SIGSTOP");
  run(self, End::kHung, "infinite loop");
  run(self, End::kSegfault, "segfault");
}
