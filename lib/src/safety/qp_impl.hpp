// SPDX-License-Identifier: MIT
// The dual active-set method of Goldfarb and Idnani (Math. Programming 27,
// 1983) for a least distance: in v = (u - target) / scale, with rows of unit
// length, the unconstrained optimum is v = 0 and the Hessian is one. Each
// iteration either adds the row it goes for or drops one that blocks it.
// A template over the fault (fault.hpp), compiled once per instruction set.
#pragma once

#include "kin/select.hpp"
#include "safety/fault.hpp"
#include "safety/qp_scale_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace qp {

// A row nearer than 1e-7 rad to the span of the active ones is in it.
inline constexpr double kDependent = 1e-14;

// Where the method stands: `basis` is orthonormal, its first `q` vectors
// span the active rows' normals, which are basis * upper.
template <uint32_t W>
struct alignas(64) Face {
  double basis[W][W];
  double v[W];
  double upper[W][W];
  double multiplier[W];
  uint32_t row[W];
  uint32_t n, q;
};

template <uint32_t W>
void open(uint32_t n, Face<W>& face) noexcept {
  face.n = n;
  face.q = 0;
  for (uint32_t k = 0; k < W; ++k) {
    face.v[k] = 0;
    for (uint32_t j = 0; j < W; ++j) face.basis[k][j] = k == j ? 1 : 0;
  }
}

// By how much each row is missed beyond its slop.
inline void misses(const Scaled& rows, const double* v, Double8* out) noexcept {
  for (uint32_t b = 0; b < rows.blocks; ++b) {
    Double8 sum = -rows.bound[b];
    for (uint32_t j = 0; j < rows.n; ++j) sum += rows.normal[j][b] * v[j];
    out[b] = sum - rows.slop[b];
  }
}

// The row missed most, the lowest of equals; kNoRow when none is.
inline uint32_t most_missed(const Double8* miss, uint32_t blocks) noexcept {
  Double8 best = {}, who = {};
  Double8 index = {};
  for (uint32_t i = 0; i < kLanes; ++i) index[i] = i;
  for (uint32_t b = 0; b < blocks; ++b) {
    kin::select_le(miss[b], best, who, index, who);
    kin::select_le(miss[b], best, best, miss[b], best);
    index = index + static_cast<double>(kLanes);
  }
  double top = 0, row = kMaxQpRows;
  for (uint32_t i = 0; i < kLanes; ++i) {
    const bool lower = best[i] == top && top > 0 && who[i] < row;
    if (!(best[i] > top) && !lower) continue;
    top = best[i];
    row = who[i];
  }
  return top > 0 ? static_cast<uint32_t>(row) : kNoRow;
}

// The hinted row missed most, once each: any missed row is a right choice
// for the method, so a hint can mislead it only by iterations.
template <class F>
uint32_t hinted(const Double8* miss, QpRows& hint) noexcept {
  uint32_t best = kNoRow;
  double top = 0;
  for (uint32_t w = 0; w < kMaxQpRows / 64; ++w) {
    for (uint64_t left = hint.word[w]; left != 0; left &= left - 1) {
      const auto bit = static_cast<uint32_t>(__builtin_ctzll(left));
      const uint32_t r = 64 * w + bit;
      const double by = miss[r / kLanes][r % kLanes];
      if (!(by > top) && !(F::on(Fault::kQpHint) && best == kNoRow)) continue;
      best = r;
      top = by;
    }
  }
  if (best != kNoRow) hint.word[best / 64] &= ~(uint64_t{1} << (best % 64));
  return best;
}

template <class F>
uint32_t pick(const Scaled& rows, const double* v, QpRows& hint) noexcept {
  Double8 miss[kMaxQpRows / kLanes];
  misses(rows, v, miss);
  const uint32_t row = hinted<F>(miss, hint);
  return row != kNoRow ? row : most_missed(miss, rows.blocks);
}

// The way to one more row: along `z` in v, against `r` in the multipliers.
template <uint32_t W>
struct alignas(64) Way {
  double z[W];
  double dot[W];  // basis' normal
  double r[W];
  double square;   // |z|^2
  double missing;  // of the row at v; > 0
};

