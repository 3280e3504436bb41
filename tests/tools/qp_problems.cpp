// SPDX-License-Identifier: MIT
// Seeded quadratic programs and what rung project's solver says to them, for
// solvers in Python (tests/oracle/qp.py):
//   qp-problems COUNT SEED
// One line each: kind n m status iterations ns, then scale, target, rows,
// bounds and u. Times are of this program's own clock.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "../unit/safety/qp_cases.hpp"
#include "rt/isa.hpp"
#include "safety/kernel.hpp"

namespace {

void print(const double* values, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) std::printf(" %.17g", values[i]);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace qp_cases;
  using Clock = std::chrono::steady_clock;
  if (argc != 3) return 2;
  Source source(std::strtoull(argv[2], nullptr, 10));
  const auto isa = tactus::rt::choose_isa();
  if (!isa) return 2;
  const Kernel& kernel = kernel_for(*isa);
  Case c;
  QpResult r;
  for (int i = std::atoi(argv[1]); i > 0; --i) {
    source.next(7, 30, c);
    const QpProblem& p = c.problem;
    kernel.solve(p, QpRows{}, r);
    const auto begin = Clock::now();
    kernel.solve(p, QpRows{}, r);
    const std::chrono::duration<double, std::nano> spent = Clock::now() - begin;
    std::printf("%s %u %u %u %u %.0f", kNames[c.kind], p.n, p.m,
                static_cast<uint32_t>(r.status), r.iterations, spent.count());
    print(p.scale, p.n);
    print(p.target, p.n);
    for (uint32_t k = 0; k < p.m; ++k) print(p.row[k], p.n);
    print(p.bound, p.m);
    print(r.u, p.n);
    std::printf("\n");
  }
  return 0;
}
