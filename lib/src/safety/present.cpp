// SPDX-License-Identifier: MIT
#include "safety/present.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "safety/present_body.hpp"

namespace tactus::safety {
namespace {

using namespace present;

constexpr Real kRounding = 1e-9L;  // m or rad; the kernels' own is below
constexpr Real kSlow = 0.010L;     // m/s: the violation, see DESIGN

// Of a sphere of no size at that place; below 0: beyond.
Real inside_by(const Vec& at, const double* lo, const double* hi) {
  Real least = INFINITY;
  for (std::size_t a = 0; a < 3; ++a)
    least = std::min({least, at[a] - Real{lo[a]}, Real{hi[a]} - at[a]});
  return least;
}
Real outside_by(const Vec& at, const double* lo, const double* hi) {
  Vec gap{};
  for (std::size_t a = 0; a < 3; ++a)
    gap[a] = std::max({Real{lo[a]} - at[a], at[a] - Real{hi[a]}, 0.0L});
  return norm(gap);
}

// A point in the box's own axes.
Vec seen_from(const TurnedBox& box, const Vec& at) {
  const Vec way = at - vec(box.at);
  return {dot(way, vec(box.axis[0])), dot(way, vec(box.axis[1])),
          dot(way, vec(box.axis[2]))};
}

Real from_axis(const Capsule& c, const Vec& at) {
  const Vec along = vec(c.to) - vec(c.from);
  const Real size = dot(along, along);
  Real foot = 0;
  if (size > 0)
    foot = std::clamp(dot(at - vec(c.from), along) / size, 0.0L, 1.0L);
  return norm(at - vec(c.from) - foot * along);
}

// The largest signed distance to a face: what the row judges by, too.
Real from_faces(const Image& image, const Hull& hull, const Vec& at) {
  Real most = -INFINITY;
  for (uint32_t f = 0; f < hull.faces; ++f) {
    const Face& face = image.face[hull.first + f];
    most = std::max(most, dot(vec(face.normal), at) - Real{face.offset});
  }
  return most;
}

// What a part may do in its window is left to the check.
bool binds(const Binds& binds, uint32_t body) {
  const uint32_t spared =
      binds.spared | (binds.window != 0 ? binds.allowed : 0u);
  return (spared >> body & 1u) == 0;
}

// `left`: of a place, before the sphere's radius.
template <class Left>
std::string shape_violation(const Row& row, const Binds& bound,
                            const std::vector<Ball>& balls, Left&& left) {
  for (const Ball& ball : balls) {
    if (!ball.moves || !binds(bound, ball.body)) continue;
    const Real rest = left(ball.at) - ball.radius;
    if (!(rest >= Real{row.margin} - kRounding))
      return fmt::format("row {}: a robot sphere is {:g} m beyond", row.id,
                         static_cast<double>(Real{row.margin} - rest));
  }
  return "";
}

std::string box_violation(const Image& image, const Row& row,
                          const std::vector<Ball>& balls) {
  const Box& box = image.box[row.index];
  const bool in = row.kernel == RowKernel::kKeepIn;
  return shape_violation(row, box.binds, balls, [&](const Vec& at) {
    return in ? inside_by(at, box.lo, box.hi) : outside_by(at, box.lo, box.hi);
  });
}

std::string turned_violation(const Image& image, const Row& row,
                             const std::vector<Ball>& balls) {
  const TurnedBox& box = image.turned_box[row.index];
  const bool in = row.kernel == RowKernel::kTurnedIn;
  return shape_violation(row, box.binds, balls, [&](const Vec& at) {
    const Vec x = seen_from(box, at);
    return in ? inside_by(x, box.lo, box.hi) : outside_by(x, box.lo, box.hi);
  });
}

std::string capsule_violation(const Image& image, const Row& row,
                              const std::vector<Ball>& balls) {
  const Capsule& c = image.capsule[row.index];
  const Real side = row.kernel == RowKernel::kCapsuleIn ? -1 : 1;
  return shape_violation(row, c.binds, balls, [&](const Vec& at) {
    return side * (from_axis(c, at) - Real{c.radius});
  });
}

std::string hull_violation(const Image& image, const Row& row,
                           const std::vector<Ball>& balls) {
  const Hull& hull = image.hull[row.index];
  const Real side = row.kernel == RowKernel::kHullIn ? -1 : 1;
  return shape_violation(row, hull.binds, balls, [&](const Vec& at) {
    return side * from_faces(image, hull, at);
  });
}

std::string self_violation(const Image& image, const Row& row,
                           const std::vector<Ball>& balls) {
  for (uint32_t p = 0; p < image.pairs; ++p) {
    const Ball& a = balls[image.pair[p].a];
    const Ball& b = balls[image.pair[p].b];
    const Real left = norm(a.at - b.at) - a.radius - b.radius;
    if (!(left >= Real{row.margin} - kRounding))
      return fmt::format("row {}: links {} and {} are {:g} m apart", row.id,
                         image.chain.body_name[a.body],
                         image.chain.body_name[b.body],
                         static_cast<double>(left));
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
      if (!ball.moves) continue;
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

// Where the region and the robot overlap they are in contact.
std::string contact_violation(const Image& image, const Row& row,
                              const ShieldInput& in,
                              const std::vector<Ball>& balls) {
  const Contact& contact = image.dynamics.contact[row.index];
  const Signal& signal = image.signal[contact.signal];
  for (uint32_t k = 0; k + 2 < signal.count; k += 3) {
    const float* c = in.value[contact.signal] + k;
    const Vec centre = {Real{c[0]}, Real{c[1]}, Real{c[2]}};
    for (const Ball& ball : balls) {
      const Real gap =
          norm(ball.at - centre) - ball.radius - Real{signal.radius};
      const Real speed = norm(ball.velocity);
      if (!ball.moves || gap >= -kRounding ||
          speed <= Real{contact.most} + kRounding)
        continue;
      return fmt::format("row {}: {} met at {:g} m/s", row.id, signal.name,
                         static_cast<double>(speed));
    }
  }
  return "";
}

std::string load_violation(const Image& image, const Row& row,
                           const ShieldInput& in) {
  const Load& load = image.dynamics.load[row.index];
  const float* measured = in.value[load.signal];
  const float* speed = in.value[image.dq_signal];
  const bool force = row.kernel == RowKernel::kForce;
  Real power = 0, square = 0;
  bool within = true;
  for (uint32_t j = 0; j < image.joints && !force; ++j) {
    const Real torque = std::fabs(Real{measured[j]});
    if (row.kernel == RowKernel::kTorque)
      within = within && torque <= Real{load.limit[j]} + kRounding;
    power += torque * std::fabs(Real{speed[j]});
  }
  for (uint32_t a = 0; a < 3 && force; ++a)
    square += Real{measured[load.first + a]} * Real{measured[load.first + a]};
  const Real most = Real{load.limit[0]} * (1 + kRounding);
  if (row.kernel == RowKernel::kPower) within = power <= most;
  if (force) within = std::sqrt(square) <= most;
  return within ? ""
                : fmt::format("row {}: {} measures more", row.id,
                              image.signal[load.signal].name);
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

std::string row_violation(const Image& image, const Row& row,
                          const ShieldInput& in,
                          const std::vector<Ball>& balls) {
  switch (row.kernel) {
    case RowKernel::kKeepIn:
    case RowKernel::kKeepOut:
      return box_violation(image, row, balls);
    case RowKernel::kTurnedIn:
    case RowKernel::kTurnedOut:
      return turned_violation(image, row, balls);
    case RowKernel::kCapsuleIn:
    case RowKernel::kCapsuleOut:
      return capsule_violation(image, row, balls);
    case RowKernel::kHullIn:
    case RowKernel::kHullOut:
      return hull_violation(image, row, balls);
    case RowKernel::kSelf:
      return self_violation(image, row, balls);
    case RowKernel::kSeparation:
      return human_violation(image, row, in, balls);
    case RowKernel::kContact:
      return contact_violation(image, row, in, balls);
    case RowKernel::kJointPosition:
    case RowKernel::kJointVelocity:
      return joint_violation(image, row, in);
    case RowKernel::kTorque:
    case RowKernel::kForce:
    case RowKernel::kPower:
      return load_violation(image, row, in);
    case RowKernel::kNone:
    case RowKernel::kActionBox:  // action_violation
    case RowKernel::kActionRate:
    case RowKernel::kJointAcceleration:
    case RowKernel::kJointJerk:
    case RowKernel::kJointViable:
    case RowKernel::kSeparationNow:  // of commands, not of what is
    case RowKernel::kBarrier:
    case RowKernel::kLinear:
    case RowKernel::kExpression:
    case RowKernel::kMemory:
    case RowKernel::kCallback:
    case RowKernel::kEnergy:  // bounds only: where the masses are is not kept
      break;
  }
  return "";
}

}  // namespace

std::string present_violation(const Image& image, const ShieldInput& in) {
  const std::vector<Ball> balls = present::balls_of(
      image.chain, in.value[image.q_signal], in.value[image.dq_signal]);
  for (uint32_t r = 0; r < image.rows; ++r) {
    if (image.row[r].kind != RowKind::kHard) continue;
    std::string found = row_violation(image, image.row[r], in, balls);
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
    const double* rate = row.kernel == RowKernel::kActionRate
                             ? image.action_rate
                         : row.kernel == RowKernel::kJointAcceleration
                             ? image.dynamics.trajectory.acceleration
                             : nullptr;
    if (row.kind != RowKind::kHard || (!box && rate == nullptr)) continue;
    for (uint32_t j = 0; j < image.joints; ++j) {
      const Real u{out.action[j]};
      const Real from{last[j]};
      const Real change = box ? 0 : Real{rate[j]} * period;
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
