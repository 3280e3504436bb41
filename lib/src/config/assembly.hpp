// SPDX-License-Identifier: MIT
// Composes the rooms into a running loop: supervisor, policy, guard segment
// and guardian, recorder, statistics, control socket, thread set-up. build()
// is set-up and undoes everything it did when it fails; run() and step() are
// rt::Loop's. Destroying it leaves nothing behind: no segment, no socket, no
// guardian (unless that is playing a plan; it then leaves by itself).
#pragma once

#include <sys/types.h>

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/blueprint.hpp"
#include "config/fallback.hpp"
#include "config/supervisor.hpp"
#include "core/json.hpp"
#include "guard/segment.hpp"
#include "guard/spawn.hpp"
#include "rt/grants.hpp"
#include "rt/loop.hpp"
#include "rt/thread_setup.hpp"
#include "rt/wake_source.hpp"
#include "safety/expr/jit.hpp"
#include "safety/violations.hpp"
#include "telemetry/control.hpp"
#include "telemetry/segment.hpp"
#include "trace/recorder.hpp"

namespace tactus::config {

// A robot link that the Assembly owns (rtctl run); empty with a user's own
// driver.
struct RobotLink;

// {"verified": …, "unverified": …, "engaged_verified": …} of rung stop: a
// verified one passed its re-check in that cycle. The first two add up.
[[nodiscard]] json::Value stops_value(const rt::LoopCounters& counters);

class Assembly final : private telemetry::ControlHandler {
 public:
  // Ready to run; the calling thread has what was granted.
  static Result<std::unique_ptr<Assembly>> build(Blueprint blueprint);
  ~Assembly() override;
  Assembly(const Assembly&) = delete;
  Assembly& operator=(const Assembly&) = delete;

  // Cycles on the calling thread. Another one than build()'s is prepared
  // first, and build()'s goes back to OTHER; kNotGranted when what `require`
  // names is missing here.
  rt::ExitReason run(int64_t duration_ns) noexcept;
  // The first call is set-up: it looks what the calling thread has, and
  // changes nothing of it. FAILED, always, when what `require` names is
  // missing there.
  tactus_status step(const tactus_tick& tick) noexcept;
  // Orderly end after the last cycle: guardian told, log closed. The first
  // error of the recorder comes out here.
  Result<void> finish();

  [[nodiscard]] rt::Loop& loop() noexcept { return *loop_; }
  [[nodiscard]] const PolicyStage& policy() const { return *policy_; }
  [[nodiscard]] const Blueprint& blueprint() const { return blueprint_; }
  [[nodiscard]] rt::Grants grants() const;
  // Any thread; what was returned lives as long as this.
  [[nodiscard]] const std::string& granted_text() const {
    return *granted_.load(std::memory_order_acquire);
  }
  // "trip rule: stale signal q, dq"; "" when it never tripped.
  [[nodiscard]] std::string stop_reason() const;
  // What the shield found so far; any thread.
  [[nodiscard]] safety::ViolationReport violations() const;
  // The plant stopped talking in lockstep: exit 5.
  [[nodiscard]] bool dead_lockstep() const;

 private:
  explicit Assembly(Blueprint blueprint);
  Result<void> assemble();
  Result<void> open_robot();
  Result<void> open_guard();
  Result<void> make_supervisor();
  // Null: the image has none.
  Result<Callbacks*> bind_callbacks(const safety::Image& image);
  Result<void> prepare_host();
  Result<void> measure_check();
  Result<void> make_loop();
  Result<void> collect_grants();
  Result<void> start_record();
  Result<void> check_record();
  // assembly_thread.cpp
  [[nodiscard]] rt::ThreadAsk thread_ask() const;
  Result<void> prepare_runner();
  Result<void> inspect_stepper();
  Result<void> adopt(rt::Grants found);
  void prepared_here(const rt::Grants& grants);
  void release_prepared() noexcept;
  void tell_granted();
  void log_granted();
  [[nodiscard]] trace::LogHead log_head(const Blueprint& b) const;
  [[nodiscard]] std::string status_json() const;
  Result<std::string> handle(telemetry::Command command) override;
  struct Change;
  Result<std::string> reload();
  Result<Change> prepare_reload();
  bool offer(Change& change);
  static tactus_status gated_act(void* self, void* frame,
                                 const tactus_tick* tick);
  static tactus_status gated_infer(void* self, void* frame,
                                   const tactus_tick* tick);
  static bool apply_reload(void* self, rt::Identity& identity) noexcept;

  Blueprint blueprint_;
  std::unique_ptr<telemetry::SegmentWriter> segment_;
  std::unique_ptr<RobotLink> robot_;
  std::optional<guard::Segment> guard_;
  std::optional<guard::Link> link_;
  std::optional<guard::GuardianProcess> guardian_;
  std::unique_ptr<PolicyStage> policy_;
  std::unique_ptr<ShieldSupervisor> supervisor_;
  std::unique_ptr<rt::WakeSource> wake_;
  std::optional<rt::CpuLatency> latency_;
  rt::Grants other_grants_;          // of robot link, clock, guardian
  mutable std::mutex grants_mutex_;  // status against the thread that runs
  rt::Grants grants_;
  std::list<std::string> granted_texts_;  // readers keep what they were given
  std::atomic<const std::string*> granted_{nullptr};
  Fallbacks fallbacks_;
  tactus_stage user_act_{};
  std::unique_ptr<rt::Loop> loop_;
  // Seen by the control thread only once everything is there.
  std::atomic<rt::Loop*> served_{nullptr};
  std::mutex log_mutex_;  // recorder_: reload against finish
  std::unique_ptr<trace::Recorder> recorder_;
  std::string log_base_;
  uint32_t logs_ = 1;
  std::unique_ptr<telemetry::ControlServer> control_;
  // Reload: prepared by the control thread, taken at a cycle edge.
  std::vector<ImagePtr> images_;
  std::list<safety::ExprRunner> runners_;  // one for each image
  std::vector<std::unique_ptr<Callbacks>> callbacks_;
  std::atomic<Change*> next_change_{nullptr};
  std::optional<trace::RecorderTotals> totals_;
  pid_t prepared_ = 0;  // the thread that the grants are of; 0: none
  pid_t raised_ = 0;    // the thread that has FIFO from here; 0: none
  bool stepped_ = false;
  bool may_step_ = true;
  bool finished_ = false;
};

}  // namespace tactus::config
