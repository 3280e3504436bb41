// SPDX-License-Identifier: MIT
// What the robot's own sensors say of force and torque, the power that it has
// at the speeds of the motion, and the kinetic energy of the motion. Included
// by rows_impl.hpp.
#pragma once

#include <cmath>

#include "safety/rows/sphere_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

inline void torque_slack(const Image& image, const Load& load,
                         const float* measured, Slack& out) {
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double torque = magnitude(static_cast<double>(measured[j]));
    out.take(load.limit[j] - torque, j);
  }
}

inline void force_slack(const Load& load, const float* measured, Slack& out) {
  double sum = 0;
  for (uint32_t a = 0; a < 3; ++a) {
    const double f = static_cast<double>(measured[load.first + a]);
    sum += f * f;
  }
  out.take(load.limit[0] - std::sqrt(sum), kNoIndex);
}

// Whatever sign the torque has: a joint that is driven by its load counts as
// one that drives.
inline void power_slack(const Image& image, const Load& load,
                        const float* measured, const Motion& motion,
                        Slack& out) {
  double power = 0;
  for (uint32_t j = 0; j < image.joints; ++j) {
    power += magnitude(static_cast<double>(measured[j])) * motion.peak[j];
  }
  out.take(load.limit[0] - power, kNoIndex);
}

// Only a new command is refused by what is measured: a stop that runs is all
// that there is to do about it.
inline void load_slacks(const Image& image, const ShieldInput& in,
                        const Intent& intent, const Motion& motion,
                        Slacks& out) {
  const Dynamics& all = image.dynamics;
  for (uint32_t i = 0; i < all.loads; ++i) {
    const Load& load = all.load[i];
    const float* measured = in.value[load.signal];
    if (!intent.fresh) {
      out.load[i].take(std::numeric_limits<double>::infinity(), kNoIndex);
      continue;
    }
    if (measured == nullptr) continue;  // nothing measured: violated
    if (i < all.torques) {
      torque_slack(image, load, measured, out.load[i]);
    } else if (i < all.forces) {
      force_slack(load, measured, out.load[i]);
    } else {
      power_slack(image, load, measured, motion, out.load[i]);
    }
  }
}

// Koenig: a body has the energy of its mass at its centre and that of its
// turn about it, 1/2 m |v|^2 + 1/2 w I w; |v| and |w| are bounded as those of
// the spheres are, whatever the configuration, w I w by the largest moment.
template <class F>
void energy_slack(const Image& image, const Motion& motion, Slack& out) {
  const Dynamics& all = image.dynamics;
  if (all.masses == 0) return;
  ReachOf<Double8> speed[kin::kMaxFrames];
  Slack8 lanes;
  for (uint32_t b = 0; b < motion.blocks; ++b) {
    for (uint32_t f = 1; f <= image.joints; ++f) {
      reach_of(image, f, motion.speed[b].at, speed[f]);
    }
    Double8 energy = {};
    for (uint32_t i = 0; i < all.masses; ++i) {
      const Mass& body = all.mass[i];
      const ReachOf<Double8>& s = speed[body.link];
      const Double8 v = s.along + s.turning * body.arm;
      energy += v * v * (0.5 * body.mass);
      if (F::on(Fault::kEnergyTurn)) continue;
      energy += s.turning * s.turning * (0.5 * body.inertia);
    }
    lanes.take(all.energy - energy, kNoIndex);
  }
  lanes.drain(out);
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
