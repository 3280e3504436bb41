// SPDX-License-Identifier: MIT
// NumPy's .npy files (numpy.lib.format, versions 1 to 3): little-endian f4,
// f8, i4 and i8 in C order. Values are doubles inside, exact for f4, f8, i4
// and for i8 up to 2^53. Set-up only; every length is checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tactus/result.hpp"

namespace tactus {

enum class NpyType : uint8_t { kF32, kF64, kI32, kI64 };

struct Npy {
  NpyType type = NpyType::kF32;
  std::vector<int64_t> shape;  // empty: one number
  std::vector<double> data;    // C order
};

// `label` begins the error text.
Result<Npy> parse_npy(std::span<const std::byte> bytes,
                      const std::string& label);
Result<Npy> read_npy(const std::string& path);
// Replaces `path`.
Result<void> write_npy(const std::string& path, const Npy& array);

// Rows of `columns` values from the file `path`, end to end; the error counts
// rows and columns as NumPy does. `read`: what they were made of, where that
// is not the same; it stands in the error.
Result<void> check_finite(std::span<const float> rows, std::size_t columns,
                          const std::string& path,
                          std::span<const double> read = {});

}  // namespace tactus
