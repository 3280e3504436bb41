// SPDX-License-Identifier: MIT
// Joint position and velocity over the motion. Included by rows_impl.hpp.
#pragma once

#include "safety/rows/slack_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

inline void joint_slacks(const Image& image, const Motion& motion,
                         Slacks& out) {
  for (uint32_t j = 0; j < image.joints; ++j) {
    Slack8 side;
    for (uint32_t b = 0; b < motion.blocks; ++b) {
      const Double8& q = motion.q[b].at[j];
      const Double8& wide = motion.wide[b].at[j];
      side.take((q - wide) - image.position_lo[j], j);
      side.take(image.position_hi[j] - (q + wide), j);
    }
    side.drain(out.position);
    out.velocity.take(image.velocity[j] - motion.peak[j], j);
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
