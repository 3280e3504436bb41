// SPDX-License-Identifier: MIT
#include "io/stamp.hpp"

#include <cstdlib>
#include <cstring>

namespace tactus::io {
namespace {

// Two vDSO reads take 50 ns; more than this means we were preempted between
// them and the offset would be wrong by as much.
constexpr int64_t kUndisturbedNs = 5'000;
// adjtime slews by at most 500 ppm; twice that, and a floor for the reading
// itself. More is a step.
constexpr int64_t kSlewDivisor = 1000;
constexpr int64_t kStepFloorNs = 10'000;

int64_t read(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

int64_t monotonic_ns() noexcept { return read(CLOCK_MONOTONIC); }

bool find_stamp(const msghdr& message, timespec& out) noexcept {
  msghdr copy = message;  // CMSG_NXTHDR wants it mutable
  for (cmsghdr* c = CMSG_FIRSTHDR(&copy); c; c = CMSG_NXTHDR(&copy, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) {
      continue;
    }
    std::memcpy(&out, CMSG_DATA(c), sizeof out);
    return true;
  }
  return false;
}

void RealtimeOffset::update() noexcept {
  trusted_ = false;
  for (int i = 0; i < 3 && !trusted_; ++i) {
    const int64_t before = read(CLOCK_MONOTONIC);
    const int64_t realtime = read(CLOCK_REALTIME);
    const int64_t after = read(CLOCK_MONOTONIC);
    if (after - before > kUndisturbedNs) continue;
    update(before, realtime, after);
    return;  // disturbed or stepped: reading again would not undo a step
  }
}

void RealtimeOffset::update(int64_t before_ns, int64_t realtime_ns,
                            int64_t after_ns) noexcept {
  trusted_ = after_ns - before_ns <= kUndisturbedNs;
  if (!trusted_) return;  // the old offset stays, to compare with later
  const int64_t offset = before_ns - realtime_ns;
  const int64_t allowed = kStepFloorNs + (before_ns - at_ns_) / kSlewDivisor;
  if (known_) trusted_ = std::llabs(offset - offset_ns_) <= allowed;
  offset_ns_ = offset;
  at_ns_ = before_ns;
  known_ = true;
}

int64_t RealtimeOffset::to_monotonic(const timespec& stamp) const noexcept {
  return int64_t{stamp.tv_sec} * 1'000'000'000 + stamp.tv_nsec + offset_ns_;
}

}  // namespace tactus::io
