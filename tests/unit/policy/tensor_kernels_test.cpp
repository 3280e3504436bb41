// SPDX-License-Identifier: MIT
// The kernels over more than one row, of every instruction set here, against
// double: all tails, unaligned operands, NaN, and nothing written beyond.
// Sums: |error| ≤ (k + 2) u Σ|terms| (Higham, Accuracy and Stability, 2nd
// ed., (3.5), u = 2^-24).
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <string_view>

#include "policy/kernels/select_product.hpp"

using namespace tactus::policy::kernels;

namespace {

const double kUnit = std::ldexp(1.0, -24);
constexpr float kMark = 12345.0F;  // where nothing may be written

// With the canonical kernels in the place of the set's own.
std::vector<const KernelSet*> canonical_sets() {
  static const std::vector<KernelSet> kSets = [] {
    std::vector<KernelSet> list;
    for (const auto isa : tactus::rt::kIsas) {
      if (!tactus::rt::isa_here(isa)) continue;
      list.push_back(kernel_set(isa));
      list.back().tensor = list.back().canonical_tensor;
    }
    return list;
  }();
  std::vector<const KernelSet*> list;
  for (const KernelSet& set : kSets) list.push_back(&set);
  return list;
}

std::vector<const KernelSet*> sets() {
  std::vector<const KernelSet*> list = canonical_sets();
  for (const auto isa : tactus::rt::kIsas)
    if (tactus::rt::isa_here(isa)) list.push_back(&kernel_set(isa));
  return list;
}

// Bit for bit; a NaN is any NaN.
bool same(const std::vector<float>& a, const std::vector<float>& b) {
  return std::ranges::equal(a, b, [](float u, float v) {
    return std::bit_cast<uint32_t>(u) == std::bit_cast<uint32_t>(v) ||
           (std::isnan(u) && std::isnan(v));
  });
}

std::vector<float> drawn(std::size_t n, unsigned seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> draw;
  std::vector<float> v(n);
  for (float& x : v) x = draw(rng);
  return v;
}

double as_double(float x) { return static_cast<double>(x); }

// Everything a Product works on, with gaps between the rows of y.
struct Case {
  std::size_t rows, n, k, shift;
  bool packed;

  Product shape;
  std::vector<float> a, b, init, y;
  std::vector<uint32_t> at;

  void prepare(const KernelSet& set) {
    shape = {};
    shape.rows = rows;
    shape.n = n;
    shape.k = k;
    shape.a_row = k + 3;
    shape.y_row = n + 2;
    a = drawn(shift + rows * shape.a_row, 1);
    b = drawn(n * k + 2 * kBlock, 2);
    at.clear();
    for (std::size_t i = 0; i < k; ++i)  // backwards: any order will do
      at.push_back(static_cast<uint32_t>(k - 1 - i));
    y.assign(shift + rows * shape.y_row, kMark);
    if (!packed) {
      shape.b_row = n;
      shape.init_row = n + 1;
      init = drawn(rows * shape.init_row + kBlock, 3);
    }
    choose_blocking(set, shape);
  }

  void run(const KernelSet& set) {
    ProductData d{a.data() + shift, b.data(), init.data(), y.data() + shift,
                  at.data()};
    std::vector<float> weights(packed_floats(set, shape));
    if (packed) {
      init = drawn(packed_bias(set, shape), 3);
      const std::vector<double> bias(init.begin(), init.end());
      std::vector<double> w(n * k);
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t i = 0; i < k; ++i)
          w[j * k + i] = as_double(b[i * n + j]);
      pack_product(set, shape, {w.data(), bias.data(), n, k}, weights.data());
      d.init = weights.data();
      d.b = weights.data() + packed_bias(set, shape);
    }
    set.tensor.product(shape, d);
  }

