// SPDX-License-Identifier: MIT
// The loop: one thread, one static pipeline of stages over one plain-data
// frame. Knows life, grid, deadlines, on_late, trip and latch; knows neither
// policy nor safety nor guard (rt::Supervisor), nor where time comes from
// (rt::WakeSource). make() and warm() are set-up and allocate; run() and
// step() are the RT path: no allocation, lock, log, or syscall beyond the
// wake source's wait and what the stages do. Everything else that is public
// and not marked may only be used while no cycle runs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/layout/record.hpp"
#include "rt/carried.hpp"
#include "rt/life.hpp"
#include "rt/loop_spec.hpp"
#include "rt/loop_stats.hpp"
#include "rt/prewarm.hpp"
#include "rt/requests.hpp"
#include "tactus/result.hpp"

namespace tactus::rt {

enum class ExitReason : uint8_t {
  kNone,
  kDuration,    // its time was over
  kEnd,         // asked to: signal, kRequestEnd
  kLatched,     // exit_on_latch
  kWakeEnded,   // the wake source has no more releases (dead lockstep, test)
  kWakeFailed,  // the wait failed
  kNotWarm,     // a stage refused the dry run
  kNotGranted,  // the thread that runs lacks a required grant
};
[[nodiscard]] const char* exit_reason_name(ExitReason reason) noexcept;

class Loop {
 public:
  // Validates, allocates, touches its memory. State: idle.
  static Result<std::unique_ptr<Loop>> make(LoopSpec spec, LoopParts parts);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Dry run of the whole pipeline (TACTUS_TICK_DRY_RUN; act's function is
  // not called), idle → ready. The frame is zero and the supervisor's and
  // the parts' carried state as before afterwards.
  Result<void> warm();

  // Cycles on the calling thread until idle; warms first if idle.
  // duration_ns 0: until asked to end. RT path after the warm-up.
  ExitReason run(int64_t duration_ns) noexcept;

  // One cycle for a thread owned by others, who also owns the slack before
  // it: nothing is prewarmed. Of `tick`: release_ns (required;
  // deadlines count from it), wake_ns (0: now). Missed releases are counted
  // from the releases. OK, LATE when the cycle was bad, INVALID when the
  // release is not after the last one or more than a period ahead of now
  // (nothing ran), ENDED once idle. RT-safe.
  tactus_status step(const tactus_tick& tick) noexcept;

  // Any thread, signal handlers too.
  void request(uint32_t bits) noexcept { requests_.post(bits); }
  [[nodiscard]] tactus_state state() const noexcept {
    return static_cast<tactus_state>(
        stats_->state.load(std::memory_order_acquire));
  }
  [[nodiscard]] TripReason trip_reason() const noexcept {
    return static_cast<TripReason>(
        stats_->trip_reason.load(std::memory_order_relaxed));
  }

  [[nodiscard]] bool ever_latched() const noexcept {
    return ever_latched_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] const LoopStats& stats() const noexcept { return *stats_; }
  [[nodiscard]] const LoopSpec& spec() const noexcept { return spec_; }
  [[nodiscard]] std::span<std::byte> frame() noexcept { return frame_; }

  // Sizes for the record sink: constant after make().
  [[nodiscard]] std::size_t record_size() const noexcept;
  [[nodiscard]] std::size_t raw_offset() const noexcept;    // in a record
  [[nodiscard]] std::size_t raw_size() const noexcept;      // unpadded
  [[nodiscard]] std::size_t frame_offset() const noexcept;  // in a record
  // Keyframe: LoopCarried, last good outputs (each padded to 8), supervisor,
  // then LoopParts::carried in order; each part padded to 8.
  [[nodiscard]] std::size_t keyframe_size() const noexcept;
  void save(std::byte* to) const noexcept;
  void restore(const std::byte* from) noexcept;
  // After make(), before run(): the sink needs the sizes above.
  void set_record(RecordSink* sink) noexcept { parts_.record = sink; }

 private:
  struct Stage;
  struct Cycle;

  Loop(LoopSpec spec, LoopParts parts);
  void copy_stages();
  void lay_out();

  // loop.cpp: releases
  ExitReason cycle_until_idle() noexcept;
  void begin_run(int64_t duration_ns) noexcept;
  bool wait_for_release(Cycle& c) noexcept;
  void place_on_grid(Cycle& c) noexcept;
  bool one_cycle(Cycle& c) noexcept;
  bool is_next(int64_t release_ns) noexcept;
  uint64_t missed_before(int64_t release_ns) const noexcept;
  tactus_status refuse_tick() noexcept;
  void dry_run(uint32_t cycles) noexcept;

  // life.cpp: cycle edges
  void edge(LifeEvent event, const tactus_tick& tick) noexcept;
  void raise_cause(StopCause cause) noexcept;
  void end_because(ExitReason reason) noexcept;
  void apply_requests(Cycle& c) noexcept;
  void apply_reload() noexcept;
  void leave_engaged(LifeEvent event, StopCause cause,
                     const tactus_tick& tick) noexcept;
  void trip(Cycle& c, TripReason reason) noexcept;
  void judge_trip(Cycle& c) noexcept;
  static bool verified_stop(const Cycle& c) noexcept;
  void push_bad(Cycle& c, uint64_t releases) noexcept;
  void end_of_cycle_edges(Cycle& c) noexcept;
  void try_engage(Cycle& c) noexcept;
  void try_standstill(Cycle& c) noexcept;
  void try_rearm(Cycle& c) noexcept;
  void disarm(const tactus_tick& tick) noexcept;

  // cycle.cpp: the pipeline
  void run_cycle(Cycle& c) noexcept;
  float blend_at(int64_t release_ns) noexcept;
  void run_pipeline(Cycle& c) noexcept;
  bool may_start(Cycle& c, std::size_t i) noexcept;
  tactus_status call(Cycle& c, std::size_t i) noexcept;
  void close_stage(Cycle& c, std::size_t i) noexcept;
  void run_source(Cycle& c, std::size_t i) noexcept;
  void take(Cycle& c, std::size_t i, tactus_status status) noexcept;
  void discard(std::size_t i) noexcept;
  void fail(Cycle& c, std::size_t i) noexcept;
  void on_late(Cycle& c, std::size_t i) noexcept;
  void keep_last(Cycle& c, std::size_t i) noexcept;
  void run_check(Cycle& c, std::size_t i) noexcept;
  void choose_rung(Cycle& c) noexcept;
  void run_act(Cycle& c, std::size_t i) noexcept;
  void choose_command(Cycle& c, std::size_t i) noexcept;
  void committed(Cycle& c, std::size_t i) noexcept;
  bool was_bad(const Cycle& c) const noexcept;
  void keep_raw() noexcept;

  // emit.cpp: record, keyframe, statistics
  void fill_record(const Cycle& c, layout::CycleRecord& r) const noexcept;
  void emit_record(Cycle& c) noexcept;
  void emit_keyframe(const Cycle& c) noexcept;
  void count_stages(const Cycle& c) noexcept;
  void count_prewarm(const Prewarmed& p) noexcept;
  void update_stats(const Cycle& c) noexcept;
  void publish_words(const Cycle& c) noexcept;

  LoopSpec spec_;
  LoopParts parts_;
  Prewarm prewarm_;
  Requests requests_;
  LoopCarried carried_{};
  LoopCounters counters_{};
  Identity identity_;
  std::vector<Stage> stages_;
  std::vector<std::byte> frame_;
  std::vector<std::byte> before_;  // the frame before the sense that runs
  std::vector<std::byte> good_;    // last good outputs, then the raw action
  std::size_t raw_size_ = 0;
  std::size_t raw_at_ = 0;        // in good_
  std::size_t raw_in_frame_ = 0;  // output of the last infer stage
  std::unique_ptr<LoopStats> own_stats_;
  LoopStats* stats_ = nullptr;
  int64_t t0_ns_ = 0;            // release of grid index 0
  int64_t end_at_ns_ = 0;        // 0: no end
  int64_t last_end_ns_ = 0;      // of the cycle before: an overrun shows here
  int64_t last_release_ns_ = 0;  // of step(); 0: none yet
  uint64_t refused_ = 0;         // ticks of step() since then
  uint32_t refused_flags_ = 0;   // CycleFlag of those: the next record's
  std::atomic<bool> ever_latched_{false};  // any thread asks
  ExitReason exit_ = ExitReason::kNone;
  const char* warm_failed_ = nullptr;  // stage that failed in the dry run
};

}  // namespace tactus::rt
