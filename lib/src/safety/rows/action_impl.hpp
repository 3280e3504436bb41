// SPDX-License-Identifier: MIT
// The command itself: action box, rate of change, linear rows. Included by
// rows_impl.hpp.
#pragma once

#include "safety/rows/slack_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

inline void act_slacks(const Image& image, const Past& past,
                       const Intent& intent, Slacks& out) {
  const double period = seconds(image.commit.period_ns);
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double u = intent.u[j];
    out.action.take(u - image.action_lo[j], j);
    out.action.take(image.action_hi[j] - u, j);
    if (!intent.fresh) continue;
    const double change = magnitude(u - past.last[j]);
    out.rate.take(image.action_rate[j] * period - change, j);
  }
  // A running plan's rate is its decel; it was judged when it was new.
  if (!intent.fresh) out.rate.take(std::numeric_limits<double>::infinity(), 0);
  for (uint32_t i = 0; i < image.linears; ++i) {
    double sum = 0;
    for (uint32_t j = 0; j < image.joints; ++j) {
      sum += image.linear[i].a[j] * intent.u[j];
    }
    // The stop scales u to zero: linear in s, so its ends bound it.
    out.linear[i].take(image.linear[i].b - sum, kNoIndex);
    out.linear[i].take(image.linear[i].b, kNoIndex);
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
