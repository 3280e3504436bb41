// SPDX-License-Identifier: MIT
// The products of the tiers below f32, every kernel of every set that runs
// here. Integers: quantised inputs and sums against 64-bit integers, results
// bit by bit; and against the double sum within half a step of each input and
// weight. bf16: the bound of summation (gemv_test.cpp) over rounded weights.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include "policy/kernels/select_gemv.hpp"

using namespace tactus::policy::kernels;

namespace {

constexpr std::size_t kRows[] = {1, 3, 8, 12, 17, 64, 131};
constexpr std::size_t kInputs[] = {1, 2, 7, 16, 33, 64, 235};

struct Layer {
  std::vector<double> w, b;
  std::vector<float> x;
  InputSteps steps;
  Matrix m;

  Layer(Format format, std::size_t n, std::size_t k) : w(n * k), b(n), x(k) {
    std::mt19937 rng(static_cast<unsigned>(n * 1000 + k));
    std::normal_distribution<float> draw;
    for (double& v : w) v = static_cast<double>(draw(rng));
    for (double& v : b) v = static_cast<double>(draw(rng));
    std::vector<double> each(k);
    for (std::size_t i = 0; i < k; ++i) {
      x[i] = draw(rng) * (i % 3 ? 1.0F : 0.2F) - 0.3F;
      each[i] = std::fabs(static_cast<double>(x[i]));
    }
    const double amax = *std::max_element(each.begin(), each.end());
    const auto low = static_cast<double>(*std::min_element(x.begin(), x.end()));
    add_steps(steps, format, {amax, low, each}, k);
    m = {w.data(), b.data(), n, k, format, &steps};
  }
};

// What the quantising kernel is to make of x, by scalar arithmetic.
std::vector<int32_t> wanted(const Layer& l) {
  std::vector<int32_t> q;
  for (std::size_t i = 0; i < l.x.size(); ++i) {
    const auto scale = static_cast<float>(1 / l.steps.step[i]);
    const bool wide = l.m.format == Format::kInt16;
    const float zero = wide ? 0 : static_cast<float>(l.steps.zero[i]);
    const float low = wide ? -kLargest16 : 0;
    const float high = wide ? kLargest16 : kLargest8;
    const float scaled = l.x[i] * scale + zero;
    q.push_back(static_cast<int32_t>(
        std::nearbyint(std::fmin(std::fmax(scaled, low), high))));
  }
  return q;
}

struct Words {
  std::vector<float> data;
  std::size_t at;
  [[nodiscard]] const float* x() const { return data.data() + at; }
  [[nodiscard]] int32_t value(Format format, std::size_t i) const {
    const auto* bytes = reinterpret_cast<const unsigned char*>(x());
    if (format == Format::kInt8) return bytes[i];
    int16_t v;
    std::memcpy(&v, bytes + 2 * i, sizeof v);
    return v;
  }
};

Words quantised(const KernelSet& set, const Layer& l, std::size_t shift) {
  Words words{std::vector<float>(shift + l.x.size() + 300), shift + 16};
  const auto packed = pack_steps(l.m.format, l.steps);
  const Quantise f =
      l.m.format == Format::kInt16 ? set.quantise16 : set.quantise8;
  f(packed.data(), l.x.data(), words.data.data() + words.at, l.x.size());
  return words;
}

std::vector<float> run(const KernelSet& set, const Gemv& g, const Layer& l,
                       const float* x) {
  const GemvShape shape = shape_of(set, g, l.m.n, l.m.k);
  std::vector<float> weights(shape.floats());
  pack(set, g, l.m, weights.data());
  std::vector<float> y(shape.panels * g.outputs + g.written);
  for (std::size_t p = 0; p < shape.panels; ++p)
    g.run(weights.data() + p * shape.stride, x, y.data() + p * g.outputs,
          shape.steps);
  y.resize(l.m.n);
  return y;
}

float exact(const Layer& l, const std::vector<int32_t>& q, std::size_t row) {
  const IntegerRow r = round_row(l.m, row);
  int64_t sum = r.start;
  for (std::size_t i = 0; i < q.size(); ++i) sum += int64_t{r.q[i]} * q[i];
  cr_assert(sum >= INT32_MIN && sum <= INT32_MAX);
  const float scaled =
      static_cast<float>(static_cast<int32_t>(sum)) * float(r.scale);
  return scaled + float(l.b[row]);
}

bool same(float a, float b) {
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b);
}

