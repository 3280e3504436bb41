// SPDX-License-Identifier: MIT
// The command itself: action box and rate of change. Included by
// rows_impl.hpp.
#pragma once

#include "safety/rows/slack_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

inline void act_slacks(const Image& image, const Past& past,
                       const Intent& intent, Slacks& out) {
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double u = intent.u[j];
    out.action.take(u - image.action_lo[j], j);
    out.action.take(image.action_hi[j] - u, j);
    if (!intent.fresh) continue;
    const double change = magnitude(u - past.last[j]);
    out.rate.take(image.action_rate[j] * past.step_s - change, j);
  }
  // A running plan's rate is its decel; it was judged when it was new.
  if (!intent.fresh) out.rate.take(std::numeric_limits<double>::infinity(), 0);
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
