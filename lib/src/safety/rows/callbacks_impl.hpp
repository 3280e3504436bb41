// SPDX-License-Identifier: MIT
// Callbacks as rows: what they gave is part of the input, nothing is called
// here. Included by rows_impl.hpp.
#pragma once

#include "safety/rows/slack_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// The same for every candidate: a margin is of the one that is sent if the rest
// of the rows decide, and a row that is violated answers with rung stop. It
// says nothing of a running stop.
template <class F>
void callback_slacks(const Image& image, const ShieldInput& in,
                     const Intent& intent, Slacks& out) {
  for (uint32_t i = 0; i < image.callbacks; ++i) {
    const bool gave =
        in.callback_fate[i] == kCallbackGave || F::on(Fault::kCallbackFate);
    const double margin = static_cast<double>(in.callback[i]);
    const double none = std::numeric_limits<double>::quiet_NaN();
    if (!intent.fresh) {
      out.callback[i].take(std::numeric_limits<double>::infinity(), kNoIndex);
      continue;
    }
    out.callback[i].take(gave ? margin - image.callback[i].min : none,
                         kNoIndex);
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
