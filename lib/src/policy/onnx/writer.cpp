// SPDX-License-Identifier: MIT
#include "policy/onnx/writer.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>

#include "core/error.hpp"
#include "policy/onnx/wire.hpp"

namespace tactus::policy::onnx {

void Message::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
  out_ += static_cast<char>(value);
}

Message& Message::number(uint32_t field, uint64_t value) {
  varint(uint64_t{field} << 3);
  varint(value);
  return *this;
}

Message& Message::text(uint32_t field, std::string_view bytes) {
  varint(uint64_t{field} << 3 | 2);
  varint(bytes.size());
  out_ += bytes;
  return *this;
}

Message& Message::real(uint32_t field, float value) {
  varint(uint64_t{field} << 3 | 5);
  out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  return *this;
}

Message& Message::message(uint32_t field, const Message& inner) {
  return text(field, inner.out_);
}

Message& Message::raw(std::span<const std::byte> fields) {
  out_.append(reinterpret_cast<const char*>(fields.data()), fields.size());
  return *this;
}

namespace {

// onnx.proto3's numbers.
enum : uint32_t {
  kModelGraph = 7,
  kModelMetadata = 14,
  kGraphNode = 1,
  kGraphInitializer = 5,
  kGraphInput = 11,
  kGraphValueInfo = 13,
  kNodeInput = 1,
  kNodeOutput = 2,
};

uint64_t onnx_type(DType type) {
  constexpr uint64_t kMax = 16;
  for (uint64_t n = 1; n <= kMax; ++n) {
    if (dtype_of(n) == type) return n;
  }
  return 0;
}

// Round to nearest, ties to even; beyond the range infinity.
uint16_t half_bits(double value) {
  const auto sign = static_cast<uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const double size = std::fabs(value);
  if (std::isnan(value)) return 0x7e00;
  if (size >= 65520) return static_cast<uint16_t>(sign | 0x7c00);
  const int exponent = std::max(size > 0 ? std::ilogb(size) : -14, -14);
  // In units of the last place: 1024 more is the next exponent, as in bits.
  const double units = std::nearbyint(std::ldexp(size, 10 - exponent));
  const auto bits = static_cast<int>(units) + (exponent + 14) * 1024;
  return static_cast<uint16_t>(sign | bits);
}

uint16_t bf16_bits(double value) {
  const auto bits = std::bit_cast<uint32_t>(static_cast<float>(value));
  if (std::isnan(value)) return 0x7fc0;
  const uint32_t even = bits >> 16 & 1;
  return static_cast<uint16_t>((bits + 0x7fff + even) >> 16);
}

template <class T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
void append_integer(std::string& out, double value) {
  constexpr auto kLow = std::numeric_limits<T>::min();
  constexpr auto kHigh = std::numeric_limits<T>::max();
  if (!(value > static_cast<double>(kLow))) return append(out, kLow);
  if (value >= static_cast<double>(kHigh)) return append(out, kHigh);
  append(out, static_cast<T>(value));
}

void append_element(std::string& out, DType type, double value) {
  switch (type) {
    case DType::kF32:
      return append(out, static_cast<float>(value));
    case DType::kF64:
      return append(out, value);
    case DType::kF16:
      return append(out, half_bits(value));
    case DType::kBf16:
      return append(out, bf16_bits(value));
    case DType::kI64:
      return append_integer<int64_t>(out, value);
    case DType::kI32:
      return append_integer<int32_t>(out, value);
    case DType::kI16:
      return append_integer<int16_t>(out, value);
    case DType::kI8:
      return append_integer<int8_t>(out, value);
    case DType::kU64:
      return append_integer<uint64_t>(out, value);
    case DType::kU32:
      return append_integer<uint32_t>(out, value);
    case DType::kU16:
      return append_integer<uint16_t>(out, value);
    case DType::kU8:
      return append_integer<uint8_t>(out, value);
    case DType::kBool:
      return append(out, static_cast<char>(value != 0));
    case DType::kOther:
      break;
  }
}

// A value's name, type and shape.
Message value_info(const Tensor& t) {
  Message shape;
  for (const int64_t d : t.dims) {
    shape.message(1, Message().number(1, static_cast<uint64_t>(d)));
  }
  const Message tensor =
      Message().number(1, onnx_type(t.dtype)).message(2, shape);
  return Message().text(1, t.name).message(2, Message().message(1, tensor));
}

Message attribute_proto(const Attribute& a) {
  Message m;
  m.text(1, a.name);
  switch (a.type) {
    case 1:
      m.real(2, a.f);
      break;
    case 2:
      m.number(3, static_cast<uint64_t>(a.i));
      break;
    case 3:
      m.text(4, a.s);
      break;
    case 4:
      m.message(5, tensor_proto(*a.t));
      break;
    default:
      for (const float f : a.floats) m.real(7, f);
      for (const int64_t i : a.ints) m.number(8, static_cast<uint64_t>(i));
      for (const auto& s : a.strings) m.text(9, s);
  }
  return m.number(20, static_cast<uint64_t>(a.type));
}

// One field with its key, as it stands.
std::span<const std::byte> next_raw(Walk& walk, Field& field) {
  const std::byte* begin = walk.at();
  if (!walk.next(field)) return {};
  return {begin, static_cast<std::size_t>(walk.at() - begin)};
}

Message rewired(std::span<const std::byte> bytes, const Node& node) {
  Message m;
  for (const auto& name : node.inputs) m.text(kNodeInput, name);
  for (const auto& name : node.outputs) m.text(kNodeOutput, name);
  Walk walk(bytes);
  Field f;
  for (auto raw = next_raw(walk, f); !raw.empty(); raw = next_raw(walk, f)) {
    if (f.number != kNodeInput && f.number != kNodeOutput) m.raw(raw);
  }
  return m;
}

bool is_external(std::span<const std::byte> tensor) {
  Walk walk(tensor);
  Field f;
  bool external = false;
  while (walk.next(f)) external = external || (f.number == 14 && f.value == 1);
  return external;
}

std::string name_in(std::span<const std::byte> bytes, uint32_t number) {
  Walk walk(bytes);
  Field f;
  std::string name;
  while (walk.next(f)) {
    if (f.number == number) name = f.text();
  }
  return name;
}

class GraphWriter {
 public:
  GraphWriter(std::span<const std::byte> graph, const Model& model)
      : graph_(graph), model_(model) {}

