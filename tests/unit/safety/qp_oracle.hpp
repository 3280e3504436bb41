// SPDX-License-Identifier: MIT
// The same quadratic program by trying every set of at most n active rows in
// long double. Shares nothing with the solver. Small ones only.
#pragma once

#include <cmath>
#include <vector>

#include "safety/qp.hpp"

namespace qp_oracle {

using Real = long double;

struct Answer {
  bool feasible = false;
  Real square = 0;  // of the distance, in scaled coordinates
  Real u[4] = {};
};

class Search {
 public:
  explicit Search(const tactus::safety::QpProblem& p) : p_(p) {
    for (uint32_t i = 0; i < p.m; ++i) scale(i);
  }

  Answer run() {
    for (uint32_t set = 0; set < 1u << p_.m; ++set) {
      const auto size = static_cast<uint32_t>(__builtin_popcount(set));
      if (size <= p_.n) attempt(set);
    }
    return best_;
  }

 private:
  void scale(uint32_t i) {
    Real left = p_.bound[i], square = 0;
    std::vector<Real> row(p_.n);
    for (uint32_t j = 0; j < p_.n; ++j) {
      row[j] = Real{p_.row[i][j]} * p_.scale[j];
      left -= Real{p_.row[i][j]} * p_.target[j];
      square += row[j] * row[j];
    }
    const Real length = std::sqrt(square);
    for (Real& x : row) x /= length;
    row_.push_back(row);
    bound_.push_back(left / length);
  }

  static Real dot(const std::vector<Real>& a, const std::vector<Real>& b) {
    Real sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  }

  // Least |v| with the rows of `set` as equations, and its multipliers.
  void attempt(uint32_t set) {
    std::vector<uint32_t> in;
    for (uint32_t i = 0; i < p_.m; ++i)
      if ((set >> i & 1) != 0) in.push_back(i);
    std::vector<std::vector<Real>> m(in.size());
    for (std::size_t a = 0; a < in.size(); ++a) {
      for (const uint32_t b : in) m[a].push_back(dot(row_[in[a]], row_[b]));
      m[a].push_back(-bound_[in[a]]);
    }
    if (!eliminate(m)) return;
    std::vector<Real> v(p_.n, 0);
    for (std::size_t a = 0; a < in.size(); ++a) {
      const Real multiplier = m[a].back();
      if (multiplier < -1e-13L) return;
      for (uint32_t j = 0; j < p_.n; ++j) v[j] -= multiplier * row_[in[a]][j];
    }
    for (uint32_t i = 0; i < p_.m; ++i)
      if (dot(row_[i], v) > bound_[i] + 1e-12L) return;
    take(v);
  }

  static bool eliminate(std::vector<std::vector<Real>>& m) {
    const std::size_t n = m.size();
    for (std::size_t k = 0; k < n; ++k) {
      std::size_t top = k;
      for (std::size_t i = k; i < n; ++i)
        if (std::fabs(m[i][k]) > std::fabs(m[top][k])) top = i;
      if (std::fabs(m[top][k]) < 1e-15L) return false;
      std::swap(m[k], m[top]);
      for (std::size_t i = 0; i < n; ++i) {
        if (i == k) continue;
        const Real f = m[i][k] / m[k][k];
        for (std::size_t j = k; j <= n; ++j) m[i][j] -= f * m[k][j];
      }
    }
    for (std::size_t k = 0; k < n; ++k) m[k][n] /= m[k][k];
    return true;
  }

  void take(const std::vector<Real>& v) {
    const Real square = dot(v, v);
    if (best_.feasible && !(square < best_.square)) return;
    best_.feasible = true;
    best_.square = square;
    for (uint32_t j = 0; j < p_.n; ++j)
      best_.u[j] = p_.target[j] + p_.scale[j] * v[j];
  }

  const tactus::safety::QpProblem& p_;
  std::vector<std::vector<Real>> row_;
  std::vector<Real> bound_;
  Answer best_;
};

}  // namespace qp_oracle
