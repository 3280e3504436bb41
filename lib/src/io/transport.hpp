// SPDX-License-Identifier: MIT
// What the loop needs of a robot link; UDP now, serial, CAN and shared
// memory later. One thread (the loop's). All but destruction is RT-safe.
#pragma once

#include <array>
#include <cstdint>

#include "core/command_sink.hpp"
#include "io/wire.hpp"

namespace tactus::io {

// The newest state of the robot, as sense copies it into the frame.
struct State {
  bool fresh = false;  // accepted since the previous drain()
  bool any = false;    // there has ever been one
  uint32_t epoch = 0;  // highest epoch that the robot accepted
  uint16_t flags = 0;  // layout::WireFlag
  uint32_t signals = 0;
  uint32_t values = 0;
  uint64_t seq = 0;
  uint64_t echo = 0;  // seq of the last command that it accepted
  layout::WireSender accepted_sender = layout::WireSender::kRobot;
  int64_t stamp_ns = 0;    // robot's clock: orders only (lockstep: the time)
  int64_t receive_ns = 0;  // MONOTONIC (lockstep: virtual)
  // receive − age − transport bound, per signal: what `<name>_at` gets.
  std::array<int64_t, layout::kWireMaxSignals> at_ns{};
  std::array<float, layout::kWireMaxValues> value{};
};

class Transport : public CommandSink {
 public:
  // Takes everything queued, keeps the newest. Never blocks. `now_ns` is the
  // caller's clock (virtual in lockstep); nothing is dated after it.
  virtual const State& drain(int64_t now_ns) noexcept = 0;

  // End of a cycle in lockstep: the plant advances on it.
  virtual tactus_status tick_done(const CommandFrame& frame) noexcept = 0;

  // The robot may have restarted: believe its next sequence, whatever it is.
  virtual void forget_peer() noexcept = 0;

  // Can the guardian have a sender of its own to the same robot?
  [[nodiscard]] virtual bool second_sender() const noexcept = 0;
  // Does the robot drop older epochs? Where not, one late frame may follow.
  [[nodiscard]] virtual bool drops_old_epochs() const noexcept = 0;

  [[nodiscard]] virtual const WireCounters& counters() const noexcept = 0;
  // "SO_TIMESTAMPNS" or "end of previous drain": shown under granted.
  [[nodiscard]] virtual const char* stamp_source() const noexcept = 0;
  // False: a fallback, by which signals look older than they are.
  [[nodiscard]] virtual bool stamps_on_arrival() const noexcept = 0;
};

}  // namespace tactus::io
