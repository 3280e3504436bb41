// SPDX-License-Identifier: MIT
// The slack of a barrier once more, from the words at the head of
// rows/barriers_impl.hpp: long double, own kinematics, velocities by
// differences, the past by the oracle's own lag. Shares the image alone.
#pragma once

#include "oracle.hpp"

namespace oracle {

// What a barrier's distance and its derivatives are at t1, and bounds on them
// for the period after it.
struct Crossed {
  Real h = 0, rate = 0, pull = 0;
  Real speed = 0;                      // of |h'|
  Real jump = 0;                       // of |grad h . (u - v)|
  Real bend = 0, sink = 0, twist = 0;  // per second
};

class BarrierJudge {
 public:
  BarrierJudge(const Image& image, const Cycle& c, const Barrier& row)
      : image_(image), c_(c), row_(row), run_(Predictor(image, c).run()) {
    ahead_ = s_of(image.commit.actuator_delay_ns);
    for (uint32_t j = 0; j < 7; ++j) {
      const Start& s = run_.joint[j];
      const Real u = c.u[j];
      before_.push_back(s.v.front());
      q_.push_back(s.q.back());
      v_.push_back(s.v.back());
      last_.push_back(s.last);
      u_.push_back(u);
      const Real change = std::fabs(u - s.last);
      error_.push_back(s.error + change * ahead_);
      stray_.push_back(
          std::min(error_[j] / s_of(image.commit.lag_ns), s.swing + change));
      jump_.push_back(std::fabs(u - s.v.back()) + stray_[j]);
    }
  }

  Real slack() const {
    if (row_.of == BarrierOf::kJoints) return of_joints();
    Real worst = std::numeric_limits<Real>::infinity();
    for (const Ball& ball : kBalls)
      if (ball.link > 0) worst = std::min(worst, of_ball(ball));
    return worst;
  }

 private:
  [[nodiscard]] Real alpha(int i) const {
    return static_cast<Real>(row_.alpha[i]);
  }
  [[nodiscard]] Real left(const Crossed& x) const {
    const Real period = s_of(image_.commit.period_ns);
    const Real lag = s_of(image_.commit.lag_ns);
    const Real begins = x.rate + alpha(0) * x.h;
    if (row_.degree == 1)
      return begins - period * (x.bend + alpha(0) * x.speed);
    const Real sum = alpha(0) + alpha(1), product = alpha(0) * alpha(1);
    const Real faster = x.jump / lag + x.bend;  // of h'
    const Real loses =
        x.jump / (lag * lag) + x.twist / lag + sum * faster + product * x.speed;
    const Real holds =
        x.pull / lag - x.sink + sum * x.rate + product * x.h - period * loses;
    return std::min(begins, holds / sum);
  }
  // The rate that the row counts, of those under the velocities there are; the
  // one at t1 is known to `stray`.
  template <class Along>
  Real rate_of(Along along, Real stray) const {
    const Real arriving = along(v_) - stray;
    if (row_.degree == 2) return arriving;
    return std::min({arriving, along(u_), along(before_), along(last_)});
  }

  Real of_joints() const {
    Real worst = std::numeric_limits<Real>::infinity();
    for (uint32_t j = 0; j < 7; ++j) {
      for (const int side : {-1, 1}) {
        const Real limit = static_cast<Real>(side > 0 ? image_.position_hi[j]
                                                      : image_.position_lo[j]);
        Crossed x;
        x.h = side * (limit - q_[j]) - error_[j];
        x.rate =
            rate_of([&](const auto& v) { return -side * v[j]; }, stray_[j]);
        x.pull = -side * (u_[j] - v_[j]) - stray_[j];
        x.speed = run_.peak[j];
        x.jump = jump_[j];
        worst = std::min(worst, left(x));
      }
    }
    return worst;
  }

  // Of any point of the ball's centre under such joint rates.
  static Real moved(const Ball& ball, const std::vector<Real>& rates) {
    Real sum = 0;
    for (uint32_t j = 0; j < ball.link; ++j) sum += rates[j] * reach(ball, j);
    return sum;
  }
  static Real turned(const Ball& ball, const std::vector<Real>& rates) {
    Real sum = 0;
    for (uint32_t j = 0; j < ball.link; ++j) sum += rates[j];
    return sum;
  }
  // From the centre of a ball to what it must not reach.
  [[nodiscard]] Point away(Point at) const {
    if (row_.of == BarrierOf::kHuman)
      return at - Point{c_.hand[0], c_.hand[1], c_.hand[2]};
    const Box& b = image_.box[row_.index];
    const auto out = [](Real x, double lo, double hi) {
      if (x < static_cast<Real>(lo)) return x - static_cast<Real>(lo);
      return std::max<Real>(x - static_cast<Real>(hi), 0);
    };
    return {out(at.x, b.lo[0], b.hi[0]), out(at.y, b.lo[1], b.hi[1]),
            out(at.z, b.lo[2], b.hi[2])};
  }
  [[nodiscard]] Real of_ball(const Ball& ball) const {
    const Real peak = moved(ball, run_.peak), turns = turned(ball, run_.peak);
    const Real radius = ball.r;
    Real other = 0;
    Real keep = radius + static_cast<Real>(image_.commit.model_error);
    if (row_.of == BarrierOf::kHuman) {
      if (peak + turns * radius <= static_cast<Real>(kStandstillPoint))
        return std::numeric_limits<Real>::infinity();
      const Human& h = image_.human[row_.index];
      other = static_cast<Real>(h.speed);
      const Real age = s_of(c_.in.now_ns - c_.in.stamp_ns[kHand]);
      keep += static_cast<Real>(h.d_min) + static_cast<Real>(h.intrusion) +
              static_cast<Real>(h.sensor) + static_cast<Real>(h.robot) +
              static_cast<Real>(image_.signal[kHand].radius) +
              other * (age + ahead_);
    }
    const Point d = away(place(ball, Turns(q_)));
    // Inside there is no way out.
    if (!(norm(d) > 0)) return -std::numeric_limits<Real>::infinity();
    const auto along = [&](const std::vector<Real>& v) {
      return dot(d, Moving(q_, v).velocity(ball)) / norm(d) - other;
    };
    const Real unknown = moved(ball, error_);
    Crossed x;
    x.h = norm(d) - keep - unknown;
    x.speed = peak + other;
    x.jump = moved(ball, jump_);
    const Real nearest = norm(d) - unknown - other * ahead_ -
                         s_of(image_.commit.period_ns) * x.speed;
    const Real swings =
        nearest > 0 ? x.speed / nearest : std::numeric_limits<Real>::infinity();
    // Where the robot truly is, velocities and the way out point elsewhere.
    const Real tilt = nearest > 0 ? unknown / nearest : swings;
    const Real slips = turned(ball, error_), stray = moved(ball, stray_);
    const auto elsewhere = [&](Real moves, Real turning) {
      return slips * moves + turning * unknown + moves * tilt;
    };
    x.rate = rate_of(along, stray) - elsewhere(peak, turns);
    x.pull =
        along(u_) - along(v_) - stray - elsewhere(x.jump, turned(ball, jump_));
    x.sink = 2 * turns * peak;
    x.bend = x.sink + x.speed * swings;
    x.twist = turns * x.jump + turned(ball, jump_) * peak + x.jump * swings;
    return left(x);
  }

  const Image& image_;
  const Cycle& c_;
  const Barrier& row_;
  Run run_;
  Real ahead_;
  std::vector<Real> before_, q_, v_, last_, u_, error_, stray_, jump_;
};

}  // namespace oracle
