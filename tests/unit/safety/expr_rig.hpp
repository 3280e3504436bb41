// SPDX-License-Identifier: MIT
// Expressions for tests: names x0 .. x7 with declared ranges, random
// expressions with an oracle of their own (long double, straight from the
// recipe that wrote the text), and runs of the compiled programs.
#pragma once

#include <criterion/criterion.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "safety/expr/emit.hpp"
#include "safety/expr/parse.hpp"
#include "safety/expr/vm.hpp"

namespace expr_rig {

using namespace tactus;
using namespace tactus::safety;

inline constexpr uint32_t kInputs = 8;
inline constexpr double kRange = 4;

// x0 .. x3 are known exactly, x4 .. x7 to +-`error`.
class Inputs final : public expr::Names {
 public:
  explicit Inputs(double error = 0.01) : error_(error) {}
  std::optional<expr::Term> find(std::string_view name, expr::Tree& tree,
                                 std::string& why) override {
    if (name == "x") {
      expr::Term all{{}, true};
      for (uint32_t i = 0; i < kInputs; ++i) all.part.push_back(one(i, tree));
      return all;
    }
    const bool known = name.size() == 2 && name[0] == 'x' && name[1] >= '0' &&
                       name[1] < static_cast<char>('0' + kInputs);
    if (known)
      return expr::Term{{one(static_cast<uint32_t>(name[1] - '0'), tree)},
                        false};
    why = "x or x0 to x7";
    return std::nullopt;
  }
  [[nodiscard]] bool is_spheres(std::string_view) const override {
    return false;
  }

 private:
  expr::Id one(uint32_t i, expr::Tree& tree) const {
    ExprInput in{};
    in.source = ExprSource::kSignal;
    in.element = i;
    in.error = i < kInputs / 2 ? 0 : error_;
    in.lo = -kRange - in.error;
    in.hi = kRange + in.error;
    return tree.input(in, kRatio);
  }
  double error_;
};

// What one random expression is: text, and the oracle over the true values.
struct Recipe {
  enum Kind { kNumber, kVariable, kCall } kind = kNumber;
  std::string form;  // of a call, with {} for its parts
  double number = 0;
  uint32_t variable = 0;
  std::vector<Recipe> part;

  [[nodiscard]] std::string text() const {
    if (kind == kNumber) return fmt::format("{}", number);
    if (kind == kVariable) return fmt::format("x{}", variable);
    std::string out;
    std::size_t next = 0;
    for (const char c : form) {
      if (c == '#')
        out += part[next++].text();
      else
        out += c;
    }
    return out;
  }

  [[nodiscard]] long double truth(const long double* x) const {
    if (kind == kNumber) return number;
    if (kind == kVariable) return x[variable];
    long double v[4] = {};
    for (std::size_t i = 0; i < part.size(); ++i) v[i] = part[i].truth(x);
    switch (form[0]) {
      case 'm':
        return form[1] == 'i' ? std::min(v[0], v[1]) : std::max(v[0], v[1]);
      case 'a':
        return fabsl(v[0]);
      case 's':
        return form[1] == 'i' ? sinl(v[0]) : sqrtl(fabsl(v[0]));
      case 'c':
        return form[1] == 'o' ? cosl(v[0])
                              : std::min(std::max(v[0], v[1]), v[2]);
      case 'i':
        return v[0] < v[1] ? v[2] : v[3];
      default:
        break;
    }
    switch (form[3]) {
      case '+':
        return v[0] + v[1];
      case '-':
        return v[0] - v[1];
      case '*':
        return v[0] * v[1];
      default:
        return v[0] / std::max(fabsl(v[1]), 0.25L);
    }
  }
};

class Recipes {
 public:
  explicit Recipes(uint64_t seed) : rng_(seed) {}

  Recipe draw(int depth) {
    static const char* kForms[] = {
        "(# + #)",          "(# - #)",
        "(# * #)",          "(# / max(abs(#), 0.25))",
        "min(#, #)",        "max(#, #)",
        "abs(#)",           "sqrt(abs(#))",
        "sin(# * '1 rad')", "cos(# * '1 rad')",
        "clamp(#, #, #)",   "if(# < #, #, #)"};
    if (depth == 0 || rng_() % 8 == 0) return leaf();
    Recipe out;
    out.kind = Recipe::kCall;
    // Sums and products twice as often.
    const std::size_t pick = rng_() % (std::size(kForms) + 4);
    out.form = kForms[pick < std::size(kForms) ? pick : pick % 4];
    const auto n = std::count(out.form.begin(), out.form.end(), '#');
    for (long i = 0; i < n; ++i) out.part.push_back(draw(depth - 1));
    return out;
  }
  double within(double lo, double hi) {
    return std::uniform_real_distribution<double>(lo, hi)(rng_);
  }
  uint64_t bits() { return rng_(); }

 private:
  Recipe leaf() {
    Recipe out;
    out.kind = rng_() % 4 == 0 ? Recipe::kNumber : Recipe::kVariable;
    out.number = 0.125 * static_cast<double>(rng_() % 33);
    out.variable = static_cast<uint32_t>(rng_() % kInputs);
    return out;
  }
  std::mt19937_64 rng_;
};

// One expression with both limits wide open, or nothing where the language
// refuses it.
inline std::unique_ptr<Expressions> compiled(
    const std::vector<std::string>& texts, double error = 0.01) {
  Inputs names(error);
  expr::Tree tree;
  std::vector<expr::Ruled> rows;
  for (const auto& text : texts) {
    expr::Fault fault;
    const auto root = expr::parse(text, names, tree, fault);
    if (!root) return nullptr;
    rows.push_back({text, *root, true, true, 1e30, -1e30});
  }
  auto out = std::make_unique<Expressions>();
  if (!expr::emit(tree, rows, *out)) return nullptr;
  return out;
}

struct alignas(64) Registers {
  kin::Double8 lane[kMaxExprRegisters];
};

// Both ends of each input into the registers of lane k.
inline void place(const ExprProgram& p, uint32_t k, const double* lo,
                  const double* hi, Registers& reg) {
  for (uint32_t i = 0; i < p.inputs; ++i) {
    reg.lane[p.constants + 2 * i][k] = lo[p.input[i].element];
    reg.lane[p.constants + 2 * i + 1][k] = hi[p.input[i].element];
  }
}

}  // namespace expr_rig
