// SPDX-License-Identifier: MIT
// What rung project takes a pair of sphere and obstacle to change by, beside
// differences of the oracle's own kinematics. Wrong here costs candidates, and
// with them projections: the check would only refuse what it proposes.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <random>

#include "oracle.hpp"
#include "safety/near_impl.hpp"

using namespace rig;
using oracle::Point;
using oracle::Real;

namespace {

constexpr double kSame = 1e-8;

// A moment of some motion, among a post, the cell's walls and a hand.
struct Scene {
  explicit Scene(uint64_t seed) : rng(seed) {
    for (uint32_t j = 0; j < 7; ++j) {
      q.push_back(static_cast<Real>(draw(-1.5, 1.5)));
      motion.q[0].at[j][3] = static_cast<double>(q[j]);
      intent.u[j] = draw(-0.6, 0.6);
      past.last[j] = draw(-0.6, 0.6);
    }
    motion.path[0][3] = draw(0.1, 0.4);
    motion.spread[0][3] = draw(0.01, 0.1);
    motion.reaction_s = draw(0.005, 0.02);
    intent.room_s = draw(0, 0.002);
    for (float& x : cycle.hand) x = static_cast<float>(draw(1.5, 2.5));
    detail::instant_of(at(), 3, now);
  }
  double draw(double lo, double hi) {
    return std::uniform_real_distribution<double>(lo, hi)(rng);
  }
  [[nodiscard]] detail::Reference at() const {
    return {*image, cycle.in, past, intent, motion};
  }
  [[nodiscard]] Point place(const Ball& ball) const {
    return oracle::place(ball, oracle::Turns(q));
  }
  // n . dp/dq_j
  [[nodiscard]] double slope(const Ball& ball, uint32_t j, Point n) const {
    std::vector<Real> one(7, 0);
    one[j] = 1;
    const Point v = oracle::Moving(q, one).velocity(ball);
    return static_cast<double>(oracle::dot(n, v) / oracle::norm(n));
  }
  // The row of ball i and an obstacle that lies in the direction -n.
  [[nodiscard]] bool is_slope(uint32_t i, uint32_t obstacle, Point n) const {
    const Ball& ball = kBalls[i];
    detail::Near row;
    const detail::Spot spot{detail::key_of(i, obstacle), 3, 0.25};
    detail::meet_spot<NoFault>(at(), spot, now, row);
    const double part = intent.before != nullptr ? 0.5 : 1;
    bool same = row.key == spot.key && row.slack == 0.25;
    for (uint32_t j = 0; j < ball.link; ++j) {
      const auto arm = static_cast<double>(oracle::reach(ball, j));
      const double path = motion.path[0][3];
      const auto is = [&](double x, double y) {
        same = same && std::fabs(x - y) < kSame;
      };
      is(row.lever[j], part * path * slope(ball, j, n));
      is(row.turned[j], arm * motion.reaction_s);
      if (obstacle < detail::kHumanFrom)
        is(row.held[j], arm * (motion.spread[0][3] + intent.room_s));
      is(row.joined[j], intent.before != nullptr ? 0.5 * arm * path : 0);
    }
    return same;
  }

  std::mt19937_64 rng;
  std::unique_ptr<Image> image = [] {
    auto made = draft();
    add_keep_out(*made, {"post", {1.4, 1.2, -0.5}, {1.6, 1.5, -0.3}});
    cr_assert(static_cast<bool>(seal(*made)));
    return made;
  }();
  std::vector<Real> q;
  Cycle cycle;
  Past past{};
  Intent intent{};
  Motion motion{};
  detail::Instant now;
};

Point between(Point a, const double* lo, const double* hi) {
  const auto off = [](Real x, double least, double most) {
    return x - std::max<Real>(std::min<Real>(x, most), least);
  };
  return {off(a.x, lo[0], hi[0]), off(a.y, lo[1], hi[1]),
          off(a.z, lo[2], hi[2])};
}

}  // namespace