  Result<Message> run();

 private:
  void collect();
  Result<void> nodes();
  Result<void> initializers();
  void others();
  [[nodiscard]] bool unchanged() const;
  void input(std::span<const std::byte> raw, std::span<const std::byte> bytes);

  using Bytes = std::span<const std::byte>;
  Bytes graph_;
  const Model& model_;
  std::vector<Bytes> nodes_, initializers_;  // of the file
  std::unordered_map<std::string, const Tensor*> wanted_;
  std::unordered_map<std::string, std::size_t> had_;
  Message out_;
};

void GraphWriter::collect() {
  Walk walk(graph_);
  Field f;
  while (walk.next(f)) {
    if (f.number == kGraphNode) nodes_.push_back(f.bytes);
    if (f.number == kGraphInitializer) {
      had_.emplace(name_in(f.bytes, 8), initializers_.size());
      initializers_.push_back(f.bytes);
    }
  }
  for (const auto& t : model_.initializers) wanted_.emplace(t->name, t.get());
}

Result<void> GraphWriter::nodes() {
  for (const Node& n : model_.nodes) {
    if (n.origin == kNew) {
      out_.message(kGraphNode, node_proto(n));
    } else if (n.origin < nodes_.size()) {
      out_.message(kGraphNode, rewired(nodes_[n.origin], n));
    } else {
      return internal_error("node '{}' is not of this file", n.name);
    }
  }
  return {};
}

Result<void> GraphWriter::initializers() {
  for (const auto& t : model_.initializers) {
    if (t->origin == kNew) {
      out_.message(kGraphInitializer, tensor_proto(*t));
    } else if (t->origin >= initializers_.size()) {
      return internal_error("initializer '{}' is not of this file", t->name);
    } else if (is_external(initializers_[t->origin])) {
      out_.message(kGraphInitializer, tensor_proto(*t));
    } else {
      const Bytes raw = initializers_[t->origin];
      out_.text(kGraphInitializer,
                {reinterpret_cast<const char*>(raw.data()), raw.size()});
    }
  }
  return {};
}

bool GraphWriter::unchanged() const {
  const auto same = [](const auto& list, std::size_t count) {
    std::size_t next = 0;
    return list.size() == count &&
           std::ranges::all_of(
               list, [&](std::size_t origin) { return origin == next++; });
  };
  std::vector<std::size_t> nodes, tensors;
  for (const auto& n : model_.nodes) nodes.push_back(n.origin);
  for (const auto& t : model_.initializers) tensors.push_back(t->origin);
  return same(nodes, nodes_.size()) && same(tensors, initializers_.size());
}

// Before IR version 4 an initializer is an input too: those that are gone
// go, those that changed change.
void GraphWriter::input(Bytes raw, Bytes bytes) {
  const std::string name = name_in(bytes, 1);
  if (!had_.contains(name)) {
    out_.raw(raw);
    return;
  }
  const auto it = wanted_.find(name);
  if (it == wanted_.end()) return;
  if (it->second->origin == kNew) {
    out_.message(kGraphInput, value_info(*it->second));
  } else {
    out_.raw(raw);
  }
}

void GraphWriter::others() {
  const bool keep_shapes = unchanged();
  Walk walk(graph_);
  Field f;
  for (auto raw = next_raw(walk, f); !raw.empty(); raw = next_raw(walk, f)) {
    if (f.number == kGraphNode || f.number == kGraphInitializer) continue;
    if (f.number == kGraphValueInfo && !keep_shapes) continue;
    if (f.number == kGraphInput) {
      input(raw, f.bytes);
    } else {
      out_.raw(raw);
    }
  }
  constexpr int64_t kInitializersAreInputs = 4;
  if (model_.ir_version >= kInitializersAreInputs) return;
  for (const auto& t : model_.initializers) {
    if (!had_.contains(t->name)) out_.message(kGraphInput, value_info(*t));
  }
}

Result<Message> GraphWriter::run() {
  collect();
  if (auto ok = nodes(); !ok) return ok.error();
  if (auto ok = initializers(); !ok) return ok.error();
  others();
  return std::move(out_);
}

}  // namespace

