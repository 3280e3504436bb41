// SPDX-License-Identifier: MIT
// For tests/cli: flips one bit of one weight of an ONNX file, or renames an
// operator, in place: the file keeps its size and its metadata.
//   onnx-edit weight MODEL OUT INITIALIZER INDEX BIT
//   onnx-edit text MODEL OUT OLD NEW            of the same length
// And makes models for the handover example's arm (q, dq, target, hand → u):
//   onnx-edit stacked OUT LENGTH [HISTORY]  of LENGTH cycles; HISTORY: JSON of
//                                           a contract; without, no contract
//   onnx-edit recurrent OUT
//   onnx-edit steady OUT                    of the target alone, no contract
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "../unit/policy/onnx_writer.hpp"
#include "core/error.hpp"
#include "policy/onnx/model.hpp"

using namespace tactus;
namespace made = policy::test;

namespace {

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "onnx-edit: %s\n", what.c_str());
  std::exit(2);
}

std::string raw_floats(const std::string& model, const std::string& path,
                       const std::string& name) {
  const auto parsed = policy::onnx::parse(
      std::as_bytes(std::span(model)), path,
      [](const std::string& file) -> Result<std::span<const std::byte>> {
        return bad_input("external data {}", file);
      });
  if (!parsed) fail(parsed.error().text());
  for (const auto& tensor : parsed->initializers) {
    if (tensor->name != name) continue;
    std::string bytes;
    for (const double value : tensor->data) {
      const auto f = static_cast<float>(value);
      bytes.append(reinterpret_cast<const char*>(&f), sizeof f);
    }
    return bytes;
  }
  std::string known;
  for (const auto& tensor : parsed->initializers) known += " " + tensor->name;
  fail("no initializer " + name + "; there are" + known);
}

std::size_t place_of(const std::string& model, const std::string& bytes) {
  const std::size_t at = model.find(bytes);
  if (at == std::string::npos) fail("not in the file as raw bytes");
  return at;
}

constexpr int64_t kObserved = 20, kJoints = 7;

// Small ones, so that the arm moves slowly and every input counts.
made::Message weights(const std::string& name, int64_t rows, int64_t columns) {
  std::vector<float> w(static_cast<std::size_t>(rows * columns));
  for (std::size_t i = 0; i < w.size(); ++i)
    w[i] = 0.05F * std::sin(static_cast<float>(7 * i + 3));
  return made::tensor(name, {rows, columns}, w);
}

std::string contract(const std::string& history) {
  return R"({"observations": [{"name": "q", "shape": [7], "unit": "rad"},)"
         R"( {"name": "dq", "shape": [7], "unit": "rad/s"},)"
         R"( {"name": "target", "shape": [3], "unit": "m"},)"
         R"( {"name": "hand", "shape": [3], "unit": "m"}], "history": )" +
         history +
         R"(, "action": {"name": "u", "kind": "joint_velocity", "unit":)"
         R"( "rad/s", "scale": 0.05}})";
}

std::string stacked(int64_t length, const std::string& history) {
  made::OnnxFile f;
  f.input("obs", {1, kObserved * length}).output("u", {1, kJoints});
  f.weight(weights("w", kObserved * length, 32));
  f.weight(weights("v", 32, kJoints));
  f.node("MatMul", {"obs", "w"}, {"a"}).node("Tanh", {"a"}, {"h"});
  f.node("MatMul", {"h", "v"}, {"b"}).node("Tanh", {"b"}, {"u"});
  if (!history.empty()) f.metadata("tactus.contract", contract(history));
  return f.bytes();
}

// h' = tanh(h + W obs), u = h' / 20.
std::string recurrent() {
  made::OnnxFile f;
  f.input("obs", {1, kObserved}).input("h_in", {1, kJoints});
  f.output("u", {1, kJoints}).output("h_out", {1, kJoints});
  f.weight(weights("w", kObserved, kJoints));
  f.weight(made::tensor("part", {}, {0.05F}));
  f.node("MatMul", {"obs", "w"}, {"a"}).node("Add", {"a", "h_in"}, {"s"});
  f.node("Tanh", {"s"}, {"h_out"}).node("Mul", {"h_out", "part"}, {"u"});
  return f.bytes();
}

// u = tanh(W target) / 20: a target that stands still comes again and again.
std::string steady() {
  made::OnnxFile f;
  f.input("obs", {1, 3}).output("u", {1, kJoints});
  f.weight(weights("w", 3, kJoints));
  f.weight(made::tensor("part", {}, {0.05F}));
  f.node("MatMul", {"obs", "w"}, {"a"}).node("Tanh", {"a"}, {"h"});
  f.node("Mul", {"h", "part"}, {"u"});
  return f.bytes();
}

int write(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out << bytes;
  return out.flush() ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> a(argv + 1, argv + argc);
  if (a.size() > 2 && a[0] == "stacked")
    return write(a[1], stacked(std::stol(a[2]), a.size() > 3 ? a[3] : ""));
  if (a.size() == 2 && a[0] == "recurrent") return write(a[1], recurrent());
  if (a.size() == 2 && a[0] == "steady") return write(a[1], steady());
  const bool weight = a.size() == 6 && a[0] == "weight";
  const bool text = a.size() == 5 && a[0] == "text";
  if (!weight && !text) fail("see the head of onnx_edit.cpp");
  std::ifstream in(a[1], std::ios::binary);
  std::string model{std::istreambuf_iterator<char>(in), {}};
  if (weight) {
    const std::size_t at = place_of(model, raw_floats(model, a[1], a[3]));
    const std::size_t bit = std::stoul(a[5]);
    model[at + 4 * std::stoul(a[4]) + bit / 8] ^=
        static_cast<char>(1u << bit % 8);
  } else {
    if (a[3].size() != a[4].size()) fail("the texts differ in length");
    model.replace(place_of(model, a[3]), a[3].size(), a[4]);
  }
  return write(a[2], model);
}
