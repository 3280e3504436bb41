// SPDX-License-Identifier: MIT
#include "io/acceptor.hpp"

namespace tactus::io {

Reject Acceptor::next(std::size_t sender, uint64_t seq,
                      WireCounters& c) noexcept {
  uint64_t& last = last_[sender];
  if (seq <= last) return Reject::kOldSeq;
  // The first frame of a sequence has no predecessor to miss.
  if (last != 0 && seq != last + 1) {
    ++c.gaps;
    c.missed += seq - last - 1;
  }
  last = seq;
  return Reject::kNone;
}

Reject Acceptor::accept(layout::WireSender sender, uint32_t epoch, uint64_t seq,
                        WireCounters& counters) noexcept {
  Reject result = Reject::kNone;
  if (epoch < epoch_) {
    result = Reject::kOldEpoch;
  } else if (seq == 0) {
    result = Reject::kOldSeq;
  } else {
    if (epoch > epoch_) {
      epoch_ = epoch;
      last_ = {};
    }
    result = next(static_cast<std::size_t>(sender), seq, counters);
  }
  counters.count(result);
  return result;
}

Reject Acceptor::accept_state(uint64_t seq, WireCounters& counters) noexcept {
  const auto robot = static_cast<std::size_t>(layout::WireSender::kRobot);
  const Reject result = next(robot, seq, counters);
  counters.count(result);
  return result;
}

}  // namespace tactus::io
