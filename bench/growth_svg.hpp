// SPDX-License-Identifier: MIT
// A chart with two logarithmic axes, as an SVG that follows the reader's
// colour scheme by itself.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bench {

struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;  // across, ns; ascending
};
struct Mark {
  std::string name;
  double bytes = 0;
};

// What lies along the horizontal axis.
struct Across {
  std::string foot = "weights in f32, whatever the tier stores";
  bool in_bytes = true;  // else counts
};

[[nodiscard]] std::string growth_svg(const std::string& title,
                                     const std::vector<Curve>& curves,
                                     const std::vector<Mark>& caches,
                                     const Across& across = {});

}  // namespace bench
