// SPDX-License-Identifier: MIT
// The C++20 layer over the C ABI (tactus.h): header-only, so that only C
// symbols cross the library's border. Set-up returns Result; the cycle runs
// your noexcept functions through trampolines. RT-safety as in tactus.h.
#ifndef TACTUS_TACTUS_HPP
#define TACTUS_TACTUS_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tactus/fields.hpp"
#include "tactus/grants.hpp"
#include "tactus/result.hpp"
#include "tactus/tactus.h"

namespace tactus {

using Status = tactus_status;
using Tick = tactus_tick;
using std::chrono::nanoseconds;

enum class Late {
  keep_last = TACTUS_KEEP_LAST,
  fallback = TACTUS_FALLBACK,
  skip_rest = TACTUS_SKIP_REST,
  trip = TACTUS_TRIP,
};
enum class Overrun { skip = TACTUS_SKIP, rephase = TACTUS_REPHASE };

struct Trip {
  std::uint32_t bad = 3;
  std::uint32_t of = 100;
};

struct LoopOptions {
  std::string name;  // unique on the host
  nanoseconds period{};
  int cpu = -1;      // any
  int priority = 0;  // SCHED_FIFO; 0: not real-time
  Overrun overrun = Overrun::skip;
  Trip trip = {};
  nanoseconds engage_time = std::chrono::milliseconds(500);
  nanoseconds lead_max = std::chrono::microseconds(60);
  nanoseconds prewarm_max{};  // 0: 200 us or a quarter period; negative: off
  std::vector<Grant> require = {};  // build() fails where one is missing
};

struct StageOptions {
  nanoseconds deadline{};  // latest finish, from the scheduled release
  nanoseconds budget{};    // own run time; 0: none
  Late on_late = Late::skip_rest;
  std::uint32_t keep_last = 2;
};

struct GuardOptions {
  std::string sender;  // "udp://127.0.0.1:5005"
  nanoseconds commit{};
  std::uint32_t misses = 3;
  nanoseconds bound{};
  nanoseconds repeat{};  // 0: the period
  int cpu = -1;
};

namespace detail {

[[nodiscard]] inline Error to_error(const tactus_error& e) {
  return {static_cast<ErrorCode>(e.code), e.text};
}

template <auto free_function>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};

// Valid as long as `from` is.
inline std::vector<const char*> names(const std::vector<std::string>& from) {
  std::vector<const char*> out;
  for (const std::string& name : from) out.push_back(name.c_str());
  return out;
}

}  // namespace detail

// See tactus_policy_options.
enum class AtEngage {
  keep = TACTUS_AT_ENGAGE_KEEP,
  reset = TACTUS_AT_ENGAGE_RESET,
};
// Empty means the default of tactus_policy_options.
struct PolicyOptions {
  std::string backend = {};
  std::string output = {};
  std::string kernels = {};            // "timed", "rule", or their names
  std::vector<std::string> slow = {};  // observations or inputs
  std::size_t answers = 0;             // kept, of inputs that come again
  AtEngage state = AtEngage::keep;     // when the loop engages
};

// A compiled policy, immutable. Must outlive the loops that use it.
class Policy {
 public:
  static Result<Policy> load(const std::string& path,
                             const PolicyOptions& options = {}) {
    const auto text = [](const std::string& s) {
      return s.empty() ? nullptr : s.c_str();
    };
    tactus_error error{};
    tactus_policy_options raw{};
    raw.sz = sizeof(raw);
    raw.backend = text(options.backend);
    raw.output = text(options.output);
    raw.kernels = text(options.kernels);
    const auto slow = detail::names(options.slow);
    raw.slow = slow.data();
    raw.slow_count = slow.size();
    raw.answers = options.answers;
    raw.state = static_cast<tactus_at_engage>(options.state);
    Policy policy(tactus_policy_load(path.c_str(), &raw, &error));
    if (!policy.handle_) return detail::to_error(error);
    return policy;
  }
  [[nodiscard]] const tactus_policy* get() const { return handle_.get(); }

 private:
  explicit Policy(tactus_policy* handle) : handle_(handle) {}
  std::unique_ptr<tactus_policy, detail::Freed<tactus_policy_free>> handle_;
};

// What a program changes of the limits it loads; see tactus_shield_options.
struct ShieldOptions {
  std::vector<std::string> disable;  // rows by id, or families: not judged
  std::vector<std::string> remove;   // tables of [limit]
  std::string add;                   // "[limit]\n…": the tightest binds
};

