// SPDX-License-Identifier: MIT
// A model as one blob: the ONNX file itself, with external data a bundle of
// it and its data files, or a .tmodel (tmodel.hpp) around either. What is
// hashed, logged and replayed.
//
// Bundle, little-endian: "TACTUSMB", u32 version 1, u32 count, then per file
// u64 name size, u64 data size, name, data; the first is the ONNX file.
// Set-up only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "policy/onnx/model.hpp"
#include "tactus/result.hpp"

namespace tactus::policy {

struct Stored;  // policy/tmodel.hpp

struct LoadedModel {
  onnx::Model model;
  std::vector<std::byte> image;          // the file: ONNX, bundle or .tmodel
  std::shared_ptr<const Stored> stored;  // of a .tmodel; else null
};

// Reads and parses; external data only from regular files in the model's
// own folder (no absolute path, no "..", no link that leads out of it). The
// bytes are read, not mapped: a file replaced under us must change nothing.
Result<LoadedModel> load_file(const std::string& path);
Result<LoadedModel> load_image(std::span<const std::byte> image,
                               const std::string& label);

// The image without a .tmodel around it, and the ONNX file alone, of an image
// that could be loaded.
[[nodiscard]] std::span<const std::byte> model_part(
    std::span<const std::byte> image);
[[nodiscard]] std::span<const std::byte> onnx_part(
    std::span<const std::byte> image);

// XXH64 (Y. Collet, xxHash specification, section XXH64), seed 0.
[[nodiscard]] uint64_t xxh64(std::span<const std::byte> bytes) noexcept;

}  // namespace tactus::policy