// The row's normal points out of what it allows; the method's points in.
template <uint32_t W>
void find_way(const Scaled& rows, const Face<W>& face, uint32_t row,
              Way<W>& way) noexcept {
  double normal[W] = {};
  way.missing = -rows.bound[row / kLanes][row % kLanes];
  for (uint32_t j = 0; j < face.n; ++j) {
    normal[j] = -rows.normal[j][row / kLanes][row % kLanes];
    way.missing -= normal[j] * face.v[j];
  }
  for (uint32_t k = 0; k < face.n; ++k) {
    double sum = 0;
    for (uint32_t j = 0; j < face.n; ++j) sum += face.basis[k][j] * normal[j];
    way.dot[k] = sum;
  }
  way.square = 0;
  for (uint32_t j = 0; j < W; ++j) way.z[j] = 0;
  for (uint32_t k = face.q; k < face.n; ++k) {
    way.square += way.dot[k] * way.dot[k];
    for (uint32_t j = 0; j < W; ++j) way.z[j] += face.basis[k][j] * way.dot[k];
  }
  for (uint32_t i = face.q; i-- > 0;) {
    double sum = way.dot[i];
    for (uint32_t k = i + 1; k < face.q; ++k)
      sum -= face.upper[i][k] * way.r[k];
    way.r[i] = sum / face.upper[i][i];
  }
}

// A reflection turns the free vectors so that the first of them is z's.
template <uint32_t W>
void add(Face<W>& face, const Way<W>& way, uint32_t row,
         double multiplier) noexcept {
  const uint32_t q = face.q;
  double pivot = way.dot[q];
  if (face.n - q > 1) {
    const double length = __builtin_sqrt(way.square);
    pivot = way.dot[q] > 0 ? -length : length;
    double w[W], turned[W], squares = 0;
    for (uint32_t k = q; k < face.n; ++k) {
      w[k] = way.dot[k] - (k == q ? pivot : 0);
      squares += w[k] * w[k];
    }
    for (uint32_t j = 0; j < W; ++j) {
      turned[j] = (way.z[j] - pivot * face.basis[q][j]) * (2 / squares);
    }
    for (uint32_t k = q; k < face.n; ++k) {
      for (uint32_t j = 0; j < W; ++j) face.basis[k][j] -= w[k] * turned[j];
    }
  }
  for (uint32_t i = 0; i < q; ++i) face.upper[i][q] = way.dot[i];
  face.upper[q][q] = pivot;
  face.multiplier[q] = multiplier;
  face.row[q] = row;
  face.q = q + 1;
}

// Rotations make the rest triangular again.
template <uint32_t W>
void drop(Face<W>& face, uint32_t at) noexcept {
  for (uint32_t k = at + 1; k < face.q; ++k) {
    for (uint32_t i = 0; i <= k; ++i) face.upper[i][k - 1] = face.upper[i][k];
    face.multiplier[k - 1] = face.multiplier[k];
    face.row[k - 1] = face.row[k];
  }
  face.q -= 1;
  for (uint32_t i = at; i < face.q; ++i) {
    const double a = face.upper[i][i], b = face.upper[i + 1][i];
    const double length = __builtin_sqrt(a * a + b * b);
    const double c = a / length, s = b / length;
    for (uint32_t k = i; k < face.q; ++k) {
      const double x = face.upper[i][k], y = face.upper[i + 1][k];
      face.upper[i][k] = c * x + s * y;
      face.upper[i + 1][k] = c * y - s * x;
    }
    for (uint32_t j = 0; j < W; ++j) {
      const double x = face.basis[i][j], y = face.basis[i + 1][j];
      face.basis[i][j] = c * x + s * y;
      face.basis[i + 1][j] = c * y - s * x;
    }
  }
}

// How far the multipliers let us go, and whose ends there.
template <uint32_t W>
double blocked(const Face<W>& face, const Way<W>& way, uint32_t& who) noexcept {
  double most = __builtin_inf();
  who = kNoRow;
  for (uint32_t i = 0; i < face.q; ++i) {
    if (!(way.r[i] > 1e-12)) continue;
    const double t = face.multiplier[i] / way.r[i];
    if (t < most) {
      most = t;
      who = i;
    }
  }
  return most;
}

template <uint32_t W>
void move(Face<W>& face, const Way<W>& way, double t) noexcept {
  for (uint32_t i = 0; i < face.q; ++i) face.multiplier[i] -= t * way.r[i];
  if (!(way.square > kDependent)) return;  // only the multipliers move
  for (uint32_t j = 0; j < W; ++j) face.v[j] += t * way.z[j];
}

