// SPDX-License-Identifier: MIT
// The bounds that many shapes are screened by, against space_oracle.hpp.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <set>

#include "crowd.hpp"
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
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
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

// Sixteen capsules beside one sphere get the bits that each gets alone.
Test(screen, capsules_in_lanes_are_bounded_as_one_by_one) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Draw draw(seed);
    auto image = bare();
    const bool inside = seed % 2 == 0;
    const auto count = static_cast<uint32_t>(1 + seed % kernel::kBalls);
    add(*image, draw.shape(Kind::kCapsule, inside));
    for (uint32_t k = 1; k < count; ++k)
      image->capsule[k] =
          draw.shape(k % 5 == 4 ? Kind::kSphere : Kind::kCapsule, inside)
              .capsule;
    image->capsules = count;
    image->capsules_in = inside ? count : 0;
    for (uint32_t k = 1; k < count; ++k)
      add_row(*image, "rod",
              inside ? RowKernel::kCapsuleIn : RowKernel::kCapsuleOut, k, 1);
    cr_assert(bool(seal(*image)));
    const Balls balls(*image, draw);
    for (uint32_t i = 0; i < kernel::kBalls; ++i) {
      kernel::Ball<kernel::Float16> same;
      for (int a = 0; a < 3; ++a)
        same.at[a] = balls.narrow.at[a][i] - kernel::Float16{};
      same.radius = balls.narrow.radius[i] - kernel::Float16{};
      kernel::Float16 across, alone;
      kernel::CapsuleOf<NoFault, kernel::Float16>(*image, 0).slack(same,
                                                                   across);
      for (uint32_t k = 0; k < count; ++k) {
        kernel::CapsuleOf<NoFault, float>(*image, k).slack(balls.narrow, alone);
        const float one = alone[i], other = across[k];
        cr_assert(std::memcmp(&one, &other, sizeof one) == 0,
                  "seed %lu, capsule %u: %g, %g", seed, k, double(one),
                  double(other));
      }
    }
  }
}

// Any open lanes of any number of groups, of robots of up to 64 spheres, with
// capsules across: all of them are listed, in room for 96, and otherwise they
// are said to be too many; what is refused then are the shapes that have one.
Test(screen, open_pairs_are_listed_or_too_many) {
  std::mt19937_64 rng(3);
  const auto below = [&](uint32_t n) {
    return static_cast<uint32_t>(rng() % n);
  };
  uint32_t fits = 0, full = 0;
  const auto none = std::make_unique<Image>();
  for (int round = 0; round < 20'000; ++round) {
    const uint32_t shapes = 1 + below(kMaxShapes - kMaxCapsules);
    const uint32_t capsules = below(kMaxCapsules + 1);
    const uint32_t balls = 1 + below(kScreenSpheres);
    const uint32_t one_in = 1U << (1 + below(12));
    auto open = std::make_unique<kernel::OpenPairs>();
    std::set<std::pair<uint32_t, uint32_t>> wanted, listed;
    // What is open beyond the last lane in use is none.
    const auto put = [&](uint32_t k, uint32_t m, uint32_t lanes, bool across) {
      uint32_t far = 0;
      for (uint32_t i = 0; i < kernel::kBalls; ++i) {
        const bool near = below(one_in) == 0;
        far |= (near ? 0U : 1U) << i;
        if (near && i < lanes)
          wanted.insert({across ? k + i : k, across ? m : m + i});
      }
      open->add(far, (1U << std::min(lanes, kernel::kBalls)) - 1, k, m, across);
    };
    for (uint32_t k = 0; k < shapes; ++k)
      for (uint32_t m = 0; m < balls; m += kernel::kBalls)
        put(k < kFirstCapsule ? k : k + kMaxCapsules, m, balls - m, false);
    for (uint32_t k = 0; k < capsules; k += kernel::kBalls)
      for (uint32_t m = 0; m < balls; ++m)
        put(kFirstCapsule + k, m, capsules - k, true);
    kernel::NearPairs near;
    kernel::list_pairs(*open, near);
    for (uint32_t n = 0; n < near.count; ++n)
      listed.insert({near.shape[n], near.sphere[n]});
    cr_assert(eq(sz, listed.size(), size_t{near.count}), "none twice");
    cr_assert(std::includes(wanted.begin(), wanted.end(), listed.begin(),
                            listed.end()));
    const bool most = wanted.size() > kNearPairs;
    cr_assert(near.full == most, "%zu pairs, %u listed", wanted.size(),
              near.count);
    if (!most) cr_assert(wanted == listed, "%zu pairs", wanted.size());
    ++(most ? full : fits);
    kernel::SpaceTables<kernel::Slack> tables(*none);
    for (uint32_t k = 0; k < kMaxShapes; ++k)
      *kernel::shape_entry(tables, k) = kernel::Slack{};
    kernel::refuse_pairs<NoFault>(*open, tables);
    for (uint32_t k = 0; k < kMaxShapes; ++k) {
      const auto first = wanted.lower_bound({k, 0});
      const bool open_one = first != wanted.end() && first->first == k;
      cr_assert(kernel::shape_entry(tables, k)->bad == open_one, "shape %u", k);
    }
  }
  std::printf("lists: %u with room, %u too many\n", fits, full);
  cr_assert(fits > 2000 && full > 2000);
}

// The cell, of which each face is in the way of some sphere or of none.
Test(screen, a_keep_in_box_has_six_sides) {
  auto image = draft();
  space_rig::Draw draw(31);
  crowd::gather(*image, 40, 40, draw);
  const Cycle rest;
  double q[7];
  std::copy_n(rest.q, 7, q);
  const auto balls = oracle::balls_of(image->chain);
  const auto at = oracle::centres(q, balls);
  const Box cell = image->box[0];
  for (int side = 0; side < 6; ++side) {
    const int a = side / 2;
    const bool low = side % 2 == 0;
    double reach = -INFINITY;
    for (std::size_t i = 0; i < balls.size(); ++i) {
      const auto x = static_cast<double>(a == 0   ? at[i].x
                                         : a == 1 ? at[i].y
                                                  : at[i].z);
      const auto r = static_cast<double>(balls[i].r);
      if (balls[i].link != 0) reach = std::max(reach, (low ? -x : x) + r);
    }
    for (const double room : {-0.002, 0.05}) {
      image->box[0] = cell;
      (low ? image->box[0].lo : image->box[0].hi)[a] =
          (low ? -1 : 1) * (reach + room);
      cr_assert(bool(seal(*image)));
      cr_assert(eq(u32, image->derived.screened, 1));
      Cycle c;
      const bool passes = c.run(*image) == TACTUS_RUNG_PASS;
      const uint32_t row = 4;  // "cell", of the draft
      cr_assert(eq(str, std::string(image->row[row].id), "cell"));
      cr_assert(not(passes && room < 0), "side %d", side);
      const bool out = c.out.row[row].margin < 0;
      cr_assert(eq(int, out, room < 0), "side %d", side);
    }
  }
}
