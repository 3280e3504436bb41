// SPDX-License-Identifier: MIT
// The solver of rung project. QP_PROBLEMS=4000000 runs that many seeded
// problems instead of 100000.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "qp_cases.hpp"
#include "qp_oracle.hpp"
#include "rig.hpp"
#include "rt/isa.hpp"
#include "safety/kernel.hpp"

using namespace qp_cases;
using tactus::rt::Isa;

namespace {

constexpr QpRows kCold{};

QpResult solve(const QpProblem& problem, const QpRows& warm = kCold) {
  QpResult out;
  rig::reference().solve(problem, warm, out);
  return out;
}

// x + y <= 1 seen from (2, 1), both within 0.8.
QpProblem corner() {
  QpProblem p{};
  p.n = 2;
  p.m = 3;
  p.scale[0] = p.scale[1] = 1;
  p.target[0] = 2;
  p.target[1] = 1;
  p.row[0][0] = p.row[0][1] = 1;
  p.bound[0] = 1;
  p.row[1][0] = 1;
  p.row[2][1] = 1;
  p.bound[1] = p.bound[2] = 0.8;
  return p;
}

// Largest violation of a row as it was given, in long double.
long double violation(const QpProblem& p, const double* u) {
  long double worst = -std::numeric_limits<long double>::infinity();
  for (uint32_t i = 0; i < p.m; ++i) {
    long double sum = -static_cast<long double>(p.bound[i]);
    for (uint32_t j = 0; j < p.n; ++j) {
      sum += static_cast<long double>(p.row[i][j]) * u[j];
    }
    if (!(sum <= worst)) worst = sum;
  }
  return worst;
}

double square(const QpProblem& p, const double* u) {
  double sum = 0;
  for (uint32_t j = 0; j < p.n; ++j) {
    const double v = (u[j] - p.target[j]) / p.scale[j];
    sum += v * v;
  }
  return sum;
}

// Of the optimality conditions, in scaled coordinates: the worst of
// stationarity, negative multipliers and active rows that are not met.
double residual(const QpProblem& p, const QpResult& r) {
  double worst = 0;
  for (uint32_t j = 0; j < p.n; ++j) {
    double sum = (r.u[j] - p.target[j]) / p.scale[j];
    for (uint32_t k = 0; k < r.actives; ++k) {
      sum += r.multiplier[k] * p.row[r.index[k]][j] * p.scale[j];
    }
    worst = std::max(worst, std::fabs(sum));
  }
  for (uint32_t k = 0; k < r.actives; ++k) {
    double sum = -p.bound[r.index[k]], length = 0;
    for (uint32_t j = 0; j < p.n; ++j) {
      sum += p.row[r.index[k]][j] * r.u[j];
      length += std::pow(p.row[r.index[k]][j] * p.scale[j], 2);
    }
    worst = std::max(worst, std::fabs(sum) / std::sqrt(length));
    worst = std::max(worst, -r.multiplier[k] * std::sqrt(length));
  }
  return worst / (1 + std::sqrt(square(p, r.u)));
}

// The same answer, as well as the problem defines it.
bool agree(const Case& c, const double* a, const double* b) {
  const double size = 1 + std::sqrt(square(c.problem, a));
  if (ill_conditioned(c.kind)) {
    const double x = std::sqrt(square(c.problem, a));
    const double y = std::sqrt(square(c.problem, b));
    return std::fabs(x - y) <= 1e-6 * size;
  }
  for (uint32_t j = 0; j < c.problem.n; ++j) {
    if (!(std::fabs(a[j] - b[j]) <= 1e-6 * size * c.problem.scale[j]))
      return false;
  }
  return true;
}

}  // namespace

Test(qp, finds_the_nearest_point_of_a_corner) {
  const QpResult r = solve(corner());
  cr_assert(r.status == QpStatus::kSolved);
  cr_assert(std::fabs(r.u[0] - 0.8) < 1e-12 && std::fabs(r.u[1] - 0.2) < 1e-12);
  cr_assert(residual(corner(), r) < 1e-12);
}

Test(qp, a_target_that_is_allowed_is_the_answer) {
  QpProblem p = corner();
  p.target[0] = p.target[1] = 0.25;
  const QpResult r = solve(p);
  cr_assert(r.status == QpStatus::kSolved);
  cr_assert(r.u[0] == 0.25 && r.u[1] == 0.25 && r.iterations == 0);
}

