// SPDX-License-Identifier: MIT
// The program of rung project in v = (u - target) / scale, with rows of unit
// length, eight of them side by side.
#pragma once

#include "kin/select.hpp"
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

// Eight rows as they were given, one beside the other; those beyond the last
// are of zeros.
struct Given8 {
  double row[kMaxJoints][kLanes];
  double bound[kLanes];

  Given8(const QpProblem& from, uint32_t first) {
    for (uint32_t i = 0; i < kLanes; ++i) {
      const uint32_t r = first + i;
      const bool any = r < from.m;
      bound[i] = any ? from.bound[r] : 0;
      for (uint32_t j = 0; j < from.n; ++j)
        row[j][i] = any ? from.row[r][j] : 0;
    }
  }
};

// All ones where finite; NaN and infinity less themselves are NaN.
inline void finite8(const Double8& x, kin::Int8& out) noexcept {
  kin::at_least(x - x, Double8{}, out);
}

// A row's entries over the largest of them: squares of tiny ones would vanish.
struct Entries8 {
  Double8 entry[kMaxJoints];
  Double8 top = {}, left;
  kin::Int8 good;

  Entries8(const QpProblem& from, const Given8& given) {
    kin::load(given.bound, left);
    good = ~kin::Int8{};
    for (uint32_t j = 0; j < from.n; ++j) {
      Double8 row;
      kin::load(given.row[j], row);
      entry[j] = row * from.scale[j];
      left = left - row * from.target[j];
      kin::Int8 whole;
      finite8(entry[j], whole);
      good = good & whole;
      kin::select_le(top, entry[j], entry[j], top, top);
      kin::select_le(top, -entry[j], -entry[j], top, top);
    }
    kin::Int8 whole;
    finite8(left, whole);
    good = good & whole;
  }
};

inline void slop_of(const Double8& length, Double8& out) noexcept {
  const Double8 most = Double8{} + 1e-10, least = Double8{} + 1e-13;
  out = 0.5 * kQpExact / length;
  kin::select_le(out, most, out, most, out);
  kin::select_le(least, out, out, least, out);
}

// Eight rows. One that is nothing beside its bound never binds, or can never
// be kept.
inline QpStatus scale_block(const QpProblem& from, uint32_t block,
                            Scaled& to) noexcept {
  const Double8 one = Double8{} + 1.0;
  const Given8 given(from, block * kLanes);
  Entries8 rows(from, given);
  if (!kin::all_of(rows.good)) return QpStatus::kNotFinite;
  Double8 squares = {}, root, bound;
  for (uint32_t j = 0; j < from.n; ++j) {
    rows.entry[j] = rows.entry[j] / rows.top;  // 1 / top may overflow
    squares += rows.entry[j] * rows.entry[j];
  }
  kin::root(squares, root);
  const Double8 unit = one / root;
  bound = rows.left / rows.top * unit;
  kin::Int8 binds, empty, kept;
  finite8(bound, binds);
  kin::at_least(Double8{}, rows.top, empty);
  binds = binds & ~empty;
  for (uint32_t j = 0; j < from.n; ++j)
    kin::choose(binds, rows.entry[j] * unit, Double8{}, to.normal[j][block]);
  Double8 length, slop, least;
  kin::choose(binds, rows.top * root, one, length);
  slop_of(length, slop);
  kin::choose(binds, slop, Double8{}, to.slop[block]);
  kin::choose(binds, bound, one, to.bound[block]);
  kin::store(length, to.length + block * kLanes);
  kin::choose(empty, Double8{} - kQpExact, Double8{}, least);
  kin::at_least(rows.left, least, kept);
  return kin::all_of(kept | binds) ? QpStatus::kSolved : QpStatus::kInfeasible;
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
  for (uint32_t b = 0; b < to.blocks; ++b) {
    const QpStatus status = scale_block(from, b, to);
    if (status == QpStatus::kNotFinite) return status;
    if (status != QpStatus::kSolved) worst = status;
  }
  return worst;
}

}  // namespace qp
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
