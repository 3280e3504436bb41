// SPDX-License-Identifier: MIT
// Reads a .tlog file through a read-only mapping. open() checks every size,
// offset and CRC, so that nothing after it can fail; a damaged file is one
// line with the position. A last block that is not whole (the writer was
// killed) is left out and reported. Immutable after open(): any thread.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "core/layout/log.hpp"
#include "core/mapping.hpp"
#include "trace/log_info.hpp"

namespace tactus::trace {

// One cycle of the log. Pointers live as long as the reader.
struct CycleView {
  layout::CycleRecord record;             // a copy: aligned, cheap
  std::span<const std::byte> raw_action;  // what infer left
  std::span<const std::byte> frame;       // at the end of the cycle
  uint64_t file_offset = 0;               // of the record
};

struct KeyframeView {
  uint64_t cycle = 0;     // the state is as this cycle left it
  uint64_t position = 0;  // of the first record after it
  std::span<const std::byte> state;
};

class LogReader {
 public:
  static Result<LogReader> open(const std::string& path);
  // From memory that outlives the reader; `name` is used in errors.
  static Result<LogReader> parse(std::span<const std::byte> bytes,
                                 std::string name);

  [[nodiscard]] const layout::LogHeader& header() const { return header_; }
  [[nodiscard]] const LogInfo& info() const { return info_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  // Empty when the log has no such section.
  [[nodiscard]] std::span<const std::byte> section(
      layout::LogSectionKind kind) const;

  // Records in the file, in order of cycles.
  [[nodiscard]] uint64_t size() const { return records_; }
  [[nodiscard]] CycleView at(uint64_t position) const;
  // Position of the record of `cycle`, or of the first after it (size() when
  // there is none).
  [[nodiscard]] uint64_t lower_bound(uint64_t cycle) const;
  [[nodiscard]] const std::vector<KeyframeView>& keyframes() const {
    return keyframes_;
  }
  // The last keyframe from which `cycle` can be reached: its own cycle is
  // below; null: none.
  [[nodiscard]] const KeyframeView* keyframe_before(uint64_t cycle) const;

  // Places where records are missing, and how many are.
  [[nodiscard]] uint64_t gaps() const { return gaps_; }
  [[nodiscard]] uint64_t lost() const { return lost_; }
  // Records between `previous` and `next` that the log should have.
  [[nodiscard]] static uint64_t lost_between(
      const layout::CycleRecord& previous, const layout::CycleRecord& next);

  // The writer said end. Otherwise `tail()` is where the last whole block
  // ends and how many bytes after it were left out.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] uint64_t tail_offset() const { return tail_offset_; }
  [[nodiscard]] uint64_t tail_bytes() const { return tail_bytes_; }

 private:
  struct Block {
    uint64_t position;  // of its first record
    uint64_t offset;    // of the payload
    uint32_t count;
  };
  LogReader() = default;
  Result<void> read_head();
  Result<void> read_sections();
  Result<void> read_blocks();
  enum class Step { kGoOn, kEnd };
  Result<Step> read_block(uint64_t* offset);
  Result<void> add_block(const layout::LogBlock& block, uint64_t payload);
  Result<void> add_records(const layout::LogBlock& block, uint64_t payload);

  Mapping mapping_;
  std::span<const std::byte> bytes_;
  std::string name_;
  layout::LogHeader header_{};
  LogInfo info_;
  std::vector<layout::LogSection> sections_;
  std::vector<Block> blocks_;
  std::vector<KeyframeView> keyframes_;
  layout::CycleRecord last_{};
  uint64_t records_ = 0;
  uint64_t index_ = 0;
  uint64_t gaps_ = 0;
  uint64_t lost_ = 0;
  uint64_t tail_offset_ = 0;
  uint64_t tail_bytes_ = 0;
  bool ended_ = false;
};

// Value `index` of a field in a frame, as double; NaN when outside.
[[nodiscard]] double field_value(const FieldInfo& field,
                                 std::span<const std::byte> frame,
                                 uint32_t index);

}  // namespace tactus::trace
