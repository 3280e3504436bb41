// SPDX-License-Identifier: MIT
// The rules by which a receiver believes a (sender, epoch, seq): one object
// per receiver, for robots (commands of two senders) and for controllers
// (states of one). DESIGN: "Two senders". RT-safe, plain data, one thread.
#pragma once

#include <array>
#include <cstdint>

#include "io/wire.hpp"

namespace tactus::io {

class Acceptor {
 public:
  // kNone, kOldEpoch or kOldSeq. Accepting raises the epoch; a rejected
  // frame changes nothing but its counter. Seq 0 is never accepted. A new
  // epoch starts every sender's sequence anew.
  [[nodiscard]] Reject accept(layout::WireSender sender, uint32_t epoch,
                              uint64_t seq, WireCounters& counters) noexcept;

  // A state's epoch is the robot's report, not an authority: only its seq
  // is judged. Same results.
  [[nodiscard]] Reject accept_state(uint64_t seq,
                                    WireCounters& counters) noexcept;

  [[nodiscard]] uint32_t epoch() const noexcept { return epoch_; }
  [[nodiscard]] uint64_t last_seq(layout::WireSender sender) const noexcept {
    return last_[static_cast<std::size_t>(sender)];
  }
  // The peer started anew (its sequence did too): forget its numbers.
  // Only while the robot is not to move (ready, latched) and long silent.
  void forget() noexcept { *this = {}; }

 private:
  Reject next(std::size_t sender, uint64_t seq, WireCounters& c) noexcept;

  uint32_t epoch_ = 0;
  std::array<uint64_t, 3> last_{};
};

}  // namespace tactus::io
