// SPDX-License-Identifier: MIT
// The program of rung project in v = (u - target) / scale, with rows of unit
// length, eight of them side by side.
#pragma once

#include "kin/lanes.hpp"
#include "safety/qp.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace qp {

using kin::Double8;
using kin::kLanes;
inline constexpr uint32_t kNoRow = ~uint32_t{0};

inline bool finite(double x) { return x - x == 0; }
inline double size_of(double x) { return x < 0 ? -x : x; }

// The problem in v. `slop` is how far a row may be missed there, so that it
// holds to kQpExact as given, wherever double arithmetic can say so.
struct Scaled {
  uint32_t n, blocks;
  Double8 normal[kMaxJoints][kMaxQpRows / kLanes];
  Double8 bound[kMaxQpRows / kLanes];
  Double8 slop[kMaxQpRows / kLanes];
  double length[kMaxQpRows];  // of the row, in v
};

inline void put(Double8* column, uint32_t row, double value) noexcept {
  column[row / kLanes][row % kLanes] = value;
}

// A row that never binds.
inline void put_free(Scaled& to, uint32_t r) noexcept {
  for (uint32_t j = 0; j < to.n; ++j) put(to.normal[j], r, 0);
  put(to.bound, r, 1);
  put(to.slop, r, 0);
  to.length[r] = 1;
}

inline double slop_of(double length) noexcept {
  double slop = 0.5 * kQpExact / length;
  if (!(slop <= 1e-10)) slop = 1e-10;
  return slop >= 1e-13 ? slop : 1e-13;
}

// Divided by the largest entry first: squares of tiny ones would vanish.
inline QpStatus scale_row(const QpProblem& from, uint32_t r,
                          Scaled& to) noexcept {
  double entry[kMaxJoints], top = 0, left = from.bound[r];
  for (uint32_t j = 0; j < from.n; ++j) {
    entry[j] = from.row[r][j] * from.scale[j];
    left -= from.row[r][j] * from.target[j];
    if (!finite(entry[j])) return QpStatus::kNotFinite;
    if (size_of(entry[j]) > top) top = size_of(entry[j]);
  }
  if (!finite(left)) return QpStatus::kNotFinite;
  double squares = 0;
  for (uint32_t j = 0; j < from.n && top > 0; ++j) {
    entry[j] = entry[j] / top;
    squares += entry[j] * entry[j];
  }
  const double root = __builtin_sqrt(squares);
  const double bound = top > 0 ? (left / top) / root : left;
  if (top == 0 || !finite(bound)) {  // beside its bound it is nothing
    put_free(to, r);
    return left >= (top > 0 ? 0 : -kQpExact) ? QpStatus::kSolved
                                             : QpStatus::kInfeasible;
  }
  for (uint32_t j = 0; j < from.n; ++j) put(to.normal[j], r, entry[j] / root);
  put(to.bound, r, bound);
  to.length[r] = top * root;
  put(to.slop, r, slop_of(to.length[r]));
  return QpStatus::kSolved;
}

inline QpStatus scale_all(const QpProblem& from, Scaled& to) noexcept {
  if (from.n == 0 || from.n > kMaxJoints || from.m > kMaxQpRows) {
    return QpStatus::kNotFinite;
  }
  for (uint32_t j = 0; j < from.n; ++j) {
    const bool usable = from.scale[j] > 0 && finite(from.scale[j]);
    if (!usable || !finite(from.target[j])) return QpStatus::kNotFinite;
  }
  to.n = from.n;
  to.blocks = (from.m + kLanes - 1) / kLanes;
  QpStatus worst = QpStatus::kSolved;
  for (uint32_t r = 0; r < from.m; ++r) {
    const QpStatus status = scale_row(from, r, to);
    if (status == QpStatus::kNotFinite) return status;
    if (status != QpStatus::kSolved) worst = status;
  }
  for (uint32_t r = from.m; r < to.blocks * kLanes; ++r) put_free(to, r);
  return worst;
}

}  // namespace qp
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
