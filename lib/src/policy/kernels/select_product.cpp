// SPDX-License-Identifier: MIT
#include "policy/kernels/select_product.hpp"

#include <algorithm>
#include <limits>

namespace tactus::policy::kernels {
namespace {

std::size_t ceil_div(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

// Cycles of one step of k in one tile: two multiplications a cycle, two
// loads, four cycles from one sum to the next.
double step_cost(std::size_t rows, std::size_t vectors) {
  const auto r = static_cast<double>(rows), v = static_cast<double>(vectors);
  return std::max({r * v / 2, (r + v) / 2, 4.0});
}

constexpr double kTileCost = 25;  // to begin and leave one

double cost(const Product& p, std::size_t vectors, std::size_t panel,
            std::size_t tile) {
  double sum = 0;
  for (std::size_t v = 0; v < vectors; v += panel) {
    const std::size_t wide = std::min(panel, vectors - v);
    for (std::size_t r = 0; r < p.rows; r += tile)
      sum += step_cost(std::min(tile, p.rows - r), wide) *
                 static_cast<double>(p.k) +
             kTileCost;
  }
  return sum;
}

// As few tiles as `most` allows, of about the same number of rows.
std::size_t even_tile(std::size_t rows, std::size_t most) {
  return ceil_div(rows, ceil_div(rows, most));
}

}  // namespace

void choose_blocking(const KernelSet& set, Product& p) noexcept {
  const std::size_t vectors = ceil_div(p.n, set.lanes);
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t panel = 1; panel <= std::min<std::size_t>(4, vectors);
       ++panel) {
    const std::size_t tile = even_tile(p.rows, set.tensor.tile_rows[panel - 1]);
    const double c = cost(p, vectors, panel, tile);
    if (!(c < least)) continue;
    least = c;
    p.panel = static_cast<uint32_t>(panel);
    p.tile = static_cast<uint32_t>(tile);
  }
}

std::size_t packed_bias(const KernelSet& set, const Product& p) noexcept {
  return ceil_div(p.n, set.lanes) * set.lanes;
}

std::size_t packed_floats(const KernelSet& set, const Product& p) noexcept {
  return packed_bias(set, p) * (p.k + 1);
}

void pack_product(const KernelSet& set, const Product& p, const Matrix& m,
                  float* out) {
  for (std::size_t j = 0; m.b != nullptr && j < m.n; ++j)
    out[j] = static_cast<float>(m.b[j]);
  const std::size_t padded = packed_bias(set, p);
  const std::size_t wide = std::size_t{p.panel} * set.lanes;
  out += padded;
  for (std::size_t first = 0; first < padded; first += wide) {
    const std::size_t width = std::min(wide, padded - first);
    for (std::size_t i = 0; i < m.k; ++i)
      for (std::size_t j = 0; j < width && first + j < m.n; ++j)
        out[first * m.k + i * width + j] =
            static_cast<float>(m.w[(first + j) * m.k + i]);
  }
}

}  // namespace tactus::policy::kernels
