// SPDX-License-Identifier: MIT
// The verdict on an asked action once more, on oracle_motion.hpp's motion and
// as plain: long double, row by row, velocities of points by differences.
// Shares the image, nothing of the kernels' rows.
#pragma once

#include <algorithm>
#include <array>

#include "oracle_motion.hpp"

namespace oracle {

inline Real clamped(Real x) {
  return std::isnan(x) ? -1 : std::max<Real>(-1, std::min<Real>(1, x));
}

// A moving ball at one sample: its place, its radius with all that is not known
// about the place, and a bound of its surface's speed.
struct Seen {
  Point at;
  Real radius, speed, until;
  uint32_t part;    // its body's bit
  double rough[4];  // place and radius
};
// A place from which most are farther than by `most` and their own radius, by
// more than a double's rounding: said in less time.
struct Rough {
  Rough(Point p, Real most)
      : at{static_cast<double>(p.x), static_cast<double>(p.y),
           static_cast<double>(p.z)},
        reach(static_cast<double>(most) + 1e-9) {}
  [[nodiscard]] bool is_far(const Seen& s) const {
    const double x = s.rough[0] - at[0], y = s.rough[1] - at[1],
                 z = s.rough[2] - at[2], most = reach + s.rough[3];
    return x * x + y * y + z * z > most * most;
  }
  double at[3], reach;
};
using Reaches = std::array<Real, kMaxJoints>;
inline Reaches reaches_of(const Ball& ball) {
  Reaches out{};
  for (uint32_t j = 0; j < ball.link; ++j) out[j] = reach(ball, j);
  return out;
}

class Judge {
 public:
  Judge(const Image& image, const Cycle& c, Real slow)
      : Judge(image, c, slow, Predictor(image, c).run()) {}
  Judge(const Image& image, const Cycle& c, Real slow, Run run)
      : image_(image),
        c_(c),
        slow_(slow),
        run_(std::move(run)),
        balls_(balls_of(image.chain)) {
    for (const Ball& ball : balls_) reaches_.push_back(reaches_of(ball));
    for (const Sample& s : run_.sample) look(s);
  }

  // In the row's unit, without its margin.
  Real slack(const Row& row) {
    switch (row.kernel) {
      case RowKernel::kActionBox:
        return action();
      case RowKernel::kActionRate:
        return rate();
      case RowKernel::kJointPosition:
        return position();
      case RowKernel::kJointVelocity:
        return speed();
      case RowKernel::kKeepIn:
        return box(image_.box[row.index], 1);
      case RowKernel::kKeepOut:
        return box(image_.box[row.index], -1);
      case RowKernel::kTurnedOut:
        return turned_box(image_.turned_box[row.index],
                          static_cast<Real>(row.margin + row.scale));
      case RowKernel::kCapsuleOut:
        return capsule(image_.capsule[row.index],
                       static_cast<Real>(row.margin + row.scale));
      case RowKernel::kHullOut:
        return hull(image_.hull[row.index],
                    static_cast<Real>(row.margin + row.scale));
      case RowKernel::kSeparation:
        return separation(image_.human[row.index]);
      case RowKernel::kSeparationNow:
        return closing(image_.human[row.index]);
      case RowKernel::kLinear:
        return linear(image_.linear[row.index]);
      default:
        return std::numeric_limits<Real>::quiet_NaN();
    }
  }
  Real margin(const Row& row) {
    return clamped((slack(row) - static_cast<Real>(row.margin)) /
                   static_cast<Real>(row.scale));
  }
  // From the nearest ball to the hand, as both were seen.
  [[nodiscard]] Real separation_now() const {
    std::vector<Real> q;
    for (const Start& s : run_.joint) q.push_back(s.q[0]);
    const Turns turns(q);
    Real least = std::numeric_limits<Real>::infinity();
    for (const Ball& ball : balls_)
      least = std::min(
          least, norm(place(ball, turns) - hand()) - static_cast<Real>(ball.r));
    return least - static_cast<Real>(image_.signal[kHand].radius);
  }