Test(qp, weighs_by_scale) {
  QpProblem p = corner();
  p.m = 1;
  p.scale[1] = 1e-3;  // moving y costs a million times as much
  const QpResult r = solve(p);
  cr_assert(std::fabs(r.u[1] - 1) < 1e-5 && std::fabs(r.u[0]) < 1e-5);
}

Test(qp, an_empty_set_is_infeasible) {
  QpProblem p = corner();
  p.row[2][0] = -1;
  p.row[2][1] = 0;
  p.bound[2] = -0.9;  // x >= 0.9 against x <= 0.8
  cr_assert(solve(p).status == QpStatus::kInfeasible);
  p.row[2][0] = 0;
  p.bound[2] = -1;  // 0 <= -1
  cr_assert(solve(p).status == QpStatus::kInfeasible);
}

Test(qp, nothing_that_is_not_finite_is_solved) {
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    for (int field = 0; field < 10; ++field) {
      QpProblem p = corner();
      double* at[] = {&p.scale[0],  &p.scale[1],  &p.target[0], &p.target[1],
                      &p.row[0][0], &p.row[1][1], &p.row[2][0], &p.bound[0],
                      &p.bound[1],  &p.bound[2]};
      *at[field] = bad;
      cr_assert(solve(p).status == QpStatus::kNotFinite, "%d", field);
    }
  }
}

Test(qp, sizes_and_scales_out_of_range_are_refused) {
  for (const double scale : {0.0, -0.0, -1.0}) {
    QpProblem p = corner();
    p.scale[1] = scale;
    cr_assert(solve(p).status == QpStatus::kNotFinite);
  }
  for (const uint32_t n : {0u, kMaxJoints + 1, ~0u}) {
    QpProblem p = corner();
    p.n = n;
    cr_assert(solve(p).status == QpStatus::kNotFinite);
  }
  QpProblem p = corner();
  p.m = kMaxQpRows + 1;
  cr_assert(solve(p).status == QpStatus::kNotFinite);
}

Test(qp, extreme_scales_are_never_solved_wrongly) {
  for (const double size : {1e-320, 1e-300, 1e-30, 1e30, 1e300}) {
    QpProblem p = corner();
    for (uint32_t j = 0; j < 2; ++j) p.row[0][j] *= size;
    p.bound[0] *= size;
    const QpResult r = solve(p);
    const bool good =
        r.status == QpStatus::kSolved && violation(p, r.u) <= 1e-9L;
    cr_assert(good || r.status == QpStatus::kInexact, "%g", size);
  }
}

// Rows this long are met by no double to 1e-9.
Test(qp, what_misses_a_row_as_given_is_inexact) {
  QpProblem p = corner();
  for (uint32_t j = 0; j < 2; ++j) p.row[0][j] = 1e12;
  p.row[0][1] = 0.7e12;
  p.bound[0] = 1e12 / 3;
  cr_assert(solve(p).status == QpStatus::kInexact);
}

Test(qp, stops_at_the_cap_and_says_so) {
  Source source(3);
  Case c;
  for (int i = 0; i < 2000; ++i) {
    source.next(kMaxJoints, kMaxQpRows, c);
    const QpResult r = solve(c.problem);
    cr_assert(r.iterations <= kQpCap);
    if (r.status != QpStatus::kCap) continue;
    cr_assert(r.iterations == kQpCap);
    cr_assert(solve(c.problem, c.hint).iterations <= 2 * kQpCap);
    return;
  }
  cr_assert(false, "no problem needed more than the cap");
}

Test(qp, starts_warm_from_the_active_rows) {
  Source source(5);
  Case c;
  uint32_t cold = 0, warm = 0;
  for (int i = 0; i < 5000; ++i) {
    source.next(7, 44, c);
    const QpResult first = solve(c.problem);
    if (first.status != QpStatus::kSolved) continue;
    const QpResult again = solve(c.problem, first.active);
    cr_assert(again.status == QpStatus::kSolved);
    cold += first.iterations;
    warm += again.iterations;
  }
  cr_assert(warm < cold, "%u warm, %u cold", warm, cold);
}