template <class F>
void for_each_kernel(Format format, F f) {
  for (const auto* set : kernel_sets()) {
    cr_assert(set->of(format).size() > 0);
    for (const Gemv& g : set->of(format)) f(*set, g);
  }
}

void sums_are_exact(Format format) {
  for (const std::size_t n : kRows)
    for (const std::size_t k : kInputs) {
      const Layer l(format, n, k);
      const auto q = wanted(l);
      std::vector<float> want;
      for (std::size_t i = 0; i < n; ++i) want.push_back(exact(l, q, i));
      for_each_kernel(format, [&](const KernelSet& set, const Gemv& g) {
        for (const std::size_t shift : {0UL, 1UL, 5UL}) {
          const auto y = run(set, g, l, quantised(set, l, shift).x());
          for (std::size_t i = 0; i < n; ++i)
            cr_assert(same(y[i], want[i]), "%s %s %zux%zu, %zu: %g, not %g",
                      tactus::rt::isa_name(set.isa), g.name, n, k, i, y[i],
                      want[i]);
        }
      });
    }
}

}  // namespace

Test(rounded_gemv, inputs_become_the_nearest_integers_on_every_set) {
  for (const Format format : {Format::kInt16, Format::kInt8})
    for (const std::size_t k : {1UL, 15UL, 16UL, 17UL, 100UL}) {
      Layer l(format, 1, k);
      l.x[0] = 1e30F;  // held at the limit
      l.x[k - 1] = -1e30F;
      if (k > 2) l.x[1] = static_cast<float>(l.steps.step[1] * 2.5);  // a tie
      const auto want = wanted(l);
      for (const auto* set : kernel_sets()) {
        const Words words = quantised(*set, l, 1);
        for (std::size_t i = 0; i < k; ++i)
          cr_assert_eq(words.value(format, i), want[i]);
        cr_assert(same(words.x()[-1], 0.0F));
      }
    }
}

Test(rounded_gemv, int16_sums_are_exact_on_all_tails) {
  sums_are_exact(Format::kInt16);
}

Test(rounded_gemv, int8_sums_are_exact_on_all_tails) {
  sums_are_exact(Format::kInt8);
}

Test(rounded_gemv, stay_within_half_a_step_of_each_input_and_weight) {
  for (const Format format : {Format::kInt16, Format::kInt8})
    for (const std::size_t k : kInputs) {
      const Layer l(format, 17, k);
      const auto q = wanted(l);
      for (std::size_t row = 0; row < 17; ++row) {
        const IntegerRow r = round_row(l.m, row);
        double sum = l.b[row], allowed = std::fabs(sum) * 3e-7;
        for (std::size_t i = 0; i < k; ++i) {
          const double w = l.w[row * k + i], step = l.steps.step[i];
          sum += w * static_cast<double>(l.x[i]);
          // A zero point is rounded too: its value lies half a step beside.
          allowed += std::fabs(w) * step * (format == Format::kInt8 ? 1 : 0.5);
          allowed += std::fabs(q[i] - l.steps.zero[i]) * r.scale / 2;
          allowed += std::fabs(w * static_cast<double>(l.x[i])) * 3e-7;
        }
        const double error = std::fabs(double(exact(l, q, row)) - sum);
        cr_assert(error <= allowed, "%zu inputs: %g, allowed %g", k, error,
                  allowed);
      }
    }
}

