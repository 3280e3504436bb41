// SPDX-License-Identifier: MIT
// Seeded quadratic programs for the solver's tests: plain ones, and what
// breaks active-set methods. A case is named by its seed alone.
#pragma once

#include <cmath>
#include <random>

#include "safety/qp.hpp"

namespace qp_cases {

using namespace tactus::safety;

enum Kind : uint32_t {
  kPlain,
  kFlat,       // rows in the first three coordinates only
  kDuplicate,  // rows twice, or turned by 1e-14 to 1
  kOpposing,   // rows and their negatives: slits and empty sets
  kTiny,       // rows up to a million times smaller than others
  kTight,      // all bounds below 1e-9
  kVertex,     // all bounds zero: every row meets in one point
  kEmpty,      // bounds of both signs: often infeasible
  kKinds,
};
inline constexpr const char* kNames[] = {"plain",    "flat", "duplicate",
                                         "opposing", "tiny", "tight",
                                         "vertex",   "empty"};

struct Case {
  Kind kind;
  QpProblem problem;
  QpRows hint;  // of nobody: any bits
};

// Where rows are nearly dependent, an answer is known no better than its
// distance.
inline bool ill_conditioned(Kind kind) {
  return kind == kDuplicate || kind == kTight;
}

// Whether there is an answer at all may hang on the last bits: what a vertex
// of more rows than values allows may be its one point.
inline bool may_be_empty(Kind kind) {
  return ill_conditioned(kind) || kind == kVertex;
}

class Source {
 public:
  explicit Source(uint64_t seed) : rng_(seed) {}

  void next(uint32_t n, uint32_t most, Case& out) {
    QpProblem& p = out.problem;
    out.kind = static_cast<Kind>(rng_() % kKinds);
    p.n = n;
    p.m = 1 + static_cast<uint32_t>(rng_() % most);
    double from[kMaxJoints];
    for (uint32_t j = 0; j < n; ++j) {
      p.scale[j] = std::pow(10, uniform() - 0.5);
      p.target[j] = normal() * std::pow(10, 2 * uniform() - 1);
      from[j] = 0.1 * normal();
    }
    for (uint32_t r = 0; r < p.m; ++r) row(out, r, from);
    for (uint64_t& word : out.hint.word) word = rng_() & rng_();
  }

 private:
  double uniform() {
    return std::uniform_real_distribution<double>(0, 1)(rng_);
  }
  double normal() { return normal_(rng_); }

  void row(Case& c, uint32_t r, const double* from) {
    QpProblem& p = c.problem;
    double* g = p.row[r];
    for (uint32_t j = 0; j < p.n; ++j) {
      g[j] = c.kind == kFlat && j > 2 ? 0 : normal();
    }
    const uint32_t other = r > 0 ? static_cast<uint32_t>(rng_() % r) : 0;
    if (c.kind == kDuplicate && r > 0 && uniform() < 0.5) {
      const double turn = uniform() < 0.3 ? 0 : std::pow(10, -14 * uniform());
      for (uint32_t j = 0; j < p.n; ++j) {
        g[j] = p.row[other][j] + turn * normal();
      }
    }
    if (c.kind == kOpposing && r > 0 && uniform() < 0.5) {
      for (uint32_t j = 0; j < p.n; ++j) g[j] = -p.row[other][j];
    }
    const double size = c.kind == kTiny ? std::pow(10, -6 * uniform()) : 1;
    double at = 0;
    for (uint32_t j = 0; j < p.n; ++j) {
      g[j] *= size;
      at += g[j] * from[j];
    }
    p.bound[r] = bound(c.kind) * size + at;
  }
  double bound(Kind kind) {
    if (kind == kTight) return 1e-9 * uniform();
    if (kind == kVertex) return 0;
    if (kind == kEmpty) return 0.3 * normal();
    return 0.3 * std::fabs(normal());
  }

  std::mt19937_64 rng_;
  std::normal_distribution<double> normal_;
};

}  // namespace qp_cases