// Limits, signals and stop, compiled when the loop is built.
class Shield {
 public:
  // Set-up only. Unknown rows and tables are found by LoopBuilder::build.
  static Result<Shield> load(const std::string& path,
                             const ShieldOptions& options = {}) {
    tactus_error error{};
    const auto disable = detail::names(options.disable);
    const auto remove = detail::names(options.remove);
    tactus_shield_options raw{};
    raw.sz = sizeof(raw);
    raw.disable = disable.data();
    raw.disable_count = disable.size();
    raw.remove = remove.data();
    raw.remove_count = remove.size();
    raw.add = options.add.empty() ? nullptr : options.add.c_str();
    Shield shield(tactus_shield_load_with(path.c_str(), &raw, &error));
    if (!shield.handle_) return detail::to_error(error);
    return shield;
  }
  // The function of the row `name`, kind = "callback" (tactus.h).
  Result<void> callback(const std::string& name, tactus_margin_fn fn,
                        void* self = nullptr) {
    tactus_error error{};
    if (tactus_shield_callback(handle_.get(), name.c_str(), fn, self, &error))
      return detail::to_error(error);
    return {};
  }
  [[nodiscard]] const tactus_shield* get() const { return handle_.get(); }

 private:
  explicit Shield(tactus_shield* handle) : handle_(handle) {}
  std::unique_ptr<tactus_shield, detail::Freed<tactus_shield_free>> handle_;
};

// How a run ended.
class RunResult {
 public:
  explicit RunResult(int code) : code_(code) {}
  [[nodiscard]] int exit_code() const { return code_; }

 private:
  int code_;
};

// What replaying a log gave; see tactus_replay.
struct Replay {
  std::uint64_t cycles = 0, skipped = 0, gaps = 0;
  bool identical = false;
  std::uint64_t cycle = 0;  // of the first difference
  std::string field, expected, got;
  std::string stopped;  // why it ended before the log did
  std::string notes;    // what to know beside it: the log has no end, ...
};

class Loop {
 public:
  using Stages = std::vector<std::shared_ptr<void>>;

  Loop(tactus_loop* handle, Stages stages)
      : stages_(std::move(stages)), handle_(handle) {}

  [[nodiscard]] std::string granted() const {
    return tactus_loop_granted(handle_.get());
  }
  RunResult run(nanoseconds duration) {
    return RunResult(tactus_loop_run(handle_.get(), duration.count()));
  }
  Status step(const Tick& tick) noexcept {
    return tactus_loop_step(handle_.get(), &tick);
  }
  void engage() noexcept { tactus_loop_engage(handle_.get()); }
  void stop() noexcept { tactus_loop_stop(handle_.get()); }
  void rearm() noexcept { tactus_loop_rearm(handle_.get()); }
  void end() noexcept { tactus_loop_end(handle_.get()); }
  [[nodiscard]] tactus_loop_status status() const {
    tactus_loop_status status{};
    status.sz = sizeof(status);
    (void)tactus_loop_get_status(handle_.get(), &status, nullptr);
    return status;
  }

  // The log's inputs through this loop's policy and limits once more.
  [[nodiscard]] Result<Replay> replay(const std::string& path) const {
    tactus_error error{};
    tactus_replay raw{};
    raw.sz = sizeof(raw);
    if (tactus_loop_replay(handle_.get(), path.c_str(), &raw, &error) != 0) {
      return detail::to_error(error);
    }
    return Replay{raw.cycles,  raw.skipped, raw.gaps,     raw.identical != 0,
                  raw.cycle,   raw.field,   raw.expected, raw.got,
                  raw.stopped, raw.notes};
  }

 private:
  Stages stages_;  // outlive the loop that calls them
  std::unique_ptr<tactus_loop, detail::Freed<tactus_loop_free>> handle_;
};

// Collects the first error and reports it from build(). Frame: trivially
// copyable, without padding, described by TACTUS_FIELDS.
template <class Frame>
class LoopBuilder {
  static_assert(std::is_trivially_copyable_v<Frame>,
                "the frame is recorded as bytes");

 public:
  explicit LoopBuilder(const LoopOptions& options) {
    std::vector<const char*> require;
    for (Grant grant : options.require) {
      require.push_back(grant_name(grant));
    }
    tactus_loop_options raw{};
    raw.sz = sizeof(raw);
    raw.name = options.name.c_str();
    raw.period_ns = options.period.count();
    raw.cpu = options.cpu;
    raw.priority = options.priority;
    raw.overrun = static_cast<tactus_overrun>(options.overrun);
    raw.lead_max_ns = options.lead_max.count();
    raw.prewarm_max_ns = options.prewarm_max.count();
    raw.trip_bad = options.trip.bad;
    raw.trip_of = options.trip.of;
    raw.engage_time_ns = options.engage_time.count();
    raw.require = require.data();
    raw.require_count = require.size();
    handle_.reset(tactus_builder_new(&raw, &error_));
    if (!handle_) return;
    const auto fields = frame_fields(static_cast<Frame*>(nullptr));
    tactus_builder_frame(handle_.get(), fields.data(), fields.size(),
                         sizeof(Frame), &error_);
  }

