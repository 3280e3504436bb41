// SPDX-License-Identifier: MIT
#include "policy/onnx/wire.hpp"

namespace tactus::policy::onnx {

bool Walk::fail() {
  broken_ = true;
  return false;
}

bool Walk::varint(uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) return fail();
    const auto byte = std::to_integer<uint64_t>(rest_.front());
    rest_ = rest_.subspan(1);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return fail();
}

bool Walk::fixed(std::size_t size, uint64_t& value) {
  if (rest_.size() < size) return fail();
  value = 0;
  std::memcpy(&value, rest_.data(), size);
  rest_ = rest_.subspan(size);
  return true;
}

bool Walk::next(Field& field) {
  if (rest_.empty() || broken_) return false;
  uint64_t key = 0;
  if (!varint(key) || key > UINT32_MAX || key < 8) return fail();
  field = {
      static_cast<uint32_t>(key >> 3), static_cast<uint32_t>(key & 7), 0, {}};
  if (field.wire == 0) return varint(field.value);
  if (field.wire == 1) return fixed(8, field.value);
  if (field.wire == 5) return fixed(4, field.value);
  uint64_t size = 0;
  if (field.wire != 2 || !varint(size) || size > rest_.size()) return fail();
  field.bytes = rest_.first(size);
  rest_ = rest_.subspan(size);
  return true;
}

}  // namespace tactus::policy::onnx
