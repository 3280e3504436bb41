// SPDX-License-Identifier: MIT
#include "rt/manual_wake.hpp"

#include <utility>

namespace tactus::rt {

void ManualWake::script(std::vector<Stall> stalls) {
  stalls_ = std::move(stalls);
  std::sort(stalls_.begin(), stalls_.end(),
            [](const Stall& a, const Stall& b) { return a.at_ns < b.at_ns; });
  next_stall_ = 0;
}

Wake ManualWake::wait(int64_t release_ns, int64_t lead_ns) noexcept {
  Wake wake;
  if (waits_left_ == 0) {
    wake.status = TACTUS_ENDED;
    return wake;
  }
  --waits_left_;
  wake.expiry_ns = release_ns - lead_ns;
  now_ = std::max(now_, wake.expiry_ns);
  if (next_stall_ < stalls_.size() && stalls_[next_stall_].at_ns <= now_)
    now_ += stalls_[next_stall_++].for_ns;
  wake.coarse_ns = now_;
  wake.wake_ns = now_;
  return wake;
}

}  // namespace tactus::rt
