// SPDX-License-Identifier: MIT
// Convolutions and pools: places times channels. A convolution is a product
// of what lies under the window, read where it lies, with weights packed by
// output channel.
#include <algorithm>
#include <limits>

#include "policy/backends/fused_window.hpp"

namespace tactus::policy::fused {

class WindowLowering : private Windowed {
 public:
  WindowLowering(Lowering& lowering, const ir::Node& node)
      : Windowed(lowering, node),
        made_(l_.graph_.at(node.out[0]).dims[1]),
        taken_(l_.graph_.at(node.in[0]).dims[1]) {}

  bool conv();
  bool pool(kernels::PoolKernel kernel, float nothing, bool average);

 private:
  [[nodiscard]] bool padding_fits() const;
  // x with its padding, if the windows reach beyond it.
  View input(Channels channels, float nothing);
  [[nodiscard]] Dims taps(const View& x, int64_t channels) const;
  // Between the places of one axis.
  [[nodiscard]] int64_t step(const View& x, std::size_t axis) const {
    return w_.stride[axis] * x.stride[2 + axis];
  }
  ProductStep packed(std::size_t groups);
  [[nodiscard]] double count(std::size_t axis, int64_t place) const;
  std::size_t counts();

  int64_t made_, taken_;
  std::size_t y_ = 0;
};

bool WindowLowering::padding_fits() const {
  double floats = static_cast<double>(batch_ * taken_);
  for (std::size_t a = 0; a < 3; ++a)
    floats *=
        static_cast<double>(std::max(in_[a], out_[a] * w_.stride[a])) +
        static_cast<double>(w_.begin[a]) +
        static_cast<double>(w_.kernel[a]) * static_cast<double>(w_.dilation[a]);
  return floats <= kMostPadded;
}

View WindowLowering::input(Channels channels, float nothing) {
  View x = five_axes(l_.view_of(node_.in[0]));
  Dims begin{0, 0, 0, 0, 0}, size{batch_, taken_, 0, 0, 0};
  bool inside = std::ranges::min(x.stride) >= 0;
  for (std::size_t a = 0; a < 3; ++a) {
    const int64_t reach = (out_[a] - 1) * w_.stride[a] + w_.reach(a);
    begin[2 + a] = w_.begin[a];
    size[2 + a] = std::max(reach, w_.begin[a] + in_[a]);
    inside = inside && size[2 + a] == in_[a];
  }
  const bool last = x.stride[1] == 1 || taken_ == 1;
  if (inside && (channels == Channels::kFirst || last)) return x;
  if (last) channels = Channels::kLast;
  return padded(x, begin, size, channels, nothing);
}

// The elements under the window at the first place.
Dims WindowLowering::taps(const View& x, int64_t channels) const {
  Dims at;
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t i = 0; i < w_.kernel[0]; ++i)
      for (int64_t j = 0; j < w_.kernel[1]; ++j)
        for (int64_t k = 0; k < w_.kernel[2]; ++k)
          at.push_back(c * x.stride[1] + i * w_.dilation[0] * x.stride[2] +
                       j * w_.dilation[1] * x.stride[3] +
                       k * w_.dilation[2] * x.stride[4]);
  return at;
}

// Bias and weights of every group, one behind the other.
ProductStep WindowLowering::packed(std::size_t groups) {
  ProductStep step;
  step.shape.n = static_cast<std::size_t>(made_) / groups;
  step.shape.k = static_cast<std::size_t>(taken_) / groups *
                 static_cast<std::size_t>(w_.taps());
  step.shape.rows = static_cast<std::size_t>(out_[2]);
  l_.reserve_weights(step, groups);
  const std::size_t n = step.shape.n, k = step.shape.k;
  const double* w = ir::data_of(l_.graph_, node_.in[1]).data();
  for (std::size_t g = 0; g < groups; ++g)
    l_.pack_weights(step, g, {w + g * n * k, bias(g, n), n, k});
  return step;
}