  // Worst error as a part of what is allowed.
  [[nodiscard]] double worst() const {
    double most = 0;
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t j = 0; j < n; ++j) {
        double sum = as_double(init[r * shape.init_row + j]);
        double size = std::fabs(sum);
        for (std::size_t i = 0; i < k; ++i) {
          const double term = as_double(a[shift + r * shape.a_row + at[i]]) *
                              as_double(b[i * n + j]);
          sum += term;
          size += std::fabs(term);
        }
        const double allowed = (static_cast<double>(k) + 2) * kUnit * size;
        const double error =
            std::fabs(as_double(y[shift + r * shape.y_row + j]) - sum);
        if (!(error / allowed <= most)) most = error / allowed;
      }
    return most;
  }

  [[nodiscard]] bool gaps_kept() const {
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t j = n; j < shape.y_row; ++j)
        if (y[shift + r * shape.y_row + j] != kMark) return false;
    return std::all_of(y.begin(), y.begin() + static_cast<long>(shift),
                       [](float v) { return v == kMark; });
  }
};

template <class Each>
void each_case(Each each) {
  for (const auto* set : sets())
    for (const std::size_t rows :
         {1UL, 2UL, 3UL, 5UL, 7UL, 8UL, 11UL, 12UL, 13UL, 29UL})
      for (const std::size_t n :
           {1UL, 3UL, 4UL, 7UL, 8UL, 15UL, 16UL, 17UL, 32UL, 45UL, 64UL, 83UL})
        for (const std::size_t k : {1UL, 2UL, 9UL, 33UL})
          for (const bool packed : {false, true}) {
            Case c{rows, n, k, rows % 4, packed, {}, {}, {}, {}, {}, {}};
            c.prepare(*set);
            each(*set, c);
          }
}

const char* name(const KernelSet& set) { return tactus::rt::isa_name(set.isa); }

}  // namespace

Test(product, is_within_the_bound_of_summation_on_all_tails) {
  each_case([](const KernelSet& set, Case& c) {
    c.run(set);
    const double part = c.worst();
    cr_assert(part <= 1, "%s %zux%zux%zu packed %d: %.2f", name(set), c.rows,
              c.n, c.k, c.packed, part);
    cr_assert(c.gaps_kept(), "%s %zux%zux%zu: wrote beyond", name(set), c.rows,
              c.n, c.k);
  });
}

Test(product, blocking_does_not_change_a_bit) {
  for (const auto* set : sets()) {
    Case c{13, 83, 33, 1, true, {}, {}, {}, {}, {}, {}};
    c.prepare(*set);
    c.run(*set);
    const auto want = c.y;
    for (uint32_t panel = 1; panel <= 4; ++panel)
      for (uint32_t tile = 1; tile <= set->tensor.tile_rows[panel - 1];
           ++tile) {
        c.y.assign(c.y.size(), kMark);
        c.shape.panel = panel;
        c.shape.tile = tile;
        c.run(*set);
        cr_assert(c.y == want, "%s panel %u tile %u", name(*set), panel, tile);
      }
  }
}

Test(product, canonical_sums_have_the_same_bits_on_every_set) {
  for (const std::size_t n : {1UL, 7UL, 16UL, 83UL})
    for (const bool packed : {false, true}) {
      std::vector<float> want;
      for (const auto* set : canonical_sets()) {
        Case c{13, n, 33, 1, packed, {}, {}, {}, {}, {}, {}};
        c.prepare(*set);
        c.run(*set);
        if (want.empty()) want = c.y;
        cr_assert(same(c.y, want), "%s, %zu columns", name(*set), n);
      }
    }
}

Test(product, nan_reaches_its_row_and_no_other) {
  for (const auto* set : sets())
    for (const bool packed : {false, true}) {
      Case c{9, 21, 6, 0, packed, {}, {}, {}, {}, {}, {}};
      c.prepare(*set);
      c.a[4 * c.shape.a_row + 2] = NAN;
      c.run(*set);
      for (std::size_t r = 0; r < c.rows; ++r)
        for (std::size_t j = 0; j < c.n; ++j)
          cr_assert(std::isnan(c.y[r * c.shape.y_row + j]) == (r == 4));
    }
}