namespace {

struct Tally {
  uint64_t of[5] = {};  // by status
  uint64_t unsafe = 0, off = 0, warm_off = 0, warm_status = 0, isa = 0;
  uint64_t alike_status = 0;
  uint32_t worst = 0, worst_warm = 0;
  double worst_residual = 0;
};

void one(const Case& c, Tally& sum) {
  const QpResult cold = solve(c.problem);
  const QpResult warm = solve(c.problem, c.hint);
  ++sum.of[static_cast<uint32_t>(cold.status)];
  sum.worst = std::max(sum.worst, cold.iterations);
  sum.worst_warm = std::max(sum.worst_warm, warm.iterations);
  for (const QpResult* r : {&cold, &warm}) {
    if (r->status != QpStatus::kSolved) continue;
    sum.unsafe += !(violation(c.problem, r->u) <= 1e-9L);
  }
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512}) {
    // Nobody would compare a mistake with what is right.
    if (!tactus::rt::isa_here(isa) || rig::kMutated) continue;
    QpResult other;
    kernel_for(isa).solve(c.problem, c.hint, other);
    sum.isa += std::memcmp(&other, &warm, sizeof warm) != 0;
  }
  // Where the cold start ran out of iterations a hint may well help.
  if (cold.status == QpStatus::kCap) return;
  if (cold.status != warm.status) {
    ++(may_be_empty(c.kind) ? sum.alike_status : sum.warm_status);
    return;
  }
  if (cold.status != QpStatus::kSolved) return;
  const double left = residual(c.problem, cold);
  if (!ill_conditioned(c.kind)) {
    sum.worst_residual = std::max(sum.worst_residual, left);
  }
  sum.off += !(left <= 1e-6);
  sum.warm_off += !agree(c, cold.u, warm.u);
}

}  // namespace

Test(qp, no_answer_violates_a_row, .timeout = 36000) {
  const char* count = std::getenv("QP_PROBLEMS");
  const int problems = count ? std::atoi(count) : 100'000;
  Source source(7);
  Case c;
  Tally sum;
  for (int i = 0; i < problems; ++i) {
    source.next(7, 44, c);
    one(c, sum);
  }
  std::printf(
      "%d problems: solved %lu infeasible %lu cap %lu inexact %lu; worst "
      "iterations %u cold, %u with a wrong hint; solved with a row missed by "
      "more than 1e-9: %lu; optimality off by more than 1e-6: %lu (worst "
      "%.1e); wrong hint: another answer %lu, another status %lu (where "
      "the last bits decide %lu); other bits on another instruction set: %lu\n",
      problems, sum.of[1], sum.of[2], sum.of[3], sum.of[4], sum.worst,
      sum.worst_warm, sum.unsafe, sum.off, sum.worst_residual, sum.warm_off,
      sum.warm_status, sum.alike_status, sum.isa);
  cr_assert(eq(u64, sum.unsafe, 0));
  cr_assert(eq(u64, sum.off, 0));
  cr_assert(eq(u64, sum.warm_off, 0));
  cr_assert(eq(u64, sum.warm_status, 0));
  cr_assert(eq(u64, sum.isa, 0));
  cr_assert(sum.alike_status <= static_cast<uint64_t>(problems) / 50'000);
  const auto few = static_cast<uint64_t>(problems) / 100;
  cr_assert(sum.of[1] > few && sum.of[2] > few, "both kinds were there");
}

Test(qp, agrees_with_trying_every_active_set, .timeout = 36000) {
  Source source(11);
  Case c;
  uint64_t feasible = 0, missed = 0, invented = 0, off = 0, near = 0;
  const char* count = std::getenv("QP_PROBLEMS");
  const int problems = std::min(count ? std::atoi(count) : 30'000, 30'000);
  for (int i = 0; i < problems; ++i) {
    source.next(1 + static_cast<uint32_t>(i) % 4, 8, c);
    const QpResult r = solve(c.problem);
    const qp_oracle::Answer truth = qp_oracle::Search(c.problem).run();
    const bool solved = r.status == QpStatus::kSolved;
    feasible += truth.feasible;
    if (solved != truth.feasible) {
      ++(ill_conditioned(c.kind) ? near : solved ? invented : missed);
    }
    if (!solved || !truth.feasible) continue;
    double u[4];
    for (int j = 0; j < 4; ++j) u[j] = static_cast<double>(truth.u[j]);
    off += !agree(c, u, r.u);
  }
  std::printf(
      "%d small problems: %lu feasible; missed %lu, invented %lu, other "
      "answer %lu; nearly parallel rows decided differently %lu\n",
      problems, feasible, missed, invented, off, near);
  const auto all = static_cast<uint64_t>(problems);
  cr_assert(feasible > all / 3 && feasible < all - all / 30);
  cr_assert(eq(u64, missed, 0));
  cr_assert(eq(u64, invented, 0));
  cr_assert(eq(u64, off, 0));
}
