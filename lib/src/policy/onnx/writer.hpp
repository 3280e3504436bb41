// SPDX-License-Identifier: MIT
// Writes ONNX files: protobuf messages from scratch, and a model that was
// read and then changed back over the file it came from. What Model does not
// know (names, documentation, other opsets, functions, annotations) stays
// byte for byte. Set-up only; not a general protobuf library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "policy/onnx/model.hpp"
#include "tactus/result.hpp"

namespace tactus::policy::onnx {

// Protobuf's wire format, field after field.
class Message {
 public:
  Message& number(uint32_t field, uint64_t value);
  Message& text(uint32_t field, std::string_view bytes);
  Message& real(uint32_t field, float value);
  Message& message(uint32_t field, const Message& inner);
  // Whole fields as they stand.
  Message& raw(std::span<const std::byte> fields);
  [[nodiscard]] const std::string& bytes() const { return out_; }

 private:
  void varint(uint64_t value);
  std::string out_;
};

// TensorProto, values rounded to its type.
[[nodiscard]] Message tensor_proto(const Tensor& tensor);
// NodeProto. Attributes may hold an integer, a float, a text, a tensor, or
// lists of the first three; `type` says which.
[[nodiscard]] Message node_proto(const Node& node);

// `model` is parse(file) changed: nodes and initializers with an origin are
// the file's (a node's inputs and outputs may be others; an initializer that
// changes becomes kNew, under its old name if it likes), those without are
// added in their place, those that are missing are left out. Metadata is
// replaced. External data moves into the file. The inputs and outputs stay.
// Shapes that the file notes for inner values are left out when anything
// changed: they may be wrong now, and every reader infers them.
[[nodiscard]] Result<std::string> rewrite(std::span<const std::byte> file,
                                          const Model& model);

}  // namespace tactus::policy::onnx