// ------------------------------------------------------------------- rows

namespace {

struct RowsCase {
  const char* name;
  RowsKernel TensorKernels::* kernel;
  bool whole;  // one output per element
  double (*of)(const std::vector<double>& row, std::size_t i);
  double (*allowed)(const std::vector<double>& row, std::size_t i);
};

double sum_of(const std::vector<double>& x) {
  double s = 0;
  for (const double v : x) s += v;
  return s;
}
double size_of(const std::vector<double>& x) {
  double s = 0;
  for (const double v : x) s += std::fabs(v);
  return s;
}
double square_of(const std::vector<double>& x) {
  double s = 0;
  for (const double v : x) s += v * v;
  return s;
}
double product_of(const std::vector<double>& x) {
  double p = 1;
  for (const double v : x) p *= v;
  return p;
}
double terms(const std::vector<double>& x) {
  return (static_cast<double>(x.size()) + 2) * kUnit;
}
double softmax_of(const std::vector<double>& x, std::size_t i) {
  const double top = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double v : x) sum += std::exp(v - top);
  return std::exp(x[i] - top) / sum;
}
double mean_of(const std::vector<double>& x) {
  return sum_of(x) / static_cast<double>(x.size());
}
double variance_of(const std::vector<double>& x) {
  double s = 0;
  for (const double v : x) s += (v - mean_of(x)) * (v - mean_of(x));
  return s / static_cast<double>(x.size());
}
constexpr double kEpsilon = 1e-5;

// Errors of a mean are relative to the mean size of its terms; exp's bound is
// kUlp·6 of its table and its argument's rounding, u·|x - top|.
const RowsCase kRows[] = {
    {"sum", &TensorKernels::sum, false,
     [](const auto& x, std::size_t) { return sum_of(x); },
     [](const auto& x, std::size_t) { return terms(x) * size_of(x); }},
    {"mean", &TensorKernels::mean, false,
     [](const auto& x, std::size_t) { return mean_of(x); },
     [](const auto& x, std::size_t) {
       return 2 * terms(x) * size_of(x) / static_cast<double>(x.size());
     }},
    {"max", &TensorKernels::max, false,
     [](const auto& x, std::size_t) {
       return *std::max_element(x.begin(), x.end());
     },
     [](const auto&, std::size_t) { return 0.0; }},
    {"min", &TensorKernels::min, false,
     [](const auto& x, std::size_t) {
       return *std::min_element(x.begin(), x.end());
     },
     [](const auto&, std::size_t) { return 0.0; }},
    {"l1", &TensorKernels::l1, false,
     [](const auto& x, std::size_t) { return size_of(x); },
     [](const auto& x, std::size_t) { return terms(x) * size_of(x); }},
    {"l2", &TensorKernels::l2, false,
     [](const auto& x, std::size_t) { return std::sqrt(square_of(x)); },
     [](const auto& x, std::size_t) {
       return 2 * terms(x) * std::sqrt(square_of(x));
     }},
    {"square_sum", &TensorKernels::square_sum, false,
     [](const auto& x, std::size_t) { return square_of(x); },
     [](const auto& x, std::size_t) { return terms(x) * square_of(x); }},
    {"product", &TensorKernels::product_of, false,
     [](const auto& x, std::size_t) { return product_of(x); },
     [](const auto& x, std::size_t) {
       return terms(x) * std::fabs(product_of(x)) + 1e-44;
     }},
    {"log_softmax", &TensorKernels::log_softmax, true,
     [](const auto& x, std::size_t i) { return std::log(softmax_of(x, i)); },
     // Rounding of x - top and of the result; the sum's part of itself, which
     // its logarithm makes an error of that size.
     [](const auto& x, std::size_t i) {
       return 4 * kUnit * (std::fabs(std::log(softmax_of(x, i))) + 8) +
              2 * terms(x) + 40 * kUnit;
     }},
    {"log_sum_exp", &TensorKernels::log_sum_exp, false,
     [](const auto& x, std::size_t) {
       return x[0] - std::log(softmax_of(x, 0));
     },
     [](const auto& x, std::size_t) {
       const double y = x[0] - std::log(softmax_of(x, 0));
       return 4 * kUnit * (std::fabs(y) + 8) + 2 * terms(x) + 40 * kUnit;
     }},
    {"softmax", &TensorKernels::softmax, true, softmax_of,
     [](const auto& x, std::size_t i) {
       return softmax_of(x, i) * (2 * terms(x) + 40 * kUnit) + 2e-38;
     }},
    {"layer_norm", &TensorKernels::layer_norm, true,
     [](const auto& x, std::size_t i) {
       return (x[i] - mean_of(x)) / std::sqrt(variance_of(x) + kEpsilon) *
                  (0.5 + static_cast<double>(i % 3)) +
              0.25;
     },
     [](const auto& x, std::size_t i) {
       const double spread = std::sqrt(variance_of(x) + kEpsilon);
       const double size = std::fabs(x[i]) + std::fabs(mean_of(x)) +
                           size_of(x) / static_cast<double>(x.size());
       return 3 * (2 * terms(x) + 8 * kUnit) * (size / spread + 1);
     }},
};

