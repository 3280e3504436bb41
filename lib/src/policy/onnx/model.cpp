// SPDX-License-Identifier: MIT
#include "policy/onnx/model.hpp"

#include <algorithm>
#include <unordered_set>

#include "core/error.hpp"
#include "policy/onnx/tensor.hpp"
#include "policy/onnx/wire.hpp"

namespace tactus::policy::onnx {

DType dtype_of(uint64_t onnx_data_type) noexcept {
  switch (onnx_data_type) {
    case 1:
      return DType::kF32;
    case 2:
      return DType::kU8;
    case 3:
      return DType::kI8;
    case 4:
      return DType::kU16;
    case 5:
      return DType::kI16;
    case 6:
      return DType::kI32;
    case 7:
      return DType::kI64;
    case 9:
      return DType::kBool;
    case 10:
      return DType::kF16;
    case 11:
      return DType::kF64;
    case 12:
      return DType::kU32;
    case 13:
      return DType::kU64;
    case 16:
      return DType::kBf16;
    default:
      return DType::kOther;
  }
}

std::size_t bytes_of(DType type) noexcept {
  switch (type) {
    case DType::kF64:
    case DType::kI64:
    case DType::kU64:
      return 8;
    case DType::kF32:
    case DType::kI32:
    case DType::kU32:
      return 4;
    case DType::kF16:
    case DType::kBf16:
    case DType::kI16:
    case DType::kU16:
      return 2;
    case DType::kBool:
    case DType::kI8:
    case DType::kU8:
      return 1;
    case DType::kOther:
      break;
  }
  return 0;
}

int64_t elements(std::span<const int64_t> dims) noexcept {
  int64_t product = 1;
  for (const int64_t d : dims) {
    if (d < 0 || d > kMaxElements) return -1;
    product *= d;
    if (product > kMaxElements) return -1;
  }
  return product;
}

namespace {

class Parser {
 public:
  Parser(std::span<const std::byte> file, const std::string& label,
         const External& external)
      : file_(file), label_(label), external_(external) {}

  Result<Model> run();

 private:
  // Each returns false after setting error_.
  bool graph(std::span<const std::byte> bytes);
  bool node(std::span<const std::byte> bytes, Node& out);
  bool function(std::span<const std::byte> bytes);
  bool function_field(const Field& f, Function& out);
  bool attribute(std::span<const std::byte> bytes, const Node& node,
                 Attribute& out);
  bool attribute_field(const Field& f, const Node& node, Attribute& out);
  bool initializer(std::span<const std::byte> bytes);
  bool value(std::span<const std::byte> bytes, ValueInfo& out);
  bool value_type(std::span<const std::byte> bytes, ValueInfo& out);
  bool shape(std::span<const std::byte> bytes, ValueInfo& out);
  struct Opset {
    bool own = false;  // of the default domain
    uint64_t version = 0;
  };
  bool opset(std::span<const std::byte> bytes, Opset& out);
  bool model_opset(std::span<const std::byte> bytes);
  bool property(std::span<const std::byte> bytes);
  bool model_field(const Field& f);
  bool done(const Walk& walk);
  bool fail(Error error);
  std::string where(const Node& node) const;
  Result<Model> finish();

