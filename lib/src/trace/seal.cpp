// SPDX-License-Identifier: MIT
#include "trace/seal.hpp"

#include <cstring>

#include "core/crc32c.hpp"
#include "core/layout/log.hpp"

namespace tactus::trace {
namespace {

using layout::LogBlock;
using layout::LogHeader;
using layout::LogSection;

template <class T>
T load(std::span<const std::byte> bytes, uint64_t at) {
  T out;
  std::memcpy(&out, &bytes[at], sizeof(T));
  return out;
}

template <class T>
void store_sealed(std::span<std::byte> bytes, uint64_t at, T head) {
  head.crc = crc32c(std::as_bytes(std::span(&head, 1)).first(offsetof(T, crc)));
  std::memcpy(&bytes[at], &head, sizeof(T));
}

void seal_sections(std::span<std::byte> bytes, LogHeader* h) {
  const uint64_t size = uint64_t{h->sections} * sizeof(LogSection);
  if (h->sections > layout::kLogMaxSections ||
      size > bytes.size() - sizeof(LogHeader))
    return;
  for (uint32_t i = 0; i < h->sections; ++i) {
    const uint64_t at = sizeof(LogHeader) + i * sizeof(LogSection);
    auto s = load<LogSection>(bytes, at);
    if (s.offset > bytes.size() || s.size > bytes.size() - s.offset) continue;
    s.crc = crc32c(bytes.subspan(s.offset, s.size));
    std::memcpy(&bytes[at], &s, sizeof(s));
  }
  h->sections_crc = crc32c(bytes.subspan(sizeof(LogHeader), size));
}

void seal_blocks(std::span<std::byte> bytes, uint64_t at) {
  while (at <= bytes.size() && bytes.size() - at >= sizeof(LogBlock)) {
    auto b = load<LogBlock>(bytes, at);
    const uint64_t size = uint64_t{b.count} * b.stride;
    const uint64_t left = bytes.size() - at - sizeof(b);
    if (size <= left)
      b.payload_crc = crc32c(bytes.subspan(at + sizeof(b), size));
    store_sealed(bytes, at, b);
    if (size > left) return;
    at += sizeof(b) + layout::log_align(size);
  }
}

}  // namespace

void seal(std::span<std::byte> log) noexcept {
  if (log.size() < sizeof(LogHeader)) return;
  auto h = load<LogHeader>(log, 0);
  seal_sections(log, &h);
  store_sealed(log, 0, h);
  seal_blocks(log, h.data_offset);
}

}  // namespace tactus::trace
