// SPDX-License-Identifier: MIT
// The adversary: a robot and a human written apart from the code they judge.
// Own kinematics (rotation matrices from std::sin), Euler integration of the
// lag, commands that take effect after any delay up to the declared one, a
// human who runs straight at the nearest link. Shares only the link table of
// rig.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "rig.hpp"

namespace plant {

struct Vec {
  double x = 0, y = 0, z = 0;
};
inline Vec operator+(Vec a, Vec b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec operator-(Vec a, Vec b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec operator*(double s, Vec a) { return {s * a.x, s * a.y, s * a.z}; }
inline double norm(Vec a) {
  return std::sqrt(a.x * a.x + a.y * a.y + a.z * a.z);
}

struct Pose {
  Vec ex{1, 0, 0}, ey{0, 1, 0}, ez{0, 0, 1}, p;
  [[nodiscard]] Vec map(Vec v) const {
    return p + (v.x * ex + (v.y * ey + v.z * ez));
  }
};

// Turns the frame about one of its own axes, as kArm has them.
inline void turn(Pose& f, const double* axis, double angle) {
  const double c = std::cos(angle);
  if (axis[2] != 0) {
    const double s = axis[2] * std::sin(angle);
    const Vec x = c * f.ex + s * f.ey;
    f.ey = c * f.ey - s * f.ex;
    f.ex = x;
  } else {
    const double s = axis[1] * std::sin(angle);
    const Vec z = c * f.ez + s * f.ex;
    f.ex = c * f.ex - s * f.ez;
    f.ez = z;
  }
}

inline void poses(const double* q, Pose* frame) {
  frame[0] = Pose{};
  for (int j = 0; j < 7; ++j) {
    Pose f = frame[j];
    const double* p = rig::kArm[j].p;
    f.p = frame[j].map({p[0], p[1], p[2]});
    turn(f, rig::kArm[j].axis, q[j]);
    frame[j + 1] = f;
  }
}

inline Vec local(const rig::Ball& b) { return {b.c[0], b.c[1], b.c[2]}; }

struct Order {
  int64_t from_ns;
  double u[7];
};

class Robot {
 public:
  double q[7] = {};
  double v[7] = {};
  std::vector<Order> orders;  // by time of effect

  void order(int64_t sent_ns, int64_t delay_ns, const float* u) {
    Order o{sent_ns + delay_ns, {}};
    if (!orders.empty()) o.from_ns = std::max(o.from_ns, orders.back().from_ns);
    for (int j = 0; j < 7; ++j) o.u[j] = static_cast<double>(u[j]);
    orders.push_back(o);
  }
  void to(int64_t end_ns, double lag) {
    while (now_ns_ < end_ns) {
      const int64_t h = std::min<int64_t>(end_ns - now_ns_, 100'000);
      const double dt = static_cast<double>(h) * 1e-9;
      const double* u = in_effect();
      for (int j = 0; j < 7; ++j) {
        q[j] += v[j] * dt;
        v[j] += (u[j] - v[j]) * dt / lag;
      }
      now_ns_ += h;
    }
  }
  void start(int64_t now_ns) { now_ns_ = now_ns; }

 private:
  const double* in_effect() {
    while (at_ + 1 < orders.size() && orders[at_ + 1].from_ns <= now_ns_) ++at_;
    return orders[at_].u;
  }
  int64_t now_ns_ = 0;
  std::size_t at_ = 0;
};

// Nearest ball: surface to surface gap to a human sphere, and which.
struct Gap {
  double gap = 1e9;
  int ball = -1;
};
inline Gap nearest(const double* q, Vec human, double radius) {
  Pose frame[8];
  poses(q, frame);
  Gap best;
  for (int i = 0; i < static_cast<int>(std::size(rig::kBalls)); ++i) {
    const rig::Ball& b = rig::kBalls[i];
    if (b.link == 0) continue;
    const double gap = norm(frame[b.link].map(local(b)) - human) - b.r - radius;
    if (gap < best.gap) best = {gap, i};
  }
  return best;
}

// Fastest of the robot points that are closer than d_min to the human, m/s:
// per ball the surface point nearest to the human, by finite difference.
inline double speed_near(const Robot& robot, Vec human, double radius,
                         double d_min) {
  constexpr double kStep = 1e-5;
  double ahead[7];
  for (int j = 0; j < 7; ++j) ahead[j] = robot.q[j] + kStep * robot.v[j];
  Pose a[8], b[8];
  poses(robot.q, a);
  poses(ahead, b);
  double fastest = 0;
  for (const rig::Ball& ball : rig::kBalls) {
    const Pose& f = a[ball.link];
    const Vec c = f.map(local(ball));
    const Vec to = human - c;
    const double d = norm(to);
    if (d - ball.r - radius >= d_min) continue;
    const Vec dir = (ball.r / (d > 1e-9 ? d : 1)) * to;
    const Vec in{dir.x * f.ex.x + dir.y * f.ex.y + dir.z * f.ex.z,
                 dir.x * f.ey.x + dir.y * f.ey.y + dir.z * f.ey.z,
                 dir.x * f.ez.x + dir.y * f.ez.y + dir.z * f.ez.z};
    const Vec point = local(ball) + in;
    const Vec moved = b[ball.link].map(point) - f.map(point);
    fastest = std::max(fastest, norm(moved) / kStep);
  }
  return fastest;
}

}  // namespace plant
