// SPDX-License-Identifier: MIT
// The robot's side of tactus/1 (core/layout/wire.hpp): one UDP socket,
// commands of two senders. The controller speaks from the peer's port, a
// guardian from any other port of the same host. Counts what it drops.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/fd.hpp"
#include "io/acceptor.hpp"
#include "io/address.hpp"
#include "io/wire.hpp"
#include "plant_geometry.hpp"
#include "tactus/result.hpp"

namespace handover {

inline constexpr uint16_t kSignals = 4;  // q, dq, target, hand
inline constexpr uint32_t kValues = 20;  // 7 + 7 + 3 + 3

struct Received {
  tactus::io::Frame frame;
  int64_t at_ns = 0;  // CLOCK_MONOTONIC, from the kernel's receive stamp
};

struct Sent {
  uint16_t flags = 0;
  int64_t stamp_ns = 0;
  std::array<uint32_t, kSignals> age_us{};
  std::array<float, kValues> values{};
};

class PlantLink {
 public:
  static tactus::Result<PlantLink> open(const std::string& listen,
                                        const std::string& peer);

  // The next frame that may be believed: an accepted command, or any
  // well-formed tick-done of the peer. Waits up to `wait_ms` (0: does not).
  std::optional<Received> receive(int wait_ms);
  void send(const Sent& state);

  [[nodiscard]] const tactus::io::Acceptor& acceptor() const {
    return acceptor_;
  }
  // By sender: 0 whoever could not be told, 1 controller, 2 guardian.
  [[nodiscard]] const std::array<tactus::io::WireCounters, 3>& counters()
      const {
    return counters_;
  }
  [[nodiscard]] uint64_t foreign() const { return foreign_; }

 private:
  std::optional<Received> take();
  bool judge(Received& got, std::span<const std::byte> bytes, bool from_peer);

  tactus::UniqueFd socket_;
  tactus::io::Address peer_;
  tactus::io::Acceptor acceptor_;
  std::array<tactus::io::WireCounters, 3> counters_{};
  tactus::layout::WireSender last_sender_ = tactus::layout::WireSender::kRobot;
  uint64_t foreign_ = 0, seq_ = 0, echo_ = 0;
  bool empty_ = false;  // the last read found nothing
};

}  // namespace handover
