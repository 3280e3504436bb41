// SPDX-License-Identifier: MIT
// rtctl run: one loop from a file until its duration, a signal or a latch.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <optional>
#include <thread>

#include "commands.hpp"
#include "config/assembly.hpp"
#include "config/granted.hpp"
#include "core/error.hpp"

namespace tactus::cli {
namespace {

using config::Assembly;

// SIGTERM and SIGINT are taken by this thread (blocked everywhere else), and
// the live line is drawn by it: the loop's thread does neither.
class Watcher {
 public:
  explicit Watcher(const Output& out) : out_(out) {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    thread_ = std::thread([this] { watch(); });
  }
  ~Watcher() {
    done_.store(true);
    thread_.join();
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  void follow(rt::Loop& loop) { loop_.store(&loop); }
  void leave() { loop_.store(nullptr); }
  // A signal came while there was no loop yet.
  [[nodiscard]] bool signalled() const { return signalled_.load(); }

 private:
  void watch() {
    constexpr timespec kStep{.tv_sec = 0, .tv_nsec = 100'000'000};
    while (!done_.load()) {
      const bool hit = sigtimedwait(&signals_, nullptr, &kStep) > 0;
      if (hit) signalled_.store(true);
      rt::Loop* loop = loop_.load();
      if (!loop) continue;
      if (signalled_.load()) loop->request(rt::kRequestEnd);
      draw(loop->stats());
    }
  }
  void draw(const rt::LoopStats& s) const {
    rt::LoopCounters c{};
    if (read_counters(s, c) != rt::StatsRead::kOk) return;
    const auto relaxed = std::memory_order_relaxed;
    const auto known = [](float value, const char* with_unit) {
      return std::isnan(value) ? "unknown"
                               : fmt::format(fmt::runtime(with_unit), value);
    };
    out_.live(
        fmt::format("{}: {}  {} cycles, {} bad  {}  separation {}  margin {}",
                    s.name, rt::kStateNames[s.state.load(relaxed)], c.executed,
                    c.bad, rt::kRungNames[s.rung.load(relaxed)],
                    known(s.separation_m.load(relaxed), "{:.2f} m"),
                    known(s.margin.load(relaxed), "{:+.2f}")));
  }

  const Output& out_;
  sigset_t signals_{};
  sigset_t before_{};
  std::atomic<rt::Loop*> loop_{nullptr};
  std::atomic<bool> done_{false};
  std::atomic<bool> signalled_{false};
  std::thread thread_;
};

Value percentiles(const rt::Histogram& h, bool tail) {
  Value v;
  v.add("p50", h.percentile(0.5));
  if (tail) v.add("p95", h.percentile(0.95));
  v.add("p99", h.percentile(0.99));
  if (tail) v.add("p999", h.percentile(0.999));
  v.add("max", h.max());
  return v;
}

Value stages_value(const rt::LoopStats& s, const rt::LoopCounters& c) {
  Value stages = Value::object();
  for (uint32_t i = 0; i < s.stages; ++i) {
    Value v = percentiles(s.stage_time[i], false);
    v.add("late", c.stage[i].late);
    stages.add(s.stage_info[i].name, v);
  }
  return stages;
}

struct Ended {
  rt::LoopCounters counters{};
  std::string state;
  std::string reason;
  std::string log;
  bool latched = false;
};

Value summary(Assembly& a, const Ended& e) {
  const rt::LoopStats& s = a.loop().stats();
  const rt::LoopCounters& c = e.counters;
  Value run;
  run.add("schema", "tactus/run/1")
      .add("loop", a.blueprint().file.name)
      .add("cycles", Value()
                         .add("released", c.released)
                         .add("executed", c.executed)
                         .add("skipped", c.skipped))
      .add("bad", c.bad)
      .add("rungs", Value()
                        .add("pass", c.rungs[TACTUS_RUNG_PASS])
                        .add("scale", c.rungs[TACTUS_RUNG_SCALE])
                        .add("project", c.rungs[TACTUS_RUNG_PROJECT])
                        .add("stop", c.rungs[TACTUS_RUNG_STOP]))
      .add("stops", config::stops_value(c))
      .add("stop_unverified", c.stop_unverified)
      .add("stop_unverified_now",
           s.stop_unverified.load(std::memory_order_relaxed) != 0)
      .add("recalled", c.recalled)
      .add("state", e.state)
      .add("latched", e.latched)
      .add("reason", e.reason)
      .add("reuse", a.policy().reuse_value())
      .add("sent", c.sent)
      .add("gaps", c.gaps)
      .add("lateness_ns", percentiles(s.lateness, true))
      .add("stages_ns", stages_value(s, c))
      .add("prewarm", config::prewarm_value(s, c))
      .add("granted", config::granted_value(a.grants()))
      .add("refused", config::refused_value(a.grants()))
      .add("log", e.log.empty() ? Value() : Value(e.log));
  safety::add_to(run, a.violations());
  return run;
}

std::string paragraph(Assembly& a, const Ended& e) {
  const rt::LoopStats& s = a.loop().stats();
  const rt::LoopCounters& c = e.counters;
  std::string text = fmt::format(
      "{}: {}. {} of {} releases ran ({} skipped), {} bad; {} passed, {} "
      "scaled, {} projected, {} stopped ({} of them verified); lateness p50 "
      "{}, p99 {}, max {}.",
      a.blueprint().file.name,
      e.latched ? toned(Tone::kBad, "latched: " + e.reason)
                : toned(Tone::kGood, "ended, never latched"),
      c.executed, c.released, c.skipped, c.bad, c.rungs[TACTUS_RUNG_PASS],
      c.rungs[TACTUS_RUNG_SCALE], c.rungs[TACTUS_RUNG_PROJECT],
      c.rungs[TACTUS_RUNG_STOP], c.stop_verified,
      human_time(static_cast<double>(s.lateness.percentile(0.5))),
      human_time(static_cast<double>(s.lateness.percentile(0.99))),
      human_time(static_cast<double>(s.lateness.max())));
  if (!e.log.empty()) text += fmt::format(" Log: {}.", e.log);
  return text + "\nGranted: " + a.granted_text();
}

Result<Ended> run_loop(Assembly& a, Watcher& watcher, int64_t duration_ns) {
  watcher.follow(a.loop());
  const rt::ExitReason reason = a.run(duration_ns);
  watcher.leave();
  Ended e;
  // What it was in before it went idle at the end is the finding.
  e.latched = a.loop().ever_latched();
  e.reason = a.stop_reason();
  e.state = reason == rt::ExitReason::kLatched
                ? "latched"
                : std::string(rt::kStateNames[a.loop().state()]);
  if (read_counters(a.loop().stats(), e.counters) != rt::StatsRead::kOk) {
    return internal_error("run: the statistics are not consistent");
  }
  e.log = a.blueprint().file.record.path;
  if (auto ok = a.finish(); !ok) return ok.error();
  if (a.dead_lockstep()) {
    return internal_error(
        "run: dead lockstep: the plant stopped advancing time ({})",
        e.reason.empty() ? "no trip" : e.reason);
  }
  if (reason == rt::ExitReason::kWakeFailed) {
    return internal_error("run: the wake source failed");
  }
  if (reason == rt::ExitReason::kNotGranted) {
    return unavailable("run: require: no longer granted: {}", a.granted_text());
  }
  return e;
}

std::string command_line(const RunOptions& o) {
  return "rtctl run " + o.file + (o.lockstep ? " --lockstep" : "") +
         (o.shadow ? " --shadow" : "");
}

}  // namespace

int run_command(const RunOptions& o, const Output& out) {
  Watcher watcher(out);
  auto blueprint =
      config::blueprint_of(o.file, {.shadow = o.shadow,
                                    .lockstep = o.lockstep,
                                    .engage = !o.no_engage,
                                    .exit_on_latch = o.exit_on_latch,
                                    .log = o.log,
                                    .command = command_line(o)});
  if (!blueprint) return out.error(blueprint.error());
  auto assembly = Assembly::build(std::move(*blueprint));
  if (!assembly) return out.error(assembly.error());
  const auto ended = run_loop(**assembly, watcher, o.duration_ns.value_or(0));
  if (!ended) return out.error(ended.error());
  out.result(summary(**assembly, *ended), paragraph(**assembly, *ended));
  return ended->latched ? 1 : 0;
}

}  // namespace tactus::cli
