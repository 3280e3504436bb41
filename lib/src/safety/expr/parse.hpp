// SPDX-License-Identifier: MIT
// The expression language:
//
//   sum     = product { ("+" | "-") product }
//   product = factor { ("*" | "/") factor }
//   factor  = "-" factor | atom { "[" index "]" | ".x" | ".y" | ".z" }
//   atom    = number | 'quantity' | "quantity" | name | "(" sum ")"
//           | "[" sum { "," sum } "]" | function "(" sum { "," sum } ")"
//           | "if" "(" sum ("<" | "<=" | ">" | ">=") sum "," sum "," sum ")"
//
// Functions: min max abs sqrt sin cos clamp dot norm. Every part carries its
// dimension; a bare number is a ratio. Set-up only; input is untrusted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "safety/expr/tree.hpp"

namespace tactus::safety::expr {

struct Fault {
  std::size_t offset = 0;  // byte of the text
  std::string seen;
  std::string expected;
};

// A vector, or one value.
struct Term {
  std::vector<Id> part;
  bool vector = false;
};

// What a name stands for.
class Names {
 public:
  virtual ~Names() = default;
  // Nothing: no such name, or one that cannot be used; `why` then says what
  // was expected in its place.
  virtual std::optional<Term> find(std::string_view name, Tree& tree,
                                   std::string& why) = 0;
  // Centres in a signal of spheres: name[i] is three values.
  [[nodiscard]] virtual bool is_spheres(std::string_view name) const = 0;
};

// A single value, or the first fault.
std::optional<Id> parse(std::string_view text, Names& names, Tree& tree,
                        Fault& fault);

}  // namespace tactus::safety::expr
