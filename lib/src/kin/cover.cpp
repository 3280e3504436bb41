// SPDX-License-Identifier: MIT
#include "kin/cover.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace tactus::kin {
namespace {

// Rounding of the centres and radii: far below any sensor, far above 1 ulp.
constexpr double kSlack = 1e-9;

// The circumsphere of a cell with half edges h covers the cell. It leaves
// the shape by at most |h| - min(h): where the cell touches the surface.
double radius_of(const double* h) {
  return std::sqrt(h[0] * h[0] + h[1] * h[1] + h[2] * h[2]) * (1 + kSlack);
}

// Splits the longest edge's cells until no cell's sphere sticks out farther
// than `overshoot`; false when that takes too many cells.
bool split(const double* half, double overshoot, uint32_t* cells, double* h) {
  for (uint32_t total = 1; total <= kMaxPerShape;) {
    const double rim = *std::min_element(h, h + 3);
    if (radius_of(h) - rim <= overshoot) return true;
    const auto worst = std::max_element(h, h + 3) - h;
    ++cells[worst];
    h[worst] = half[worst] / cells[worst];
    total = cells[0] * cells[1] * cells[2];
  }
  return false;
}

double center(double half, uint32_t cells, uint32_t index) {
  return half * ((2.0 * index + 1) / cells - 1);
}

Error too_fine(double overshoot) {
  return bad_input(
      "a cover within {} m takes more than {} spheres: allow more overshoot "
      "or use smaller primitives",
      overshoot, kMaxPerShape);
}

}  // namespace

std::vector<Ball> cover_sphere(double radius) {
  return {{{0, 0, 0}, radius * (1 + kSlack)}};
}

// A ball on the axis that holds a slice of half height h has radius
// sqrt(r^2 + h^2), so it leaves the capsule around the cylinder by that less
// r, on the side and (its centre being inside) at the ends.
Result<std::vector<Ball>> cover_cylinder(double radius, double length,
                                         double overshoot) {
  for (uint32_t count = 1; count <= kMaxPerShape; ++count) {
    const double h = length / 2 / count;
    const double ball = std::sqrt(radius * radius + h * h) * (1 + kSlack);
    if (ball - radius > overshoot) continue;
    std::vector<Ball> out;
    for (uint32_t i = 0; i < count; ++i)
      out.push_back({{0, 0, center(length / 2, count, i)}, ball});
    return out;
  }
  return too_fine(overshoot);
}

Result<std::vector<Ball>> cover_box(const double* edges, double overshoot) {
  const double half[3] = {edges[0] / 2, edges[1] / 2, edges[2] / 2};
  uint32_t n[3] = {1, 1, 1};
  double h[3] = {half[0], half[1], half[2]};
  if (!split(half, overshoot, n, h)) return too_fine(overshoot);
  std::vector<Ball> out;
  for (uint32_t x = 0; x < n[0]; ++x)
    for (uint32_t y = 0; y < n[1]; ++y)
      for (uint32_t z = 0; z < n[2]; ++z)
        out.push_back({{center(half[0], n[0], x), center(half[1], n[1], y),
                        center(half[2], n[2], z)},
                       radius_of(h)});
  return out;
}

}  // namespace tactus::kin
