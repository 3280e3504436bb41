// SPDX-License-Identifier: MIT
// Time to violation: sixteen instants of what happens if the action is held
// and the humans come as fast as they may. No rule, a figure: the commit rule
// judges what is sent. Included by rows_impl.hpp.
#pragma once

#include "safety/rows/memory_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

inline constexpr uint32_t kInstants = 16;

// Closer together at first.
inline void lay_instants(double horizon, double* at, double* half) {
  for (uint32_t k = 0; k < kInstants; ++k) {
    const double part = k / double{kInstants - 1};
    at[k] = horizon * part * part;
  }
  half_gaps(at, kInstants, half);
}

// One joint, u held from t1 on; predict.hpp's model in closed form.
template <class F>
void hold_joint(const Image& image, const Past& past, const double* u,
                uint32_t j, const double* at, const double* half, Motion& out) {
  const double lag = lag_of<F>(image);
  const double t1 = seconds(past.t1_ns - past.now_ns);
  const double speed = larger(past.hull[j], magnitude(u[j]));
  // u may act up to the delay earlier, or be sent up to a period later.
  const double loose = t1 + seconds(image.commit.period_ns);
  const double error = past.error[j] + magnitude(u[j] - past.last[j]) * loose;
  for (uint32_t k = 0; k < kInstants; k += kLanes) {
    const Double8 since = lanes_at(at + k) - t1;
    Double8 tau, decay;
    kin::select_le(since, Double8{}, Double8{}, since, tau);
    exp_minus<Double8>(tau * (1 / lag), decay);
    const Double8 gone = 1 - decay;
    const uint32_t b = k / kLanes;
    out.q[b].at[j] = past.q[kEarly][j] + past.v[kEarly][j] * lag * gone +
                     u[j] * (tau - lag * gone);
    // Before t1 it is somewhere on its way there.
    const Double8 early = speed * (tau - since);
    const Double8 between =
        F::on(Fault::kRolloutBetween) ? Double8{} : speed * lanes_at(half + k);
    out.wide[b].at[j] = error + early + between;
    out.speed[b].at[j] = Double8{} + speed;
  }
}

// Lanes of a block in which no hard row is violated.
inline void keep_lanes(const Image& image, const SpaceLanes& lanes,
                       const Motion& motion, uint32_t block, kin::Int8& good) {
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Row& row = image.row[r];
    if (row.kind != RowKind::kHard) continue;
    const double needed = row.margin + image.derived.rounding[r];
    kin::Int8 enough;
    if (const Slack8* slack = space_entry(image, lanes, row)) {
      kin::at_least(slack->worst, Double8{} + needed, enough);
      good = good & slack->good & enough;
    }
    if (row.kernel != RowKernel::kJointPosition) continue;
    for (uint32_t j = 0; j < image.joints; ++j) {
      const Double8& q = motion.q[block].at[j];
      const Double8& wide = motion.wide[block].at[j];
      kin::at_least((q - wide) - image.position_lo[j], Double8{} + needed,
                    enough);
      good = good & enough;
      kin::at_least(image.position_hi[j] - (q + wide), Double8{} + needed,
                    enough);
      good = good & enough;
    }
  }
}

template <class F>
void instants_good(const Image& image, const ShieldInput& in, const Past& past,
                   const Motion& motion, uint32_t block, kin::Int8& good) {
  const bool screened = image.derived.screened != 0;
  Sphere8 spheres[kin::kMaxSpheres];
  Walk walk;
  walk.blocks = 1;
  Scene8 scene;
  scene.open =
      open_for<F>(image, past.windows, motion.until[block][kLanes - 1]);
  scene.sphere = screened ? walk.sphere[0] : spheres;
  set_scene<F>(image, motion, block, scene);
  SpaceLanes lanes(image);
  if (screened) {
    // What is far at all eight counts with its bound, in any lane.
    screen<F>(image, scene, walk, lanes);
  } else {
    shape_slacks<F>(image, scene, lanes);
  }
  Until8 until;
  until_of(image, motion, block, Effort::kYesOrNo, until);
  block_slacks<F>(image, in, until, motion.wide[block].at, Effort::kYesOrNo,
                  scene, lanes);
  keep_lanes(image, lanes, motion, block, good);
}

}  // namespace detail

// Seconds from now to the first instant at which a row in space or on a
// joint's position may be violated; infinite: at none of them.
template <class F>
double time_to_violation(const Image& image, const ShieldInput& in,
                         const Past& past, const float* action,
                         Motion& motion) noexcept {
  using namespace detail;
  double at[kInstants], half[kInstants], u[kMaxJoints];
  lay_instants(seconds(image.ladder.horizon_ns), at, half);
  motion.blocks = kInstants / kLanes;
  for (uint32_t j = 0; j < image.joints; ++j) {
    u[j] = static_cast<double>(action[j]);
    hold_joint<F>(image, past, u, j, at, half, motion);
  }
  for (uint32_t b = 0; b < motion.blocks; ++b) {
    motion.until[b] = lanes_at(at + b * kLanes) + lanes_at(half + b * kLanes);
  }
  double first = std::numeric_limits<double>::infinity();
  for (uint32_t b = motion.blocks; b-- > 0;) {
    kin::Int8 good = ~kin::Int8{};
    instants_good<F>(image, in, past, motion, b, good);
    for (uint32_t i = kLanes; i-- > 0;) {
      const uint32_t k = b * kLanes + i;
      if (good[i] == 0) first = larger(at[k] - half[k], 0);
    }
  }
  return first;
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
