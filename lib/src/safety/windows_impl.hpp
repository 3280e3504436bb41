// SPDX-License-Identifier: MIT
// Task windows: which are open in this cycle, and how long. Included by
// check_impl.hpp. Fails closed: a signal that is not fresh, finite and in range
// opens none, and only a good value that is not set gives a window its time
// back. A motion that ends after a window does (open_for, space_impl.hpp) is
// not freed by it.
#pragma once

#include "safety/signals_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

template <class F>
bool window_set(const Window& window, double value) {
  if (F::on(Fault::kWindowLevel)) return true;
  return window.below != 0 ? value < window.level : value > window.level;
}

// Before the stamps seen are updated.
template <class F>
void open_windows(const Image& image, ShieldState& state, const ShieldInput& in,
                  Windows& out) {
  out = Windows{};
  for (uint32_t w = 0; w < image.windows; ++w) {
    const Window& window = image.window[w];
    const Signal& signal = image.signal[window.signal];
    const int64_t stamp = in.stamp_ns[window.signal];
    // A fallback is no reason to touch anything: fresh, whatever the rule.
    const bool fresh = (stamp > 0 && in.now_ns - stamp <= signal.max_age_ns) ||
                       F::on(Fault::kWindowFresh);
    if (in.value[window.signal] == nullptr ||
        signal_faults<F>(image, state, in, window.signal) != 0 || !fresh) {
      continue;
    }
    const float value = in.value[window.signal][window.element];
    int64_t& since = state.window_since_ns[w];
    if (!window_set<F>(window, static_cast<double>(value))) {
      since = 0;
      continue;
    }
    if (since == 0) since = in.now_ns > 0 ? in.now_ns : 1;
    const int64_t spent = in.now_ns - since;
    const bool in_time = spent >= 0 && spent <= window.longest_ns;
    if (!in_time && !F::on(Fault::kWindowLong)) continue;
    out.open |= 2u << w;
    out.left[w] = F::on(Fault::kWindowLong)
                      ? std::numeric_limits<double>::infinity()
                      : seconds(window.longest_ns - spent);
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
