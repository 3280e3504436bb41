// SPDX-License-Identifier: MIT
// Rows that never bind and rows that nothing can satisfy: what is almost
// always a slip in the file. Only what is proven is said; each proof stands
// at its rule. A row never binds when no judged motion violates it alone
// among the hard rows: the row that implies it is violated, too. Nothing is
// taken out of the image. Set-up only.
//
// Throughout: a row holds when (slack - margin) - rounding >= 0, and rounding
// (seal/rounding.cpp) is more than the arithmetic of its slack loses. So a
// slack that is greater in real numbers by kClear counts as greater.
//
// Not said, because it is not so: that action.max implies joint.velocity,
// which counts the measured speeds, too.
#pragma once

#include <string>
#include <vector>

#include "safety/image.hpp"

namespace tactus::safety {

struct Finding {
  uint32_t index = 0;   // of Image::row
  std::string row;      // its id
  std::string because;  // "action.max implies it"
  std::string proof;    // the figures
};

struct Redundancy {
  std::vector<Finding> idle;            // never bind
  std::vector<Finding> contradictions;  // never hold
};

// Of a sealed image.
[[nodiscard]] Redundancy find_redundancy(const Image& image);

// "rows that never bind: …", a line each; empty without any.
[[nodiscard]] std::string to_text(const Redundancy& redundancy);

}  // namespace tactus::safety
