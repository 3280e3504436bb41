// SPDX-License-Identifier: MIT
// XNNPACK's fully connected operator; it has relu and elu, tanh from Eigen.
#include <xnnpack.h>

#include <cmath>
#include <cstring>

#include "peers/peer.hpp"

namespace bench {
namespace {

class XnnPack : public Peer {
 public:
  explicit XnnPack(const Net& net) : Peer("xnnpack"), net_(net) {
    for (const LayerOf& l : net.layers) values_.emplace_back(l.out + 16);
    in_.resize(net.inputs() + 16);
    const float* x = in_.data();
    for (std::size_t i = 0; i < net.layers.size() && ok_; ++i) {
      add(net.layers[i], x, values_[i].data());
      x = values_[i].data();
    }
  }
  ~XnnPack() override {
    for (const xnn_operator_t op : operators_) xnn_delete_operator(op);
  }
  [[nodiscard]] bool ok() const { return ok_; }
  void run(const float* x, float* y) override {
    std::memcpy(in_.data(), x, net_.inputs() * sizeof(float));
    for (const xnn_operator_t op : operators_) xnn_run_operator(op, nullptr);
    std::memcpy(y, values_.back().data(), net_.outputs() * sizeof(float));
    if (net_.layers.back().act == Act::kTanh)
      activate(Act::kTanh, y, net_.outputs());
  }

 private:
  void add(const LayerOf& l, const float* x, float* y) {
    const bool inner_tanh = l.act == Act::kTanh && &l != &net_.layers.back();
    xnn_operator_t op = nullptr;
    ok_ = !inner_tanh &&
          xnn_create_fully_connected_nc_f32(
              l.in, l.out, l.in, l.out, l.w.data(), l.b.data(),
              l.act == Act::kRelu ? 0.0F : -INFINITY, INFINITY, 0,
              &op) == xnn_status_success &&
          xnn_setup_fully_connected_nc_f32(op, 1, x, y, nullptr) ==
              xnn_status_success;
    operators_.push_back(op);
    if (!ok_ || l.act != Act::kElu) return;
    xnn_operator_t elu = nullptr;
    ok_ = xnn_create_elu_nc_f32(l.out, l.out, l.out, 1, 0, &elu) ==
              xnn_status_success &&
          xnn_setup_elu_nc_f32(elu, 1, y, y, nullptr) == xnn_status_success;
    operators_.push_back(elu);
  }

  const Net& net_;
  std::vector<float> in_;
  std::vector<std::vector<float>> values_;
  std::vector<xnn_operator_t> operators_;
  bool ok_ = true;
};

}  // namespace

Made make_xnnpack(const Net& net) {
  if (xnn_initialize(nullptr) != xnn_status_success)
    return {nullptr, "xnn_initialize failed"};
  auto peer = std::make_unique<XnnPack>(net);
  if (!peer->ok()) return {nullptr, "no operator for this net"};
  return {std::move(peer), {}};
}

}  // namespace bench
