// SPDX-License-Identifier: MIT
// The motion that follows an asked action once more, written apart from the
// kernels: long double, one sample at a time, libm, the lag followed from
// segment to segment of the stop; plain enough to be read beside DESIGN's
// commit rule. Shares the image and the shape of a stop's page, nothing of
// predict.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "rig.hpp"

namespace oracle {

using namespace rig;
using Real = long double;

inline Real s_of(int64_t ns) { return static_cast<Real>(ns) * 1e-9L; }

// ------------------------------------------------------------- geometry

struct Point {
  Real x = 0, y = 0, z = 0;
};
inline Point operator-(Point a, Point b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
inline Real dot(Point a, Point b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Real norm(Point a) { return std::sqrt(dot(a, a)); }

inline std::vector<Ball> balls_of(const kin::Chain& chain) {
  std::vector<Ball> out;
  for (uint32_t i = 0; i < chain.spheres; ++i) {
    const kin::Sphere& s = chain.sphere[i];
    out.push_back({s.link, {s.center[0], s.center[1], s.center[2]}, s.radius});
  }
  return out;
}

// Sines and cosines of one configuration, for all that is asked about it.
struct Turns {
  explicit Turns(const std::vector<Real>& q) {
    for (std::size_t j = 0; j < q.size(); ++j) {
      sine[j] = std::sin(q[j]);
      cosine[j] = std::cos(q[j]);
    }
  }
  Real sine[kMaxJoints], cosine[kMaxJoints];
};

// About the axis by Rodrigues' formula.
inline Point turned(Point p, const double* axis, Real s, Real c) {
  const Point k{axis[0], axis[1], axis[2]};
  const Real along = dot(k, p) * (1 - c);
  return {p.x * c + (k.y * p.z - k.z * p.y) * s + k.x * along,
          p.y * c + (k.z * p.x - k.x * p.z) * s + k.y * along,
          p.z * c + (k.x * p.y - k.y * p.x) * s + k.z * along};
}
// The centre of a ball in the base frame, from its joint inwards. The rig's
// joints are not rotated at their origin.
inline Point place(const Ball& ball, const Turns& at) {
  Point p{ball.c[0], ball.c[1], ball.c[2]};
  for (uint32_t j = ball.link; j-- > 0;) {
    p = turned(p, kArm[j].axis, at.sine[j], at.cosine[j]);
    p = {p.x + kArm[j].p[0], p.y + kArm[j].p[1], p.z + kArm[j].p[2]};
  }
  return p;
}
// Velocities of balls at q, by differences.
class Moving {
 public:
  Moving(const std::vector<Real>& q, const std::vector<Real>& v)
      : ahead_(shifted(q, v, kStep)), back_(shifted(q, v, -kStep)) {}
  [[nodiscard]] Point velocity(const Ball& ball) const {
    const Point d = place(ball, ahead_) - place(ball, back_);
    return {d.x / (2 * kStep), d.y / (2 * kStep), d.z / (2 * kStep)};
  }

 private:
  static constexpr Real kStep = 1e-6L;
  static Turns shifted(std::vector<Real> q, const std::vector<Real>& v,
                       Real step) {
    for (std::size_t j = 0; j < q.size(); ++j) q[j] += step * v[j];
    return Turns(q);
  }
  Turns ahead_, back_;
};
// Farthest that the centre of a ball can move with a joint's turn: to the
// joint's axis along the outstretched arm.
inline Real reach(const Ball& ball, uint32_t joint) {
  Real sum = 0;
  for (uint32_t j = joint + 1; j < ball.link; ++j) {
    const double* p = kArm[j].p;
    sum += norm({p[0], p[1], p[2]});
  }
  return sum + norm({ball.c[0], ball.c[1], ball.c[2]});
}

// ---------------------------------------------------------------- stops

// s(t): 1 before 0, then a ramp, a line, a ramp; 0 at the end.
struct Shape {
  Real ramp = 0, line = 0;
  [[nodiscard]] Real end() const { return 2 * ramp + line; }
  [[nodiscard]] Real at(Real t) const {
    const Real slope = 1 / (ramp + line);
    const Real bend = slope / ramp;
    if (t <= 0) return 1;
    if (t >= end()) return 0;
    if (t < ramp) return 1 - bend * t * t / 2;
    if (t < ramp + line) return 1 - bend * ramp * ramp / 2 - slope * (t - ramp);
    return bend * (end() - t) * (end() - t) / 2;
  }
};
inline Shape shape_of(const StopShape& s) {
  return {s_of(s.ramp_ns), s_of(s.line_ns)};
}

// A first-order lag from rest, driven by a stop that begins `hold` after 0:
// its velocity, its path and the input at each of `times`.
struct Answer {
  std::vector<Real> velocity, path, input;
};

// Within one segment of the stop the input is a parabola through three of its
// values, and the lag's answer to that is known.
class Lagging {
 public:
  Lagging(const Shape& shape, Real hold, Real lag)
      : shape_(shape), hold_(hold), lag_(lag) {}
  void to(Real until) {
    const Real begins[] = {hold_, hold_ + shape_.ramp,
                           hold_ + shape_.ramp + shape_.line,
                           hold_ + shape_.end()};
    for (const Real at : begins) {
      if (at > t_ && at < until) step(at - t_);
    }
    if (until > t_) step(until - t_);
  }
  [[nodiscard]] Real velocity() const { return v_; }
  [[nodiscard]] Real path() const { return p_; }

 private:
  void step(Real h) {
    const Real s0 = shape_.at(t_ - hold_), s2 = shape_.at(t_ + h - hold_);
    const Real s1 = shape_.at(t_ + h / 2 - hold_);
    const Real b = (4 * s1 - 3 * s0 - s2) / h;
    const Real a = 2 * (s0 - 2 * s1 + s2) / (h * h);
    // The parabola that a robot of this lag follows, and what is off it.
    const Real w0 = s0 - lag_ * b + 2 * lag_ * lag_ * a, w1 = b - 2 * lag_ * a;
    const Real off = v_ - w0, decay = std::exp(-h / lag_);
    p_ += h * (w0 + h * (w1 / 2 + h * a / 3)) + off * lag_ * (1 - decay);
    v_ = w0 + h * (w1 + h * a) + off * decay;
    t_ += h;
  }
  const Shape& shape_;
  Real hold_, lag_, t_ = 0, v_ = 0, p_ = 0;
};

inline Answer answer(const Shape& shape, Real hold, Real lag,
                     const std::vector<Real>& times) {
  Answer out;
  Lagging robot(shape, hold, lag);
  for (const Real t : times) {
    robot.to(t);
    out.velocity.push_back(robot.velocity());
    out.path.push_back(robot.path());
    out.input.push_back(shape.at(t - hold));
  }
  return out;
}

// ----------------------------------------------------------- the motion

struct Order {
  Real from;  // s, of the cycle's clock
  const float* u;
  Real early = 0;  // s, by which it may have been sooner
};

// One joint, from the observation to the time at which u takes effect.
struct Start {
  std::vector<Real> q, v;  // now .. t1, in kEarly even steps
  Real hull = 0, error = 0, last = 0;
  Real swing = 0;  // what the commands in flight change by
};

inline void move(Real& q, Real& v, Real target, Real span, Real lag) {
  const Real e = std::exp(-span / lag);
  q += target * span + (v - target) * lag * (1 - e);
  v = target + (v - target) * e;
}

inline std::vector<Order> in_flight(const Image& image, const Cycle& c,
                                    int64_t since) {
  const int64_t delay = image.commit.actuator_delay_ns;
  std::vector<Order> later;
  const float* first = c.state.before;
  for (uint64_t i = 0; i < c.state.head; ++i) {
    const Command& command = c.state.history[i];
    if (command.sent_ns + delay > since)
      later.push_back({s_of(command.sent_ns + delay), command.u,
                       s_of(delay + command.took_ns)});
    else
      first = command.u;
  }
  later.insert(later.begin(), {s_of(since), first});
  return later;
}

inline bool has_hard(const Image& image, RowKernel kernel) {
  bool any = false;
  for (uint32_t r = 0; r < image.rows; ++r)
    any |= image.row[r].kernel == kernel && image.row[r].kind == RowKind::kHard;
  return any;
}

inline Start start_of(const Image& image, const Cycle& c, uint32_t j) {
  const Real lag = s_of(image.commit.lag_ns);
  const Real delay = s_of(image.commit.actuator_delay_ns);
  const int64_t q_at = c.in.stamp_ns[kQ], v_at = c.in.stamp_ns[kDq];
  const auto orders = in_flight(image, c, std::min(q_at, v_at));
  Start out;
  Real v = c.dq[j], q = c.q[j], t = s_of(v_at);
  out.hull = std::fabs(v);
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const Real u = orders[i].u[j];
    out.hull = std::max(out.hull, std::fabs(u));
    if (i == 0) continue;
    const Real seen = orders[i].from - orders[0].from;
    const Real change = std::fabs(u - static_cast<Real>(orders[i - 1].u[j]));
    out.error += change * std::min(seen, orders[i].early);
    out.swing += change;
  }
  out.last = orders.back().u[j];
  // Alone, the robot may time out before u leaves.
  if (image.commit.misses == 0 && c.state.head > 0) {
    const Command& newest = c.state.history[c.state.head - 1];
    const Real silent =
        s_of(c.in.release_ns + image.commit.period_ns - newest.sent_ns +
             newest.took_ns - image.commit.robot_timeout_ns);
    out.error += std::fabs(out.last) * std::max<Real>(silent, 0);
  }
  // q is the older observation: it moved since, at most this fast.
  if (q_at < v_at) {
    const Real gap = s_of(v_at - q_at);
    const Real most =
        has_hard(image, RowKernel::kActionBox)
            ? std::max(std::fabs(static_cast<Real>(image.action_lo[j])),
                       std::fabs(static_cast<Real>(image.action_hi[j])))
            : std::numeric_limits<Real>::infinity();
    const Real grown = out.hull * (1 + 2 * std::exp(gap / lag));
    out.error += gap * std::min(grown, std::max(out.hull, most));
  }
  const auto go = [&](Real until) {
    for (std::size_t i = 0; i < orders.size(); ++i) {
      const Real end = i + 1 < orders.size() ? orders[i + 1].from : until;
      const Real to = std::min(end, until);
      if (to > t) move(q, v, orders[i].u[j], to - t, lag), t = to;
    }
  };
  if (v_at < q_at) {
    go(s_of(q_at));
    q = c.q[j];
  }
  for (uint32_t i = 0; i <= kEarly; ++i) {
    go(s_of(c.in.now_ns) + delay * i / kEarly);
    out.q.push_back(q);
    out.v.push_back(v);
  }
  return out;
}

struct Sample {
  Real until = 0;  // s after now
  std::vector<Real> q, wide, speed;
};
struct Run {
  std::vector<Start> joint;
  std::vector<Sample> sample;
  std::vector<Real> peak;
  Real reaction = 0;  // s, now to the latest begin of braking
  Real stop = 0;      // s, its duration
};

// Seconds after t1; the first kEarly lie before it.
inline std::vector<Real> grid(uint32_t samples, Real end, Real lag) {
  const uint32_t tails = samples / 4, mains = samples - kEarly - tails;
  std::vector<Real> out(kEarly, 0);
  for (uint32_t i = 0; i < mains; ++i) out.push_back(end * i / (mains - 1));
  for (uint32_t i = 1; i <= tails; ++i)
    out.push_back(end + 8 * lag * i / tails);
  return out;
}

// A stop that begins somewhere in [early, late] after t1.
struct Course {
  Shape shape;
  Real early = 0, late = 0, u = 0;
  Real error = 0;  // of the position
  Real extra = 0;  // of the input, until the stop that begins last
  Real top = 0;    // bound of the input
};
struct Place {
  Real lo, hi, speed;
};

class Predictor {
 public:
  Predictor(const Image& image, const Cycle& c) : image_(image), c_(c) {}

  Run run() {
    const Commit& k = image_.commit;
    const int64_t hold = hold_ns(k) - k.actuator_delay_ns;
    const int64_t origin = c_.in.release_ns + hold;
    const int64_t stale =
        k.misses > 0 ? hold + k.repeat_ns : std::max(hold, k.repeat_ns);
    const int64_t t1 = c_.in.now_ns + k.actuator_delay_ns;
    const int64_t latest = origin + k.actuator_delay_ns + stale;
    double u[kMaxJoints] = {};
    for (uint32_t j = 0; j < 7; ++j) u[j] = static_cast<double>(c_.u[j]);
    StopShape shape;
    if (!shape_stop(image_, u, shape)) return {};
    // Alone, a robot begins with a ramp of its own.
    const bool alone = k.misses == 0;
    own_ = {shape_of(shape), s_of(origin - k.period_ns - t1),
            s_of(latest - t1)};
    if (alone) own_.late += own_.shape.ramp;
    if (alone && c_.in.release_ns > c_.in.now_ns)
      own_.early -= s_of(c_.in.release_ns - c_.in.now_ns);
    const auto& plan = c_.state.plan;
    has_before_ = plan.plan_id != 0;
    if (has_before_) {
      const int64_t from = plan.origin_ns - t1;
      before_ = {shape_of(safety::shape_of(plan)), s_of(from),
                 s_of(from + k.actuator_delay_ns + stale + k.period_ns)};
      if (alone) before_.late += before_.shape.ramp;
      const int64_t ahead =
          std::max<int64_t>(c_.in.release_ns - c_.in.now_ns, 0);
      if (alone) before_.early -= s_of(2 * k.period_ns + ahead);
    } else if (!alone) {
      // Nothing is committed yet: the guardian's stop is no motion at all.
      has_before_ = true;
      before_ = own_;
    }
    out_.reaction = s_of(latest - c_.in.now_ns);
    out_.stop = own_.shape.end();
    lay();
    for (uint32_t j = 0; j < 7; ++j) follow(j);
    return out_;
  }

 private:
  void lay() {
    const Real lag = s_of(image_.commit.lag_ns);
    Real end = own_.late + own_.shape.end();
    if (has_before_) end = std::max(end, before_.late + before_.shape.end());
    tau_ = grid(image_.ladder.samples, std::max<Real>(end, 0), lag);
    last_ = answer(own_.shape, own_.late, lag, tau_);
    first_ = answer(own_.shape, own_.early, lag, tau_);
    if (has_before_) {
      before_last_ = answer(before_.shape, before_.late, lag, tau_);
      before_first_ = answer(before_.shape, before_.early, lag, tau_);
    }
    const Real delay = s_of(image_.commit.actuator_delay_ns);
    std::vector<Real> at;
    for (uint32_t i = 0; i < tau_.size(); ++i)
      at.push_back(i < kEarly ? delay * i / kEarly : delay + tau_[i]);
    for (uint32_t i = 0; i < at.size(); ++i) {
      const Real left = i > 0 ? at[i] - at[i - 1] : 0;
      const Real right = i + 1 < at.size() ? at[i + 1] - at[i] : 0;
      half_.push_back(std::max(left, right) / 2);
      out_.sample.push_back({at[i] + half_[i], {}, {}, {}});
    }
  }
  // Where the joint is between the earliest and the latest stop, and the
  // fastest it may be: what is left of the past and what the input has made,
  // or the input itself where that is more.
  Place place_at(const Course& c, const Answer& last, const Answer& first,
                 const Start& s, Real hull, uint32_t i) {
    const Real lag = s_of(image_.commit.lag_ns);
    const Real decay = std::exp(-tau_[i] / lag);
    const Real base = s.q.back() + s.v.back() * lag * (1 - decay);
    const Real a = base + c.u * last.path[i], b = base + c.u * first.path[i];
    const Real rest = std::max(last_.velocity[i], last_.input[i]);
    const Real speed = std::max(hull * decay + c.top * last.velocity[i],
                                c.top * last.input[i]);
    return {std::min(a, b) - c.error, std::max(a, b) + c.error,
            speed + c.extra * rest};
  }
  // Integral of 1 - s over the delay before t1, by Simpson: s is a parabola
  // or a line between its corners.
  static Real fallen_before(const Course& c, Real delay) {
    const Shape& s = c.shape;
    std::vector<Real> at = {-delay, 0};
    for (const Real corner : {Real{0}, s.ramp, s.ramp + s.line, s.end()}) {
      const Real t = c.early + corner;
      if (t > -delay && t < 0) at.push_back(t);
    }
    std::sort(at.begin(), at.end());
    Real sum = 0;
    for (std::size_t i = 0; i + 1 < at.size(); ++i) {
      const Real h = at[i + 1] - at[i], middle = at[i] + h / 2;
      sum += h / 6 *
             ((1 - s.at(at[i] - c.early)) + 4 * (1 - s.at(middle - c.early)) +
              (1 - s.at(at[i + 1] - c.early)));
    }
    return sum;
  }
  void follow(uint32_t j) {
    out_.joint.push_back(start_of(image_, c_, j));
    const Start& s = out_.joint.back();
    const Real u = c_.u[j], lag = s_of(image_.commit.lag_ns);
    const Real jump = std::fabs(u - s.last);
    own_.u = u;
    own_.top = std::max(std::fabs(u), std::fabs(s.last));
    const Real delay = s_of(image_.commit.actuator_delay_ns);
    own_.error = s.error + jump * out_.reaction +
                 std::fabs(u) * fallen_before(own_, delay);
    const Real hull = std::max(s.hull, own_.top);
    if (has_before_) {
      const bool planned = c_.state.plan.plan_id != 0;
      before_.u = planned ? c_.state.plan.held[j] : 0;
      before_.top = std::fabs(before_.u);
      before_.extra = jump;
      const Real gone = before_.u * before_.shape.at(-before_.early) - s.last;
      before_.error = s.error + jump * out_.reaction + std::fabs(gone) * delay;
    }
    out_.peak.push_back(hull);
    Real fastest = hull;
    for (uint32_t i = 0; i < tau_.size(); ++i) {
      Place p{s.q[std::min(i, kEarly)], s.q[std::min(i, kEarly)], hull};
      const Real most =
          has_before_ ? std::max(own_.error, before_.error) : own_.error;
      if (i < kEarly) {
        p.lo -= most;
        p.hi += most;
      } else {
        p = place_at(own_, last_, first_, s, hull, i);
      }
      if (i >= kEarly && has_before_) {
        const Place o =
            place_at(before_, before_last_, before_first_, s, hull, i);
        p = {std::min(p.lo, o.lo), std::max(p.hi, o.hi),
             std::max(p.speed, o.speed)};
      }
      Sample& sample = out_.sample[i];
      const Real speed = std::max(fastest, p.speed);
      fastest = p.speed;
      sample.q.push_back((p.lo + p.hi) / 2);
      sample.wide.push_back((p.hi - p.lo) / 2 + speed * half_[i]);
      sample.speed.push_back(speed);
    }
    out_.sample.back().wide.back() += fastest * lag;
  }

  const Image& image_;
  const Cycle& c_;
  Course own_, before_;
  bool has_before_ = false;
  std::vector<Real> tau_, half_;
  Answer last_, first_, before_last_, before_first_;
  Run out_;
};

// No motion: what was measured, and how long a stop would take.
inline Run instant_run(const Image& image, const Cycle& c) {
  Run out = Predictor(image, c).run();
  out.sample.assign(1, {});
  for (uint32_t j = 0; j < 7; ++j) {
    const Real v = c.dq[j];
    Start& s = out.joint[j];
    s.q.assign(kEarly + 1, c.q[j]);
    s.v.assign(kEarly + 1, v);
    out.sample[0].q.push_back(c.q[j]);
    out.sample[0].wide.push_back(0);
    out.sample[0].speed.push_back(std::fabs(v));
    out.peak[j] = std::max(std::fabs(v), std::fabs(static_cast<Real>(c.u[j])));
  }
  return out;
}

}  // namespace oracle