 private:
  template <class Of>
  Real least(Of of) {
    Real worst = std::numeric_limits<Real>::infinity();
    for (uint32_t j = 0; j < 7; ++j) worst = std::min<Real>(worst, of(j));
    return worst;
  }
  Real action() {
    return least([&](uint32_t j) {
      const Real u = c_.u[j];
      return std::min(u - static_cast<Real>(image_.action_lo[j]),
                      static_cast<Real>(image_.action_hi[j]) - u);
    });
  }
  Real rate() {
    return least([&](uint32_t j) {
      return static_cast<Real>(image_.action_rate[j]) *
                 s_of(image_.commit.period_ns) -
             std::fabs(c_.u[j] - run_.joint[j].last);
    });
  }
  Real position() {
    return least([&](uint32_t j) {
      Real worst = std::numeric_limits<Real>::infinity();
      for (const Sample& s : run_.sample) {
        const Real lo = static_cast<Real>(image_.position_lo[j]);
        const Real hi = static_cast<Real>(image_.position_hi[j]);
        worst =
            std::min({worst, s.q[j] - s.wide[j] - lo, hi - s.q[j] - s.wide[j]});
      }
      return worst;
    });
  }
  Real speed() {
    return least([&](uint32_t j) {
      return static_cast<Real>(image_.velocity[j]) - run_.peak[j];
    });
  }
  Real linear(const Linear& row) {
    Real sum = 0;
    for (uint32_t j = 0; j < 7; ++j)
      sum += static_cast<Real>(row.a[j]) * static_cast<Real>(c_.u[j]);
    return static_cast<Real>(row.b) - std::max<Real>(sum, 0);
  }
  void look(const Sample& s) {
    const Turns turns(s.q);
    for (std::size_t i = 0; i < balls_.size(); ++i) {
      const Ball& ball = balls_[i];
      if (ball.link == 0) continue;
      Real wide = static_cast<Real>(image_.commit.model_error);
      Real speed = 0;
      for (uint32_t j = 0; j < ball.link; ++j) {
        wide += s.wide[j] * reaches_[i][j];
        speed += s.speed[j] * (reaches_[i][j] + static_cast<Real>(ball.r));
      }
      const Point at = place(ball, turns);
      const Real r = static_cast<Real>(ball.r) + wide;
      seen_.push_back({at,
                       r,
                       speed,
                       s.until,
                       1U << image_.chain.sphere[i].body,
                       {static_cast<double>(at.x), static_cast<double>(at.y),
                        static_cast<double>(at.z), static_cast<double>(r)}});
    }
  }
  template <class Of>
  Real over_seen(const Binds& binds, Of of) {
    Real worst = std::numeric_limits<Real>::infinity();
    for (const Seen& s : seen_) {
      if ((binds.spared & s.part) != 0) continue;
      const Real left = of(s);
      if (std::isnan(left)) return left;
      worst = std::min(worst, left);
    }
    return worst;
  }
  static Point point(const double* p) { return {p[0], p[1], p[2]}; }
  // Along each axis: how far beyond one side, or the lesser way to the other.
  static Real box_left(Point p, const double* low, const double* high,
                       int side) {
    const Real at[3] = {p.x, p.y, p.z};
    Real inside = std::numeric_limits<Real>::infinity(), sum = 0;
    for (int a = 0; a < 3; ++a) {
      const Real lo = at[a] - static_cast<Real>(low[a]);
      const Real hi = static_cast<Real>(high[a]) - at[a];
      inside = std::min({inside, lo, hi});
      const Real out = std::max<Real>({-lo, -hi, 0});
      sum += out * out;
    }
    return side > 0 ? inside : std::sqrt(sum);
  }
  Real box(const Box& b, int side) {
    return over_seen(b.binds, [&](const Seen& s) {
      return box_left(s.at, b.lo, b.hi, side) - s.radius;
    });
  }
  // What is farther than `enough` is not looked at: it counts as that.
  Real turned_box(const TurnedBox& b, Real enough) {
    Real square = 0;
    for (int a = 0; a < 3; ++a) {
      const Real side = std::max(std::fabs(b.lo[a]), std::fabs(b.hi[a]));
      square += side * side;
    }
    const Rough rough(point(b.at), std::sqrt(square) + enough);
    return over_seen(b.binds, [&](const Seen& s) {
      if (rough.is_far(s)) return enough;
      const Point off = s.at - point(b.at);
      const Point own{dot(off, point(b.axis[0])), dot(off, point(b.axis[1])),
                      dot(off, point(b.axis[2]))};
      return box_left(own, b.lo, b.hi, -1) - s.radius;
    });
  }
  Real capsule(const Capsule& c, Real enough) {
    const Point from = point(c.from), along = point(c.to) - from;
    const Real square = dot(along, along), r = static_cast<Real>(c.radius);
    const Point middle{from.x + along.x / 2, from.y + along.y / 2,
                       from.z + along.z / 2};
    const Rough rough(middle, std::sqrt(square) / 2 + r + enough);
    return over_seen(c.binds, [&](const Seen& s) {
      if (rough.is_far(s)) return enough;
      const Point off = s.at - from;
      Real t = square > 0 ? dot(off, along) / square : 0;
      t = std::clamp<Real>(t, 0, 1);
      const Point foot{t * along.x, t * along.y, t * along.z};
      return norm(off - foot) - r - s.radius;
    });
  }
  // Behind the face that it is the farthest before, or one that is `enough`.
  Real hull(const Hull& h, Real enough) {
    return over_seen(h.binds, [&](const Seen& s) {
      Real most = -std::numeric_limits<Real>::infinity();
      for (uint32_t f = h.first; f < h.first + h.faces; ++f) {
        if (most - s.radius > enough) break;
        const Face& face = image_.face[f];
        most = std::max(most, dot(s.at, point(face.normal)) -
                                  static_cast<Real>(face.offset));
      }
      return most - s.radius;
    });
  }
  [[nodiscard]] Real fixed(const Human& h) const {
    return static_cast<Real>(h.d_min) + static_cast<Real>(h.intrusion) +
           static_cast<Real>(h.sensor) + static_cast<Real>(h.robot) +
           static_cast<Real>(image_.signal[kHand].radius);
  }
  [[nodiscard]] Real age() const {
    return s_of(c_.in.now_ns - c_.in.stamp_ns[kHand]);
  }
  [[nodiscard]] Point hand() const {
    return {c_.hand[0], c_.hand[1], c_.hand[2]};
  }
  Real separation(const Human& h) {
    return over_seen({}, [&](const Seen& s) {
      if (s.speed <= slow_) return std::numeric_limits<Real>::infinity();
      const Real grown = static_cast<Real>(h.speed) * (age() + s.until);
      return norm(s.at - hand()) - s.radius - fixed(h) - grown;
    });
  }
  // ISO/TS 15066's S_p on the present state, solved for the speed.
  Real closing(const Human& h) {
    const Real lag = s_of(image_.commit.lag_ns);
    const Real react = run_.reaction + lag, brake = run_.stop + lag;
    std::vector<Real> q, v, u;
    for (uint32_t j = 0; j < 7; ++j) {
      q.push_back(run_.joint[j].q[0]);
      v.push_back(run_.joint[j].v[0]);
      u.push_back(c_.u[j]);
    }
    const Turns turns(q);
    const Moving measured(q, v), asked(q, u);
    Real worst = std::numeric_limits<Real>::infinity();
    for (const Ball& ball : balls_) {
      if (ball.link == 0) continue;
      const Point away = place(ball, turns) - hand();
      const Real d = norm(away);
      const Real gap = d - static_cast<Real>(ball.r) - fixed(h) -
                       static_cast<Real>(image_.commit.model_error) -
                       static_cast<Real>(h.speed) * (age() + react + brake);
      const Real near = std::max(-dot(away, measured.velocity(ball)) / d,
                                 -dot(away, asked.velocity(ball)) / d);
      const Real allowed = std::max(gap / (react + brake / 2),
                                    static_cast<Real>(kStandstillPoint));
      worst = std::min(worst, allowed - near);
    }
    return worst;
  }

  const Image& image_;
  const Cycle& c_;
  Real slow_;  // separation does not bind a point at this speed
  Run run_;
  std::vector<Ball> balls_;
  std::vector<Reaches> reaches_;
  std::vector<Seen> seen_;
};

struct Verdict {
  Real margin = 1, mean = 0;
  Real separation = 0;  // m
  uint32_t row = 0;
};
inline Verdict verdict_of(const Image& image, Judge judge) {
  Verdict out;
  out.separation = judge.separation_now();
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Real margin = judge.margin(image.row[r]);
    out.mean += (margin + 1) / 2 / image.rows;
    if (margin < out.margin) out.margin = margin, out.row = r;
  }
  return out;
}
inline Verdict judge(const Image& image, const Cycle& c,
                     Real slow = static_cast<Real>(kStandstillPoint)) {
  return verdict_of(image, Judge(image, c, slow));
}
// Of the instant alone.
inline Verdict judge_now(const Image& image, const Cycle& c) {
  constexpr auto kSlow = static_cast<Real>(kStandstillPoint);
  return verdict_of(image, Judge(image, c, kSlow, instant_run(image, c)));
}

}  // namespace oracle
