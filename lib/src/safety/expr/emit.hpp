// SPDX-License-Identifier: MIT
// Last step of compiling expressions: from one tree to the image's programs.
// Set-up only.
#pragma once

#include <string>
#include <vector>

#include "safety/expr/tree.hpp"

namespace tactus::safety::expr {

struct Ruled {
  std::string text;
  Id root = 0;
  bool has_max = false, has_min = false;
  double max = 0, min = 0;  // as written; SI
};

// The rounding bound is taken off the limits. False: the programs would be
// larger than the image's tables.
[[nodiscard]] bool emit(const Tree& tree, const std::vector<Ruled>& rows,
                        Expressions& out);

}  // namespace tactus::safety::expr
