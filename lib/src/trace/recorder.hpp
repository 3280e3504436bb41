// SPDX-License-Identifier: MIT
// Takes records and keyframes from the loop into rings of fixed slots in
// locked memory, and drains them with a thread of its own to a .tlog file.
// The sink functions are RT-safe (no syscall: the thread polls); everything
// else is set-up. When a ring is full the record is lost and counted; the
// loop decides what that means (LoopSpec::trip_on_gap).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/mapping.hpp"
#include "rt/record_sink.hpp"
#include "trace/slot_ring.hpp"
#include "trace/writer.hpp"

namespace tactus::trace {

struct RecorderOptions {
  std::string path;
  LogHead head;
  uint32_t record_slots = 4096;  // rounded up to a power of two
  uint32_t keyframe_slots = 8;
  int64_t flush_ns = 100'000'000;  // at most so much is lost by kill -9
  int avoid_cpu = -1;              // the loop's: the thread keeps off it
  // 0: everything is kept. Else, when the file covers this much time and a
  // keyframe comes, it is renamed to `path`.1 (replacing an older one) and a
  // new one is begun with that keyframe: at least keep_ns, at most twice as
  // much is on disk, and each file is whole by itself.
  int64_t keep_ns = 0;
};

struct RecorderTotals {
  uint64_t records = 0;
  uint64_t keyframes = 0;
  uint64_t dropped = 0;
  uint64_t bytes = 0;
  uint32_t segments = 1;
};

class Recorder final : public rt::RecordSink {
 public:
  // Creates the file and starts the thread.
  static Result<std::unique_ptr<Recorder>> start(RecorderOptions options);
  ~Recorder() override;

  // rt::RecordSink: on the loop's thread.
  std::byte* begin() noexcept override;
  void commit() noexcept override;
  std::byte* begin_keyframe(uint64_t cycle) noexcept override;
  void commit_keyframe() noexcept override;

  // On the loop's thread: begin() would find a slot. RT-safe.
  [[nodiscard]] bool has_room() noexcept {
    return !failed() && records_.begin_push() != nullptr;
  }

  // On the loop's thread, before its first cycle: the log's head says this of
  // what was granted. Once there are records it is too late, and ignored.
  // Set-up; the file is written by the recorder's thread.
  void now_granted(std::vector<Fact> granted);

  // After the loop's last cycle: drains, writes the end block, joins. The
  // first error of the thread (disk full, …) comes out here.
  Result<RecorderTotals> finish();

  // Any thread. True once writing failed: records are lost from then on.
  [[nodiscard]] bool failed() const noexcept {
    return failed_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] uint64_t dropped() const noexcept {
    return dropped_.load(std::memory_order_relaxed);
  }
  // "io_uring", "pwrite (io_uring_queue_init: EPERM)", ring memory locked or
  // not, where the thread runs.
  [[nodiscard]] const std::string& granted() const { return granted_; }
  // "io_uring" or "pwrite", as the first file was opened.
  [[nodiscard]] const char* output() const { return output_; }

 private:
  explicit Recorder(RecorderOptions options);
  Result<void> open_segment();
  Result<void> renew_head();
  Result<void> drain_once();
  Result<void> drain_until(uint64_t cycle, uint64_t end);
  Result<void> write_keyframe(const std::byte* slot);
  Result<void> rotate();
  void thread_main();
  void avoid_cpu();

  RecorderOptions options_;
  std::string granted_;
  const char* output_ = "";
  SlotRing records_;
  SlotRing keyframes_;
  std::optional<LogWriter> writer_;
  std::mutex granted_mutex_;
  std::vector<Fact> granted_now_;
  std::atomic<bool> granted_changed_{false};
  RecorderTotals totals_;
  uint64_t run_id_ = 0;
  uint32_t segment_ = 0;
  int64_t segment_begin_ns_ = 0;  // release times: of the loop's clock,
  int64_t last_release_ns_ = 0;   // which in lockstep is the plant's
  uint64_t next_cycle_ = 0;
  std::atomic<uint64_t> dropped_{0};
  std::atomic<bool> failed_{false};
  std::atomic<bool> stop_{false};
  std::optional<Error> error_;
  std::thread thread_;
};

}  // namespace tactus::trace
