// SPDX-License-Identifier: MIT
// The shared statistics segment /dev/shm/tactus.<loop>: one writer (the
// loop's process), readers anywhere. Set-up only; the loop writes into
// stats() by rt's own rules. A lock on the file (not the pid, which may be
// reused) says whether the writer lives, so what a killed run left behind is
// taken over by the next one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/fd.hpp"
#include "core/layout/stats.hpp"
#include "core/mapping.hpp"
#include "rt/loop_stats.hpp"
#include "telemetry/violation_board.hpp"

namespace tactus::telemetry {

inline constexpr const char* kSegmentFolder = "/dev/shm";

class SegmentWriter {
 public:
  // Creates /dev/shm/tactus.<loop> (mode 0644), zero but for its head.
  // kUnavailable when a live loop has the name: "… already runs (pid N)".
  // `text` is what was granted, for readers; cut at kSegmentText − 1.
  static Result<std::unique_ptr<SegmentWriter>> create(
      const std::string& loop, const std::string& text,
      const std::string& folder = kSegmentFolder);
  // Orderly end: marks it ended and unlinks it.
  ~SegmentWriter();
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  // For rt::LoopParts::stats; prefaulted, and locked where allowed.
  [[nodiscard]] rt::LoopStats* stats() const;
  // For a ViolationWriter; the same.
  [[nodiscard]] ViolationBoard* violations() const;
  // Not the RT thread.
  void set_text(const std::string& text);
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool locked() const { return locked_; }

 private:
  SegmentWriter() = default;
  [[nodiscard]] layout::SegmentHead* head() const;

  UniqueFd fd_;  // holds the lock
  Mapping mapping_;
  std::string path_;
  bool locked_ = false;
};

enum class WriterLife { kAlive, kEnded, kDied };

class SegmentReader {
 public:
  // kUnavailable: no such loop; kBadInput: not a segment of this version.
  static Result<std::unique_ptr<SegmentReader>> open(
      const std::string& loop, const std::string& folder = kSegmentFolder);

  [[nodiscard]] const rt::LoopStats& stats() const;
  [[nodiscard]] const ViolationBoard& violations() const;  // read_board()
  [[nodiscard]] const layout::SegmentHead& head() const;
  // Copies, bounded, whatever the writer does meanwhile.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] WriterLife life() const;
  // One consistent set; an error says "writer died" or that it is busy.
  Result<rt::LoopCounters> counters() const;

 private:
  SegmentReader() = default;
  UniqueFd fd_;
  Mapping mapping_;
  std::string path_;
};

}  // namespace tactus::telemetry
