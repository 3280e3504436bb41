// SPDX-License-Identifier: MIT
// Reload: new limits for a running loop, in ready or latched. The control
// thread prepares everything; the loop takes it whole at a cycle edge. A log
// embeds the limits that it began with, so a recording goes on in a new file.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <thread>

#include "config/assembly.hpp"
#include "config/budget.hpp"
#include "core/error.hpp"

namespace tactus::config {

struct Assembly::Change {
  ImagePtr image;
  const safety::ExprNative* native = nullptr;
  Callbacks* callbacks = nullptr;
  ShieldSource source;
  std::unique_ptr<trace::Recorder> recorder;  // null: nothing is recorded
};

namespace {

// The key outside robot and limits that the new file has otherwise; "": none.
// Guardian, transport and loop run with what they were started with.
std::string changed_key(const File& now, const File& next) {
  const auto find = [](const File& file, const Origin& of) -> const Origin* {
    for (const Origin& o : file.origins) {
      if (o.key == of.key) return &o;
    }
    return nullptr;
  };
  for (const auto& [from, to] : {std::pair{&now, &next}, {&next, &now}}) {
    for (const Origin& o : from->origins) {
      if (o.key.rfind("record.", 0) == 0) continue;  // --log may replace it
      const Origin* other = find(*to, o);
      if (!other || other->value != o.value) return o.key;
    }
  }
  return "";
}

// Frame offsets and fallbacks belong to a signal's number, which is its place
// in the file.
bool same_signals(const safety::Image& a, const safety::Image& b) {
  bool same = a.signals == b.signals && a.joints == b.joints &&
              a.q_signal == b.q_signal && a.dq_signal == b.dq_signal;
  for (uint32_t i = 0; same && i < a.signals; ++i) {
    const safety::Signal& x = a.signal[i];
    const safety::Signal& y = b.signal[i];
    same = std::string_view(x.name) == y.name && x.count == y.count &&
           x.stale == y.stale && x.max_age_ns == y.max_age_ns &&
           std::ranges::equal(x.fallback, y.fallback);
  }
  return same;
}

// "run.tlog", 2 → "run-2.tlog".
std::string next_log(const std::string& path, uint32_t number) {
  const std::filesystem::path p = path;
  const std::string name =
      fmt::format("{}-{}{}", p.stem().string(), number, p.extension().string());
  return (p.parent_path() / name).string();
}

}  // namespace

Result<Assembly::Change> Assembly::prepare_reload() {
  const auto& edits = blueprint_.limits.parts.edits;
  if (!edits.empty())
    return bad_input(
        "{}: the program changed its limits ({}): reload would undo that: "
        "start a new run",
        blueprint_.file.path, edits_text(edits));
  auto read = load_run_file(blueprint_.file.path);
  if (!read) return read.error();
  const LoadedShield* shield = &read->shield;
  if (const auto key = changed_key(blueprint_.file, read->file); !key.empty()) {
    return bad_input(
        "{}: {} has changed: reload changes robot and limits only: start a "
        "new run",
        blueprint_.file.path, key);
  }
  if (auto ok = check_budget(*shield, read->budget); !ok) return ok.error();
  const safety::Image& old = *images_.back();
  if (!same_signals(old, *shield->image)) {
    return bad_input(
        "{}: other signals, their order or joints: start a new run",
        blueprint_.file.path);
  }
  const auto isa = rt::choose_isa();
  if (!isa) return isa.error();
  runners_.push_back(safety::make_runner(shield->image->expressions, *isa));
  auto callbacks = bind_callbacks(*shield->image);
  if (!callbacks) return callbacks.error();
  Change change{shield->image, runners_.back().get(), *callbacks,
                shield->source, nullptr};
  if (recorder_) {
    Blueprint next = blueprint_;
    next.image = shield->image;
    next.limits = shield->source;
    const RecordTable& record = blueprint_.file.record;
    auto recorder =
        trace::Recorder::start({.path = next_log(log_base_, logs_ + 1),
                                .head = log_head(next),
                                .avoid_cpu = blueprint_.file.loop.cpu,
                                .keep_ns = record.keep_ns});
    if (!recorder) return recorder.error();
    change.recorder = std::move(*recorder);
  }
  return change;
}

// Taken whole at a cycle edge, or withdrawn: whoever swaps the word decides.
bool Assembly::offer(Change& change) {
  using std::chrono::steady_clock;
  const rt::LoopStats& stats = loop_->stats();
  const auto judged = [&] {  // pairs with Loop::apply_reload's release
    return stats.reloads.load(std::memory_order_acquire) +
           stats.reloads_refused.load(std::memory_order_acquire);
  };
  const uint32_t before = judged();
  next_change_.store(&change, std::memory_order_release);
  loop_->request(rt::kRequestReload);
  const auto end = steady_clock::now() + std::chrono::seconds(2);
  while (judged() == before && steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  if (next_change_.exchange(nullptr, std::memory_order_acq_rel)) return false;
  while (judged() == before)  // taken: the loop is within that very edge
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return true;
}

Result<std::string> Assembly::reload() {
  const std::lock_guard lock(log_mutex_);
  const tactus_state state = loop_->state();
  if (finished_ ||
      (state != TACTUS_STATE_READY && state != TACTUS_STATE_LATCHED)) {
    return unavailable("reload: the loop is {}: stop it first",
                       rt::kStateNames[state]);
  }
  auto change = prepare_reload();
  if (!change) return change.error();
  images_.push_back(change->image);  // alive until the end: they are small
  if (!offer(*change)) {
    if (change->recorder) {
      (void)change->recorder->finish();
      (void)::unlink(next_log(log_base_, logs_ + 1).c_str());
    }
    return unavailable("reload: refused: the loop left ready or latched");
  }
  blueprint_.limits = change->source;
  if (change->recorder) {
    std::swap(recorder_, change->recorder);
    blueprint_.file.record.path = next_log(log_base_, ++logs_);
    if (auto old = change->recorder->finish(); !old) return old.error();
  }
  return status_json();
}

// On the loop's thread, at a cycle edge. The control thread closes the old log
// only after this has returned.
bool Assembly::apply_reload(void* self, rt::Identity& identity) noexcept {
  auto* a = static_cast<Assembly*>(self);
  Change* change = a->next_change_.exchange(nullptr, std::memory_order_acq_rel);
  if (!change) return false;
  a->supervisor_->use(change->image.get(), change->native, change->callbacks);
  if (change->recorder) a->loop_->set_record(change->recorder.get());
  ++identity.image_epoch;
  ++identity.parameter_epoch;
  return true;
}

}  // namespace tactus::config
