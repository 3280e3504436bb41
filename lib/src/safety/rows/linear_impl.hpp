// SPDX-License-Identifier: MIT
// Linear rows: of the action, or of what the joints do over the motion.
// Included by rows_impl.hpp.
#pragma once

#include "safety/rows/slack_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

inline void action_linear(const Image& image, const Linear& row,
                          const Intent& intent, Slack& out) {
  double sum = 0;
  for (uint32_t j = 0; j < image.joints; ++j) sum += row.a[j] * intent.u[j];
  // The stop scales u to zero: linear in s, so its ends bound it.
  out.take(row.b - sum, kNoIndex);
  out.take(row.b, kNoIndex);
}

// The largest that sum a q or sum a dq can be from before each sample to
// after it: q is known to within `wide`, of dq only its size is.
template <class F>
void motion_linear(const Image& image, const Linear& row, const Motion& motion,
                   Slack& out) {
  const bool position = row.of == LinearOf::kPosition;
  Slack8 lanes;
  for (uint32_t b = 0; b < motion.blocks; ++b) {
    const kin::Samples8& spread = position ? motion.wide[b] : motion.speed[b];
    Double8 most = {};
    for (uint32_t j = 0; j < image.joints; ++j) {
      if (position) most += motion.q[b].at[j] * row.a[j];
      if (position && F::on(Fault::kLinearWide)) continue;
      most += spread.at[j] * magnitude(row.a[j]);
    }
    lanes.take(row.b - most, kNoIndex);
  }
  lanes.drain(out);
}

template <class F>
void linear_slacks(const Image& image, const Intent& intent,
                   const Motion& motion, Slacks& out) {
  for (uint32_t i = 0; i < image.linears; ++i) {
    const Linear& row = image.linear[i];
    if (row.of == LinearOf::kAction) {
      action_linear(image, row, intent, out.linear[i]);
    } else {
      motion_linear<F>(image, row, motion, out.linear[i]);
    }
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
