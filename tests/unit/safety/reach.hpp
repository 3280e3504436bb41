// SPDX-License-Identifier: MIT
// A closed loop in which the action takes the tip straight to a goal, behind a
// wall or beside a hand. Jacobian and plant share no code with the shield.
#pragma once

#include "slide.hpp"

namespace reach {

using namespace slide;
using plant::Vec;

inline Vec tip(const double* q) {
  plant::Pose frame[8];
  plant::poses(q, frame);
  return frame[7].map({0, 0, 0.12});
}

// J J^T + 0.01 and v, solved by elimination.
inline void damped(const double (&jacobian)[7][3], const Vec& v, double* out) {
  double a[3][4];
  const double want[3] = {v.x, v.y, v.z};
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 3; ++k) {
      a[i][k] = i == k ? 0.01 : 0;
      for (const auto& column : jacobian) a[i][k] += column[i] * column[k];
    }
    a[i][3] = want[i];
  }
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 3; ++k) {
      const double part = k == i ? 0 : a[k][i] / a[i][i];
      for (int c = i; c < 4; ++c) a[k][c] -= part * a[i][c];
    }
  }
  for (int i = 0; i < 3; ++i) out[i] = a[i][3] / a[i][i];
}

// Joint velocities that move the tip by v.
inline void resolve(const double* q, const Vec& v, float* out) {
  double jacobian[7][3];
  const Vec here = tip(q);
  for (int j = 0; j < 7; ++j) {
    double moved[7];
    for (int i = 0; i < 7; ++i) moved[i] = q[i] + (i == j ? 1e-6 : 0);
    const Vec d = 1e6 * (tip(moved) - here);
    jacobian[j][0] = d.x;
    jacobian[j][1] = d.y;
    jacobian[j][2] = d.z;
  }
  double pull[3];
  damped(jacobian, v, pull);
  for (int j = 0; j < 7; ++j) {
    double u = 0;
    for (int i = 0; i < 3; ++i) u += jacobian[j][i] * pull[i];
    out[j] = static_cast<float>(std::clamp(u, -0.8, 0.8));
  }
}

class Run {
 public:
  Run(const Image& image, Vec goal, Vec hand = {3, 0, 1})
      : loop(image, reference(), 0), goal_(goal), hand_(hand) {}

  void step() {
    loop.step_with([this](Cycle& c, const plant::Robot& robot) {
      const Vec way = goal_ - tip(robot.q);
      const double far = plant::norm(way);
      resolve(robot.q, (far > 0.25 ? 0.5 / far : 2) * way, c.u);
      c.hand[0] = static_cast<float>(hand_.x);
      c.hand[1] = static_cast<float>(hand_.y);
      c.hand[2] = static_cast<float>(hand_.z);
    });
    const double* q = loop.robot().q;
    plant::Pose frame[8];
    plant::poses(q, frame);
    for (const Ball& b : kBalls) {
      farthest_y =
          std::max(farthest_y, frame[b.link].map(plant::local(b)).y + b.r);
    }
    fastest_near = std::max(fastest_near,
                            plant::speed_near(loop.robot(), hand_, 0.08, 0.05));
  }
  // What is left to the goal, along x and z.
  [[nodiscard]] double aside() const {
    Vec left = goal_ - tip(loop.robot().q);
    left.y = 0;
    return plant::norm(left);
  }

  slide::Run loop;
  double farthest_y = -1;   // m, of any part of the robot
  double fastest_near = 0;  // m/s, within d_min of the hand

 private:
  Vec goal_, hand_;
};

}  // namespace reach