  std::span<const std::byte> file_;
  const std::string& label_;
  const External& external_;
  Model model_;
  bool has_graph_ = false;
  std::unique_ptr<Error> error_;
};

bool Parser::fail(Error error) {
  if (!error_) error_ = std::make_unique<Error>(std::move(error));
  return false;
}

bool Parser::done(const Walk& walk) {
  if (!walk.broken()) return true;
  return fail(bad_input(
      "{}: byte {}: not an ONNX file, or cut short: copy or export it again",
      label_, walk.at() - file_.data()));
}

std::string Parser::where(const Node& node) const {
  return fmt::format("{}: node '{}' ({})", label_, node.name, node.op);
}

bool Parser::initializer(std::span<const std::byte> bytes) {
  auto tensor =
      read_tensor({bytes, label_, external_, model_.initializers.size()});
  if (!tensor) return fail(tensor.error());
  model_.initializers.push_back(*tensor);
  return true;
}

template <class Add>
bool varints(const Field& f, Add add) {
  if (f.wire == 0) return add(f.value), true;
  Walk walk(f.bytes);
  uint64_t v = 0;
  while (!walk.at_end()) {
    if (!walk.varint(v)) return false;
    add(v);
  }
  return f.wire == 2;
}

bool floats(const Field& f, std::vector<float>& out) {
  float value = 0;
  if (f.wire == 5) {
    std::memcpy(&value, &f.value, sizeof value);
    out.push_back(value);
    return true;
  }
  if (f.wire != 2 || f.bytes.size() % 4 != 0) return false;
  for (std::size_t i = 0; i < f.bytes.size(); i += 4) {
    std::memcpy(&value, f.bytes.data() + i, sizeof value);
    out.push_back(value);
  }
  return true;
}

bool Parser::attribute_field(const Field& f, const Node& node, Attribute& out) {
  const auto broken = [&] {
    return fail(bad_input("{}: broken attribute '{}': the file is damaged",
                          where(node), out.name));
  };
  switch (f.number) {
    case 1:
      out.name = f.text();
      return true;
    case 2:
      std::memcpy(&out.f, &f.value, sizeof out.f);
      return true;
    case 3:
      out.i = static_cast<int64_t>(f.value);
      return true;
    case 4:
      out.s = f.text();
      return true;
    case 7:
      return floats(f, out.floats) || broken();
    case 9:
      out.strings.emplace_back(f.text());
      return true;
    case 8:
      return varints(f,
                     [&](uint64_t v) {
                       out.ints.push_back(static_cast<int64_t>(v));
                     }) ||
             broken();
    case 21:
      out.refers = f.text();
      return true;
    case 20:
      out.type = static_cast<int>(f.value & 0xff);
      return true;
    default:
      break;
  }
  if (f.number != 5) return true;  // others are refused by their operators
  const std::string at = where(node);
  auto tensor = read_tensor({f.bytes, at, external_, kNew});
  if (!tensor) return fail(tensor.error());
  out.t = *tensor;
  return true;
}

bool Parser::attribute(std::span<const std::byte> bytes, const Node& node,
                       Attribute& out) {
  Walk walk(bytes);
  Field f;
  while (walk.next(f)) {
    if (!attribute_field(f, node, out)) return false;
  }
  return done(walk);
}

bool Parser::node(std::span<const std::byte> bytes, Node& n) {
  std::vector<std::span<const std::byte>> attributes;
  Walk walk(bytes);
  Field f;
  while (walk.next(f)) {
    if (f.number == 1) n.inputs.emplace_back(f.text());
    if (f.number == 2) n.outputs.emplace_back(f.text());
    if (f.number == 3) n.name = f.text();
    if (f.number == 4) n.op = f.text();
    if (f.number == 5) attributes.push_back(f.bytes);
    if (f.number == 7) n.domain = f.text();
    if (f.number == 8) n.overload = f.text();
  }
  if (!done(walk)) return false;
  for (const auto& a : attributes) {
    Attribute parsed;
    if (!attribute(a, n, parsed)) return false;
    n.attributes.push_back(std::move(parsed));
  }
  return true;
}

bool Parser::shape(std::span<const std::byte> bytes, ValueInfo& out) {
  Walk walk(bytes);
  Field f;
  out.has_shape = true;
  while (walk.next(f)) {
    if (f.number != 1) continue;
    Walk dim(f.bytes);
    Field d;
    int64_t size = 1;  // a symbolic size is the batch: one observation
    while (dim.next(d)) {
      if (d.number == 1) size = static_cast<int64_t>(d.value);
    }
    if (!done(dim)) return false;
    out.dims.push_back(size);
  }
  return done(walk);
}

bool Parser::value_type(std::span<const std::byte> bytes, ValueInfo& out) {
  Walk walk(bytes);
  Field f;
  while (walk.next(f)) {
    if (f.number != 1) continue;  // tensor_type
    Walk tensor(f.bytes);
    Field t;
    while (tensor.next(t)) {
      if (t.number == 1) out.dtype = dtype_of(t.value);
      if (t.number == 2 && !shape(t.bytes, out)) return false;
    }
    if (!done(tensor)) return false;
  }
  return done(walk);
}

bool Parser::value(std::span<const std::byte> bytes, ValueInfo& out) {
  Walk walk(bytes);
  Field f;
  while (walk.next(f)) {
    if (f.number == 1) out.name = f.text();
    if (f.number == 2 && !value_type(f.bytes, out)) return false;
  }
  return done(walk);
}

bool Parser::graph(std::span<const std::byte> bytes) {
  has_graph_ = true;
  Walk walk(bytes);
  Field f;
  while (walk.next(f)) {
    bool ok = true;
    if (f.number == 1) {
      const std::size_t origin = model_.nodes.size();
      ok = node(f.bytes, model_.nodes.emplace_back());
      model_.nodes.back().origin = origin;
    }
    if (f.number == 5) ok = initializer(f.bytes);
    if (f.number == 11) ok = value(f.bytes, model_.inputs.emplace_back());
    if (f.number == 12) ok = value(f.bytes, model_.outputs.emplace_back());
    if (f.number == 15) {
      ok =
          fail(bad_input("{}: sparse initializers are not supported: export "
                         "dense weights",
                         label_));
    }
    if (!ok) return false;
  }
  return done(walk);
}

bool Parser::opset(std::span<const std::byte> bytes, Opset& out) {
  Walk walk(bytes);
  Field f;
  std::string_view domain;
  while (walk.next(f)) {
    if (f.number == 1) domain = f.text();
    if (f.number == 2) out.version = f.value;
  }
  out.own = domain.empty() || domain == "ai.onnx";
  return done(walk);
}

bool Parser::model_opset(std::span<const std::byte> bytes) {
  Opset said;
  if (!opset(bytes, said)) return false;
  if (!said.own) return true;
  const uint64_t version = said.version;
  if (version < kMinOpset || version > kMaxOpset) {
    return fail(
        bad_input("{}: opset {} is not supported: export with opset "
                  "{} to {}",
                  label_, version, kMinOpset, kMaxOpset));
  }
  model_.opset = static_cast<int>(version);
  return true;
}

bool Parser::function_field(const Field& f, Function& out) {
  Opset said;
  switch (f.number) {
    case 1:
      out.name = f.text();
      return true;
    case 4:
      out.inputs.emplace_back(f.text());
      return true;
    case 5:
      out.outputs.emplace_back(f.text());
      return true;
    case 7:
      return node(f.bytes, out.nodes.emplace_back());
    case 9:
      if (!opset(f.bytes, said)) return false;
      if (said.own) out.opset = static_cast<int>(said.version & 0xffff);
      return true;
    case 10:
      out.domain = f.text();
      return true;
    case 11:
      return attribute(f.bytes, {}, out.defaults.emplace_back());
    case 13:
      out.overload = f.text();
      return true;
    default:
      return true;
  }
}

bool Parser::function(std::span<const std::byte> bytes) {
  Function& out = model_.functions.emplace_back();
  Walk walk(bytes);
  Field f;
  while (walk.next(f)) {
    if (!function_field(f, out)) return false;
  }
  return done(walk);
}

bool Parser::property(std::span<const std::byte> bytes) {
  Walk walk(bytes);
  Field f;
  Property& p = model_.metadata.emplace_back();
  while (walk.next(f)) {
    if (f.number == 1) p.key = f.text();
    if (f.number == 2) p.value = f.text();
  }
  return done(walk);
}

bool Parser::model_field(const Field& f) {
  if (f.number == 1) model_.ir_version = static_cast<int64_t>(f.value);
  if (f.number == 2) model_.producer = f.text();
  if (f.number == 3 && f.wire == 2 && !f.bytes.empty()) {
    model_.producer += ' ';
    model_.producer += f.text();
  }
  if (f.number == 7) return graph(f.bytes);
  if (f.number == 8) return model_opset(f.bytes);
  if (f.number == 25) return function(f.bytes);
  if (f.number == 14) return property(f.bytes);
  return true;
}

// Before IR version 4 initialisers are listed as inputs too.
void drop_initialised_inputs(Model& model) {
  std::unordered_set<std::string_view> names;
  for (const auto& t : model.initializers) names.insert(t->name);
  std::erase_if(model.inputs,
                [&](const ValueInfo& v) { return names.contains(v.name); });
}

Result<Model> Parser::finish() {
  if (!has_graph_ || model_.opset == 0) {
    return bad_input(
        "{}: no {} in it: not an ONNX model, or cut short: export it again",
        label_, has_graph_ ? "opset" : "graph");
  }
  if (model_.outputs.empty()) {
    return bad_input("{}: the graph has no outputs: export it again", label_);
  }
  drop_initialised_inputs(model_);
  return std::move(model_);
}

Result<Model> Parser::run() {
  Walk walk(file_);
  Field f;
  while (walk.next(f)) {
    if (!model_field(f)) return *error_;
  }
  if (!done(walk)) return *error_;
  return finish();
}

}  // namespace

Result<Model> parse(std::span<const std::byte> file, const std::string& label,
                    const External& external) {
  return Parser(file, label, external).run();
}

}  // namespace tactus::policy::onnx
