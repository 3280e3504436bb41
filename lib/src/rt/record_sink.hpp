// SPDX-License-Identifier: MIT
// Where the loop leaves its records and keyframes. The trace room implements
// it over an SPSC ring that a recorder thread drains; tests over a vector.
// All functions are called on the loop's thread and are RT-safe.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tactus::rt {

class RecordSink {
 public:
  virtual ~RecordSink() = default;

  // A slot of Loop::record_size() bytes: layout::CycleRecord, the raw action
  // padded to 8, the frame. Null: no room; the loop counts a gap and asks
  // for a keyframe as soon as there is room again.
  virtual std::byte* begin() noexcept = 0;
  virtual void commit() noexcept = 0;

  // A slot of Loop::keyframe_size() bytes for the carried state *after*
  // `cycle`, whose record was committed just before. Null: no room, asked
  // again next cycle.
  virtual std::byte* begin_keyframe(uint64_t cycle) noexcept = 0;
  virtual void commit_keyframe() noexcept = 0;
};

}  // namespace tactus::rt
