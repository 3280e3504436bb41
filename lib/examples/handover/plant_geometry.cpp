// SPDX-License-Identifier: MIT
#include "plant_geometry.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace handover {
namespace {

// Craig's convention: rotate alpha and shift a along the previous x, then
// turn theta and shift d along the own z.
struct Row {
  double a, d, cos_alpha, sin_alpha;
};
constexpr std::array<Row, kJoints> kRows{{
    {0, 0.333, 1, 0},
    {0, 0, 0, -1},
    {0, 0.316, 0, 1},
    {0.0825, 0, 0, 1},
    {-0.0825, 0.384, 0, -1},
    {0, 0, 0, 1},
    {0.088, 0, 0, 1},
}};
constexpr double kFlange = 0.107;  // m beyond frame 7 along its z

constexpr int kSections = 16;
constexpr int kAround = 16;

LinkState next_link(const LinkState& last, const Row& row, double theta,
                    double rate) {
  const double c = std::cos(theta), s = std::sin(theta);
  const Vec y = row.cos_alpha * last.ey + row.sin_alpha * last.ez;
  LinkState link;
  link.ez = row.cos_alpha * last.ez - row.sin_alpha * last.ey;
  link.ex = c * last.ex + s * y;
  link.ey = c * y - s * last.ex;
  link.origin = last.origin + row.a * last.ex + row.d * link.ez;
  link.omega = last.omega + rate * link.ez;
  link.velocity = last.speed_at(link.origin);
  return link;
}

struct Segment {
  Vec a, b;
  [[nodiscard]] Vec at(double s) const { return a + s * (b - a); }
  [[nodiscard]] double nearest(Vec p) const {
    const Vec ab = b - a;
    return std::clamp(dot(p - a, ab) / dot(ab, ab), 0.0, 1.0);
  }
};

Segment axis_of(const Capsule& capsule, const LinkState& link) {
  return {link.place(capsule.a), link.place(capsule.b)};
}

// What the points seen so far add up to.
struct Search {
  const LinkState& link;
  const Ball& ball;
  double distance;
  double fastest = 0;

  void see(Vec point) {
    if (norm(point - ball.center) - ball.radius < distance)
      fastest = std::max(fastest, norm(link.speed_at(point)));
  }
  // A ring of the capsule's surface about `center`, and its end points.
  void section(Vec center, Vec u, Vec v, double radius) {
    for (int i = 0; i < kAround; ++i) {
      const double angle = 2 * std::numbers::pi * i / kAround;
      see(center + radius * (std::cos(angle) * u + std::sin(angle) * v));
    }
  }
};

double fastest_on(const Capsule& capsule, const LinkState& link,
                  const Ball& ball, double distance) {
  const Segment axis = axis_of(capsule, link);
  const Vec near = axis.at(axis.nearest(ball.center));
  const Vec way = ball.center - near;
  const double gap = norm(way);
  if (gap - capsule.radius - ball.radius >= distance) return 0;

  Search search{link, ball, distance};
  search.see(near + (gap > 0 ? capsule.radius / gap : 0) * way);
  const Vec w = (1 / norm(axis.b - axis.a)) * (axis.b - axis.a);
  const Vec side = std::abs(w.x) < 0.7 ? Vec{1, 0, 0} : Vec{0, 1, 0};
  const Vec u = (1 / norm(cross(w, side))) * cross(w, side);
  const Vec v = cross(w, u);
  for (int i = 0; i <= kSections; ++i)
    search.section(axis.at(static_cast<double>(i) / kSections), u, v,
                   capsule.radius);
  for (const auto& [end, out] : {std::pair{axis.a, -1.0}, {axis.b, 1.0}}) {
    search.see(end + out * capsule.radius * w);
    const double r = capsule.radius * std::sqrt(0.5);
    search.section(end + out * r * w, u, v, r);
  }
  return search.fastest;
}

}  // namespace

const std::array<JointLimit, kJoints> kLimits{{
    {-2.8973, 2.8973, 2.175},
    {-1.7628, 1.7628, 2.175},
    {-2.8973, 2.8973, 2.175},
    {-3.0718, -0.0698, 2.175},
    {-2.8973, 2.8973, 2.61},
    {-0.0175, 3.7525, 2.61},
    {-2.8973, 2.8973, 2.61},
}};

const std::array<Capsule, kJoints> kCapsules{{
    {0, {0, 0, -0.20}, {0, 0, 0}, 0.07},
    {1, {0, 0, -0.06}, {0, 0, 0.06}, 0.07},
    {2, {0, 0, -0.25}, {0, 0, 0}, 0.07},
    {3, {0, 0, -0.06}, {0, 0, 0.06}, 0.07},
    {4, {0, 0, -0.30}, {0, 0, -0.05}, 0.06},
    {5, {0, 0, 0}, {0.088, 0, 0}, 0.06},
    {6, {0, 0, -0.02}, {0, 0, 0.107}, 0.05},
}};

double norm(Vec a) { return std::sqrt(dot(a, a)); }

Vec LinkState::place(Vec local) const {
  return origin + local.x * ex + local.y * ey + local.z * ez;
}

Vec LinkState::speed_at(Vec point) const {
  return velocity + cross(omega, point - origin);
}

ArmState move_arm(const Joints& q, const Joints& dq) {
  ArmState arm;
  LinkState last;
  for (std::size_t i = 0; i < kJoints; ++i) {
    last = next_link(last, kRows[i], q[i], dq[i]);
    arm.link[i] = last;
  }
  arm.flange = last.place({0, 0, kFlange});
  return arm;
}

double separation(const ArmState& arm, const Ball& ball) {
  double least = INFINITY;
  for (const Capsule& capsule : kCapsules) {
    const Segment axis = axis_of(capsule, arm.link[capsule.link]);
    const Vec near = axis.at(axis.nearest(ball.center));
    least = std::min(least,
                     norm(ball.center - near) - capsule.radius - ball.radius);
  }
  return least;
}

double fastest_within(const ArmState& arm, const Ball& ball, double distance) {
  double fastest = 0;
  for (const Capsule& capsule : kCapsules)
    fastest = std::max(
        fastest, fastest_on(capsule, arm.link[capsule.link], ball, distance));
  return fastest;
}

}  // namespace handover
