// SPDX-License-Identifier: MIT
#include "config/fallback.hpp"

#include <cstring>

namespace tactus::config {

Fallbacks::Fallbacks(const safety::Image& image, const SignalBinding& binding) {
  for (uint32_t i = 0; i < image.signals; ++i) {
    if (image.signal[i].stale != safety::StaleRule::kFallback) continue;
    entries_.push_back({binding.value[i], binding.stamp[i], image.signal[i]});
  }
}

void Fallbacks::apply(std::byte* frame, int64_t now_ns) const noexcept {
  for (const Entry& e : entries_) {
    int64_t stamp = 0;
    std::memcpy(&stamp, frame + e.stamp, sizeof stamp);
    bool usable = stamp > 0 && now_ns - stamp <= e.signal.max_age_ns;
    for (uint32_t k = 0; k < e.signal.count; ++k) {
      float value = 0;
      std::memcpy(&value, frame + e.value + 4 * k, sizeof value);
      // NaN is outside.
      usable = usable && value >= e.signal.lo[k] && value <= e.signal.hi[k];
    }
    if (!usable)
      std::memcpy(frame + e.value, e.signal.fallback, 4 * e.signal.count);
  }
}

}  // namespace tactus::config
