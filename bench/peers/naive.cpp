// SPDX-License-Identifier: MIT
// Loops as anybody would write them, -O3, no fast-math.
#include <cmath>

#include "peers/peer.hpp"

namespace bench {
namespace {

float apply(Act act, float v) {
  switch (act) {
    case Act::kRelu:
      return v > 0 ? v : 0;
    case Act::kTanh:
      return std::tanh(v);
    case Act::kElu:
      return v > 0 ? v : std::expm1(v);
    case Act::kNone:
      break;
  }
  return v;
}

class Naive : public Peer {
 public:
  explicit Naive(const Net& net) : Peer("naive"), net_(net) {
    for (const LayerOf& l : net.layers) values_.emplace_back(l.out);
  }
  void run(const float* x, float* y) override {
    for (std::size_t i = 0; i < net_.layers.size(); ++i) {
      const bool last = i + 1 == net_.layers.size();
      float* to = last ? y : values_[i].data();
      layer(net_.layers[i], x, to);
      x = to;
    }
  }

 private:
  static void layer(const LayerOf& l, const float* x, float* y) {
    for (std::size_t o = 0; o < l.out; ++o) {
      float sum = l.b[o];
      for (std::size_t k = 0; k < l.in; ++k) sum += l.w[o * l.in + k] * x[k];
      y[o] = apply(l.act, sum);
    }
  }
  const Net& net_;
  std::vector<std::vector<float>> values_;
};

}  // namespace

Made make_naive(const Net& net) { return {std::make_unique<Naive>(net), {}}; }

}  // namespace bench
