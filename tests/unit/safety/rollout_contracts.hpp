// SPDX-License-Identifier: MIT
// Contracts of the time to violation.
#pragma once

#include "space_contracts.hpp"

namespace contracts {

inline constexpr double kSwing = 0.9;  // rad/s, about the first joint

// The hand swings to a thin post that is `angle` on.
inline double time_to_post(double angle) {
  auto image = with_post({});
  image->ladder.horizon_ns = 4'000 * kMs;
  double* at = image->capsule[0].from;
  const double x = at[0], y = at[1];
  at[0] = x * std::cos(angle) - y * std::sin(angle);
  at[1] = x * std::sin(angle) + y * std::cos(angle);
  std::copy_n(at, 3, image->capsule[0].to);
  if (!seal(*image)) return -1;
  Cycle c;
  c.moving(static_cast<float>(kSwing), 0);
  run(c, *image);
  return static_cast<double>(c.out.time_to_violation);
}
// Never later than it is hit, and not much earlier.
inline bool a_thin_post_is_not_missed() {
  for (double angle = 0.4; angle < 3.1; angle += 0.02) {
    const double hit = angle / kSwing;
    const double found = time_to_post(angle);
    if (!(found >= 0 && found <= hit)) return false;
    if (!(found > 0.5 * hit - 0.2)) return false;
  }
  return true;
}

}  // namespace contracts