Test(near, rows_are_the_slopes_of_distances) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Scene s(seed);
    layout::StopPlan before{};
    if (seed % 2 == 0) s.intent.before = &before;
    const Box& post = s.image->box[1];
    for (uint32_t i = 1; i < std::size(kBalls); ++i) {
      const Point p = s.place(kBalls[i]);
      const Point axis[3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
      for (uint32_t face = 0; face < 6; ++face) {
        Point n = axis[face / 2];
        if (face % 2 != 0) n = Point{} - n;
        cr_assert(s.is_slope(i, face, n));
      }
      cr_assert(s.is_slope(i, 6, between(p, post.lo, post.hi)));
      const Point hand{s.cycle.hand[0], s.cycle.hand[1], s.cycle.hand[2]};
      cr_assert(s.is_slope(i, detail::kHumanFrom, p - hand));
    }
  }
}

// Of two hands the nearer is left.
Test(near, rows_are_of_the_nearest_hand) {
  Scene s(3);
  s.image->signal[kHand].count = 6;
  const float two[6] = {3, 3, 3, 2, 2, -2};
  s.cycle.in.value[kHand] = two;
  for (uint32_t i = 1; i < std::size(kBalls); ++i) {
    const Point p = s.place(kBalls[i]);
    const Point a = p - Point{3, 3, 3}, b = p - Point{2, 2, -2};
    const Point n = oracle::norm(a) < oracle::norm(b) ? a : b;
    cr_assert(s.is_slope(i, detail::kHumanFrom, n));
  }
}

// What the human gains: while the sphere is fast, a faster command takes the
// lag longer to fall to standstill.
Test(near, a_human_comes_nearer_while_a_faster_command_stops) {
  Scene s(9);
  const double speed = s.image->human[0].speed;
  for (uint32_t i = 1; i < std::size(kBalls); ++i) {
    const Ball& ball = kBalls[i];
    detail::Near row;
    detail::meet_spot<NoFault>(
        s.at(), {detail::key_of(i, detail::kHumanFrom), 3, 0}, s.now, row);
    cr_assert(row.growth == speed * detail::steepness(*s.image, s.intent.u));
    double surface = 0, fast[7];
    for (uint32_t j = 0; j < ball.link; ++j) {
      fast[j] = static_cast<double>(oracle::reach(ball, j)) + ball.r;
      surface += fast[j] * std::fabs(s.intent.u[j]);
    }
    const double lag = static_cast<double>(s.image->commit.lag_ns) * 1e-9;
    for (uint32_t j = 0; j < ball.link; ++j) {
      const double unsure =
          (fast[j] - ball.r) * (s.motion.spread[0][3] + s.intent.room_s);
      const double more = row.held[j] - unsure;
      cr_assert(std::fabs(more - speed * lag * fast[j] / surface) < kSame);
    }
  }
}

Test(near, swing_is_what_the_bounds_leave_free) {
  Scene s(5);
  detail::Bounds bounds{};
  for (uint32_t j = 0; j < 7; ++j) {
    bounds.lo[j] = s.draw(-1, 0);
    bounds.hi[j] = s.draw(0, 1);
  }
  for (uint32_t i = 1; i < std::size(kBalls); ++i) {
    double sum = 0;
    for (uint32_t j = 0; j < kBalls[i].link; ++j)
      sum += static_cast<double>(oracle::reach(kBalls[i], j)) *
             (bounds.hi[j] - bounds.lo[j]);
    cr_assert(std::fabs(detail::swing(*s.image, bounds, i) - sum) < kSame);
  }
}

// By the shape of a stop itself: its length a little faster and a little
// slower.
Test(near, steepness_is_that_of_the_stop) {
  const auto image = sealed();
  for (const double speed : {0.02, 0.05, 0.4, 0.9}) {
    const auto seconds_of = [&](double v) {
      double u[kMaxJoints] = {0, v};
      StopShape shape;
      cr_assert(shape_stop(*image, u, shape));
      return static_cast<double>(shape.end_ns()) * 1e-9;
    };
    const double step = 1e-3 * speed;
    const double slope =
        (seconds_of(speed + step) - seconds_of(speed - step)) / (2 * step);
    const double u[kMaxJoints] = {0, speed};
    const double said = detail::steepness(*image, u) / image->commit.decel[1];
    cr_assert(std::fabs(said - slope) < 1e-3 * slope, "%f: %f, not %f", speed,
              said, slope);
  }
}
