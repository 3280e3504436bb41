// SPDX-License-Identifier: MIT
#include "kin/cover.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <algorithm>
#include <cmath>
#include <random>

using namespace tactus::kin;

namespace {

bool inside(const std::vector<Ball>& balls, const double* at) {
  return std::any_of(balls.begin(), balls.end(), [&](const Ball& ball) {
    double square = 0;
    for (int i = 0; i < 3; ++i)
      square += (at[i] - ball.center[i]) * (at[i] - ball.center[i]);
    return square <= ball.radius * ball.radius;
  });
}

using Rng = std::mt19937;
std::uniform_real_distribution<double> unit(-1, 1);

}  // namespace

Test(cover, holds_every_point_of_a_cylinder) {
  Rng rng(1);
  for (double length : {0.01, 0.2, 1.0})
    for (double radius : {0.02, 0.06, 0.3}) {
      const auto balls = cover_cylinder(radius, length, 0.02);
      cr_assert(bool(balls));
      for (int n = 0; n < 20'000; ++n) {
        const double turn = M_PI * unit(rng);
        const bool end = n % 2 == 0;
        // On the side, or anywhere on an end: the rim is the worst.
        const double rho = end ? radius * std::abs(unit(rng)) : radius;
        const double z = end ? (n % 4 ? 1 : -1) : unit(rng);
        const double at[3] = {rho * std::cos(turn), rho * std::sin(turn),
                              z * length / 2};
        cr_assert(inside(*balls, at));
      }
      const double rim[3] = {radius, 0, length / 2};
      cr_assert(inside(*balls, rim));
    }
}

Test(cover, of_a_cylinder_stays_within_the_overshoot_of_its_capsule) {
  const auto balls = cover_cylinder(0.06, 0.3, 0.02);
  for (const Ball& ball : *balls) {
    cr_assert(le(dbl, ball.radius - 0.06, 0.02));
    cr_assert(le(dbl, std::abs(ball.center[2]), 0.15));
  }
}

Test(cover, holds_every_point_of_a_box) {
  Rng rng(2);
  const double boxes[][3] = {
      {0.1, 0.1, 0.1}, {0.05, 0.1, 0.4}, {0.3, 0.02, 0.1}};
  for (const auto& edges : boxes) {
    const auto balls = cover_box(edges, 0.02);
    cr_assert(bool(balls));
    for (int n = 0; n < 20'000; ++n) {
      double at[3];
      for (int i = 0; i < 3; ++i) at[i] = unit(rng) * edges[i] / 2;
      // On a face, and every eighth on a corner.
      for (int i = 0; i < 3; ++i)
        if (i == n % 3 || n % 8 == 0)
          at[i] = std::copysign(edges[i] / 2, at[i]);
      cr_assert(inside(*balls, at));
    }
  }
}

Test(cover, takes_more_spheres_for_less_overshoot) {
  const double edges[3] = {0.2, 0.2, 0.2};
  cr_assert(
      lt(sz, cover_box(edges, 0.05)->size(), cover_box(edges, 0.025)->size()));
}

Test(cover, that_would_take_too_many_spheres_is_an_error) {
  const double edges[3] = {1, 1, 1};
  cr_assert(not(bool(cover_box(edges, 0.001))));
  cr_assert(not(bool(cover_cylinder(0.05, 90, 1e-6))));
}