std::vector<float> layer_weights(std::size_t n) {
  const std::size_t part = blocks_of(n) * kBlock;
  std::vector<float> w(2 * part, 0.0F);
  for (std::size_t i = 0; i < n; ++i) {
    w[i] = 0.5F + static_cast<float>(i % 3);
    w[part + i] = 0.25F;
  }
  return w;
}

std::vector<float> run(const KernelSet& set, const RowsCase& c,
                       const std::vector<float>& x, std::size_t rows,
                       std::size_t n, std::size_t shift) {
  std::vector<float> in(shift, kMark);
  in.insert(in.end(), x.begin(), x.end());
  const std::size_t made = c.whole ? rows * n : rows;
  std::vector<float> y(shift + made + 1, kMark);
  const Rows shape{rows, n, static_cast<float>(kEpsilon)};
  (set.tensor.*c.kernel)(shape, layer_weights(n).data(), in.data() + shift,
                         y.data() + shift);
  cr_assert(y.back() == kMark, "%s %s: wrote beyond", name(set), c.name);
  return {y.begin() + static_cast<long>(shift), y.end() - 1};
}

void check_rows(const KernelSet& set, const RowsCase& c, std::size_t rows,
                std::size_t n, std::size_t shift) {
  const auto x = drawn(rows * n, static_cast<unsigned>(n));
  const auto y = run(set, c, x, rows, n, shift);
  const std::size_t each = c.whole ? n : 1;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::vector<double> row(x.begin() + static_cast<long>(r * n),
                                  x.begin() + static_cast<long>((r + 1) * n));
    for (std::size_t i = 0; i < each; ++i) {
      const double error = std::fabs(as_double(y[r * each + i]) - c.of(row, i));
      cr_assert(error <= c.allowed(row, i), "%s %s %zux%zu: %g, allowed %g",
                name(set), c.name, rows, n, error, c.allowed(row, i));
    }
  }
}

}  // namespace

Test(rows, every_kernel_is_within_its_bound_on_all_tails) {
  for (const auto* set : sets())
    for (const RowsCase& c : kRows)
      for (const std::size_t rows : {1UL, 2UL, 5UL})
        for (std::size_t n = 1; n < 70; ++n)
          check_rows(*set, c, rows, n, (n + rows) % 5);
}

Test(rows, canonical_kernels_have_the_same_bits_on_every_set) {
  for (const RowsCase& c : kRows)
    for (std::size_t n = 1; n < 100; ++n) {
      auto x = drawn(3 * n, 5);
      for (std::size_t i = 0; i < n; ++i) x[i] = i % 3 == 0 ? -0.0F : 0.0F;
      std::vector<float> want;
      for (const auto* set : canonical_sets()) {
        const auto y = run(*set, c, x, 3, n, n % 4);
        if (want.empty()) want = y;
        cr_assert(same(y, want), "%s %s of %zu", name(*set), c.name, n);
      }
    }
}

