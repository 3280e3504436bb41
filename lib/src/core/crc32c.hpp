// SPDX-License-Identifier: MIT
// CRC-32C (Castagnoli, RFC 3720 B.4), the check sum of every Tactus layout.
// Table driven, 8 bytes at a time. RT-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tactus {

// `seed` is a previous result, to go on with; 0 starts.
[[nodiscard]] uint32_t crc32c(std::span<const std::byte> bytes,
                              uint32_t seed = 0) noexcept;

}  // namespace tactus
