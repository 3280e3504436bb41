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

double of_linear(const Image& image, const Linear& row) {
  double sum = row.b;
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double lo = -image.action_lo[j], hi = image.action_hi[j];
    const double most = lo > hi ? lo : hi;
    const double a = row.a[j] < 0 ? -row.a[j] : row.a[j];
    if (a > 0) sum += a * (most < kMost ? most : kMost);
  }
  return kRelative * sum;
}

double of_rate(const Image& image) {
  double most = 0;
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double rate = image.action_rate[j];
    if (rate < kMost && rate > most) most = rate;
  }
  return kRelative * most;
}

}  // namespace

double rounding_of(const Image& image, const Row& row) {
  switch (row.kernel) {
    case RowKernel::kNone:
    case RowKernel::kActionBox:
    case RowKernel::kJointVelocity:
    case RowKernel::kExpression:  // its own bound is in its limit
      return 0;
    case RowKernel::kActionRate:
      return of_rate(image);
    case RowKernel::kLinear:
      return of_linear(image, image.linear[row.index]);
    case RowKernel::kJointPosition:
      return kMotion;
    case RowKernel::kKeepIn:
    case RowKernel::kKeepOut:
    case RowKernel::kSeparation:
    case RowKernel::kSeparationNow:
      return kMotion * length(image);
  }
  return kMotion * length(image);
}

}  // namespace tactus::safety::sealing
