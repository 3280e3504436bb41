// SPDX-License-Identifier: MIT
// What the control socket does, on its own thread, and what status says.
#include <fmt/format.h>

#include "config/assembly.hpp"
#include "config/explain.hpp"
#include "config/granted.hpp"
#include "config/violations.hpp"
#include "core/error.hpp"
#include "core/json.hpp"

namespace tactus::config {
namespace {

using json::Value;

Value signal_names(const safety::Image& image, uint32_t mask) {
  Value::Array names;
  for (uint32_t i = 0; i < image.signals; ++i) {
    if ((mask >> i & 1u) != 0) names.emplace_back(image.signal[i].name);
  }
  return names;
}

Value cycles_value(const rt::LoopCounters& c) {
  return Value()
      .add("released", c.released)
      .add("executed", c.executed)
      .add("skipped", c.skipped);
}

Value rungs_value(const rt::LoopCounters& c) {
  return Value()
      .add("pass", c.rungs[TACTUS_RUNG_PASS])
      .add("scale", c.rungs[TACTUS_RUNG_SCALE])
      .add("project", c.rungs[TACTUS_RUNG_PROJECT])
      .add("stop", c.rungs[TACTUS_RUNG_STOP]);
}

// What the guardian found, and how often it spoke; null without one.
Value guardian_value(const ShieldSupervisor& supervisor,
                     const std::optional<guard::Link>& link) {
  if (!link) return {};
  const guard::Report act = supervisor.last_act();
  const guard::Report now = link->report();
  return Value::object()
      .add("acted_for", guard::name_of(act.reason))
      .add("played", guard::name_of(act.choice))
      .add("bound_broken", act.bound_broken)
      .add("frames", now.frames_sent)
      .add("send_failures", now.send_failures);
}

}  // namespace

Value stops_value(const rt::LoopCounters& c) {
  return Value()
      .add("verified", c.stop_verified)
      .add("unverified", c.rungs[TACTUS_RUNG_STOP] - c.stop_verified)
      .add("engaged_verified", c.stop_verified_engaged);
}

namespace {

template <class T>
T get(const std::atomic<T>& word) {
  return word.load(std::memory_order_relaxed);
}

}  // namespace

std::string Assembly::status_json() const {
  const rt::LoopStats& stats = loop_->stats();
  rt::LoopCounters counters{};
  const bool whole = read_counters(stats, counters) == rt::StatsRead::kOk;
  const rt::Grants granted = grants();
  const safety::Image& image = supervisor_->image();
  const uint32_t guard = get(stats.guard_flags);
  Value status;
  status.add("schema", "tactus/status/1")
      .add("loop", blueprint_.file.name)
      .add("state", rt::kStateNames[get(stats.state)])
      .add("consistent", whole)
      .add("cycles", cycles_value(counters))
      .add("bad", counters.bad)
      .add("rungs", rungs_value(counters))
      .add("stops", stops_value(counters))
      .add("stop_unverified", counters.stop_unverified)
      .add("recalled", counters.recalled)
      .add("prewarm", prewarm_value(stats, counters))
      .add("stop_unverified_now", get(stats.stop_unverified) != 0)
      .add("reason", stop_reason())
      .add("stale", signal_names(image, supervisor_->stale()))
      .add("shadow", blueprint_.spec.shadow)
      .add("limit", image.ladder.limit_none ? "none" : "checked")
      .add("guard", blueprint_.file.guard.none ? "none"
                    : (guard & 1u)             ? "acted"
                    : (guard & 2u)             ? "stale"
                                               : "ok")
      .add("guardian", guardian_value(*supervisor_, link_))
      .add("epoch", get(stats.epoch))
      .add("margin", double{get(stats.margin)})
      .add("separation_m", double{get(stats.separation_m)})
      .add("time_to_violation_s", double{get(stats.time_to_violation)});
  safety::add_to(status, violations());
  return status.add("reuse", policy_->reuse_value())
      .add("reloads", get(stats.reloads))
      .add("log", blueprint_.file.record.path)
      .add("granted", granted_value(granted))
      .add("refused", refused_value(granted))
      .json();
}

safety::ViolationReport Assembly::violations() const {
  return violations_of(segment_->violations(), supervisor_->image());
}

std::string Assembly::stop_reason() const {
  if (!loop_ || loop_->trip_reason() == rt::TripReason::kNone) return "";
  std::string text = rt::trip_reason_name(loop_->trip_reason());
  const uint32_t reasons = supervisor_->stop_reasons();
  // What our check found after the guardian had acted is not why it did.
  if (loop_->trip_reason() == rt::TripReason::kGuardian) {
    return text + ": " + guard::to_text(supervisor_->last_act());
  }
  if (reasons != 0) text += ": " + reasons_text(reasons);
  const safety::Image& image = supervisor_->image();
  std::string names;
  for (uint32_t i = 0; i < image.signals; ++i) {
    if ((supervisor_->stop_stale() >> i & 1u) == 0) continue;
    names += (names.empty() ? "" : ", ") + std::string(image.signal[i].name);
  }
  return names.empty() ? text : text + " (signal " + names + ")";
}

Result<std::string> Assembly::handle(telemetry::Command command) {
  rt::Loop* loop = served_.load(std::memory_order_acquire);
  if (!loop) {
    return unavailable("loop {}: still starting: try again",
                       blueprint_.file.name);
  }
  struct Posted {
    telemetry::Command command;
    uint32_t bits;
  };
  constexpr Posted kPosted[] = {
      {telemetry::Command::kEngage, rt::kRequestEngage},
      {telemetry::Command::kStop, rt::kRequestStop},
      {telemetry::Command::kRearm, rt::kRequestRearm}};
  for (const Posted& p : kPosted) {
    if (p.command == command) loop->request(p.bits);
  }
  if (command == telemetry::Command::kReload) return reload();
  return status_json();
}

}  // namespace tactus::config
