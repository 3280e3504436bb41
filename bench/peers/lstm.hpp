// SPDX-License-Identifier: MIT
// One LSTM layer, one step at a time, its state carried by whoever runs it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "peers/peer.hpp"

namespace bench {

// ONNX's order: gates i, o, f, c; w [4·hidden, in], r [4·hidden, hidden],
// b [4·hidden].
struct Lstm {
  std::size_t in = 0, hidden = 0;
  std::vector<float> w, r, b;
};

// Its run() takes x [in] and gives the new h [hidden].
std::unique_ptr<Peer> make_onednn_lstm(const Lstm& lstm);

}  // namespace bench
