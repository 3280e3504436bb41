// SPDX-License-Identifier: MIT
// Least squares with no negative figure: what a unit of each kind of work
// takes, from loads and the times that they were seen to take.
#pragma once

#include <array>
#include <vector>

#include "safety/cost.hpp"

namespace bench {

struct Seen {
  tactus::safety::WorkLoad load;
  double ns = 0;
};
using Figures = std::array<double, tactus::safety::kWorks>;

// Relative errors count, so that small images weigh as much as large ones.
// Work in `known` keeps its figure; work that no load has is left at zero.
Figures fit(const std::vector<Seen>& seen, const Figures& known);

double predicted(const tactus::safety::WorkLoad& load, const Figures& figures);

}  // namespace bench
