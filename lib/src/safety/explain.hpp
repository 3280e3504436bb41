// SPDX-License-Identifier: MIT
// What a limits image demands, in words: every row with its kernel, cost and
// consumer, the terms of the commit rule, and the assumptions that nobody
// can check, each with its margin. For `rtctl safety explain` and the log's
// header. Set-up only.
#pragma once

#include <string>
#include <vector>

#include "safety/image.hpp"

namespace tactus::safety {

struct ExplainedRow {
  std::string id;
  std::string kernel;
  std::string kind;      // "hard", "soft"
  std::string limit;     // threshold with unit
  std::string consumer;  // what it judges
  uint64_t operations;   // multiply-adds per verdict, counted not timed
};

struct Term {
  std::string name;
  int64_t ns;
  std::string meaning;
};

struct Assumption {
  std::string text;
  std::string margin;
};

struct Explanation {
  std::vector<ExplainedRow> rows;
  std::vector<Term> terms;  // of t_s - release(k), the last is the sum
  std::vector<Assumption> assumptions;
};

[[nodiscard]] const char* kernel_name(RowKernel kernel);
[[nodiscard]] Explanation explain(const Image& image);
[[nodiscard]] std::string to_text(const Explanation& explanation);

}  // namespace tactus::safety
