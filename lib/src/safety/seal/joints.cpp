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

Check check_trajectory(const Image& image) {
  const Trajectory& limit = image.dynamics.trajectory;
  if (limit.limited == 0) return {};
  if ((limit.limited & ~(kLimitAcceleration | kLimitJerk)) != 0) {
    return bad_input("limits image: trajectory: unknown limit {}",
                     limit.limited);
  }
  for (uint32_t j = 0; j < image.joints; ++j) {
    if (!(limit.acceleration[j] > 0) || !(limit.jerk[j] > 0)) {
      return bad_input(
          "limits image: joint {}: acceleration and jerk must be above 0", j);
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
Span joint_acceleration(const Image& image) {
  return {0, image.dynamics.trajectory.limited & kLimitAcceleration ? 1u : 0u};
}
Span joint_jerk(const Image& image) {
  return {0, image.dynamics.trajectory.limited & kLimitJerk ? 1u : 0u};
}
// Something to be viable against.
Span joint_viable(const Image& image) {
  const bool bounded =
      action_box(image).end > 0 || joint_velocity(image).end > 0;
  return {0, bounded ? joint_jerk(image).end : 0};
}

}  // namespace tactus::safety::sealing
