// SPDX-License-Identifier: MIT
// The bounds that many shapes are screened by, against space_oracle.hpp.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "space_adversary.hpp"

using namespace space_rig;
namespace kernel = tactus::safety::detail;

namespace {

// Sixteen balls, from a millimetre to a hundred kilometres away, or wherever.
struct Balls {
  double at[kernel::kBalls][3], radius[kernel::kBalls];
  kernel::Ball<kernel::Float16> narrow;

  Balls(const Image& image, Draw& draw) {
    for (uint32_t i = 0; i < kernel::kBalls; ++i) {
      const double away = std::pow(10, draw.uniform(-3, 5));
      for (double& x : at[i]) x = away * draw.uniform(-1, 1);
      radius[i] = std::pow(10, draw.uniform(-4, 1));
      for (int a = 0; a < 3; ++a)
        narrow.at[a][i] = static_cast<float>(at[i][a]);
      narrow.radius[i] =
          static_cast<float>(kernel::safe_radius(image, at[i], radius[i]));
    }
  }
};

template <class Of>
double most_beyond(const Image& image, const Solid& solid, Draw& draw) {
  const Balls balls(image, draw);
  kernel::Float16 slack;
  Of(image, 0).slack(balls.narrow, slack);
  double most = -INFINITY;
  for (uint32_t i = 0; i < kernel::kBalls; ++i) {
    const oracle::Vec at{balls.at[i][0], balls.at[i][1], balls.at[i][2]};
    const Real truth = oracle::left(solid, at, balls.radius[i]);
    const double beyond = static_cast<double>(slack[i] - truth);
    most = std::isnan(beyond) ? beyond : std::max(most, beyond);
  }
  return most;
}

}  // namespace

Test(screen, bounds_in_float_are_never_more_than_the_truth) {
  double most = -INFINITY, least = INFINITY;
  for (uint64_t seed = 1; seed <= 4000; ++seed) {
    Draw draw(seed);
    const Kind kind = kKinds[seed % 5];
    const Shape shape = draw.shape(kind, seed % 2 == 0);
    auto image = bare();
    add(*image, shape);
    cr_assert(bool(seal(*image)));
    double beyond = 0;
    if (kind == Kind::kBox)
      beyond = most_beyond<kernel::TurnedOf<NoFault, float>>(*image,
                                                             shape.solid, draw);
    else if (kind == Kind::kSphere || kind == Kind::kCapsule)
      beyond = most_beyond<kernel::CapsuleOf<NoFault, float>>(
          *image, shape.solid, draw);
    else
      beyond = most_beyond<kernel::HullOf<NoFault, float>>(*image, shape.solid,
                                                           draw);
    cr_assert(beyond <= 0, "seed %lu: %g m", seed, beyond);
    most = std::max(most, beyond);
    least = std::min(least, beyond);
  }
  std::printf("bounds in float: at most %g m, at least %g m\n", most, least);
  cr_assert(gt(dbl, most, -1e-4));  // no tighter test of the truth than that
}

Test(screen, where_floats_may_overflow_nothing_is_known) {
  Draw draw(1);
  auto image = bare();
  add(*image, draw.shape(Kind::kSphere, false));
  cr_assert(bool(seal(*image)));
  for (const double far : {1.1e6, 1e30, 1e300, double(INFINITY), double(NAN)}) {
    const double centre[3] = {0, far, 0}, here[3] = {};
    cr_assert(std::isnan(kernel::safe_radius(*image, centre, 0.1)), "%g", far);
    cr_assert(std::isnan(kernel::safe_radius(*image, here, far)), "%g", far);
  }
}
