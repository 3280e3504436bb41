// SPDX-License-Identifier: MIT
// Networks to measure: random weights from a fixed seed, as layers for the
// peers and as an ONNX file.
#pragma once

#include <random>
#include <vector>

#include "peers/peer.hpp"

namespace bench {

std::vector<float> normal(std::size_t n, float deviation, std::mt19937& rng);

// sizes[0] inputs, then one layer per size, acts.size() of them. The file's
// input is "x", its output "y".
Net make_net(const std::vector<std::size_t>& sizes,
             const std::vector<Act>& acts);

}  // namespace bench
