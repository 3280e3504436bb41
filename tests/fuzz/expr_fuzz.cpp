// SPDX-License-Identifier: MIT
// The expression language, and programs whose bytes were changed: whatever
// valid() lets through runs inside its registers, in the VM and as machine
// code, to the same bits.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "safety/expr/emit.hpp"
#include "safety/expr/jit.hpp"
#include "safety/expr/parse.hpp"

namespace {

using namespace tactus;
using namespace tactus::safety;

constexpr uint32_t kValues[] = {6};
constexpr ExprWorld kWorld{2, 1, kValues};

void expect(bool truth) {
  if (!truth) __builtin_trap();
}

class Names final : public expr::Names {
 public:
  std::optional<expr::Term> find(std::string_view name, expr::Tree& tree,
                                 std::string& why) override {
    ExprInput in{};
    in.lo = -4;
    in.hi = 4;
    Dimension unit = kRatio;
    uint32_t count = 2;
    if (name == "u") in.source = ExprSource::kAction;
    if (name == "q") in.source = ExprSource::kPosition;
    if (name == "q") unit = kAngle;
    if (name == "hand") {
      in.source = ExprSource::kSignal;
      in.error = 0.01;
      unit = kLength;
      count = 6;
    }
    if (in.source == ExprSource::kNone) {
      why = "u, q or hand";
      return std::nullopt;
    }
    expr::Term out{{}, true};
    for (in.element = 0; in.element < count; ++in.element)
      out.part.push_back(tree.input(in, unit));
    return out;
  }
  [[nodiscard]] bool is_spheres(std::string_view name) const override {
    return name == "hand";
  }
};

std::unique_ptr<Expressions> compiled(std::string_view text) {
  Names names;
  expr::Tree tree;
  expr::Fault fault;
  const auto root = expr::parse(text, names, tree, fault);
  if (!root) {
    expect(fault.offset <= text.size() && !fault.expected.empty());
    return nullptr;
  }
  auto out = std::make_unique<Expressions>();
  const expr::Ruled row{std::string(text), *root, true, true, 1, -1};
  if (!expr::emit(tree, {row}, *out)) return nullptr;
  return out;
}

void run(const Expressions& all) {
  static const rt::Isa isa = *rt::choose_isa(nullptr);
  const ExprRunner code = compile_native(all, isa);
  if (code.code != nullptr) expect(agrees(all, code.native, 4));
}

// Triples of offset and byte, over a program that is good.
void spoilt(const uint8_t* data, size_t size) {
  static const auto base =
      compiled("max(sin(q[0]), u[0] * u[1]) + u[1] / max(abs(u[0]), 0.5)");
  auto all = std::make_unique<Expressions>(*base);
  auto* bytes = reinterpret_cast<uint8_t*>(all.get());
  for (size_t i = 0; i + 3 < size; i += 4) {
    uint32_t at;
    std::memcpy(&at, data + i, sizeof at);
    bytes[(at >> 8) % sizeof(Expressions)] = static_cast<uint8_t>(at);
  }
  if (valid(*all, kWorld)) run(*all);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  if (data[0] == 0) {
    spoilt(data + 1, size - 1);
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto all = compiled(text);
  if (!all) return 0;
  expect(valid(*all, kWorld));
  run(*all);
  return 0;
}
