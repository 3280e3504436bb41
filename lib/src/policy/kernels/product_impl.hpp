// SPDX-License-Identifier: MIT
// Products of matrices in register tiles: include a vector_*.hpp and
// gemv_impl.hpp first. A tile is some rows times some registers of outputs;
// each element of b is loaded once per tile, each of a once per register. The
// order of a sum is the same everywhere, its rounding need not be.
#pragma once

#include "policy/kernels/tensor.hpp"

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {

// What a tile works on.
struct TilePlace {
  const float* a;
  const float* b;
  const float* init;
  float* y;
  std::size_t b_row;
  uint32_t tail;  // floats of the last register that are outputs
};

// Of a product and the sum it is added to: fused, where the set can, or not.
enum class Rounded : uint8_t { kOnce, kTwice };

template <Rounded how, uint32_t rows, uint32_t vectors>
void tile(const Product& p, const uint32_t* at, const TilePlace& place) {
  Floats sum[rows][vectors];
#pragma GCC unroll 32
  for (uint32_t r = 0; r < rows; ++r) {
#pragma GCC unroll 32
    for (uint32_t v = 0; v < vectors; ++v)
      sum[r][v] = load(place.init + r * p.init_row + v * kLanes);
  }
  const float* b = place.b;
  for (std::size_t i = 0; i < p.k; ++i, b += place.b_row) {
    const float* a = place.a + at[i];
    Floats w[vectors];
#pragma GCC unroll 32
    for (uint32_t v = 0; v < vectors; ++v) w[v] = load(b + v * kLanes);
#pragma GCC unroll 32
    for (uint32_t r = 0; r < rows; ++r) {
      const Floats in = repeat<1>(a + r * p.a_row);
#pragma GCC unroll 32
      for (uint32_t v = 0; v < vectors; ++v)
        sum[r][v] = how == Rounded::kOnce ? fma(w[v], in, sum[r][v])
                                          : w[v] * in + sum[r][v];
    }
  }
#pragma GCC unroll 32
  for (uint32_t r = 0; r < rows; ++r) {
    float* y = place.y + r * p.y_row;
#pragma GCC unroll 32
    for (uint32_t v = 0; v + 1 < vectors; ++v) store(sum[r][v], y + v * kLanes);
    float* last = y + (vectors - 1) * kLanes;
    if (place.tail == kLanes)
      store(sum[r][vectors - 1], last);
    else
      store_some(sum[r][vectors - 1], last, place.tail);
  }
}

using Tile = void (*)(const Product&, const uint32_t*, const TilePlace&);
inline constexpr uint32_t kMostTileRows = 12;

// Tiles of 1 … kMostTileRows rows; beyond `most` there is none.
template <Rounded how, uint32_t vectors, uint32_t row, uint32_t most>
constexpr void fill_tiles(Tile (&tiles)[kMostTileRows]) {
  if constexpr (row <= most) {
    tiles[row - 1] = tile<how, row, vectors>;
    fill_tiles<how, vectors, row + 1, most>(tiles);
  }
}
struct Tiles {
  Tile of[4][kMostTileRows] = {};
};
template <Rounded how>
constexpr Tiles make_tiles() {
  Tiles t;
  fill_tiles<how, 1, 1, kTileRows[0]>(t.of[0]);
  fill_tiles<how, 2, 1, kTileRows[1]>(t.of[1]);
  fill_tiles<how, 3, 1, kTileRows[2]>(t.of[2]);
  fill_tiles<how, 4, 1, kTileRows[3]>(t.of[3]);
  return t;
}
template <Rounded how>
inline constexpr Tiles kTiles = make_tiles<how>();

template <Rounded how>
void product(const Product& p, const ProductData& d) {
  const std::size_t vectors = (p.n + kLanes - 1) / kLanes;
  const auto tail = static_cast<uint32_t>(p.n - (vectors - 1) * kLanes);
  for (std::size_t first = 0; first < vectors; first += p.panel) {
    const std::size_t left = vectors - first;
    const auto wide = static_cast<uint32_t>(left < p.panel ? left : p.panel);
    const bool packed = p.b_row == 0;
    TilePlace place{d.a,
                    d.b + first * kLanes * (packed ? p.k : 1),
                    d.init + first * kLanes,
                    d.y + first * kLanes,
                    packed ? wide * kLanes : p.b_row,
                    wide == left ? tail : kLanes};
    for (std::size_t row = 0; row < p.rows; row += p.tile) {
      const std::size_t rest = p.rows - row;
      const std::size_t take = rest < p.tile ? rest : p.tile;
      kTiles<how>.of[wide - 1][take - 1](p, d.at, place);
      place.a += take * p.a_row;
      place.init += take * p.init_row;
      place.y += take * p.y_row;
    }
  }
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