Test(rows, nan_reaches_its_row_and_no_other) {
  for (const auto* set : sets())
    for (const RowsCase& c : kRows)
      for (const std::size_t n : {1UL, 7UL, 16UL, 37UL})
        for (const std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
          auto x = drawn(3 * n, 5);
          x[n + at] = NAN;
          const auto y = run(*set, c, x, 3, n, 0);
          const std::size_t each = c.whole ? n : 1;
          for (std::size_t i = 0; i < 3 * each; ++i)
            cr_assert(std::isnan(y[i]) == (i / each == 1), "%s %s %zu at %zu",
                      name(*set), c.name, n, at);
        }
}

Test(rows, canonical_groups_have_the_same_bits_on_every_set) {
  for (std::size_t part = 1; part < 40; ++part) {
    const std::size_t n = 3 * part;
    const std::vector<float> weights{1, 0.3F, -2, 0.1F, 0.2F, -0.7F};
    const auto x = drawn(2 * n, static_cast<unsigned>(n));
    std::vector<float> want;
    for (const auto* set : canonical_sets()) {
      std::vector<float> y(2 * n);
      set->tensor.group_norm({2, n, static_cast<float>(kEpsilon), part, 3},
                             weights.data(), x.data(), y.data());
      if (want.empty()) want = y;
      cr_assert(same(y, want), "%s, parts of %zu", name(*set), part);
    }
  }
}

// As layer_norm's bound, with scales of at most 2.5. Parts of every tail, and a
// number of scales that goes through two rows before it comes round.
Test(rows, groups_are_within_the_bound_of_layer_norm) {
  for (const auto* set : sets())
    for (std::size_t part = 1; part < 40; ++part)
      for (const std::size_t each : {1UL, 3UL}) {
        const std::size_t n = part * each, rows = 4, parts = 2 * each;
        std::vector<float> weights;
        for (std::size_t i = 0; i < parts; ++i)
          weights.push_back(0.5F + static_cast<float>(i % 3));
        for (std::size_t i = 0; i < parts; ++i)
          weights.push_back(static_cast<float>(i) - 1);
        const auto x = drawn(rows * n, static_cast<unsigned>(n));
        std::vector<float> y(rows * n + 1, kMark);
        set->tensor.group_norm(
            {rows, n, static_cast<float>(kEpsilon), part, parts},
            weights.data(), x.data(), y.data());
        cr_assert(y.back() == kMark);
        for (std::size_t i = 0; i < rows * n; ++i) {
          const auto first = x.begin() + static_cast<long>(i / n * n);
          const std::vector<double> row(first, first + static_cast<long>(n));
          const std::size_t s = i / part % parts;
          const double spread = std::sqrt(variance_of(row) + kEpsilon);
          const double want =
              (row[i % n] - mean_of(row)) / spread * as_double(weights[s]) +
              as_double(weights[parts + s]);
          const double size = std::fabs(row[i % n]) + std::fabs(mean_of(row)) +
                              size_of(row) / static_cast<double>(n);
          const double allowed =
              3 * (2 * terms(row) + 8 * kUnit) * (size / spread + 5);
          cr_assert(std::fabs(as_double(y[i]) - want) <= allowed,
                    "%s %zux%zu [%zu]: %g, not %g", name(*set), each, part, i,
                    as_double(y[i]), want);
        }
      }
}

