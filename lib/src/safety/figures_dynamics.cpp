// SPDX-License-Identifier: MIT
// Figures of the tables in dynamics.hpp.
#include <iterator>

#include "safety/figures.hpp"

namespace tactus::safety {
namespace {

constexpr auto kHigher = Looser::kHigher, kLower = Looser::kLower;
constexpr Units kRate = {"rad/s2", "m/s2"};
constexpr Units kJerk = {"rad/s3", "m/s3"};
constexpr Units kEffort = {"Nm", "N"};

void load_figures(const Image& image, const Row& row, Lines& to) {
  const Load& load = image.dynamics.load[row.index];
  to.text("of", image.signal[load.signal].name);
  if (row.kernel == RowKernel::kTorque)
    return to.joints("max", load.limit, kEffort, kHigher);
  const bool force = row.kernel == RowKernel::kForce;
  if (force) to.number("first", double(load.first), "", Looser::kEither);
  to.number("max", load.limit[0], force ? "N" : "W", kHigher);
}

// A body that counts for less leaves more for the others.
void energy_figures(const Image& image, Lines& to) {
  const Dynamics& all = image.dynamics;
  to.number("max", all.energy, "J", kHigher);
  to.number("bodies", double(all.masses), "", kLower);
  for (uint32_t i = 0; i < all.masses; ++i) {
    const Mass& mass = all.mass[i];
    const std::string part = i < image.chain.inertials && i < kin::kMaxInertials
                                 ? image.chain.inertial[i].name
                                 : fmt::format("[{}]", i);
    to.part("mass", part, mass.mass, "kg", kLower);
    to.part("arm", part, mass.arm, "m", kLower);
    to.part("inertia", part, mass.inertia, "kg m2", kLower);
    to.part("frame", part, double(mass.link), "", Looser::kEither);
  }
}

void contact_figures(const Image& image, const Contact& c, Lines& to) {
  to.text("of", image.signal[c.signal].name);
  to.number("most", c.most, "m/s", kHigher);
  to.number("force", c.force, "N", kHigher);
  to.number("stiffness", c.stiffness, "N/m", kLower);
  to.number("body_mass", c.body_mass, "kg", kLower);
  to.number("robot_mass", c.robot_mass, "kg", kLower);
  to.number("approach", c.approach, "m/s", kLower);
  to.number("speed", c.speed, "m/s", kLower);
  to.number("intrusion", c.intrusion, "m", kLower);
  to.number("sensor", c.sensor, "m", kLower);
  to.number("robot", c.robot, "m", kLower);
}

std::string barred(const Image& image, const Barrier& b) {
  switch (b.of) {
    case BarrierOf::kJoints:
      return "joint";
    case BarrierOf::kBox:
      return fmt::format("box {}", image.box[b.index].name);
    case BarrierOf::kHuman:
      return image.signal[image.human[b.index].signal].name;
  }
  return "?";
}

// A larger alpha lets through more where there is room, and less within T |h'|
// of the edge (rows/barriers_impl.hpp): which way cannot be told.
void barrier_figures(const Image& image, const Barrier& b, Lines& to) {
  to.text("on", barred(image, b));
  to.number("degree", double(b.degree), "", Looser::kEither);
  for (uint32_t i = 0; i < b.degree && i < std::size(b.alpha); ++i)
    to.part("alpha", fmt::format("[{}]", i), b.alpha[i], "1/s",
            Looser::kEither);
}

}  // namespace

void dynamics_figures(const Image& image, const Row& row, Lines& to) {
  const Dynamics& all = image.dynamics;
  const RowKernel k = row.kernel;
  if (k == RowKernel::kJointAcceleration)
    to.joints("acceleration", all.trajectory.acceleration, kRate, kHigher);
  // Of viable, what speeds it keeps are other rows' figures.
  if (k == RowKernel::kJointJerk || k == RowKernel::kJointViable)
    to.joints("jerk", all.trajectory.jerk, kJerk, kHigher);
  if (k == RowKernel::kTorque || k == RowKernel::kForce ||
      k == RowKernel::kPower)
    load_figures(image, row, to);
  if (k == RowKernel::kEnergy) energy_figures(image, to);
  if (k == RowKernel::kContact)
    contact_figures(image, all.contact[row.index], to);
  if (k == RowKernel::kBarrier)
    barrier_figures(image, all.barrier[row.index], to);
}

}  // namespace tactus::safety
