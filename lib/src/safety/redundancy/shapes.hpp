// SPDX-License-Identifier: MIT
// What is kept in or out, as convex sets: the hull of some points, a ball
// around each. Bounds are on the safe side by kClear. Set-up only.
#pragma once

#include <array>
#include <vector>

#include "safety/redundancy/rules.hpp"

namespace tactus::safety::redundant {

using Vec = std::array<double, 3>;

struct Solid {
  std::vector<Vec> points;  // empty: not known (a hull has faces only)
  double radius = 0;
  Binds binds;
  bool keeps_in = false;
};

// A row of a keep kernel; nullopt: of another.
std::optional<Solid> solid_of(const Image& image, const Row& row);

// How far the solid is from the aligned box, at least; below 0: not proven
// to be off it.
double gap_to(const Solid& solid, const Box& box);
// How deep inside of the shape of a row all of the solid is, at least.
double depth_in(const Image& image, const Row& row, const Solid& solid);
// How far off the nearest face of a hull an aligned box is, at least.
double gap_to_hull(const Image& image, const Hull& hull, const Box& box);

// Whether at all times `wide` binds all that `narrow` binds.
bool binds_all_of(const Binds& wide, const Binds& narrow);

}  // namespace tactus::safety::redundant
