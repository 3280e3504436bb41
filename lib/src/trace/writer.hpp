// SPDX-License-Identifier: MIT
// Writes one .tlog file: header and sections, then blocks. Blocks go out one
// after the other through a BlockOutput, so that a kill leaves a readable
// file. Not for the RT thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/fd.hpp"
#include "core/layout/log.hpp"
#include "trace/log_info.hpp"

namespace tactus::trace {

struct Section {
  layout::LogSectionKind kind;
  std::string bytes;
};

// What a log holds before its first block.
struct LogHead {
  uint32_t frame_size = 0;
  uint32_t action_offset = 0;
  uint32_t action_size = 0;
  uint32_t keyframe_size = 0;
  uint32_t keyframe_every = 0;
  int64_t period_ns = 0;
  LogInfo info;
  std::vector<Section> sections;  // the facts section is made from `info`
};

// Ordered writes at increasing offsets. submit() may return before the bytes
// are out, and `bytes` must stay as they are until the next submit() or
// wait(). One write is in flight at most: two could land out of order.
class BlockOutput {
 public:
  virtual ~BlockOutput() = default;
  virtual Result<void> submit(std::span<const std::byte> bytes,
                              uint64_t offset) = 0;
  virtual Result<void> wait() = 0;
  [[nodiscard]] virtual const char* name() const = 0;
};

// io_uring, or pwrite where the kernel refuses io_uring; `granted` says
// which, and why ("pwrite (io_uring: EPERM)").
std::unique_ptr<BlockOutput> make_output(int fd, std::string* granted);
std::unique_ptr<BlockOutput> make_pwrite_output(int fd);

// 0, or the errno with which this kernel refuses io_uring. Set-up.
[[nodiscard]] int io_uring_refusal();

class LogWriter {
 public:
  // Creates or truncates `path` and writes everything before the blocks. A
  // fact "record" under granted becomes this writer's own granted().
  static Result<LogWriter> create(const std::string& path, const LogHead& head,
                                  uint64_t run_id, uint32_t segment);

  // One block of `items.size() / stride` items, cut from `items`, which is
  // copied. Returns once it is submitted.
  Result<void> records(std::span<const std::byte> items, uint64_t dropped);
  Result<void> keyframe(uint64_t cycle, std::span<const std::byte> state);
  // Orderly end: waits until everything is out.
  Result<void> end(uint64_t next_cycle, uint64_t dropped);

  [[nodiscard]] const std::string& granted() const { return granted_; }
  [[nodiscard]] const char* output() const { return output_->name(); }
  [[nodiscard]] uint64_t bytes() const { return offset_; }

 private:
  LogWriter() = default;
  Result<void> block(layout::LogBlock head, std::span<const std::byte> items);

  UniqueFd fd_;
  std::unique_ptr<BlockOutput> output_;
  std::string granted_;
  std::string path_;
  std::vector<std::byte> buffer_;  // of the block in flight
  uint64_t offset_ = 0;
  uint64_t index_ = 0;
  uint32_t record_size_ = 0;
};

}  // namespace tactus::trace