Test(rows, softmax_of_masked_rows) {
  for (const auto* set : sets())
    for (const std::size_t n : {3UL, 16UL, 21UL}) {
      std::vector<float> x(2 * n, -INFINITY);
      x[1] = 5;  // the second row has nothing: 0/0
      const auto softmax = std::ranges::find(
          kRows, std::string_view("softmax"),
          [](const RowsCase& c) { return std::string_view(c.name); });
      const auto y = run(*set, *softmax, x, 2, n, 0);
      for (std::size_t i = 0; i < 2 * n; ++i) {
        if (i < n) cr_assert(y[i] == (i == 1 ? 1.0F : 0.0F));
        if (i >= n) cr_assert(std::isnan(y[i]));
      }
    }
}

// ------------------------------------------------------------------- grids

namespace {

struct GridCase {
  const char* name;
  GridKernel TensorKernels::* kernel;
  float (*of)(float, float);
};
const GridCase kGrids[] = {
    {"add", &TensorKernels::add, [](float a, float b) { return a + b; }},
    {"sub", &TensorKernels::sub, [](float a, float b) { return a - b; }},
    {"mul", &TensorKernels::mul, [](float a, float b) { return a * b; }},
    {"div", &TensorKernels::div, [](float a, float b) { return a / b; }},
    {"min", &TensorKernels::min_of,
     [](float a, float b) { return b < a || b != b ? b : a; }},
    {"max", &TensorKernels::max_of,
     [](float a, float b) { return b > a || b != b ? b : a; }},
    {"prelu", &TensorKernels::prelu,
     [](float a, float b) { return a < 0 ? a * b : a; }},
    {"equal", &TensorKernels::equal,
     [](float a, float b) { return a == b ? 1.0F : 0.0F; }},
    {"greater", &TensorKernels::greater,
     [](float a, float b) { return a > b ? 1.0F : 0.0F; }},
    {"greater_equal", &TensorKernels::greater_equal,
     [](float a, float b) { return a >= b ? 1.0F : 0.0F; }},
    {"less", &TensorKernels::less,
     [](float a, float b) { return a < b ? 1.0F : 0.0F; }},
    {"less_equal", &TensorKernels::less_equal,
     [](float a, float b) { return a <= b ? 1.0F : 0.0F; }},
    {"both", &TensorKernels::both,
     [](float a, float b) { return a != 0 && b != 0 ? 1.0F : 0.0F; }},
    {"either", &TensorKernels::either,
     [](float a, float b) { return a != 0 || b != 0 ? 1.0F : 0.0F; }},
    {"kept", &TensorKernels::kept,
     [](float a, float b) { return b != 0 ? a : 0.0F; }},
    {"dropped", &TensorKernels::dropped,
     [](float a, float b) { return b != 0 ? 0.0F : a; }},
    {"joined", &TensorKernels::joined,
     [](float a, float b) {
       return std::bit_cast<float>(std::bit_cast<uint32_t>(a) |
                                   std::bit_cast<uint32_t>(b));
     }},
};

bool same(float a, float b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

void check_grid(const KernelSet& set, const GridCase& c, const Grid& g) {
  auto x = drawn(4000, 7), other = drawn(4000, 8);
  x[3] = NAN;
  other[5] = NAN;
  for (std::size_t i = 1; i < x.size(); i += 7) x[i] = other[i] = 0;
  for (std::size_t i = 2; i + 1 < x.size(); i += 7) x[i] = other[i + 1];
  const std::size_t size = g.size[0] * g.size[1] * g.size[2];
  std::vector<float> y(size + 1, kMark);
  (set.tensor.*c.kernel)(g, x.data() + 1, other.data() + 2, y.data());
  cr_assert(y.back() == kMark);
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t at[3] = {i / g.size[2] / g.size[1],
                               i / g.size[2] % g.size[1], i % g.size[2]};
    std::size_t from = 1, and_from = 2;
    for (std::size_t d = 0; d < 3; ++d) {
      from += at[d] * g.x[d];
      and_from += at[d] * g.other[d];
    }
    const float want = c.of(x[from], other[and_from]);
    cr_assert(same(y[i], want), "%s %s at %zu: %g, not %g", name(set), c.name,
              i, as_double(y[i]), as_double(want));
  }
}

}  // namespace

