// SPDX-License-Identifier: MIT
// Every blocking of every instruction set here, against a sum in double with
// the bound of any order of summation: |error| ≤ (k + 2) u Σ|w x| (Higham,
// Accuracy and Stability, 2nd ed., (3.5), u = 2^-24), over tails of both
// dimensions, unaligned inputs, and NaN.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>
#include <random>
#include <set>

#include "policy/kernels/select_gemv.hpp"

using namespace tactus::policy::kernels;

namespace {

std::vector<const KernelSet*> sets() {
  std::vector<const KernelSet*> list;
  for (const auto isa : tactus::rt::kIsas)
    if (tactus::rt::isa_here(isa)) list.push_back(&kernel_set(isa));
  return list;
}

struct Layer {
  std::vector<double> w, b;
  std::vector<float> x;
  Matrix m;

  Layer(std::size_t n, std::size_t k) : w(n * k), b(n), x(k) {
    std::mt19937 rng(static_cast<unsigned>(n * 1000 + k));
    std::normal_distribution<float> draw;
    for (double& v : w) v = static_cast<double>(draw(rng));
    for (double& v : b) v = static_cast<double>(draw(rng));
    for (float& v : x) v = draw(rng);
    m = {w.data(), b.data(), n, k};
  }
};

std::vector<float> run(const KernelSet& set, const Gemv& g, const Layer& l,
                       std::size_t shift) {
  const GemvShape shape = shape_of(set, g, l.m.n, l.m.k);
  std::vector<float> weights(shape.floats());
  pack(set, g, l.m, weights.data());
  std::vector<float> x(shift + shape.steps * g.block, 0.0F);
  std::copy(l.x.begin(), l.x.end(), x.begin() + static_cast<long>(shift));
  std::vector<float> y(shift + shape.panels * g.outputs + g.written);
  for (std::size_t p = 0; p < shape.panels; ++p)
    g.run(weights.data() + p * shape.stride, x.data() + shift,
          y.data() + shift + p * g.outputs, shape.steps);
  y.erase(y.begin(), y.begin() + static_cast<long>(shift));
  return y;
}

// Worst error as a part of what is allowed.
double worst(const KernelSet& set, const Gemv& g, const Layer& l,
             std::size_t shift) {
  const std::vector<float> y = run(set, g, l, shift);
  double most = 0;
  for (std::size_t i = 0; i < l.m.n; ++i) {
    double sum = static_cast<double>(static_cast<float>(l.b[i]));
    double size = std::fabs(sum);
    for (std::size_t j = 0; j < l.m.k; ++j) {
      const double term =
          static_cast<double>(static_cast<float>(l.w[i * l.m.k + j])) *
          static_cast<double>(l.x[j]);
      sum += term;
      size += std::fabs(term);
    }
    const double allowed =
        (static_cast<double>(l.m.k) + 2) * std::ldexp(1.0, -24) * size;
    const double error = std::fabs(static_cast<double>(y[i]) - sum);
    if (!(error / allowed <= most)) most = error / allowed;
  }
  return most;
}

void check(const KernelSet& set, const Gemv& g, std::size_t n, std::size_t k,
           std::size_t shift) {
  const double part = worst(set, g, Layer(n, k), shift);
  cr_assert(part <= 1, "%s %s %zux%zu at %zu: %.2f",
            tactus::rt::isa_name(set.isa), g.name, n, k, shift, part);
}

}  // namespace

Test(gemv, every_kernel_is_within_the_bound_of_summation_on_all_tails) {
  for (const auto* set : sets())
    for (const Gemv& g : set->gemv)
      for (const std::size_t n : {1UL, 3UL, 8UL, 12UL, 17UL, 64UL, 131UL})
        for (const std::size_t k : {1UL, 2UL, 7UL, 16UL, 33UL, 64UL, 235UL})
          for (const std::size_t shift : {0UL, 1UL, 5UL})
            check(*set, g, n, k, shift);
}

// A panel of its own, one row less, one row in the next; wherever they lie.
Test(gemv, the_last_rows_of_a_panel_are_right_at_every_place) {
  for (const auto* set : sets())
    for (const Gemv& g : set->gemv)
      for (const std::size_t n :
           {g.outputs - 1UL, g.outputs + 0UL, g.outputs + 1UL})
        for (std::size_t shift = 0; n > 0 && shift < kBlock; ++shift)
          check(*set, g, n, 19, shift);
}

Test(gemv, every_kernel_puts_each_output_of_a_panel_in_its_place) {
  for (const auto* set : sets())
    for (const Gemv& g : set->gemv) {
      std::vector<uint32_t> label(std::size_t{g.accumulators} * set->lanes);
      g.labels(label.data());
      const std::set<uint32_t> places(label.begin(), label.end());
      cr_assert(places.size() == g.outputs && *places.rbegin() + 1 == g.outputs,
                "%s %s: %zu places, the last %u, for %u outputs",
                tactus::rt::isa_name(set->isa), g.name, places.size(),
                *places.rbegin(), g.outputs);
    }
}

Test(gemv, nan_in_any_input_is_nan_in_every_output) {
  for (const auto* set : sets())
    for (const Gemv& g : set->gemv)
      for (const std::size_t at : {0UL, 6UL, 18UL}) {
        Layer l(20, 19);
        l.x[at] = NAN;
        const std::vector<float> y = run(*set, g, l, 0);
        for (std::size_t i = 0; i < 20; ++i) cr_assert(std::isnan(y[i]));
      }
}

Test(gemv, the_rule_finds_a_kernel_for_every_shape) {
  for (const auto* set : sets())
    for (std::size_t n = 1; n < 40; ++n)
      for (std::size_t k = 1; k < 40; ++k)
        for (const auto beyond : {Beyond::kForbidden, Beyond::kWithinBlock}) {
          const Matrix m{nullptr, nullptr, n, k};
          cr_assert(fits(*set, by_rule(*set, m, beyond), m, beyond));
        }
}

Test(gemv, what_is_timed_fits_and_costs_of_what_is_left) {
  for (const auto* set : sets())
    for (const auto beyond : {Beyond::kForbidden, Beyond::kWithinBlock}) {
      const Matrix m{nullptr, nullptr, 33, 17};
      int64_t left = 1;  // one round
      cr_assert(fits(*set, by_time(*set, m, beyond, left), m, beyond));
      cr_assert(left < 1);
    }
}

Test(gemv, without_time_left_or_beyond_the_caches_the_rule_chooses) {
  for (const auto* set : sets()) {
    const auto beyond = Beyond::kWithinBlock;
    const Matrix small{nullptr, nullptr, 64, 64};
    const Matrix large{nullptr, nullptr, 1024, 1024};
    int64_t left = 0;
    const Gemv* timed = &by_time(*set, small, beyond, left);
    cr_assert(timed == &by_rule(*set, small, beyond));
    left = 7;
    timed = &by_time(*set, large, beyond, left);
    cr_assert(timed == &by_rule(*set, large, beyond));
    cr_assert(left == 7);
  }
}

Test(gemv, names_are_unique_and_found) {
  for (const auto* set : sets())
    for (const Gemv& g : set->gemv)
      cr_assert(find_gemv(*set, g.name) == &g, "%s", g.name);
}
