// SPDX-License-Identifier: MIT
// Linear rows: of the action, or of what the joints do over the motion.
// Included by rows_impl.hpp.
#pragma once

#include "safety/rows/slack_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

static_assert(kMaxLinear % kLanes == 0);

// The least that sum a u leaves of every row, eight rows at once. The stop
// scales u to zero: linear in s, so its ends bound it. Rows of the motion are
// among them, as bad ones.
inline void action_linear(const Image& image, const Intent& intent,
                          Slack* out) {
  for (uint32_t i = 0; i < image.linears; i += kLanes) {
    Double8 sum = {};
    for (uint32_t j = 0; j < image.joints; ++j) {
      Double8 slope;
      load(image.derived.slope[j] + i, slope);
      sum += slope * intent.u[j];
    }
    Double8 bound;
    load(image.derived.bound + i, bound);
    const Double8 left = bound - sum;
    Double8 least;
    select_le(bound, left, bound, left, least);  // NaN of the sum stays
    kin::Int8 kept;
    kin::at_least(least, Double8{}, kept);
    put_eight(least, ~kept, out + i);
  }
}

// The least that sum a q or sum a dq leaves from before each sample of a block
// to after it: q is known to within `wide`, of dq only its size is.
template <class F>
void block_left(const Linear& row, const Motion& motion, uint32_t joints,
                uint32_t block, Double8& out) {
  const bool position = row.of == LinearOf::kPosition;
  const kin::Samples8& spread =
      position ? motion.wide[block] : motion.speed[block];
  Double8 most = {};
  for (uint32_t j = 0; j < joints; ++j) {
    if (position) most += motion.q[block].at[j] * row.a[j];
    if (position && F::on(Fault::kLinearWide)) continue;
    most += spread.at[j] * magnitude(row.a[j]);
  }
  out = row.b - most;
}

template <class F>
void motion_linear(const Image& image, const Linear& row, const Motion& motion,
                   Slack& out) {
  Slack8 lanes;
  for (uint32_t b = 0; b < motion.blocks; ++b) {
    Double8 left;
    block_left<F>(row, motion, image.joints, b, left);
    lanes.take(left, kNoIndex);
  }
  out = Slack{};
  lanes.drain(out);
}

template <class F>
void linear_slacks(const Image& image, const Intent& intent,
                   const Motion& motion, Slacks& out) {
  action_linear(image, intent, out.linear);
  for (uint32_t n = 0; n < kMaxLinear && n < image.derived.of_motions; ++n) {
    const uint32_t i = image.derived.of_motion[n];
    if (i >= kMaxLinear) continue;  // an image gone bad
    motion_linear<F>(image, image.linear[i], motion, out.linear[i]);
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
