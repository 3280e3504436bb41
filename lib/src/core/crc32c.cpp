// SPDX-License-Identifier: MIT
#include "core/crc32c.hpp"

#include <array>
#include <cstring>

namespace tactus {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;  // reflected 0x1EDC6F41
using Table = std::array<std::array<uint32_t, 256>, 8>;

constexpr uint32_t shift_byte(uint32_t crc) {
  for (int bit = 0; bit < 8; ++bit) {
    crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
  }
  return crc;
}

constexpr Table make_table() {
  Table table{};
  for (uint32_t i = 0; i < 256; ++i) table[0][i] = shift_byte(i);
  for (std::size_t slice = 1; slice < 8; ++slice) {
    for (std::size_t i = 0; i < 256; ++i) {
      const uint32_t previous = table[slice - 1][i];
      table[slice][i] = (previous >> 8) ^ table[0][previous & 0xFF];
    }
  }
  return table;
}

constexpr Table kTable = make_table();

}  // namespace

uint32_t crc32c(std::span<const std::byte> bytes, uint32_t seed) noexcept {
  uint32_t crc = ~seed;
  const std::byte* p = bytes.data();
  std::size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word = 0;
    std::memcpy(&word, p, 8);
    word ^= crc;
    crc = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      crc ^= kTable[7 - i][(word >> (8 * i)) & 0xFF];
    }
  }
  for (; n > 0; --n, ++p) {
    crc = (crc >> 8) ^ kTable[0][(crc ^ static_cast<uint32_t>(*p)) & 0xFF];
  }
  return ~crc;
}

}  // namespace tactus
