// SPDX-License-Identifier: MIT
// Limits images with more and more of one kind of work each: what the cost
// table (safety/cost.cpp) is fitted on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "safety/image.hpp"

namespace bench {

struct CostImage {
  std::string name;
  std::unique_ptr<tactus::safety::Image> image;
  uint32_t commands;  // in flight
};

// Sealed; empty after an error, which was printed.
std::vector<CostImage> cost_images();

// With a ladder of pass, project, stop, boxes and humans; no row lets a
// motion be left half judged.
std::vector<CostImage> project_images();

}  // namespace bench