Message tensor_proto(const Tensor& tensor) {
  Message m;
  for (const int64_t d : tensor.dims) m.number(1, static_cast<uint64_t>(d));
  m.number(2, onnx_type(tensor.dtype)).text(8, tensor.name);
  std::string raw;
  for (const double v : tensor.data) append_element(raw, tensor.dtype, v);
  return m.text(9, raw);
}

Message node_proto(const Node& node) {
  Message m;
  for (const auto& name : node.inputs) m.text(kNodeInput, name);
  for (const auto& name : node.outputs) m.text(kNodeOutput, name);
  m.text(3, node.name).text(4, node.op);
  for (const auto& a : node.attributes) m.message(5, attribute_proto(a));
  if (!node.domain.empty()) m.text(7, node.domain);
  return m;
}

Result<std::string> rewrite(std::span<const std::byte> file,
                            const Model& model) {
  Message out;
  Walk walk(file);
  Field f;
  for (auto raw = next_raw(walk, f); !raw.empty(); raw = next_raw(walk, f)) {
    if (f.number == kModelMetadata) continue;
    if (f.number != kModelGraph) {
      out.raw(raw);
      continue;
    }
    auto graph = GraphWriter(f.bytes, model).run();
    if (!graph) return graph.error();
    out.message(kModelGraph, *graph);
  }
  for (const Property& p : model.metadata) {
    out.message(kModelMetadata, Message().text(1, p.key).text(2, p.value));
  }
  return out.bytes();
}

}  // namespace tactus::policy::onnx
