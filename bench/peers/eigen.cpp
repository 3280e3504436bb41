// SPDX-License-Identifier: MIT
// Eigen with sizes known at run time, column-major, this machine's vectors.
#include <Eigen/Core>

#include "peers/peer.hpp"

namespace bench {
namespace {

using Rows =
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class V>
void apply(Act act, V& v) {
  if (act == Act::kRelu) v = v.cwiseMax(0.0F);
  if (act == Act::kTanh) v = v.array().tanh();
  if (act == Act::kElu)
    v = (v.array() > 0).select(v.array(), v.array().min(0.0F).exp() - 1.0F);
}

class OfEigen : public Peer {
 public:
  explicit OfEigen(const Net& net) : Peer("eigen"), net_(net) {
    for (const LayerOf& l : net.layers) {
      const auto rows = static_cast<Eigen::Index>(l.out);
      const auto columns = static_cast<Eigen::Index>(l.in);
      w_.emplace_back(Eigen::Map<const Rows>(l.w.data(), rows, columns));
      b_.emplace_back(Eigen::Map<const Eigen::VectorXf>(l.b.data(), rows));
      v_.emplace_back(Eigen::VectorXf::Zero(rows));
    }
  }
  void run(const float* x, float* y) override {
    const Eigen::Map<const Eigen::VectorXf> in(
        x, static_cast<Eigen::Index>(net_.inputs()));
    for (std::size_t i = 0; i < w_.size(); ++i) {
      v_[i] = b_[i];
      if (i == 0)
        v_[i].noalias() += w_[i] * in;
      else
        v_[i].noalias() += w_[i] * v_[i - 1];
      apply(net_.layers[i].act, v_[i]);
    }
    Eigen::Map<Eigen::VectorXf>(y, v_.back().size()) = v_.back();
  }

 private:
  const Net& net_;
  std::vector<Eigen::MatrixXf> w_;
  std::vector<Eigen::VectorXf> b_, v_;
};

}  // namespace

void activate(Act act, float* y, std::size_t n) {
  Eigen::Map<Eigen::VectorXf> v(y, static_cast<Eigen::Index>(n));
  apply(act, v);
}

Made make_eigen(const Net& net) { return {std::make_unique<OfEigen>(net), {}}; }

}  // namespace bench