  // f(Frame&, const Tick&) noexcept -> Status (or void). Late or failed, it
  // wrote nothing: the frame is as it was before it.
  template <class F>
  LoopBuilder& sense(const char* name, const StageOptions& options, F f) {
    return stage<Frame&>(TACTUS_SENSE, name, options, std::move(f));
  }
  // f(const Frame&, const Tick&) noexcept -> Status: OK once it is sent.
  template <class F>
  LoopBuilder& act(const char* name, const StageOptions& options, F f) {
    return stage<const Frame&>(TACTUS_ACT, name, options, std::move(f));
  }

  // Members: the policy's inputs in order, then its output.
  template <class... Members>
  LoopBuilder& infer(const Policy& policy, const StageOptions& options,
                     Members... members) {
    static_assert(sizeof...(Members) >= 2, "inputs, then the output");
    if (!ok()) return *this;
    std::array<const char*, sizeof...(Members)> names = {
        field_name<Frame>(members)...};
    const tactus_stage timing = describe(TACTUS_INFER, "infer", options);
    tactus_builder_infer(handle_.get(), &timing, policy.get(), names.data(),
                         names.size() - 1, names.back(), &error_);
    return *this;
  }
  LoopBuilder& check(const Shield& shield, const StageOptions& options) {
    if (!ok()) return *this;
    const tactus_stage timing = describe(TACTUS_CHECK, "check", options);
    tactus_builder_check(handle_.get(), &timing, shield.get(), &error_);
    return *this;
  }
  LoopBuilder& guard(const GuardOptions& options) {
    if (!ok()) return *this;
    tactus_guard_options raw{};
    raw.sz = sizeof(raw);
    raw.sender = options.sender.c_str();
    raw.commit_ns = options.commit.count();
    raw.misses = options.misses;
    raw.bound_ns = options.bound.count();
    raw.repeat_ns = options.repeat.count();
    raw.cpu = options.cpu;
    tactus_builder_guard(handle_.get(), &raw, &error_);
    return *this;
  }
  // The robot stops by itself after `robot_timeout` without a command.
  LoopBuilder& no_guard(nanoseconds robot_timeout) {
    if (!ok()) return *this;
    tactus_builder_no_guard(handle_.get(), robot_timeout.count(), &error_);
    return *this;
  }
  LoopBuilder& record(const std::string& path) {
    if (!ok()) return *this;
    tactus_builder_record(handle_.get(), path.c_str(), &error_);
    return *this;
  }
  Result<Loop> build() {
    if (!ok()) return detail::to_error(error_);
    tactus_loop* loop = tactus_builder_build(handle_.get(), &error_);
    if (!loop) return detail::to_error(error_);
    return Loop(loop, stages_);
  }

 private:
  [[nodiscard]] bool ok() const { return handle_ && error_.code == 0; }

  static tactus_stage describe(tactus_stage_kind kind, const char* name,
                               const StageOptions& options) {
    tactus_stage raw{};
    raw.sz = sizeof(raw);
    raw.name = name;
    raw.kind = kind;
    raw.deadline_ns = options.deadline.count();
    raw.budget_ns = options.budget.count();
    raw.on_late = static_cast<tactus_on_late>(options.on_late);
    raw.keep_last = options.keep_last;
    return raw;
  }

  template <class FrameRef, class F>
  LoopBuilder& stage(tactus_stage_kind kind, const char* name,
                     const StageOptions& options, F f) {
    static_assert(std::is_nothrow_invocable_v<F&, FrameRef, const Tick&>,
                  "a stage is noexcept: an exception cannot leave the cycle");
    if (!ok()) return *this;
    auto owned = std::make_shared<F>(std::move(f));
    tactus_stage raw = describe(kind, name, options);
    raw.fn = &trampoline<FrameRef, F>;
    raw.self = owned.get();
    tactus_builder_stage(handle_.get(), &raw, &error_);
    stages_.push_back(std::move(owned));
    return *this;
  }

  template <class FrameRef, class F>
  static tactus_status trampoline(void* self, void* frame,
                                  const tactus_tick* tick) {
    F& f = *static_cast<F*>(self);
    FrameRef typed = *static_cast<Frame*>(frame);
    if constexpr (std::is_void_v<
                      std::invoke_result_t<F&, FrameRef, const Tick&>>) {
      f(typed, *tick);
      return TACTUS_OK;
    } else {
      return f(typed, *tick);
    }
  }

  tactus_error error_{};
  std::unique_ptr<tactus_builder, detail::Freed<tactus_builder_free>> handle_;
  Loop::Stages stages_;
};

}  // namespace tactus

#endif
