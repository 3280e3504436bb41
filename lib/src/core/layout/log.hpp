// SPDX-License-Identifier: MIT
// The .tlog file. Little endian, every part on an 8 byte boundary:
//
//   LogHeader                 fixed, with its own CRC
//   LogSection[sections]      table: kind, offset, size, CRC
//   section bytes             JSON facts, model, limits, URDF, ...
//   { LogBlock, payload } *   records | keyframe | end, from data_offset on
//
// A block's payload is `count` items of `stride` bytes; header and payload
// carry separate CRC-32Cs. Blocks are written one after the other, so that a
// writer killed anywhere leaves whole blocks and at most one partial at the
// end. An end block marks an orderly end. A record is a CycleRecord, then
// the raw action padded to 8, then the frame padded to 8.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/layout/record.hpp"

namespace tactus::layout {

inline constexpr uint64_t kLogMagic = 0x31474F4C54434154;  // "TACTLOG1"
inline constexpr uint32_t kLogVersion = 5;  // counts a record's versions too
inline constexpr uint32_t kLogBlockMagic = 0x4B4C4254;  // "TBLK"
inline constexpr uint32_t kLogMaxSections = 16;
inline constexpr uint32_t kLogMaxItem = 1u << 20;  // bytes of one record

enum class LogSectionKind : uint32_t {
  kFacts = 1,       // JSON: see trace/log_info.hpp
  kModel = 2,       // the ONNX or .tmodel bytes
  kLimits = 3,      // the TOML text that the shield was compiled from
  kUrdf = 4,        // robot description text
  kImageHash = 5,   // hash of the compiled limits image
  kModelPlan = 6,   // what must be the same for equal bits (text)
  kSrdf = 7,        // robot.srdf's text, where the limits name one
  kLimitParts = 8,  // files that limit.use names, what a program changed
};

enum class LogBlockType : uint16_t { kRecords = 1, kKeyframe = 2, kEnd = 3 };

struct LogHeader {
  uint64_t magic;
  uint32_t version;
  uint32_t header_size;    // sizeof(LogHeader)
  uint32_t record_size;    // stride of one record
  uint32_t keyframe_size;  // stride of one keyframe; 0: none are written
  uint32_t frame_size;     // without padding
  uint32_t action_offset;  // of the checked action, in the frame
  uint32_t action_size;
  uint32_t sections;
  int64_t period_ns;
  int64_t start_monotonic_ns;
  int64_t start_realtime_ns;
  uint64_t data_offset;     // first block
  uint64_t run_id;          // the same in all segments of one run
  uint32_t segment;         // counts up when `keep` rotates the file
  uint32_t keyframe_every;  // cycles
  char loop_name[32];
  uint64_t reserved[12];
  uint32_t sections_crc;  // of the section table
  uint32_t crc;           // of everything before
};

struct LogSection {
  uint32_t kind;  // LogSectionKind; unknown ones are skipped
  uint32_t crc;
  uint64_t offset;
  uint64_t size;
};

struct LogBlock {
  uint32_t magic;
  uint16_t type;
  uint16_t version;
  uint32_t count;        // items in the payload
  uint32_t stride;       // bytes of one item
  uint64_t first_cycle;  // records: of the first; keyframe: the cycle after
                         // which the state was so; end: one past the last
  uint64_t index;        // 0, 1, 2, … within the file
  uint64_t dropped;      // records lost so far because the ring was full
  uint64_t reserved;
  uint32_t payload_crc;
  uint32_t crc;  // of everything before
};

// 8 byte boundary, where the next part begins.
[[nodiscard]] constexpr uint64_t log_align(uint64_t bytes) {
  return (bytes + 7) & ~uint64_t{7};
}
[[nodiscard]] constexpr uint64_t record_stride(uint64_t action_size,
                                               uint64_t frame_size) {
  return sizeof(CycleRecord) + log_align(action_size) + log_align(frame_size);
}

static_assert(sizeof(LogHeader) == 224);
static_assert(offsetof(LogHeader, period_ns) == 40);
static_assert(offsetof(LogHeader, loop_name) == 88);
static_assert(offsetof(LogHeader, crc) == 220);
static_assert(sizeof(LogSection) == 24);
static_assert(sizeof(LogBlock) == 56);
static_assert(offsetof(LogBlock, crc) == 52);

}  // namespace tactus::layout
