// SPDX-License-Identifier: MIT
#include <bit>
#include <cstring>

#include "policy/image.hpp"

namespace tactus::policy {
namespace {

constexpr uint64_t k1 = 0x9E3779B185EBCA87U;
constexpr uint64_t k2 = 0xC2B2AE3D27D4EB4FU;
constexpr uint64_t k3 = 0x165667B19E3779F9U;
constexpr uint64_t k4 = 0x85EBCA77C2B2AE63U;
constexpr uint64_t k5 = 0x27D4EB2F165667C5U;

template <class T>
uint64_t take(const std::byte* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

uint64_t round(uint64_t lane, uint64_t input) {
  return std::rotl(lane + input * k2, 31) * k1;
}

uint64_t merge(uint64_t hash, uint64_t lane) {
  return (hash ^ round(0, lane)) * k1 + k4;
}

// The whole 32-byte stripes; advances `p`.
uint64_t stripes(const std::byte*& p, const std::byte* end) {
  uint64_t lane[4] = {k1 + k2, k2, 0, 0 - k1};
  for (; end - p >= 32; p += 32) {
    for (int i = 0; i < 4; ++i) {
      lane[i] = round(lane[i], take<uint64_t>(p + 8 * i));
    }
  }
  uint64_t hash = std::rotl(lane[0], 1) + std::rotl(lane[1], 7) +
                  std::rotl(lane[2], 12) + std::rotl(lane[3], 18);
  for (const uint64_t l : lane) hash = merge(hash, l);
  return hash;
}

}  // namespace

uint64_t xxh64(std::span<const std::byte> bytes) noexcept {
  const std::byte* p = bytes.data();
  const std::byte* const end = p + bytes.size();
  uint64_t h = bytes.size() >= 32 ? stripes(p, end) : k5;
  h += bytes.size();
  for (; end - p >= 8; p += 8) {
    h = std::rotl(h ^ round(0, take<uint64_t>(p)), 27) * k1 + k4;
  }
  if (end - p >= 4) {
    h = std::rotl(h ^ (take<uint32_t>(p) * k1), 23) * k2 + k3;
    p += 4;
  }
  for (; p < end; ++p) h = std::rotl(h ^ (take<uint8_t>(p) * k5), 11) * k1;
  h = (h ^ (h >> 33)) * k2;
  h = (h ^ (h >> 29)) * k3;
  return h ^ (h >> 32);
}

}  // namespace tactus::policy
