// SPDX-License-Identifier: MIT
// handover-plant: a simulated arm beside a person's hand, as a robot
// controller would present it. Real time by default; with --lockstep it owns
// time and waits for each answer. README.md has the numbers.
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>

#include "plant_arm.hpp"
#include "plant_link.hpp"
#include "plant_options.hpp"
#include "plant_summary.hpp"
#include "plant_task.hpp"
#include "plant_watch.hpp"
#include "plant_witness.hpp"

namespace handover {
namespace {

constexpr int64_t kTickNs = 1'000'000;
constexpr int64_t kSubstepNs = kTickNs / kSubsteps;
constexpr int kResendMs = 100;   // lockstep: the controller may not be up
constexpr int kLingerMs = 2000;  // after the last episode, see Plant::ended

volatile std::sig_atomic_t stop_asked = 0;

int64_t monotonic_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

class Plant {
 public:
  Plant(const Options& options, PlantLink link, File csv)
      : options_(options),
        link_(std::move(link)),
        csv_(std::move(csv)),
        arm_(options.seed ^ 0xA53),
        task_({options.seed, options.episodes, options.human}) {
    if (options.witness.cpu >= 0) witness_.emplace(options.witness);
  }

  int run() { return options_.lockstep ? lockstep() : real_time(); }

 private:
  int lockstep();
  int real_time();
  int answered(const Sent& state);
  void heed(const Received& got);
  Sent measure();
  void tick();
  void own_timeout();
  void log_tick();
  bool finish();
  int fail(int code, const char* why) const;

  [[nodiscard]] int64_t now_ns() const { return begin_ns_ + tick_ * kTickNs; }
  [[nodiscard]] bool ended() const {
    return task_.done() ||
           (options_.duration_s > 0 && totals_.ticks >= duration_ticks());
  }
  [[nodiscard]] uint64_t duration_ticks() const {
    return static_cast<uint64_t>(std::llround(options_.duration_s * 1e3));
  }

