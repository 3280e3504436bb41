// SPDX-License-Identifier: MIT
// An arm whose third joint slides, along x once the two before it have turned:
// what is exact on paper.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "oracle.hpp"
#include "safety/near_impl.hpp"

using namespace rig;

namespace {

constexpr uint32_t kSlide = 2;
constexpr float kSpeed = 0.5F;
constexpr double kSame = 2e-8;  // rounding off the rows: 1e-9 m and lengths

// Turned about z, then y.
constexpr float kYaw = 0.5F, kPitch = 0.25F;
Cycle moving() {
  Cycle c;
  c.q[0] = kYaw;
  c.q[1] = kPitch;
  c.hand[0] = -3;
  c.moving(kSpeed, kSlide);
  return c;
}

std::unique_ptr<Image> sliding() {
  auto image = draft();
  kin::Joint& joint = image->chain.joint[kSlide];
  joint.type = kin::JointType::kPrismatic;
  const double yaw = double{kYaw}, pitch = double{kPitch};
  joint.axis[0] = std::cos(pitch) * std::cos(yaw);
  joint.axis[1] = -std::sin(yaw);
  joint.axis[2] = std::sin(pitch) * std::cos(yaw);
  kin::finish_joint(joint);
  return image;
}

bool passes(Image& image) {
  Cycle c = moving();
  return seal(image) && c.run(image) == TACTUS_RUNG_PASS;
}
// The least `limit` that the motion keeps.
template <class Set>
double least(Set set) {
  double low = 0, high = 2;
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (low + high);
    auto image = sliding();
    set(*image, middle);
    (passes(*image) ? high : low) = middle;
  }
  return high;
}

// Farthest along x that a ball behind the slide reaches, the slide at 0.
struct Ahead {
  double centre, radius;
};
std::vector<Ahead> ahead() {
  const Cycle c;
  std::vector<oracle::Real> q(c.q, c.q + 7);
  q[0] = oracle::Real{kYaw};
  q[1] = oracle::Real{kPitch};
  const oracle::Turns turns(q);
  std::vector<Ahead> out;
  for (const Ball& ball : kBalls)
    if (ball.link > kSlide)
      out.push_back(
          {static_cast<double>(oracle::place(ball, turns).x), ball.r});
  return out;
}

}  // namespace

Test(sliding, a_wall_is_as_far_as_the_joints_limit) {
  const double joint =
      least([](Image& i, double x) { i.position_hi[kSlide] = x; });
  const double wall = least([](Image& i, double x) { i.box[0].hi[0] = x; });
  double front = 0;
  for (const Ahead& a : ahead()) front = std::max(front, a.centre + a.radius);
  const double error = sliding()->commit.model_error;
  cr_assert(joint > 0.03 && std::fabs(wall - front - error - joint) < kSame,
            "%.9f, wall %.9f, front %.9f", joint, wall, front);
}

// What slides does not turn: of the first order all but h is the speed's.
Test(sliding, a_barrier_has_the_figure_of_the_formula) {
  constexpr double kWall = 1.3, kAlpha = 3, kScale = 4, kPeriod = 1e-3;
  auto image = sliding();
  add_keep_out(*image, {"wall", {kWall, -5, -5}, {9, 5, 5}});
  image->dynamics.barriers = 1;
  image->dynamics.barrier[0] = {BarrierOf::kBox, 1, 1, 0, {kAlpha, 0}};
  add_row(*image, "barrier", RowKernel::kBarrier, 0, kScale);
  cr_assert(static_cast<bool>(seal(*image)));
  Cycle c = moving();
  c.run(*image);
  const double v = double{kSpeed};
  double slack = kInf;
  for (const Ahead& a : ahead()) {
    const double distance = kWall - a.centre - v * 4.2e-3;  // at t1
    const double h = distance - a.radius - image->commit.model_error;
    const double bend = v * v / (distance - kPeriod * v);
    slack = std::min(slack, -v + kAlpha * h - kPeriod * (bend + kAlpha * v));
  }
  const double said = double{c.out.row[image->rows - 1].margin} * kScale;
  cr_assert(std::fabs(slack) < kScale && std::fabs(said - slack) < 1e-6,
            "%.9f, by hand %.9f", said, slack);
}

// Rung project's slopes, by differences of the kinematics.
Test(sliding, slopes_are_those_of_the_place) {
  const auto image = sliding();
  const kin::Chain& chain = image->chain;
  double q[7] = {0.5, -0.3, 0.2, -1.1, 0.4, 0.9, 0.1};
  const double n[3] = {0.48, -0.6, 0.64};
  const auto along = [&](kin::Frames& frames, double* point) {
    kin::frames_of(chain, q, frames);
    kin::point(frames, 7, chain.sphere[8].center, point);
    return n[0] * point[0] + n[1] * point[1] + n[2] * point[2];
  };
  kin::Frames now, other;
  double point[3], moved[3];
  along(now, point);
  for (uint32_t j = 0; j < 7; ++j) {
    constexpr double kStep = 1e-5;
    const double at = q[j];
    q[j] = at + kStep;
    const double more = along(other, moved);
    q[j] = at - kStep;
    const double less = along(other, moved);
    q[j] = at;
    const double slope = detail::lever(chain, now, j, point, n);
    cr_assert(std::fabs(slope - (more - less) / (2 * kStep)) < 1e-8);
  }
}