Test(grid, repeats_what_has_stride_0_to_the_last_bit) {
  for (const auto* set : sets())
    for (const GridCase& c : kGrids)
      for (const std::size_t n : {1UL, 5UL, 8UL, 16UL, 19UL, 40UL})
        for (const std::size_t x_last : {0UL, 1UL})
          for (const std::size_t other_last : {0UL, 1UL})
            for (const std::size_t middle : {0UL, 41UL}) {
              const Grid g{
                  3, {2, 3, n}, {150, middle, x_last}, {0, 47, other_last}};
              check_grid(*set, c, g);
            }
}

// Every pair of what is special and of what is not, both ways round.
Test(grid, powers_are_those_of_double) {
  std::vector<float> x{0.0F,
                       -0.0F,
                       1.0F,
                       -1.0F,
                       2.0F,
                       -2.0F,
                       3.0F,
                       -3.0F,
                       0.5F,
                       -0.5F,
                       2.5F,
                       -2.5F,
                       INFINITY,
                       -INFINITY,
                       NAN,
                       1e-45F,
                       -1e-40F,
                       1e38F,
                       16777215.0F,
                       16777216.0F,
                       1.0F + 0x1p-23F,
                       1.0F - 0x1p-24F,
                       3.4e38F,
                       1e-38F};
  for (const float v : drawn(232, 11)) x.push_back(v * 4);
  for (const float v : drawn(200, 12)) x.push_back(std::fabs(v) * 30);
  const Grid g{2, {x.size(), x.size()}, {1, 0}, {0, 1}};
  std::vector<float> y(x.size() * x.size() + 1, kMark);
  for (const auto* set : sets()) {
    set->tensor.pow(g, x.data(), x.data(), y.data());
    cr_assert(y.back() == kMark);
    for (std::size_t i = 0; i + 1 < y.size(); ++i) {
      const double a = as_double(x[i / x.size()]);
      const double b = as_double(x[i % x.size()]);
      const double want = std::pow(a, b);
      const double error = std::fabs(as_double(y[i]) - want);
      const double allowed = 1.1 * kUnit * std::fabs(want) + 0x1p-150;
      cr_assert(same(y[i], static_cast<float>(want)) || error <= allowed,
                "%s: %g ^ %g is %g, not %g", name(*set), a, b, as_double(y[i]),
                want);
      if (want == 0)
        cr_assert_eq(std::signbit(y[i]), std::signbit(want), "%s: %g ^ %g",
                     name(*set), a, b);
    }
  }
}

// ------------------------------------------------------------------- pools

Test(pool_kernels, fold_what_lies_under_the_window) {
  const uint32_t at[] = {0, 50, 120, 121};
  const float counts[] = {4, 3, 1, 2, 4};
  for (const auto* set : sets())
    for (const std::size_t channels : {1UL, 3UL, 8UL, 16UL, 21UL, 33UL}) {
      const Pool p{5, channels, 4, 60};
      auto x = drawn(500 + kBlock, 9);
      x[2 * 60 + 50] = NAN;
      std::vector<float> top(5 * channels + 1, kMark), mean = top;
      set->tensor.max_pool(p, at, nullptr, x.data(), top.data());
      set->tensor.average_pool(p, at, counts, x.data(), mean.data());
      cr_assert(top.back() == kMark && mean.back() == kMark);
      for (std::size_t i = 0; i < 5 * channels; ++i) {
        double most = -INFINITY, sum = 0, size = 0;
        for (const uint32_t t : at) {
          const double v = as_double(x[i / channels * 60 + t + i % channels]);
          most = v > most || v != v ? v : most;
          sum += v;
          size += std::fabs(v);
        }
        cr_assert(same(top[i], static_cast<float>(most)));
        const double want = sum / as_double(counts[i / channels]);
        const double error = std::fabs(as_double(mean[i]) - want);
        cr_assert(std::isnan(want) ? std::isnan(mean[i])
                                   : error <= 6 * kUnit * size);
      }
    }
}