  Options options_;
  PlantLink link_;
  File csv_;
  Arm arm_;
  Task task_;
  Watch watch_;
  Totals totals_;
  std::optional<Witness> witness_;
  int64_t begin_ns_ = 0, tick_ = 0;
  int64_t last_command_ns_ = 0;
  bool commanded_ = false, timed_out_ = false, printed_ = false;
  bool heard_ = false;
};

int Plant::fail(int code, const char* why) const {
  std::fprintf(stderr, "handover-plant: %s\n", why);
  return code;
}

void Plant::heed(const Received& got) {
  heard_ = true;
  if (got.frame.type() != tactus::layout::WireType::kCommand) return;
  Command command{.sender = got.frame.header.sender};
  double fastest = 0;
  for (std::size_t i = 0; i < kJoints; ++i) {
    command.u[i] = static_cast<double>(got.frame.value[i]);
    fastest = std::max(fastest, std::abs(command.u[i]));
  }
  // A robot that stopped by itself starts again only from rest.
  if (timed_out_ && fastest > 0.05) return;
  timed_out_ = false;
  commanded_ = true;
  const int64_t at = options_.lockstep ? now_ns() : got.at_ns;
  last_command_ns_ = at;
  const int64_t since = std::max<int64_t>(at - begin_ns_, 0);
  const auto substep = static_cast<uint64_t>(since / kSubstepNs);
  arm_.accept(command, substep);
  if (command.sender == 1) watch_.controller_sent(substep);
  if (!ended()) task_.begin();
}

void Plant::own_timeout() {
  if (options_.timeout_s <= 0 || !commanded_ || timed_out_) return;
  const auto limit = static_cast<int64_t>(options_.timeout_s * 1e9);
  if (now_ns() - last_command_ns_ <= limit) return;
  timed_out_ = true;
  totals_.timeouts += arm_.moving(kRestSpeed);
  arm_.brake();
}

void Plant::tick() {
  const bool counts = commanded_ && !ended();
  for (int i = 0; i < kSubsteps; ++i) {
    arm_.substep();
    watch_.substep(arm_);
    if (!printed_) task_.substep(arm_);
  }
  if (!printed_) task_.tick();
  ++tick_;
  totals_.ticks += counts;
  totals_.at_rest = !arm_.moving(kRestSpeed);
  own_timeout();
  if (csv_) log_tick();
}

// Once a tick: what is sent a second time is the same.
Sent Plant::measure() {
  Sent state;
  state.flags = static_cast<uint16_t>(
      (options_.lockstep ? tactus::layout::kWireLockstep : 0) |
      (timed_out_ ? tactus::layout::kWireTimedOut : 0));
  state.stamp_ns = now_ns();
  Joints q, dq;
  arm_.measure(q, dq);
  const Vec target = task_.target(), hand = task_.seen_hand();
  auto out = std::transform(q.begin(), q.end(), state.values.begin(),
                            [](double x) { return static_cast<float>(x); });
  out = std::transform(dq.begin(), dq.end(), out,
                       [](double x) { return static_cast<float>(x); });
  for (double x : {target.x, target.y, target.z, hand.x, hand.y, hand.z})
    *out++ = static_cast<float>(x);
  const int64_t late =
      options_.lockstep ? 0 : std::max<int64_t>(monotonic_ns() - now_ns(), 0);
  const auto age = static_cast<uint32_t>((late + 999) / 1000);
  state.age_us = {age, age, age, age + task_.seen_age_us()};
  return state;
}

void Plant::log_tick() {
  std::fprintf(csv_.get(), "%ld,%u,%d,%.4f", static_cast<long>(tick_),
               link_.acceptor().epoch(), arm_.in_effect().sender,
               separation(move_arm(arm_.q(), arm_.dq()), task_.hand()));
  for (const Joints* row : {&arm_.q(), &arm_.dq(), &arm_.in_effect().u})
    for (double x : *row) std::fprintf(csv_.get(), ",%.7f", x);
  std::fputc('\n', csv_.get());
}

// Prints the summary, once. False: it could not be written.
bool Plant::finish() {
  if (printed_) return true;
  printed_ = true;
  const std::string text = summary(
      options_, totals_, task_, link_, watch_,
      {.witness = witness_ ? &*witness_ : nullptr, .begin_ns = begin_ns_});
  if (options_.json.empty())
    return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  // Renamed into place: who waits for the file finds it whole.
  const std::string part = options_.json + ".part";
  File file(std::fopen(part.c_str(), "w"));
  if (!file || std::fputs(text.c_str(), file.get()) < 0) return false;
  file.reset();
  return std::rename(part.c_str(), options_.json.c_str()) == 0;
}

// 0: the controller has answered this tick; else an exit code, or -1 for
// an orderly end.
int Plant::answered(const Sent& state) {
  const double limit = heard_ ? options_.watchdog_s : options_.wait_s;
  for (int silent_ms = 0;;) {
    if (stop_asked) return -1;
    const auto got = link_.receive(kResendMs);
    if (got) {
      heed(*got);
      const bool done =
          got->frame.type() == tactus::layout::WireType::kTickDone &&
          got->frame.header.stamp_ns == now_ns();
      if (done) return 0;
      continue;
    }
    silent_ms += kResendMs;
    if (printed_ && silent_ms >= kLingerMs) return -1;
    if (silent_ms >= limit * 1e3)
      return heard_ ? fail(5, "lockstep: the controller is silent: dead")
                    : fail(3, "no controller answered: start rtctl run");
    link_.send(state);
  }
}

// After the last episode it prints, and goes on answering (nothing counts
// any more) until the controller has stopped in order.
int Plant::lockstep() {
  begin_ns_ = 1'000'000'000;
  for (;;) {
    const Sent state = measure();
    link_.send(state);
    if (const int code = answered(state); code != 0) {
      const bool wrote = finish();
      return code > 0 ? code : (wrote ? 0 : 5);
    }
    tick();
    if (ended() && !finish()) return fail(5, "the summary: cannot write");
  }
}

// A robot controller is not held up by a busy desktop; without the right to
// say so it is, and then the loop sees stale signals.
void ask_for_priority() {
  sched_param wanted{};
  wanted.sched_priority = 40;  // below the loop (45) and its guardian
  if (sched_setscheduler(0, SCHED_FIFO, &wanted) != 0)
    std::fputs("handover-plant: without real-time priority (EPERM)\n", stderr);
}

int Plant::real_time() {
  ask_for_priority();
  begin_ns_ = monotonic_ns();
  while (!stop_asked && !ended()) {
    const int64_t next = now_ns() + kTickNs;
    const timespec until{next / 1'000'000'000, next % 1'000'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    while (const auto got = link_.receive(0)) heed(*got);
    // After a stall of the host: the time that passed, then one state.
    for (const int64_t now = monotonic_ns(); now_ns() + kTickNs <= now;) tick();
    link_.send(measure());
    if (!commanded_ && static_cast<double>(tick_) > options_.wait_s * 1e3 &&
        options_.wait_s > 0) {
      finish();
      return fail(3, "no command came: start rtctl run, or --wait off");
    }
  }
  return finish() ? 0 : fail(5, "the summary: cannot write");
}

File open_csv(const std::string& path) {
  File file(path.empty() ? nullptr : std::fopen(path.c_str(), "w"));
  if (!file) return file;
  std::fputs("tick,epoch,sender,separation", file.get());
  for (const char* name : {"q", "dq", "u"})
    for (std::size_t i = 1; i <= kJoints; ++i)
      std::fprintf(file.get(), ",%s%zu", name, i);
  std::fputc('\n', file.get());
  return file;
}

}  // namespace
}  // namespace handover

int main(int argc, char** argv) {
  using namespace handover;
  const Options options = parse_options(argc, argv);
  for (int signal : {SIGINT, SIGTERM})
    std::signal(signal, [](int) { stop_asked = 1; });
  auto link = PlantLink::open(options.listen, options.peer);
  if (!link) {
    std::fprintf(stderr, "handover-plant: %s\n", link.error().text());
    return link.error().exit_code();
  }
  File csv = open_csv(options.csv);
  if (!options.csv.empty() && !csv) {
    std::fprintf(stderr, "handover-plant: %s: cannot write; choose another\n",
                 options.csv.c_str());
    return 2;
  }
  return Plant(options, std::move(*link), std::move(csv)).run();
}
