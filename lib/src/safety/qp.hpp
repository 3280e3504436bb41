// SPDX-License-Identifier: MIT
// Least-distance quadratic program of rung project:
//   min 1/2 sum_j ((u_j - target_j) / scale_j)^2   subject to   row u <= bound
// Nothing here is trusted: who takes an answer checks it again (check.hpp).
// Plain data, bounded loops, no allocation; RT-safe. One fixed order of
// + - * / sqrt, so every instruction set gives the same bits.
#pragma once

#include <cstdint>

#include "safety/image.hpp"

namespace tactus::safety {

// Two bounds per joint, every linear row, and what space needs.
inline constexpr uint32_t kMaxNearRows = 32;
inline constexpr uint32_t kMaxQpRows =
    2 * kMaxJoints + kMaxLinear + kMaxNearRows;
inline constexpr uint32_t kQpCap = 24;  // iterations of one attempt
inline constexpr double kQpExact = 1e-9;

enum class QpStatus : uint32_t {
  kNotFinite,  // a field is, or a size or scale is out of range
  kSolved,     // and every row holds to kQpExact, as it was given
  kInfeasible,
  kCap,      // not within the iterations
  kInexact,  // the answer misses a row by more: rows too ill-conditioned
};

// A set of rows, one bit each.
struct QpRows {
  uint64_t word[kMaxQpRows / 64];
};
static_assert(kMaxQpRows % 64 == 0);

struct QpProblem {
  uint32_t n;  // values, 1..kMaxJoints
  uint32_t m;  // rows, 0..kMaxQpRows
  double scale[kMaxJoints];
  double target[kMaxJoints];
  // A row of zeros binds nothing if its bound is 0 or more.
  double row[kMaxQpRows][kMaxJoints];
  double bound[kMaxQpRows];
};

struct QpResult {
  QpStatus status;
  uint32_t iterations;  // of all attempts, at most 2 kQpCap
  double u[kMaxJoints];
  QpRows active;  // rows that hold u where it is
  // The same with their multipliers: (u - target) / scale^2 =
  // - sum_i multiplier_i row_i.
  uint32_t actives;
  uint32_t index[kMaxJoints];
  double multiplier[kMaxJoints];
};

}  // namespace tactus::safety
