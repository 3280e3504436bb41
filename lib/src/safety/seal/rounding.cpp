// SPDX-License-Identifier: MIT
// How far a slack may be off by the rounding of its own arithmetic.
//
// Rows that only compare what was given (action box, joint velocity) have
// none: a difference of two doubles has the right sign. Rows on the motion:
// an angle of at most 1e5 rad (sincos.hpp), predicted by a dozen operations on
// values of at most 1e5, is off by less than 12 x 1e5 x 2^-53 = 1.4e-10 rad in
// the worst case, and 1e-15 for what arms do; a sphere's place adds, for each
// joint, three rotations of a vector no longer than the arm (2e-15
// each). A nanometre, or as many radians per metre of arm, covers both; the
// tests step through the thresholds one float at a time (oracle_test.cpp).
#include "safety/seal/family.hpp"

namespace tactus::safety::sealing {
namespace {

constexpr double kMotion = 1e-9;     // m, rad, m/s
constexpr double kRelative = 1e-14;  // of the sum of magnitudes
constexpr double kMost = 1e6;        // beyond it there is no stop (planner.cpp)

// The arm's length and one metre.
double length(const Image& image) {
  double longest = 0;
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    const double reach = image.derived.reach[image.chain.sphere[i].link][0] +
                         image.derived.arm[i];
    if (reach > longest) longest = reach;
  }
  return 1 + longest;
}

// The largest command: a stop is planned up to kMost only.
double command(const Image& image) {
  double most = 0;
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double lo = -image.action_lo[j], hi = image.action_hi[j];
    const double size = lo > hi ? lo : hi;
    if (size > most) most = size;
  }
  return most < kMost ? most : kMost;
}

double of_linear(const Image& image, const Linear& row) {
  double sum = 0;
  for (uint32_t j = 0; j < image.joints; ++j) {
    sum += row.a[j] < 0 ? -row.a[j] : row.a[j];
  }
  const double bound = row.b < 0 ? -row.b : row.b;
  if (row.of != LinearOf::kAction) return kMotion * sum + kRelative * bound;
  return kRelative * (bound + sum * command(image));
}

// Largest finite limit of any joint.
double largest(const Image& image, const double* limit) {
  double most = 0;
  for (uint32_t j = 0; j < image.joints; ++j) {
    if (limit[j] < kMost && limit[j] > most) most = limit[j];
  }
  return most;
}

// What the difference of two rates owes to them comes off in the row itself
// (rows/trajectory_impl.hpp).
double of_trajectory(const Image& image, const Row& row) {
  const Trajectory& limit = image.dynamics.trajectory;
  if (row.kernel == RowKernel::kJointAcceleration)
    return kRelative * largest(image, limit.acceleration);
  if (row.kernel == RowKernel::kJointJerk)
    return kRelative * largest(image, limit.jerk);
  return kRelative * 4 * command(image);
}

double of_barrier(const Image& image, const Barrier& row) {
  const double a = row.alpha[0];
  const double b = row.degree == 2 ? row.alpha[1] : 0;
  return kMotion * length(image) * (1 + a + b + a * b);
}

// Sums of at most kMaxSamples times below a minute, and whole nanoseconds.
double of_memory(const Memory& row) {
  return row.form == MemoryForm::kHistorically ? 0 : 1e-9;
}

}  // namespace

double rounding_of(const Image& image, const Row& row) {
  const Dynamics& dynamics = image.dynamics;
  switch (row.kernel) {
    case RowKernel::kNone:
    case RowKernel::kActionBox:
    case RowKernel::kJointVelocity:
    case RowKernel::kTorque:
    case RowKernel::kExpression:  // its own bound is in its limit
    case RowKernel::kCallback:    // a difference, whose sign is exact
      return 0;
    case RowKernel::kMemory:
      return of_memory(image.memory[row.index]);
    case RowKernel::kActionRate:
      return kRelative * largest(image, image.action_rate);
    case RowKernel::kLinear:
      return of_linear(image, image.linear[row.index]);
    case RowKernel::kJointPosition:
      return kMotion;
    case RowKernel::kJointAcceleration:
    case RowKernel::kJointJerk:
    case RowKernel::kJointViable:
      return of_trajectory(image, row);
    case RowKernel::kForce:
    case RowKernel::kPower:
      return kRelative * dynamics.load[row.index].limit[0];
    case RowKernel::kEnergy:
      return kRelative * 10 * dynamics.energy;
    case RowKernel::kBarrier:
      return of_barrier(image, dynamics.barrier[row.index]);
    case RowKernel::kSelf:
      return 2 * kMotion * length(image);
    case RowKernel::kKeepIn:
    case RowKernel::kKeepOut:
    case RowKernel::kTurnedIn:
    case RowKernel::kTurnedOut:
    case RowKernel::kCapsuleIn:
    case RowKernel::kCapsuleOut:
    case RowKernel::kHullIn:
    case RowKernel::kHullOut:
    case RowKernel::kSeparation:
    case RowKernel::kSeparationNow:
    case RowKernel::kContact:
      break;  // a sphere and something in space, or somebody
  }
  return kMotion * length(image);
}

}  // namespace tactus::safety::sealing
