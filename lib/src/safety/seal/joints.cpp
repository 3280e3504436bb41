// SPDX-License-Identifier: MIT
// The action, and the joints one by one.
#include <cmath>

#include "safety/seal/family.hpp"

namespace tactus::safety::sealing {

Check check_joints(const Image& image) {
  for (uint32_t j = 0; j < image.joints; ++j) {
    if (!(image.action_lo[j] <= 0 && image.action_hi[j] >= 0) ||
        !(image.action_rate[j] > 0)) {
      return bad_input(
          "limits image: joint {}: the action box must hold 0 and the rate be "
          "above 0, or no stop could be sent",
          j);
    }
    if (!(image.position_lo[j] <= image.position_hi[j]) ||
        !(image.velocity[j] > 0)) {
      return bad_input("limits image: joint {}: empty position or velocity", j);
    }
  }
  return {};
}

Check check_linear(const Image& image) {
  if (image.linears > kMaxLinear) return over_size();
  for (uint32_t i = 0; i < image.linears; ++i) {
    const Linear& row = image.linear[i];
    if (row.of > LinearOf::kVelocity || !std::isfinite(row.b)) {
      return bad_input("limits image: linear row {}: of nothing, or no bound",
                       i);
    }
    if (row.of != LinearOf::kPosition && !not_negative(row.b)) {
      return bad_input("limits image: linear row {}: bound below 0: no stop",
                       i);
    }
  }
  return {};
}

namespace {

// One entry when a joint has a limit.
Span if_any(const Image& image, const double* lo, const double* hi) {
  for (uint32_t j = 0; j < image.joints; ++j) {
    if (std::isfinite(lo[j]) || std::isfinite(hi[j])) return {0, 1};
  }
  return {0, 0};
}

}  // namespace

Span action_box(const Image& image) {
  return if_any(image, image.action_lo, image.action_hi);
}
Span action_rate(const Image& image) {
  return if_any(image, image.action_rate, image.action_rate);
}
Span joint_position(const Image& image) {
  return if_any(image, image.position_lo, image.position_hi);
}
Span joint_velocity(const Image& image) {
  return if_any(image, image.velocity, image.velocity);
}

}  // namespace tactus::safety::sealing
