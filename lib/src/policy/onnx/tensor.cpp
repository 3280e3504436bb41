// SPDX-License-Identifier: MIT
#include "policy/onnx/tensor.hpp"

#include <bit>
#include <charconv>
#include <cmath>

#include "core/error.hpp"
#include "policy/onnx/wire.hpp"

namespace tactus::policy::onnx {
namespace {

struct Proto {
  Tensor tensor;
  uint64_t data_type = 0;
  bool has_raw = false;
  bool is_external = false;
  std::span<const std::byte> raw;
  std::vector<double> typed;
  std::string location;
  uint64_t offset = 0;
  uint64_t length = UINT64_MAX;
};

double half_to_double(uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1f;
  const int fraction = bits & 0x3ff;
  const double sign = (bits & 0x8000) ? -1.0 : 1.0;
  if (exponent == 31) return fraction ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

double bf16_to_double(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

template <class T>
T load(const std::byte* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

double raw_element(DType type, const std::byte* p) {
  switch (type) {
    case DType::kF32:
      return load<float>(p);
    case DType::kF64:
      return load<double>(p);
    case DType::kF16:
      return half_to_double(load<uint16_t>(p));
    case DType::kBf16:
      return bf16_to_double(load<uint16_t>(p));
    case DType::kI64:
      return static_cast<double>(load<int64_t>(p));
    case DType::kI32:
      return load<int32_t>(p);
    case DType::kBool:
      return std::to_integer<int>(*p) != 0 ? 1 : 0;
    case DType::kI8:
      return load<int8_t>(p);
    case DType::kU8:
      return load<uint8_t>(p);
    case DType::kI16:
      return load<int16_t>(p);
    case DType::kU16:
      return load<uint16_t>(p);
    case DType::kU32:
      return load<uint32_t>(p);
    case DType::kU64:
      return static_cast<double>(load<uint64_t>(p));
    case DType::kOther:
      break;
  }
  return NAN;
}

// int32_data carries f16 and bf16 as bit patterns.
double int32_element(uint64_t data_type, uint64_t value) {
  const auto bits = static_cast<uint16_t>(value);
  if (data_type == 10) return half_to_double(bits);
  if (data_type == 16) return bf16_to_double(bits);
  return static_cast<int32_t>(static_cast<uint32_t>(value));
}

bool parse_u64(std::string_view text, uint64_t& value) {
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool read_external_entry(std::span<const std::byte> bytes, Proto& proto) {
  Walk walk(bytes);
  Field f;
  std::string_view key, value;
  while (walk.next(f)) {
    if (f.number == 1) key = f.text();
    if (f.number == 2) value = f.text();
  }
  if (walk.broken()) return false;
  if (key == "location") proto.location = value;
  if (key == "offset") return parse_u64(value, proto.offset);
  if (key == "length") return parse_u64(value, proto.length);
  return true;
}

// float_data and double_data: packed, or one element per field.
template <class T>
bool read_fixed(const Field& f, Proto& proto) {
  if (f.wire != 2) {
    T value;
    std::memcpy(&value, &f.value, sizeof value);
    proto.typed.push_back(value);
    return f.wire == (sizeof(T) == 4 ? 5u : 1u);
  }
  if (f.bytes.size() % sizeof(T) != 0) return false;
  for (std::size_t i = 0; i < f.bytes.size(); i += sizeof(T)) {
    proto.typed.push_back(load<T>(f.bytes.data() + i));
  }
  return true;
}

template <class Add>
bool each_varint(const Field& f, Add add) {
  if (f.wire == 0) return add(f.value), true;
  if (f.wire != 2) return false;
  Walk walk(f.bytes);
  uint64_t value = 0;
  while (!walk.at_end()) {
    if (!walk.varint(value)) return false;
    add(value);
  }
  return true;
}

bool read_integers(const Field& f, Proto& proto) {
  return each_varint(f, [&](uint64_t v) {
    proto.typed.push_back(f.number == 5 ? int32_element(proto.data_type, v)
                          : f.number == 11
                              ? static_cast<double>(v)
                              : static_cast<double>(static_cast<int64_t>(v)));
  });
}

bool read_field(const Field& f, Proto& proto) {
  switch (f.number) {
    case 1:
      return each_varint(f, [&](uint64_t v) {
        proto.tensor.dims.push_back(static_cast<int64_t>(v));
      });
    case 4:
      return read_fixed<float>(f, proto);
    case 5:
    case 7:
    case 11:
      return read_integers(f, proto);
    case 8:
      proto.tensor.name = f.text();
      return true;
    case 9:
      proto.raw = f.bytes;
      return proto.has_raw = f.wire == 2;
    case 10:
      return read_fixed<double>(f, proto);
    case 13:
      return read_external_entry(f.bytes, proto);
    case 14:
      proto.is_external = f.value == 1;
      return true;
    default:
      return true;
  }
}

// data_type first: it says how int32_data is to be read, whatever the order.
bool read_type(std::span<const std::byte> bytes, Proto& proto) {
  Walk walk(bytes);
  Field f;
  while (walk.next(f)) {
    if (f.number == 2) proto.data_type = f.value;
  }
  proto.tensor.dtype = dtype_of(proto.data_type);
  return !walk.broken();
}

bool read_proto(std::span<const std::byte> bytes, Proto& proto) {
  if (!read_type(bytes, proto)) return false;
  Walk walk(bytes);
  Field f;
  while (walk.next(f)) {
    if (!read_field(f, proto)) return false;
  }
  return !walk.broken();
}

Result<void> resolve_external(const TensorSource& source, Proto& proto) {
  auto file = source.external(proto.location);
  if (!file) return file.error();
  const std::size_t size = file->size();
  if (proto.offset > size) proto.offset = UINT64_MAX;
  const uint64_t left = proto.offset > size ? 0 : size - proto.offset;
  if (proto.length == UINT64_MAX) proto.length = left;
  if (proto.offset > size || proto.length > left) {
    return bad_input(
        "{}: tensor '{}' lies outside its external data file '{}' ({} bytes): "
        "export the model again",
        source.where, proto.tensor.name, proto.location, size);
  }
  proto.raw = file->subspan(proto.offset, proto.length);
  proto.has_raw = true;
  return {};
}

Result<void> fill_from_raw(const TensorSource& source, Proto& proto,
                           std::size_t count) {
  const std::size_t width = bytes_of(proto.tensor.dtype);
  if (proto.raw.size() != count * width) {
    return bad_input(
        "{}: tensor '{}' has {} bytes of data, its shape needs {}: export the "
        "model again",
        source.where, proto.tensor.name, proto.raw.size(), count * width);
  }
  auto& data = proto.tensor.data;
  data.resize(count);
  const std::byte* const raw = proto.raw.data();
  if (proto.tensor.dtype == DType::kF32) {  // nearly all weights
    for (std::size_t i = 0; i < count; ++i)
      data[i] = load<float>(raw + i * sizeof(float));
    return {};
  }
  for (std::size_t i = 0; i < count; ++i)
    data[i] = raw_element(proto.tensor.dtype, raw + i * width);
  return {};
}

Result<void> check_shape(const TensorSource& source, const Proto& proto) {
  const Tensor& t = proto.tensor;
  if (t.dtype == DType::kOther) {
    return bad_input(
        "{}: tensor '{}' has data type {}: use a float, an integer "
        "of 8 bits or more, or bool",
        source.where, t.name, proto.data_type);
  }
  if (t.dims.size() > kMaxRank || elements(t.dims) < 0) {
    return bad_input("{}: tensor '{}' is too large or of rank above {}",
                     source.where, t.name, kMaxRank);
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const Tensor>> read_tensor(const TensorSource& source) {
  Proto proto;
  proto.tensor.origin = source.origin;
  if (!read_proto(source.proto, proto)) {
    return bad_input("{}: broken tensor '{}': the file is damaged",
                     source.where, proto.tensor.name);
  }
  if (auto ok = check_shape(source, proto); !ok) return ok.error();
  const auto count = static_cast<std::size_t>(elements(proto.tensor.dims));
  if (proto.is_external) {
    if (auto ok = resolve_external(source, proto); !ok) return ok.error();
  }
  if (proto.has_raw) {
    if (auto ok = fill_from_raw(source, proto, count); !ok) return ok.error();
  } else if (proto.typed.size() != count) {
    return bad_input("{}: tensor '{}' has {} elements, its shape needs {}",
                     source.where, proto.tensor.name, proto.typed.size(),
                     count);
  } else {
    proto.tensor.data = std::move(proto.typed);
  }
  return std::make_shared<const Tensor>(std::move(proto.tensor));
}

}  // namespace tactus::policy::onnx
