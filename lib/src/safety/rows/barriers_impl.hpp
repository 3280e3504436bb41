// SPDX-License-Identifier: MIT
// Control barriers on the next command (Ames, Coogan, Egerstedt, Notomista,
// Sreenath, Tabuada, Control barrier functions: theory and applications, ECC
// 2019; of relative degree 2 in its exponential form). h is a distance that
// another row keeps. With the joints' velocity as the input
//   h' >= -a h;
// with the lag as a second state, lag v' = u - v,
//   h'' + (a1 + a2) h' + a1 a2 h >= 0, and h' + a1 h >= 0 to begin with.
// Both are asked for at t1, when the command takes effect, and hold for the
// period T after it: what the left side can lose meanwhile is T L, with L
// from bounds that no configuration exceeds (below). Commands that take effect
// early leave the robot elsewhere at t1, and with another velocity: the filter
// passes at most the input's integral over the lag, and no more than the input
// itself. Only the next period: the stop after it is the commit rule's.
// Included by rows_impl.hpp.
#pragma once

#include <cmath>

#include "safety/rows/human_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// One distance at t1. Bounds of size hold for the whole period.
struct Barred {
  double h;      // with all that is not known taken off
  double rate;   // least h': of degree 1 with any velocity on the way to u
  double pull;   // least part of h' that u changes: grad h . (u - v)
  double speed;  // of |h'|
  double jump;   // of |grad h . (u - v)| in any configuration
  double bend;   // of what h' changes by without u, per second ...
  double sink;   // ... downwards
  double twist;  // of what grad h . (u - v) changes by, per second
};

// What a row looks at.
struct Crossing {
  const Image& image;
  const Past& past;
  const Motion& motion;
  double u[kMaxJoints];
  double error[kMaxJoints];  // of q at t1
  double stray[kMaxJoints];  // of v at t1
  double jump[kMaxJoints];   // |u - v|, at most
  double ahead_s;            // now to t1
  double period_s;
  double lag_s;
  kin::Frames frames;
  kin::Twists measured, arriving, last, asked;
};

// Keeps NaN of either side.
inline double smaller(double a, double b) { return -larger(-a, -b); }

inline double least_slack(const Barrier& row, const Barred& at,
                          const Crossing& x) {
  const double a = row.alpha[0];
  if (row.degree == 1) {
    return at.rate + a * at.h - x.period_s * (at.bend + a * at.speed);
  }
  const double b = row.alpha[1];
  const double begins = at.rate + a * at.h;
  const double accelerates = at.jump / x.lag_s + at.bend;
  const double loses = (at.jump / x.lag_s + at.twist) / x.lag_s +
                       (a + b) * accelerates + a * b * at.speed;
  const double holds = at.pull / x.lag_s - at.sink + (a + b) * at.rate +
                       a * b * at.h - x.period_s * loses;
  const double scaled = holds / (a + b);  // a speed, like `begins`
  return smaller(begins, scaled);
}

// A joint's way to its limit, `side` +1 to the upper one.
inline void joint_barred(const Crossing& x, const Barrier& row, uint32_t j,
                         double side, Barred& out) {
  const Image& image = x.image;
  const double limit = side > 0 ? image.position_hi[j] : image.position_lo[j];
  const double arriving = -side * x.past.v[kEarly][j];
  out = {};
  out.h = side * (limit - x.past.q[kEarly][j]) - x.error[j];
  out.rate = arriving - x.stray[j];
  if (row.degree == 1) {
    out.rate = smaller(smaller(out.rate, -side * x.past.v[0][j]),
                       smaller(-side * x.past.last[j], -side * x.u[j]));
  }
  out.pull = (-side * x.u[j] - arriving) - x.stray[j];
  out.speed = x.motion.peak[j];
  out.jump = x.jump[j];
}

// What joint speeds come to at a point of a frame: Derived, one at a time.
struct Reached {
  double along, turning;
};
inline Reached reached(const Image& image, uint32_t frame, const double* each) {
  Reached out{0, 0};
  for (uint32_t j = 0; j < frame; ++j) {
    out.along += each[j] * image.derived.reach[frame][j];
    out.turning += each[j] * image.derived.turn[j];
  }
  return out;
}

