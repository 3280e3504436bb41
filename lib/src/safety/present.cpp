// SPDX-License-Identifier: MIT
#include "safety/present.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace tactus::safety {
namespace {

using Real = long double;
using Vec = std::array<Real, 3>;
using Mat = std::array<Vec, 3>;

constexpr Real kRounding = 1e-9L;  // m or rad; the kernels' own is below
constexpr Real kSlow = 0.010L;     // m/s: the violation, see DESIGN

Vec operator+(const Vec& a, const Vec& b) {
  return {a[0] + b[0], a[1] + b[1], a[2] + b[2]};
}
Vec operator-(const Vec& a, const Vec& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}
Vec operator*(Real s, const Vec& a) { return {s * a[0], s * a[1], s * a[2]}; }
Vec cross(const Vec& a, const Vec& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
          a[0] * b[1] - a[1] * b[0]};
}
Real norm(const Vec& a) {
  return std::sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2]);
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
Vec vec(const double* v) { return {Real{v[0]}, Real{v[1]}, Real{v[2]}}; }
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

struct Ball {
  Vec at{};
  Vec velocity{};
  Real radius = 0;
};

std::vector<Ball> balls_of(const kin::Chain& chain, const float* q,
                           const float* dq) {
  const std::vector<Frame> frames = frames_of(chain, q);
  std::vector<Ball> out;
  for (uint32_t i = 0; i < chain.spheres; ++i) {
    const kin::Sphere& s = chain.sphere[i];
    if (s.link == 0) continue;  // the base never moves
    const Frame& f = frames[s.link];
    Ball ball{f.p + turn(f.r, vec(s.center)), {}, Real{s.radius}};
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

Real inside_by(const Box& box, const Ball& ball) {
  Real least = INFINITY;
  for (std::size_t a = 0; a < 3; ++a) {
    least = std::min(least, ball.at[a] - ball.radius - Real{box.lo[a]});
    least = std::min(least, Real{box.hi[a]} - ball.at[a] - ball.radius);
  }
  return least;
}
Real outside_by(const Box& box, const Ball& ball) {
  Vec gap{};
  for (std::size_t a = 0; a < 3; ++a)
    gap[a] = std::max(
        {Real{box.lo[a]} - ball.at[a], ball.at[a] - Real{box.hi[a]}, 0.0L});
  return norm(gap) - ball.radius;
}

std::string box_violation(const Image& image, const Row& row,
                          const std::vector<Ball>& balls) {
  const Box& box = image.box[row.index];
  const bool in = row.kernel == RowKernel::kKeepIn;
  for (const Ball& ball : balls) {
    const Real left = in ? inside_by(box, ball) : outside_by(box, ball);
    if (!(left >= Real{row.margin} - kRounding))
      return fmt::format("row {}: a robot sphere is {:g} m beyond", row.id,
                         static_cast<double>(-left));
  }
  return "";
}

std::string human_violation(const Image& image, const Row& row,
                            const ShieldInput& in,
                            const std::vector<Ball>& balls) {
  const Human& human = image.human[row.index];
  const Signal& signal = image.signal[human.signal];
  for (uint32_t k = 0; k + 2 < signal.count; k += 3) {
    const float* c = in.value[human.signal] + k;
    const Vec centre = {Real{c[0]}, Real{c[1]}, Real{c[2]}};
    for (const Ball& ball : balls) {
      const Real gap =
          norm(ball.at - centre) - ball.radius - Real{signal.radius};
      const Real speed = norm(ball.velocity);
      if (gap >= Real{human.d_min} - kRounding || speed <= kSlow) continue;
      return fmt::format("row {}: {:g} m from {} at {:g} m/s", row.id,
                         static_cast<double>(gap), signal.name,
                         static_cast<double>(speed));
    }
  }
  return "";
}

std::string joint_violation(const Image& image, const Row& row,
                            const ShieldInput& in) {
  const bool place = row.kernel == RowKernel::kJointPosition;
  const uint32_t signal = place ? image.q_signal : image.dq_signal;
  for (uint32_t j = 0; j < image.joints; ++j) {
    const Real x{in.value[signal][j]};
    const Real lo{place ? image.position_lo[j] : -image.velocity[j]};
    const Real hi{place ? image.position_hi[j] : image.velocity[j]};
    if (!(x >= lo - kRounding && x <= hi + kRounding))
      return fmt::format("row {}: {} is at {:g}", row.id,
                         image.chain.joint_name[j], static_cast<double>(x));
  }
  return "";
}

}  // namespace

std::string present_violation(const Image& image, const ShieldInput& in) {
  const std::vector<Ball> balls = balls_of(
      image.chain, in.value[image.q_signal], in.value[image.dq_signal]);
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Row& row = image.row[r];
    if (row.kind != RowKind::kHard) continue;
    std::string found;
    if (row.kernel == RowKernel::kKeepIn || row.kernel == RowKernel::kKeepOut)
      found = box_violation(image, row, balls);
    if (row.kernel == RowKernel::kSeparation)
      found = human_violation(image, row, in, balls);
    if (row.kernel == RowKernel::kJointPosition ||
        row.kernel == RowKernel::kJointVelocity)
      found = joint_violation(image, row, in);
    if (!found.empty()) return found;
  }
  return "";
}

std::string action_violation(const Image& image, const float* last,
                             const ShieldOutput& out) {
  const Real period = static_cast<Real>(image.commit.period_ns) * 1e-9L;
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Row& row = image.row[r];
    const bool box = row.kernel == RowKernel::kActionBox;
    const bool rate = row.kernel == RowKernel::kActionRate;
    if (row.kind != RowKind::kHard || (!box && !rate)) continue;
    for (uint32_t j = 0; j < image.joints; ++j) {
      const Real u{out.action[j]};
      const Real from{last[j]};
      const Real change = Real{image.action_rate[j]} * period;
      const Real lo = box ? Real{image.action_lo[j]} : from - change;
      const Real hi = box ? Real{image.action_hi[j]} : from + change;
      if (!(u >= lo - kRounding && u <= hi + kRounding))
        return fmt::format("row {}: {} gets {:g}", row.id,
                           image.chain.joint_name[j],
                           static_cast<double>(out.action[j]));
    }
  }
  return "";
}

}  // namespace tactus::safety
