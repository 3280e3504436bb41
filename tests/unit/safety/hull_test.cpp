// SPDX-License-Identifier: MIT
// Faces around points: the same body, neither more nor less.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "space_rig.hpp"

using namespace rig;
using limits::faces_around;
using limits::Point;

namespace {

double depth(const std::vector<Face>& faces, const double* p) {
  double least = 1e9;
  for (const Face& f : faces) {
    const double* n = f.normal;
    least =
        std::fmin(least, f.offset - (n[0] * p[0] + n[1] * p[1] + n[2] * p[2]));
  }
  return least;
}

std::vector<Point> cube(double size, double noise) {
  std::vector<Point> out;
  for (int i = 0; i < 8; ++i)
    out.push_back(
        {{(i & 1) * size, (i >> 1 & 1) * size + noise * i, (i >> 2) * size}});
  return out;
}

}  // namespace

Test(hull, a_cube_has_six_faces) {
  const auto faces = faces_around(cube(0.5, 0));
  cr_assert(bool(faces));
  cr_assert(eq(sz, faces->size(), 6));
}

Test(hull, points_inside_and_twice_change_nothing) {
  auto points = cube(0.5, 0);
  points.push_back({{0.2, 0.3, 0.25}});
  points.push_back(points[3]);
  points.push_back({{0.25, 0.25, 0.5}});  // on a face
  const auto faces = faces_around(points);
  cr_assert(bool(faces));
  cr_assert(eq(sz, faces->size(), 6));
}

// Corners rounded in a file: faces of four points that are in no plane.
Test(hull, rounded_corners_still_give_a_body) {
  for (const double noise : {1e-12, 1e-9, 1e-7, 1e-5, 1e-3}) {
    const auto points = cube(0.7, noise);
    const auto faces = faces_around(points);
    cr_assert(bool(faces), "noise %g", noise);
    for (const Point& p : points) cr_assert(depth(*faces, p.at) > -1e-12);
  }
}

Test(hull, agrees_with_the_oracle_inside_and_outside) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    space_rig::Draw draw(seed);
    const auto shape = draw.shape(space_rig::Kind::kHull, false);
    for (int i = 0; i < 20; ++i) {
      const double p[3] = {draw.uniform(-0.4, 0.4), draw.uniform(-0.4, 0.4),
                           draw.uniform(-0.4, 0.4)};
      const oracle::Vec at{p[0], p[1], p[2]};
      const double found = depth(shape.faces, p);
      const double truth =
          static_cast<double>(oracle::depth(at, shape.solid.corner));
      cr_assert(std::fabs(found - truth) < 1e-9, "seed %lu", seed);
    }
  }
}

Test(hull, what_has_no_inside_is_refused) {
  std::vector<Point> flat = {
      {{0, 0, 0}}, {{1, 0, 0}}, {{0, 1, 0}}, {{1, 1, 0}}};
  cr_assert(not(bool(faces_around(flat))));
  for (Point& p : flat) p.at[2] = 1e-6 * p.at[0] * p.at[1];
  cr_assert(not(bool(faces_around(flat))));
  const std::vector<Point> line = {
      {{0, 0, 0}}, {{1, 0, 0}}, {{2, 0, 0}}, {{3, 0, 0}}};
  cr_assert(not(bool(faces_around(line))));
  const std::vector<Point> same(5, Point{{1, 2, 3}});
  cr_assert(not(bool(faces_around(same))));
}

Test(hull, half_spaces_with_nothing_in_common_have_no_inside) {
  cr_assert(limits::has_inside({{{0, 0, 1}, 0.5}}));
  cr_assert(not(limits::has_inside({{{0, 0, 1}, -0.5}, {{0, 0, -1}, -0.5}})));
  cr_assert(not(limits::has_inside({{{0, 0, 1}, 0}, {{0, 0, -1}, 0}})));
}