template <class F, uint32_t W>
QpStatus search(const Scaled& rows, QpRows hint, Face<W>& face,
                uint32_t& iterations) noexcept {
  open(rows.n, face);
  uint32_t row = kNoRow;
  double multiplier = 0;
  for (uint32_t i = 0; i <= kQpCap; ++i) {
    if (row == kNoRow) {
      row = pick<F>(rows, face.v, hint);
      multiplier = 0;
      if (row == kNoRow) return QpStatus::kSolved;
    }
    if (i == kQpCap) break;
    ++iterations;
    Way<W> way;
    find_way(rows, face, row, way);
    uint32_t who;
    const double until = blocked(face, way, who);
    double full = __builtin_inf();
    if (way.square > kDependent) full = way.missing / way.square;
    if (!(full > 0)) full = 0;
    const double t = full <= until ? full : until;
    if (!(t < __builtin_inf())) return QpStatus::kInfeasible;
    move(face, way, t);
    multiplier += t;
    if (full <= until) {
      add(face, way, row, multiplier);
      row = kNoRow;
    } else {
      drop(face, who);
    }
  }
  return QpStatus::kCap;
}

// Against the rows as they were given, in their own units, with what the sum
// itself may have lost to rounding: |error| <= (n + 1) 2^-53 sum |terms|.
inline bool holds(const QpProblem& problem, const double* u) noexcept {
  constexpr double kLost = (kMaxJoints + 2) * 1.2e-16;
  bool good = true;
  for (uint32_t r = 0; r < problem.m; ++r) {
    double sum = 0, terms = size_of(problem.bound[r]);
    for (uint32_t j = 0; j < problem.n; ++j) {
      const double term = problem.row[r][j] * u[j];
      sum += term;
      terms += size_of(term);
    }
    good = good && sum - problem.bound[r] + kLost * terms <= kQpExact;
  }
  return good;
}

template <class F, uint32_t W>
void finish(const QpProblem& problem, const Scaled& rows, const Face<W>& face,
            QpResult& out) noexcept {
  for (uint32_t j = 0; j < problem.n; ++j) {
    out.u[j] = problem.target[j] + problem.scale[j] * face.v[j];
  }
  out.actives = face.q;
  for (uint32_t i = 0; i < face.q; ++i) {
    const uint32_t r = face.row[i];
    out.index[i] = r;
    out.multiplier[i] = face.multiplier[i] / rows.length[r];
    out.active.word[r / 64] |= uint64_t{1} << (r % 64);
  }
  if (!holds(problem, out.u) && !F::on(Fault::kQpRecheck)) {
    out.status = QpStatus::kInexact;
  }
}

// Not QpResult{}: a string instruction would clear it, and that takes a tenth
// of a small program.
inline void begin(QpResult& out) noexcept {
  out.status = QpStatus::kNotFinite;
  out.iterations = out.actives = 0;
  out.active = QpRows{};
  for (uint32_t j = 0; j < kMaxJoints; ++j) {
    out.u[j] = out.multiplier[j] = 0;
    out.index[j] = 0;
  }
}

template <class F, uint32_t W>
void attempt(const QpProblem& problem, const Scaled& rows, const QpRows& hint,
             QpResult& out) noexcept {
  Face<W> face;
  out.status = search<F>(rows, hint, face, out.iterations);
  if (out.status == QpStatus::kSolved) finish<F>(problem, rows, face, out);
}

}  // namespace qp

// `warm`: rows that were active last time, or anything at all. What ran out
// of iterations with it is tried without it.
template <class F>
void solve_qp(const QpProblem& problem, const QpRows& warm,
              QpResult& out) noexcept {
  qp::begin(out);
  qp::Scaled rows;
  out.status = qp::scale_all(problem, rows);
  if (out.status != QpStatus::kSolved) return;
  QpRows hint = {};
  uint64_t any = 0;
  for (uint32_t r = 0; r < problem.m; r += 64) {
    const uint32_t left = problem.m - r;
    const uint64_t rows_here =
        left < 64 ? (uint64_t{1} << left) - 1 : ~uint64_t{0};
    hint.word[r / 64] = warm.word[r / 64] & rows_here;
    any |= hint.word[r / 64];
  }
  const auto one = problem.n <= kin::kLanes ? qp::attempt<F, kin::kLanes>
                                            : qp::attempt<F, kMaxJoints>;
  one(problem, rows, hint, out);
  if (out.status == QpStatus::kCap && any != 0) {
    one(problem, rows, QpRows{}, out);
  }
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
