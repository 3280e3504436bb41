// SPDX-License-Identifier: MIT
// An ONNX file as data: what onnx.proto3 says, without judging operators.
// Reads opset 7 to 21; tensors become doubles (exact for f16, bf16, f32, and
// for integers up to 2^53). Set-up only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/plan.hpp"
#include "tactus/result.hpp"

namespace tactus::policy::onnx {

inline constexpr int kMinOpset = 7;
inline constexpr int kMaxOpset = 21;
inline constexpr std::size_t kMaxRank = 8;
// Bounds what a few hostile bytes can make us allocate.
inline constexpr int64_t kMaxElements = int64_t{1} << 26;

// Where a node or an initializer stands in its file, for writer.hpp.
inline constexpr std::size_t kNew = SIZE_MAX;

struct Tensor {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> dims;
  std::vector<double> data;
  std::size_t origin = kNew;  // initializers: their number in the file
};

struct Attribute {
  std::string name;
  int type = 0;  // AttributeProto.AttributeType
  int64_t i = 0;
  float f = 0;
  std::string s;
  std::vector<int64_t> ints;
  std::vector<float> floats;
  std::vector<std::string> strings;
  std::shared_ptr<const Tensor> t;
  std::string refers;  // in a function: to this attribute of its call
};

struct Node {
  std::string op;
  std::string name;
  std::string domain;
  std::vector<std::string> inputs;  // "" is an omitted optional one
  std::vector<std::string> outputs;
  std::vector<Attribute> attributes;
  std::size_t origin = kNew;  // its number in the file
  std::string overload = {};  // of a function
};

// Of ONNX itself, not of a domain of somebody's.
[[nodiscard]] inline bool is_standard(const Node& node) {
  return node.domain.empty() || node.domain == "ai.onnx";
}

struct Function {
  std::string name, domain, overload;
  int opset = 0;  // of the default domain; 0: it does not say
  std::vector<std::string> inputs, outputs;
  std::vector<Attribute> defaults;
  std::vector<Node> nodes;
};

struct ValueInfo {
  std::string name;
  DType dtype = DType::kF32;
  bool has_shape = false;
  std::vector<int64_t> dims;  // symbolic or absent sizes are 1
};

struct Property {
  std::string key;
  std::string value;
};

struct Model {
  int64_t ir_version = 0;
  int opset = 0;  // of the default domain
  std::string producer;
  std::vector<Node> nodes;
  std::vector<std::shared_ptr<const Tensor>> initializers;
  std::vector<ValueInfo> inputs;  // without those that are initialisers
  std::vector<ValueInfo> outputs;
  std::vector<Property> metadata;
  std::vector<Function> functions;  // functions.hpp
};

// Gives the bytes of an external data file, by its location.
using External =
    std::function<Result<std::span<const std::byte>>(const std::string&)>;

// `label` begins each error; a broken file is named with the byte's place.
Result<Model> parse(std::span<const std::byte> file, const std::string& label,
                    const External& external);

[[nodiscard]] DType dtype_of(uint64_t onnx_data_type) noexcept;
[[nodiscard]] std::size_t bytes_of(DType type) noexcept;  // 0: unsupported
[[nodiscard]] constexpr bool is_floating(DType type) noexcept {
  return type == DType::kF32 || type == DType::kF64 || type == DType::kF16 ||
         type == DType::kBf16;
}

// dims' product, or -1 when a size is negative or it exceeds kMaxElements.
[[nodiscard]] int64_t elements(std::span<const int64_t> dims) noexcept;

}  // namespace tactus::policy::onnx