// A robot sphere's centre on its way to something: the unit vector `away`
// from it, `distance` from centre to what is convex there.
struct Way {
  uint32_t sphere;
  double at[3], away[3];
  double distance;
  double radius;  // of both surfaces, and what is not known
  double other;   // m/s, of the other side
};

inline double along(const Way& way, const kin::Twists& twist,
                    const Crossing& x) {
  const uint32_t link = x.image.chain.sphere[way.sphere].link;
  double v[3];
  kin::point_velocity(x.frames, twist, link, way.at, v);
  return way.away[0] * v[0] + way.away[1] * v[1] + way.away[2] * v[2];
}

// Bounds. A joint's part of a point's velocity is at most its reach R_j and
// turns with the joints before it, so for rates a and b of the joints
// |d/dt (J(q) b)| under q' = a is at most W_a S_b + W_b S_a, with S = sum R
// |q'|, W = sum |q'| of what turns. Distance to a convex set is convex: what
// its gradient turns, at most by speed / distance, never lowers h''. What the
// same bounds make of the way from the predicted place to the true one is
// between J b and the gradient here and there.
inline void way_barred(const Way& way, const Barrier& row, const Crossing& x,
                       Barred& out) {
  const uint32_t link = x.image.chain.sphere[way.sphere].link;
  const double arm = x.image.derived.arm[way.sphere];
  const Reached peak = reached(x.image, link, x.motion.peak);
  const Reached slip = reached(x.image, link, x.error);
  const Reached stray = reached(x.image, link, x.stray);
  const Reached jump = reached(x.image, link, x.jump);
  const double robot = peak.along + peak.turning * arm;
  const double unknown = slip.along + slip.turning * arm;
  const double faster = stray.along + stray.turning * arm;
  out = {};
  out.h = way.distance - way.radius - unknown;
  out.speed = robot + way.other;
  out.jump = jump.along + jump.turning * arm;
  const double nearest =
      way.distance - unknown - way.other * x.ahead_s - x.period_s * out.speed;
  const double turns = nearest > 0 ? out.speed / nearest
                                   : std::numeric_limits<double>::infinity();
  out.sink = 2 * peak.turning * robot;
  out.bend = out.sink + out.speed * turns;
  out.twist = peak.turning * out.jump + jump.turning * robot + out.jump * turns;
  const double arriving = along(way, x.arriving, x);
  const double asked = along(way, x.asked, x);
  const auto elsewhere = [&](double moves, double turning) {
    const double swings = nearest > 0 ? unknown / nearest : turns;
    return slip.turning * moves + turning * unknown + moves * swings;
  };
  double rate = arriving - faster;
  if (row.degree == 1) {
    const double before =
        smaller(along(way, x.measured, x), along(way, x.last, x));
    rate = smaller(smaller(rate, asked), before);
  }
  out.rate = rate - way.other - elsewhere(robot, peak.turning);
  out.pull = asked - arriving - faster - elsewhere(out.jump, jump.turning);
}

inline void centre_of(const Crossing& x, uint32_t i, Way& way) {
  const kin::Sphere& sphere = x.image.chain.sphere[i];
  way.sphere = i;
  way.radius = sphere.radius + x.image.commit.model_error;
  way.other = 0;
  kin::point(x.frames, sphere.link, sphere.center, way.at);
}

inline void set_away(const double* from, Way& way) {
  double sum = 0;
  for (uint32_t a = 0; a < 3; ++a) {
    way.away[a] = way.at[a] - from[a];
    sum += way.away[a] * way.away[a];
  }
  way.distance = std::sqrt(sum);
  for (double& x : way.away) x /= way.distance;  // inside: NaN, a violation
}

inline void box_barrier(const Crossing& x, const Barrier& row, Slack& out) {
  const Box& box = x.image.box[row.index];
  for (uint32_t i = 0; i < x.image.chain.spheres; ++i) {
    if (x.image.chain.sphere[i].link == 0) continue;
    Way way;
    centre_of(x, i, way);
    double near[3];
    for (uint32_t a = 0; a < 3; ++a) {
      near[a] = way.at[a] < box.lo[a] ? box.lo[a] : way.at[a];
      if (near[a] > box.hi[a]) near[a] = box.hi[a];
    }
    set_away(near, way);
    Barred at;
    way_barred(way, row, x, at);
    out.take(least_slack(row, at, x), i);
  }
}

