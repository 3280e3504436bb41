// SPDX-License-Identifier: MIT
#include "cost_fit.hpp"

#include <cmath>

using tactus::safety::kWorks;
using tactus::safety::Work;

namespace bench {
namespace {

// Cyclic coordinate descent: each figure in turn takes its best value that is
// not negative. Slow and safe, and there are few of them.
constexpr double kNothing = 1e-6;  // ns
constexpr int kSweeps = 200'000;

struct Sums {
  std::array<std::array<double, kWorks>, kWorks> square{};
  Figures right{};
};

Sums sums_of(const std::vector<Seen>& seen, const Figures& known) {
  Sums out;
  for (const Seen& one : seen) {
    double left = one.ns;
    for (std::size_t i = 0; i < kWorks; ++i)
      left -= known[i] * one.load.of(static_cast<Work>(i));
    for (std::size_t i = 0; i < kWorks; ++i) {
      const double x = one.load.of(static_cast<Work>(i)) / one.ns;
      out.right[i] += x * left / one.ns;
      for (std::size_t k = 0; k < kWorks; ++k)
        out.square[i][k] += x * one.load.of(static_cast<Work>(k)) / one.ns;
    }
  }
  return out;
}

}  // namespace

Figures fit(const std::vector<Seen>& seen, const Figures& known) {
  const Sums sums = sums_of(seen, known);
  Figures out{};
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    double moved = 0;
    for (std::size_t i = 0; i < kWorks; ++i) {
      if (known[i] > 0 || !(sums.square[i][i] > 0)) continue;
      double left = sums.right[i];
      for (std::size_t k = 0; k < kWorks; ++k)
        if (k != i) left -= sums.square[i][k] * out[k];
      const double best = std::fmax(0, left / sums.square[i][i]);
      moved = std::fmax(moved, std::fabs(best - out[i]) / (best + 1e-6));
      out[i] = best;
    }
    if (moved < 1e-9) break;
  }
  // What was seen and takes next to nothing is known, too.
  for (std::size_t i = 0; i < kWorks; ++i) {
    if (known[i] > 0) out[i] = known[i];
    if (sums.square[i][i] > 0) out[i] = std::fmax(out[i], kNothing);
  }
  return out;
}

double predicted(const tactus::safety::WorkLoad& load, const Figures& figures) {
  double sum = 0;
  for (std::size_t i = 0; i < kWorks; ++i)
    sum += figures[i] * load.of(static_cast<Work>(i));
  return sum;
}

}  // namespace bench
