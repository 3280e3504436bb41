// SPDX-License-Identifier: MIT
// Codec of tactus/1 (core/layout/wire.hpp has the bytes). Not for sockets.
// RT-safe: no allocation, every read bounds-checked, nothing is believed
// before the CRC agreed. One thread per object; functions are pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/command_sink.hpp"
#include "core/layout/wire.hpp"

namespace tactus::io {

// Why a datagram was dropped. The order is the order of the checks.
enum class Reject : uint8_t {
  kNone = 0,
  kSize,       // shorter than a header, or not what its counts say
  kMagic,      // not "TAC1"
  kCrc,        // CRC-32C differs
  kType,       // unknown type, or not the one expected here
  kSender,     // unknown sender, or one that may not send this type
  kCounts,     // other numbers of signals or values than agreed
  kReserved,   // a reserved field or flag is set
  kNotFinite,  // NaN or Inf among the values
  kOldEpoch,   // below the highest epoch accepted
  kOldSeq,     // backward or duplicate
  kCount_
};
inline constexpr std::size_t kRejects =
    static_cast<std::size_t>(Reject::kCount_);

// "size", "crc", ... for status and logs.
[[nodiscard]] const char* name(Reject reason) noexcept;

struct WireCounters {
  uint64_t accepted = 0;
  uint64_t gaps = 0;    // forward jumps of seq, accepted
  uint64_t missed = 0;  // frames that the jumps left out
  std::array<uint64_t, kRejects> rejected{};

  void count(Reject reason) noexcept {
    reason == Reject::kNone ? ++accepted
                            : ++rejected[static_cast<std::size_t>(reason)];
  }
};

// A decoded datagram of any type. Plain data.
struct Frame {
  layout::WireHeader header;
  std::array<uint32_t, layout::kWireMaxSignals> age_us;
  std::array<float, layout::kWireMaxValues> value;

  [[nodiscard]] layout::WireType type() const noexcept {
    return static_cast<layout::WireType>(header.type);
  }
  [[nodiscard]] layout::WireSender sender() const noexcept {
    return static_cast<layout::WireSender>(header.sender);
  }
  [[nodiscard]] bool has(layout::WireFlag flag) const noexcept {
    return (header.flags & flag) != 0;
  }
};

// What the receiver agreed to: anything else is kCounts. Tick-done frames
// always carry neither signals nor values.
struct Expect {
  uint16_t signals = 0;
  uint32_t values = 0;
};

// Decodes and checks one datagram; `out` is whole only on kNone. `state` is
// what a state frame must carry, `joints` the values of a command.
[[nodiscard]] Reject decode(std::span<const std::byte> datagram, Frame& out,
                            const Expect& state, uint32_t joints) noexcept;
// The same without agreement on the counts (tools, fuzzing).
[[nodiscard]] Reject decode_any(std::span<const std::byte> datagram,
                                Frame& out) noexcept;

struct StateFrame {
  uint16_t flags = 0;
  uint32_t epoch = 0;  // highest accepted
  layout::WireSender accepted_sender = layout::WireSender::kRobot;
  uint64_t seq = 0;
  uint64_t echo = 0;  // seq of the last command accepted
  int64_t stamp_ns = 0;
  std::span<const uint32_t> age_us;  // per signal
  std::span<const float> values;
};

using WireBuffer = std::array<std::byte, layout::kWireMaxSize>;

// Each returns the datagram's size, or 0 when a count is over the format's
// maximum or a value is NaN or Inf (nothing unchecked leaves).
[[nodiscard]] std::size_t encode_state(const StateFrame& frame,
                                       WireBuffer& out) noexcept;
[[nodiscard]] std::size_t encode_command(const CommandFrame& frame,
                                         WireBuffer& out) noexcept;
// `values` is ignored: a tick-done frame has none.
[[nodiscard]] std::size_t encode_tick_done(const CommandFrame& frame,
                                           WireBuffer& out) noexcept;

}  // namespace tactus::io
