// SPDX-License-Identifier: MIT
// Whether an image's check fits into the time that it has. By prediction
// alone (cost.hpp), so that a file is refused on every machine or on none;
// what this machine measured counts only when it says that the table is not
// about this machine. Set-up only.
#pragma once

#include <string>

#include "safety/cost.hpp"
#include "safety/kernel.hpp"
#include "tactus/result.hpp"

namespace tactus::safety {

// What one check may take, and which key says so. 0: nothing does.
struct Budget {
  int64_t ns = 0;
  std::string from;
};

// Up to here a machine is taken to be the table's, a little slower or busy.
inline constexpr double kTrustedRatio = 2;

// `where`: begins the error, the file's name. `ratio`: measured / predicted.
struct BudgetAsk {
  std::string where;
  Budget budget;
  double ratio = 1;
};

// Refuses, in one line: predicted, budget, the most expensive rows and what
// to do. kBadInput by prediction; kUnavailable when it is only by `ratio`,
// beyond kTrustedRatio, that the budget does not suffice.
Result<void> check_budget(const Image& image, rt::Isa isa,
                          const BudgetAsk& ask);

// "worst cycle 251 us of 450 us (stage.check - stage.infer)"
[[nodiscard]] std::string budget_text(const Cost& cost, const Budget& budget);

// Measured / predicted of checks that judge one motion, on random cycles
// (scenes.hpp), hot. Trip counts are the image's, so what a check takes does
// not depend on its data: whatever else runs here only adds, and a low
// quantile is the machine without it. 0: nothing was judged, or in a
// build with sanitizers.
[[nodiscard]] double calibrate(const Image& image, const Kernel& kernel);

}  // namespace tactus::safety
