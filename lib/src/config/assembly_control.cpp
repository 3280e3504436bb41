// SPDX-License-Identifier: MIT
// What the control socket does, on its own thread, and what status says.
#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "config/assembly.hpp"
#include "config/explain.hpp"
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

template <class T>
T get(const std::atomic<T>& word) {
  return word.load(std::memory_order_relaxed);
}

// A request is applied at a cycle edge: a refusal is known soon after.
bool wait_for_change(const std::atomic<uint32_t>& done,
                     const std::atomic<uint32_t>& refused, uint32_t before) {
  constexpr auto kStep = std::chrono::milliseconds(5);
  constexpr int kSteps = 400;
  for (int i = 0; i < kSteps; ++i) {
    if (get(done) + get(refused) != before) return true;
    std::this_thread::sleep_for(kStep);
  }
  return false;
}

}  // namespace

std::string Assembly::status_json() const {
  const rt::LoopStats& stats = loop_->stats();
  rt::LoopCounters counters{};
  const bool whole = read_counters(stats, counters) == rt::StatsRead::kOk;
  Value granted = Value::object();
  for (const rt::Grant& g : grants_) granted.add(g.name, g.granted);
  const safety::Image& image = supervisor_->image();
  const uint32_t guard = get(stats.guard_flags);
  return Value()
      .add("schema", "tactus/status/1")
      .add("loop", blueprint_.file.name)
      .add("state", rt::kStateNames[get(stats.state)])
      .add("consistent", whole)
      .add("cycles", cycles_value(counters))
      .add("bad", counters.bad)
      .add("rungs", rungs_value(counters))
      .add("reason", stop_reason())
      .add("stale", signal_names(image, supervisor_->stale()))
      .add("shadow", blueprint_.spec.shadow)
      .add("limit", image.ladder.limit_none ? "none" : "checked")
      .add("guard", blueprint_.file.guard.none ? "none"
                    : (guard & 1u)             ? "acted"
                    : (guard & 2u)             ? "stale"
                                               : "ok")
      .add("epoch", get(stats.epoch))
      .add("margin", double{get(stats.margin)})
      .add("separation_m", double{get(stats.separation_m)})
      .add("reloads", get(stats.reloads))
      .add("log", blueprint_.file.record.path)
      .add("granted", granted)
      .json();
}

std::string Assembly::stop_reason() const {
  if (!loop_ || loop_->trip_reason() == rt::TripReason::kNone) return "";
  std::string text = rt::trip_reason_name(loop_->trip_reason());
  const uint32_t reasons = supervisor_->stop_reasons();
  // What our check found after the guardian had acted is not why it did.
  if (loop_->trip_reason() == rt::TripReason::kGuardian) return text;
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

Result<std::string> Assembly::reload() {
  const tactus_state state = loop_->state();
  if (state != TACTUS_STATE_READY && state != TACTUS_STATE_LATCHED) {
    return unavailable("reload: the loop is {}: stop it first",
                       rt::kStateNames[state]);
  }
  if (recorder_) {
    return unavailable(
        "reload: {} embeds the limits it began with: start a new run, or run "
        "without [record]",
        blueprint_.file.record.path);
  }
  auto document = toml::Document::load(blueprint_.file.path);
  if (!document) return document.error();
  auto file = read_file(*document);
  if (!file) return file.error();
  auto shield = load_shield(*document, timing_of(*file));
  if (!shield) return shield.error();
  if (auto ok = document->finish(); !ok) return ok.error();
  auto binding = bind_signals(*shield->image, *file, blueprint_.frame,
                              blueprint_.policy.output);
  if (!binding) return binding.error();
  const safety::Image& old = *images_.back();
  if (shield->image->signals != old.signals ||
      shield->image->joints != old.joints ||
      file->policy.model != blueprint_.file.policy.model) {
    return bad_input(
        "{}: reload changes limits only: start a new run for "
        "other signals, joints or models",
        blueprint_.file.path);
  }
  const rt::LoopStats& stats = loop_->stats();
  const uint32_t before = get(stats.reloads) + get(stats.reloads_refused);
  const uint32_t refused = get(stats.reloads_refused);
  images_.push_back(shield->image);
  next_image_.store(shield->image.get(), std::memory_order_relaxed);
  loop_->request(rt::kRequestReload);  // release: the image is whole
  if (!wait_for_change(stats.reloads, stats.reloads_refused, before)) {
    return unavailable("reload: the loop took no notice within 2 s");
  }
  if (get(stats.reloads_refused) != refused) {
    return unavailable("reload: refused: the loop left ready or latched");
  }
  return status_json();
}

bool Assembly::apply_reload(void* self, rt::Identity& identity) noexcept {
  auto* a = static_cast<Assembly*>(self);
  const safety::Image* next =
      a->next_image_.exchange(nullptr, std::memory_order_relaxed);
  if (!next) return false;
  a->supervisor_->use(next);
  ++identity.image_epoch;
  ++identity.parameter_epoch;
  return true;
}

}  // namespace tactus::config
