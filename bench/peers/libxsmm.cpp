// SPDX-License-Identifier: MIT
// libxsmm's generated matrix product with one column; activations from Eigen.
#include <libxsmm.h>

#include <cstring>

#include "peers/peer.hpp"

namespace bench {
namespace {

class LibXsmm : public Peer {
 public:
  explicit LibXsmm(const Net& net) : Peer("libxsmm"), net_(net) {
    for (const LayerOf& l : net.layers) {
      std::vector<float> columns(l.w.size());
      for (std::size_t o = 0; o < l.out; ++o)
        for (std::size_t k = 0; k < l.in; ++k)
          columns[k * l.out + o] = l.w[o * l.in + k];
      w_.push_back(std::move(columns));
      values_.emplace_back(l.out);
      const auto m = static_cast<libxsmm_blasint>(l.out);
      const auto k = static_cast<libxsmm_blasint>(l.in);
      const float one = 1;  // y += W x, y begins as the bias
      kernels_.push_back(libxsmm_smmdispatch(m, 1, k, nullptr, nullptr, nullptr,
                                             &one, &one, nullptr, nullptr));
    }
  }
  [[nodiscard]] bool complete() const {
    for (const auto k : kernels_)
      if (k == nullptr) return false;
    return true;
  }
  void run(const float* x, float* y) override {
    for (std::size_t i = 0; i < kernels_.size(); ++i) {
      const LayerOf& l = net_.layers[i];
      float* to = values_[i].data();
      std::memcpy(to, l.b.data(), l.out * sizeof(float));
      kernels_[i](w_[i].data(), x, to);
      activate(l.act, to, l.out);
      x = to;
    }
    std::memcpy(y, x, net_.outputs() * sizeof(float));
  }

 private:
  const Net& net_;
  std::vector<std::vector<float>> w_, values_;
  std::vector<libxsmm_smmfunction> kernels_;
};

}  // namespace

Made make_libxsmm(const Net& net) {
  auto peer = std::make_unique<LibXsmm>(net);
  if (!peer->complete()) return {nullptr, "no kernel for this shape"};
  return {std::move(peer), {}};
}

}  // namespace bench