bool WindowLowering::conv() {
  if (!weights_fit() || !padding_fits()) return false;
  const int64_t groups = node_.ints[ir::kWindowInts];
  const View x = input(Channels::kFirst, 0);
  ProductStep step = packed(static_cast<std::size_t>(groups));
  const int64_t each = l_.packed_floats(step);
  const Dims y = made_strides();
  step.shape.a_row = static_cast<std::size_t>(this->step(x, 2));
  step.shape.y_row = static_cast<std::size_t>(made_);
  step.a = x.at;
  step.y = y_ = l_.reserve(node_.out[0]);
  const Walk outer = walk({batch_, groups, out_[0], out_[1]},
                          {{x.stride[0], taken_ / groups * x.stride[1],
                            this->step(x, 0), this->step(x, 1)},
                           {0, each, 0, 0},
                           {0, each, 0, 0},
                           {y[0], made_ / groups, y[2], y[3]}});
  if (!l_.push_product(step, taps(x, taken_ / groups), outer, node_.out[0]))
    return false;
  lies_channels_last(y_);
  return true;
}

// AveragePool's ints behind the window: count_include_pad, padding behind.
double WindowLowering::count(std::size_t axis, int64_t place) const {
  const bool padding = node_.ints[ir::kWindowInts] != 0;
  const int64_t first = place * w_.stride[axis] - w_.begin[axis];
  const int64_t begin = padding ? -w_.begin[axis] : 0;
  const int64_t end =
      in_[axis] + (padding ? node_.ints[ir::kWindowInts + 1 + axis] : 0);
  double n = 0;
  for (int64_t t = 0; t < w_.kernel[axis]; ++t) {
    const int64_t at = first + t * w_.dilation[axis];
    if (at >= begin && at < end) ++n;
  }
  return n;
}

std::size_t WindowLowering::counts() {
  const std::size_t at = l_.program_.weights.size();
  for (int64_t n = 0; n < batch_; ++n)
    for (int64_t i = 0; i < out_[0]; ++i)
      for (int64_t j = 0; j < out_[1]; ++j)
        for (int64_t k = 0; k < out_[2]; ++k)
          l_.program_.weights.push_back(static_cast<float>(
              std::max(1.0, count(0, i) * count(1, j) * count(2, k))));
  // What is packed behind begins on a block.
  l_.program_.weights.resize(blocks_of(l_.program_.weights.size()) * kBlock,
                             0.0F);
  return at;
}

bool WindowLowering::pool(kernels::PoolKernel kernel, float nothing,
                          bool average) {
  const bool indices =
      node_.out.size() > 1 && l_.uses_->count(node_.out[1]) > 0;
  if (indices || !padding_fits()) return false;
  const View x = input(Channels::kLast, nothing);
  PoolStep step;
  step.kernel = kernel;
  step.pool = {static_cast<std::size_t>(out_[2]),
               static_cast<std::size_t>(made_),
               static_cast<std::size_t>(w_.taps()),
               static_cast<std::size_t>(this->step(x, 2))};
  step.at = l_.table(taps(x, 1));
  step.counted = average;
  if (average) step.counts = counts();
  step.x = x.at;
  step.y = y_ = l_.reserve(node_.out[0]);
  step.axes = 3;
  const int64_t sizes[] = {batch_, out_[0], out_[1]};
  const int64_t strides[] = {x.stride[0], this->step(x, 0), this->step(x, 1)};
  for (std::size_t d = 0; d < 3; ++d) {
    step.size[d] = static_cast<std::size_t>(sizes[d]);
    step.stride[d] = static_cast<std::size_t>(strides[d]);
  }
  l_.add_kernel("pool" + node_.op, l_.size_of(node_.out[0]), step.pool.taps);
  l_.push_tensor(step, y_, l_.size_of(node_.out[0]), node_.out[0]);
  lies_channels_last(y_);
  return true;
}

Result<bool> Lowering::lower_conv(const ir::Node& node) {
  return !has_nothing(node) && WindowLowering(*this, node).conv();
}

Result<bool> Lowering::lower_pool(const ir::Node& node) {
  if (has_nothing(node)) return false;
  const bool average = node.op.ends_with("AveragePool");
  const kernels::TensorKernels& k = *program_.tensor;
  return WindowLowering(*this, node)
      .pool(average ? k.average_pool : k.max_pool,
            average ? 0 : -std::numeric_limits<float>::infinity(), average);
}

}  // namespace tactus::policy::fused
