// SPDX-License-Identifier: MIT
#include "io/wire.hpp"

#include <bit>
#include <cstring>

#include "core/crc32c.hpp"

namespace tactus::io {
namespace {

using layout::kWireMaxSignals;
using layout::kWireMaxValues;
using layout::WireHeader;
using layout::WireSender;
using layout::WireType;

// The header is copied as it stands in memory.
static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kCrcSize = 4;
constexpr uint16_t kKnownFlags =
    layout::kWireLockstep | layout::kWireTimedOut | layout::kWireHold;
constexpr const char* kNames[] = {
    "none",   "size",     "magic",      "crc",       "type",   "sender",
    "counts", "reserved", "not finite", "old epoch", "old seq"};
static_assert(std::size(kNames) == kRejects);

std::size_t wire_size(const WireHeader& h) {
  return sizeof h + 4 * std::size_t{h.signals} + 4 * std::size_t{h.values} +
         kCrcSize;
}

// By the bits: no build flag can compile this away.
bool finite(float value) {
  return (std::bit_cast<uint32_t>(value) & 0x7F800000u) != 0x7F800000u;
}

bool all_finite(std::span<const float> values) {
  bool good = true;
  for (const float v : values) good = good && finite(v);
  return good;
}

uint32_t stored_crc(std::span<const std::byte> datagram) {
  uint32_t crc = 0;
  std::memcpy(&crc, datagram.data() + datagram.size() - kCrcSize, kCrcSize);
  return crc;
}

// Size, magic and CRC: after this the counts may be believed.
Reject check_envelope(std::span<const std::byte> datagram, WireHeader& h) {
  if (datagram.size() < sizeof h + kCrcSize) return Reject::kSize;
  std::memcpy(&h, datagram.data(), sizeof h);
  if (h.magic != layout::kWireMagic) return Reject::kMagic;
  if (h.signals > kWireMaxSignals || h.values > kWireMaxValues ||
      datagram.size() != wire_size(h)) {
    return Reject::kSize;
  }
  const auto body = datagram.first(datagram.size() - kCrcSize);
  return crc32c(body) == stored_crc(datagram) ? Reject::kNone : Reject::kCrc;
}

Reject check_type(const WireHeader& h) {
  const bool robot = h.sender == static_cast<uint8_t>(WireSender::kRobot);
  const bool guardian = h.sender == static_cast<uint8_t>(WireSender::kGuardian);
  if (h.sender > static_cast<uint8_t>(WireSender::kGuardian)) {
    return Reject::kSender;
  }
  switch (static_cast<WireType>(h.type)) {
    case WireType::kState:
      return robot ? Reject::kNone : Reject::kSender;
    case WireType::kCommand:
      return robot ? Reject::kSender : Reject::kNone;
    case WireType::kTickDone:
      return robot || guardian ? Reject::kSender : Reject::kNone;
  }
  return Reject::kType;
}

bool reserved_clear(const WireHeader& h) {
  const bool state = h.type == static_cast<uint8_t>(WireType::kState);
  return h.reserved == 0 && (h.flags & ~kKnownFlags) == 0 &&
         h.accepted_sender <=
             (state ? static_cast<uint32_t>(WireSender::kGuardian) : 0);
}

bool counts_allowed(const WireHeader& h) {
  if (h.type == static_cast<uint8_t>(WireType::kState)) return true;
  if (h.signals != 0) return false;
  return h.type == static_cast<uint8_t>(WireType::kCommand) || h.values == 0;
}

// `ages` and `values` fit: the callers have checked the counts.
std::size_t seal(const WireHeader& h, const uint32_t* ages, const float* values,
                 WireBuffer& out) {
  std::byte* p = out.data();
  std::memcpy(p, &h, sizeof h);
  p += sizeof h;
  if (h.signals > 0) std::memcpy(p, ages, 4 * std::size_t{h.signals});
  p += 4 * std::size_t{h.signals};
  if (h.values > 0) std::memcpy(p, values, 4 * std::size_t{h.values});
  p += 4 * std::size_t{h.values};
  const auto bytes = static_cast<std::size_t>(p - out.data());
  const uint32_t crc = crc32c(std::span(out).first(bytes));
  std::memcpy(p, &crc, kCrcSize);
  return bytes + kCrcSize;
}

WireHeader header_of(const CommandFrame& frame, WireType type) {
  WireHeader h{};
  h.magic = layout::kWireMagic;
  h.type = static_cast<uint8_t>(type);
  h.sender = static_cast<uint8_t>(frame.sender);
  h.flags = frame.flags;
  h.epoch = frame.epoch;
  h.seq = frame.seq;
  h.stamp_ns = frame.stamp_ns;
  h.echo = frame.echo;
  return h;
}

}  // namespace

const char* name(Reject reason) noexcept {
  const auto i = static_cast<std::size_t>(reason);
  return i < kRejects ? kNames[i] : "?";
}

Reject decode_any(std::span<const std::byte> datagram, Frame& out) noexcept {
  WireHeader& h = out.header;
  if (const Reject r = check_envelope(datagram, h); r != Reject::kNone) {
    return r;
  }
  if (const Reject r = check_type(h); r != Reject::kNone) return r;
  if (!counts_allowed(h)) return Reject::kCounts;
  if (!reserved_clear(h)) return Reject::kReserved;
  const std::byte* p = datagram.data() + sizeof h;
  std::memcpy(out.age_us.data(), p, 4 * std::size_t{h.signals});
  p += 4 * std::size_t{h.signals};
  std::memcpy(out.value.data(), p, 4 * std::size_t{h.values});
  return all_finite(std::span(out.value).first(h.values)) ? Reject::kNone
                                                          : Reject::kNotFinite;
}

Reject decode(std::span<const std::byte> datagram, Frame& out,
              const Expect& state, uint32_t joints) noexcept {
  const Reject r = decode_any(datagram, out);
  if (r != Reject::kNone) return r;
  const WireHeader& h = out.header;
  const bool agreed =
      out.type() == WireType::kState
          ? h.signals == state.signals && h.values == state.values
          : out.type() == WireType::kTickDone || h.values == joints;
  return agreed ? Reject::kNone : Reject::kCounts;
}

std::size_t encode_state(const StateFrame& frame, WireBuffer& out) noexcept {
  if (frame.age_us.size() > kWireMaxSignals) return 0;
  if (frame.values.size() > kWireMaxValues) return 0;
  if (!all_finite(frame.values)) return 0;
  WireHeader h{};
  h.magic = layout::kWireMagic;
  h.type = static_cast<uint8_t>(WireType::kState);
  h.sender = static_cast<uint8_t>(WireSender::kRobot);
  h.flags = frame.flags;
  h.epoch = frame.epoch;
  h.values = static_cast<uint32_t>(frame.values.size());
  h.seq = frame.seq;
  h.stamp_ns = frame.stamp_ns;
  h.echo = frame.echo;
  h.signals = static_cast<uint16_t>(frame.age_us.size());
  h.accepted_sender = static_cast<uint32_t>(frame.accepted_sender);
  return seal(h, frame.age_us.data(), frame.values.data(), out);
}

std::size_t encode_command(const CommandFrame& frame,
                           WireBuffer& out) noexcept {
  if (frame.values.size() > kWireMaxValues) return 0;
  if (!all_finite(frame.values)) return 0;
  WireHeader h = header_of(frame, WireType::kCommand);
  h.values = static_cast<uint32_t>(frame.values.size());
  return seal(h, nullptr, frame.values.data(), out);
}

std::size_t encode_tick_done(const CommandFrame& frame,
                             WireBuffer& out) noexcept {
  return seal(header_of(frame, WireType::kTickDone), nullptr, nullptr, out);
}

}  // namespace tactus::io