// The human comes at v_h all the time. A robot that stands, as separation has
// it, has nothing to do about that.
template <class F>
void human_barrier(const Crossing& x, const Barrier& row, const ShieldInput& in,
                   Slack& out) {
  const Human& human = x.image.human[row.index];
  const Signal& signal = x.image.signal[human.signal];
  const double age = seconds(in.now_ns - in.stamp_ns[human.signal]);
  const double speed = F::on(Fault::kBarrierHuman) ? 0 : human.speed;
  for (uint32_t i = 0; i < x.image.chain.spheres; ++i) {
    const kin::Sphere& sphere = x.image.chain.sphere[i];
    if (sphere.link == 0) continue;
    const Reached peak = reached(x.image, sphere.link, x.motion.peak);
    const double reach = x.image.derived.arm[i] + sphere.radius;
    const bool stands = peak.along + peak.turning * reach <= kStandstillPoint;
    for (uint32_t k = 0; k + 2 < signal.count; k += 3) {
      Way way;
      centre_of(x, i, way);
      way.other = speed;
      way.radius +=
          signal.radius + wanted_gap<F>(human) + speed * (age + x.ahead_s);
      double centre[3];
      for (uint32_t a = 0; a < 3; ++a) {
        centre[a] = static_cast<double>(in.value[human.signal][k + a]);
      }
      set_away(centre, way);
      Barred at;
      way_barred(way, row, x, at);
      const double slack = least_slack(row, at, x);
      out.take(stands ? std::numeric_limits<double>::infinity() : slack, i);
    }
  }
}

inline void joint_barrier(const Crossing& x, const Barrier& row, Slack& out) {
  for (uint32_t j = 0; j < x.image.joints; ++j) {
    Barred below, above;
    joint_barred(x, row, j, -1, below);
    joint_barred(x, row, j, 1, above);
    out.take(least_slack(row, below, x), j);
    out.take(least_slack(row, above, x), j);
  }
}

template <class F>
void prepare(const Intent& intent, Crossing& x) {
  const Past& past = x.past;
  x.ahead_s = seconds(past.t1_ns - past.now_ns);
  x.period_s =
      F::on(Fault::kBarrierBetween) ? 0 : seconds(x.image.commit.period_ns);
  x.lag_s = seconds(x.image.commit.lag_ns);
  for (uint32_t j = 0; j < x.image.joints; ++j) {
    x.u[j] = intent.u[j];
    // The command may take effect at once.
    const double change = magnitude(x.u[j] - past.last[j]);
    x.error[j] = past.error[j] + change * x.ahead_s;
    const double passed = x.error[j] / lag_of<F>(x.image);
    const double most = past.swing[j] + change;
    x.stray[j] =
        F::on(Fault::kBarrierStray) ? 0 : (passed < most ? passed : most);
    x.jump[j] = magnitude(x.u[j] - past.v[kEarly][j]) + x.stray[j];
  }
  kin::frames_of(x.image.chain, past.q[kEarly], x.frames);
  kin::twists_of(x.image.chain, x.frames, past.v[0], x.measured);
  kin::twists_of(x.image.chain, x.frames, past.v[kEarly], x.arriving);
  kin::twists_of(x.image.chain, x.frames, past.last, x.last);
  kin::twists_of(x.image.chain, x.frames, x.u, x.asked);
}

template <class F>
void barrier_slacks(const Image& image, const ShieldInput& in, const Past& past,
                    const Intent& intent, const Motion& motion, Slacks& out) {
  const Dynamics& all = image.dynamics;
  if (all.barriers == 0) return;
  // A running plan is no choice: what chose it was judged.
  if (!intent.fresh) {
    for (uint32_t i = 0; i < all.barriers; ++i) {
      out.barrier[i].take(std::numeric_limits<double>::infinity(), kNoIndex);
    }
    return;
  }
  Crossing x{image, past, motion, {}, {}, {}, {}, 0, 0, 0, {}, {}, {}, {}, {}};
  prepare<F>(intent, x);
  for (uint32_t i = 0; i < all.barriers; ++i) {
    const Barrier& row = all.barrier[i];
    if (row.of == BarrierOf::kJoints) joint_barrier(x, row, out.barrier[i]);
    if (row.of == BarrierOf::kBox) box_barrier(x, row, out.barrier[i]);
    if (row.of == BarrierOf::kHuman) {
      human_barrier<F>(x, row, in, out.barrier[i]);
    }
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
