// SPDX-License-Identifier: MIT
// A model as one blob: the ONNX file itself, or, with external data, a
// bundle of it and its data files. What is hashed, logged and replayed.
//
// Bundle, little-endian: "TACTUSMB", u32 version 1, u32 count, then per file
// u64 name size, u64 data size, name, data; the first is the ONNX file.
// Set-up only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "policy/onnx/model.hpp"
#include "tactus/result.hpp"

namespace tactus::policy {

struct LoadedModel {
  onnx::Model model;
  std::vector<std::byte> image;
};

// Reads and parses; external data only from regular files in the model's
// own folder (no absolute path, no "..", no link that leads out of it). The
// bytes are read, not mapped: a file replaced under us must change nothing.
Result<LoadedModel> load_file(const std::string& path);
Result<LoadedModel> load_image(std::span<const std::byte> image,
                               const std::string& label);

// The ONNX file in an image that could be loaded.
[[nodiscard]] std::span<const std::byte> onnx_part(
    std::span<const std::byte> image) noexcept;

// XXH64 (Y. Collet, xxHash specification, section XXH64), seed 0.
[[nodiscard]] uint64_t xxh64(std::span<const std::byte> bytes) noexcept;

}  // namespace tactus::policy
