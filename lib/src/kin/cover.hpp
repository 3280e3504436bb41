// SPDX-License-Identifier: MIT
// Conservative sphere covers of collision primitives: every point of the
// primitive lies in some sphere. `overshoot` (m) bounds how far a sphere may
// reach out of a box, or out of the capsule around a cylinder (the flat ends
// are covered by round ones); what would take more than kMaxPerShape spheres
// is an error. Set-up only.
#pragma once

#include <vector>

#include "kin/chain.hpp"
#include "tactus/result.hpp"

namespace tactus::kin {

inline constexpr uint32_t kMaxPerShape = 128;

struct Ball {
  double center[3];  // m, in the primitive's frame
  double radius;     // m
};

// Axis along z, centred on the origin. All sizes in m, finite, > 0.
std::vector<Ball> cover_sphere(double radius);
Result<std::vector<Ball>> cover_cylinder(double radius, double length,
                                         double overshoot);
// Full edge lengths.
Result<std::vector<Ball>> cover_box(const double* edges, double overshoot);

}  // namespace tactus::kin
