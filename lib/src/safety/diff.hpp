// SPDX-License-Identifier: MIT
// What changed from one limits image to another, and which way: whether the
// second lets something out that the first did not. Set-up only.
#pragma once

#include <string>
#include <vector>

#include "core/json.hpp"
#include "safety/image.hpp"

namespace tactus::safety {

// Which way a figure goes when the check lets more through. kEither: that
// cannot be told from the figure. kNeither: it decides nothing; of a text,
// whether there is one decides nothing.
enum class Looser : uint8_t { kHigher, kLower, kEither, kNeither };

// One number or text of a row, a signal or the commit rule.
struct Figure {
  std::string name;
  std::string part;  // the joint or axis; "": the whole
  double value = 0;
  std::string unit;
  Looser looser = Looser::kEither;
  std::string text;  // in place of a number
};
[[nodiscard]] std::vector<Figure> figures_of(const Image& image,
                                             const Row& row);

enum class Way : uint8_t {
  kAdded,
  kRemoved,
  kTightened,
  kLoosened,
  kChanged,  // which way cannot be told: it may be looser
  kNoted,    // decides nothing
};
[[nodiscard]] const char* way_name(Way way) noexcept;

struct Change {
  Way way = Way::kNoted;
  std::string of;  // "row human", "signal hand", "constant lag", "robot"
  std::string figure;
  std::string part;
  std::string from;
  std::string to;
  std::string unit;
};

struct Difference {
  std::vector<Change> changes;
  // Something was removed, became looser, or changed so that it may be.
  [[nodiscard]] bool looser() const;
};
[[nodiscard]] Difference compare(const Image& a, const Image& b);

[[nodiscard]] json::Value to_value(const Difference& difference);
[[nodiscard]] std::string to_text(const Difference& difference);

}  // namespace tactus::safety
