// SPDX-License-Identifier: MIT
#include "safety/present_body.hpp"

#include <cmath>

namespace tactus::safety::present {

Vec operator+(const Vec& a, const Vec& b) {
  return {a[0] + b[0], a[1] + b[1], a[2] + b[2]};
}
Vec operator-(const Vec& a, const Vec& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}
Vec operator*(Real s, const Vec& a) { return {s * a[0], s * a[1], s * a[2]}; }
Real dot(const Vec& a, const Vec& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
Real norm(const Vec& a) { return std::sqrt(dot(a, a)); }
Vec vec(const double* v) { return {Real{v[0]}, Real{v[1]}, Real{v[2]}}; }

namespace {

using Mat = std::array<Vec, 3>;

Vec cross(const Vec& a, const Vec& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
          a[0] * b[1] - a[1] * b[0]};
}
Vec turn(const Mat& m, const Vec& v) {
  Vec out{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < 3; ++k) out[i] += m[i][k] * v[k];
  return out;
}
Mat product(const Mat& a, const Mat& b) {
  Mat out{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      for (std::size_t k = 0; k < 3; ++k) out[i][j] += a[i][k] * b[k][j];
  return out;
}
Mat mat(const double* m) { return {vec(m), vec(m + 3), vec(m + 6)}; }

// Rodrigues: I + sin K + (1 - cos) K K.
Mat rotation(const Vec& axis, Real angle) {
  const Mat k = {Vec{0, -axis[2], axis[1]}, Vec{axis[2], 0, -axis[0]},
                 Vec{-axis[1], axis[0], 0}};
  const Mat kk = product(k, k);
  Mat out{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      out[i][j] = (i == j ? 1.0L : 0.0L) + std::sin(angle) * k[i][j] +
                  (1 - std::cos(angle)) * kk[i][j];
  return out;
}

struct Frame {
  Mat r = {Vec{1, 0, 0}, Vec{0, 1, 0}, Vec{0, 0, 1}};
  Vec p{};
  Vec axis{};  // of its joint, in the base frame
};

std::vector<Frame> frames_of(const kin::Chain& chain, const float* q) {
  std::vector<Frame> out(1);
  for (uint32_t j = 0; j < chain.joints; ++j) {
    const kin::Joint& joint = chain.joint[j];
    const Frame& parent = out.back();
    Frame f;
    f.r = product(parent.r, mat(joint.origin.r));
    f.p = parent.p + turn(parent.r, vec(joint.origin.p));
    f.axis = turn(f.r, vec(joint.axis));
    if (kin::is_angular(joint.type))
      f.r = product(f.r, rotation(vec(joint.axis), Real{q[j]}));
    else
      f.p = f.p + Real{q[j]} * f.axis;
    out.push_back(f);
  }
  return out;
}

}  // namespace

std::vector<Ball> balls_of(const kin::Chain& chain, const float* q,
                           const float* dq) {
  const std::vector<Frame> frames = frames_of(chain, q);
  std::vector<Ball> out;
  for (uint32_t i = 0; i < chain.spheres; ++i) {
    const kin::Sphere& s = chain.sphere[i];
    const Frame& f = frames[s.link];
    Ball ball{f.p + turn(f.r, vec(s.center)),
              {},
              Real{s.radius},
              s.body,
              s.link != 0};
    for (uint32_t j = 0; j < s.link; ++j) {
      const Frame& joint = frames[j + 1];
      const bool turns = kin::is_angular(chain.joint[j].type);
      const Vec way = turns ? cross(joint.axis, ball.at - joint.p) : joint.axis;
      ball.velocity = ball.velocity + Real{dq[j]} * way;
    }
    out.push_back(ball);
  }
  return out;
}

}  // namespace tactus::safety::present
