// SPDX-License-Identifier: MIT
// For tests/cli: flips one bit of one weight of an ONNX file, or renames an
// operator, in place: the file keeps its size and its metadata.
//   onnx-edit weight MODEL OUT INITIALIZER INDEX BIT
//   onnx-edit text MODEL OUT OLD NEW            of the same length
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "policy/onnx/model.hpp"

using namespace tactus;

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

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> a(argv + 1, argv + argc);
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
  std::ofstream out(a[2], std::ios::binary);
  out << model;
  return out.flush() ? 0 : 2;
}