// As large as they can be, all of one sign, or alternating.
Test(rounded_gemv, the_largest_rows_and_inputs_do_not_overflow) {
  for (const Format format : {Format::kInt16, Format::kInt8})
    for (const std::size_t k : {1UL, 130UL, 2000UL})
      for (const float sign : {1.0F, -1.0F}) {
        Layer l(format, 2, k);
        for (std::size_t i = 0; i < k; ++i) {
          l.x[i] = sign * 1e30F;
          l.w[i] = 1e3;
          l.w[k + i] = i % 2 ? 1e3 : -1e3;
        }
        const auto q = wanted(l);
        int64_t most = 0;
        const IntegerRow r = round_row(l.m, 0);
        for (const int32_t w : r.q) most += std::abs(w);
        most *= format == Format::kInt16 ? kLargest16 : kLargest8;
        cr_assert(most <= INT32_MAX);
        cr_assert(k < 2000 || format == Format::kInt8 || most > 2'000'000'000);
        for_each_kernel(format, [&](const KernelSet& set, const Gemv& g) {
          const auto y = run(set, g, l, quantised(set, l, 0).x());
          cr_assert(same(y[0], exact(l, q, 0)) && same(y[1], exact(l, q, 1)),
                    "%s %s", tactus::rt::isa_name(set.isa), g.name);
        });
      }
}

Test(rounded_gemv, an_input_that_is_not_finite_makes_every_output_nan) {
  for (const Format format : {Format::kInt16, Format::kInt8})
    for (const float bad : {NAN, INFINITY, -INFINITY})
      for (const std::size_t at : {0UL, 6UL, 18UL}) {
        Layer l(format, 20, 19);
        l.x[at] = bad;
        for_each_kernel(format, [&](const KernelSet& set, const Gemv& g) {
          for (const float y : run(set, g, l, quantised(set, l, 0).x()))
            cr_assert(std::isnan(y), "%s", g.name);
        });
      }
}

Test(rounded_gemv, a_row_of_zeros_is_its_bias) {
  Layer l(Format::kInt16, 1, 9);
  std::fill(l.w.begin(), l.w.end(), 0.0);
  for_each_kernel(l.m.format, [&](const KernelSet& set, const Gemv& g) {
    cr_assert(same(run(set, g, l, quantised(set, l, 0).x())[0], float(l.b[0])));
  });
}

Test(rounded_gemv, a_weight_that_is_not_finite_makes_its_output_nan) {
  for (const double bad : {double{NAN}, double{INFINITY}}) {
    Layer l(Format::kInt16, 2, 9);
    l.w[3] = bad;
    for_each_kernel(l.m.format, [&](const KernelSet& set, const Gemv& g) {
      const auto y = run(set, g, l, quantised(set, l, 0).x());
      cr_assert(std::isnan(y[0]) && std::isfinite(y[1]), "%s", g.name);
    });
  }
}

Test(rounded_gemv, an_input_never_seen_has_a_step_all_the_same) {
  for (const Format format : {Format::kInt16, Format::kInt8}) {
    InputSteps steps;
    add_steps(steps, format, {0, 0, {}}, 3);
    for (const double step : steps.step) cr_assert(step > 0 && step < 1);
  }
}

Test(rounded_gemv, bf16_rounds_to_nearest_even) {
  cr_assert_eq(to_bf16(1.0F), 0x3f80);
  cr_assert_eq(to_bf16(1.0F + 0x1p-8F), 0x3f80);      // tie: even
  cr_assert_eq(to_bf16(1.0F + 3 * 0x1p-8F), 0x3f82);  // tie: even
  cr_assert_eq(to_bf16(1.0F + 0x1p-8F + 0x1p-20F), 0x3f81);
  cr_assert_eq(to_bf16(-2.5F), 0xc020);
}

Test(rounded_gemv, bf16_is_within_the_bound_of_summation_on_all_tails) {
  for (const std::size_t n : kRows)
    for (const std::size_t k : kInputs) {
      Layer l(Format::kBf16, n, k);
      std::vector<float> x(l.x);
      x.resize(k + 64, 0.0F);
      for_each_kernel(Format::kBf16, [&](const KernelSet& set, const Gemv& g) {
        if (inputs_read(shape_of(set, g, n, k), g) > x.size()) return;
        const auto y = run(set, g, l, x.data());
        for (std::size_t i = 0; i < n; ++i) {
          double sum = double(float(l.b[i])), size = std::fabs(sum);
          for (std::size_t j = 0; j < k; ++j) {
            const uint32_t word = uint32_t{to_bf16(float(l.w[i * k + j]))}
                                  << 16;
            const double term =
                double(std::bit_cast<float>(word)) * double(x[j]);
            sum += term;
            size += std::fabs(term);
          }
          const double allowed = (double(k) + 2) * 0x1p-24 * size;
          cr_assert(std::fabs(double(y[i]) - sum) <= allowed, "%s %s %zux%zu",
                    tactus::rt::isa_name(set.isa), g.name, n, k);
        }
      });
    }
}

Test(rounded_gemv, names_are_found_and_the_rule_takes_its_format) {
  for (const auto* set : kernel_sets())
    for (const Format f : {Format::kBf16, Format::kInt16, Format::kInt8}) {
      for (const Gemv& g : set->of(f))
        cr_assert(find_gemv(*set, g.name) == &g && g.format == f, "%s", g.name);
      const Matrix m{nullptr, nullptr, 100, 37, f, nullptr};
      const Gemv& g = by_rule(*set, m, Beyond::kWithinBlock);
      cr_assert(g.format == f && fits(*set, g, m, Beyond::kWithinBlock));
    }
}
