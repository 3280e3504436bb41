// SPDX-License-Identifier: MIT
// Walks protobuf's wire format (protobuf.dev, "Encoding") over bytes that
// nobody vouches for: every length is checked against what is left. Set-up
// only; no copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace tactus::policy::onnx {

struct Field {
  uint32_t number = 0;
  uint32_t wire = 0;                 // 0 varint, 1 fixed64, 2 bytes, 5 fixed32
  uint64_t value = 0;                // wire 0, 1, 5
  std::span<const std::byte> bytes;  // wire 2
  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

class Walk {
 public:
  explicit Walk(std::span<const std::byte> bytes) : rest_(bytes) {}

  // False at the end, or when broken(); then at() is the place.
  [[nodiscard]] bool next(Field& field);
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] const std::byte* at() const { return rest_.data(); }

  // For packed fields.
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool varint(uint64_t& value);

 private:
  [[nodiscard]] bool fixed(std::size_t size, uint64_t& value);
  [[nodiscard]] bool fail();

  std::span<const std::byte> rest_;
  bool broken_ = false;
};

}  // namespace tactus::policy::onnx
