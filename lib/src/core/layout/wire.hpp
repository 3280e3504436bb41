// SPDX-License-Identifier: MIT
// tactus/1, the datagram between a controller and a robot. Little endian.
//
//   offset size
//        0    4  magic "TAC1"
//        4    1  type: 1 state, 2 command, 3 tick done
//        5    1  sender: 0 robot, 1 controller, 2 guardian
//        6    2  flags: bit 0 lockstep, bit 1 robot in its own time-out,
//                bit 2 hold (command is zero by order, not by policy)
//        8    4  epoch of the sender (state: the highest epoch accepted)
//       12    4  values: number of f32 that follow the ages
//       16    8  seq, rises by 1 with each datagram of this sender
//       24    8  stamp, ns of the sender's clock; orders, dates nothing here.
//                In lockstep the robot's stamp *is* the time
//       32    8  echo: seq of the last command accepted (state), of the
//                state that this command answers (command, tick done)
//       40    2  signals: number of u32 ages
//       42    2  reserved, zero
//       44    4  last accepted sender (state), else zero
//       48  4*s  age of each signal at send, microseconds (state only)
//        .  4*v  values, in the order of the [signal] table (state) or of
//                the joints (command)
//        .    4  CRC-32C of everything before
//
// The sequence of commands is per (sender, epoch). A receiver drops: wrong
// size, CRC or magic, NaN or Inf, an epoch below the highest accepted, a seq
// not above the last of that sender and epoch.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tactus::layout {

inline constexpr uint32_t kWireMagic = 0x31434154;  // "TAC1"
inline constexpr std::size_t kWireMaxValues = 256;
inline constexpr std::size_t kWireMaxSignals = 32;

enum class WireType : uint8_t { kState = 1, kCommand = 2, kTickDone = 3 };
enum class WireSender : uint8_t { kRobot = 0, kController = 1, kGuardian = 2 };
enum WireFlag : uint16_t {
  kWireLockstep = 1,
  kWireTimedOut = 2,
  kWireHold = 4
};

struct WireHeader {
  uint32_t magic;
  uint8_t type;
  uint8_t sender;
  uint16_t flags;
  uint32_t epoch;
  uint32_t values;
  uint64_t seq;
  int64_t stamp_ns;
  uint64_t echo;
  uint16_t signals;
  uint16_t reserved;
  uint32_t accepted_sender;
};

static_assert(sizeof(WireHeader) == 48);
inline constexpr std::size_t kWireMaxSize =
    sizeof(WireHeader) + 4 * kWireMaxSignals + 4 * kWireMaxValues + 4;

}  // namespace tactus::layout
