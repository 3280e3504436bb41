// SPDX-License-Identifier: MIT
// Convolutions and pools: places times channels. A convolution is a product
// of what lies under the window, read where it lies, with weights packed by
// output channel; results lie channels last, which the next window likes, and
// are looked at in the file's order.
#include <algorithm>
#include <cmath>

#include "policy/backends/fused_lowering.hpp"
#include "policy/ir/window.hpp"

namespace tactus::policy::fused {
class WindowLowering {
 public:
  WindowLowering(Lowering& lowering, const ir::Node& node)
      : l_(lowering),
        node_(node),
        w_(ir::window_of(node)),
        in_(ir::spatial(l_.graph_.at(node.in[0]).dims)),
        out_(ir::spatial(l_.graph_.at(node.out[0]).dims)),
        batch_(l_.graph_.at(node.out[0]).dims[0]),
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

  Lowering& l_;
  const ir::Node& node_;
  ir::Window w_;
  ir::Size3 in_, out_;
  int64_t batch_, made_, taken_;
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
  return l_.padded(x, begin, size, window_strides(size, channels), nothing);
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
  const bool bias = node_.in.size() > 2 && node_.in[2] != ir::kNone;
  kernels::Matrix m;
  m.n = step.shape.n;
  m.k = step.shape.k;
  for (std::size_t g = 0; g < groups; ++g) {
    m.w = ir::data_of(l_.graph_, node_.in[1]).data() + g * m.n * m.k;
    if (bias) m.b = ir::data_of(l_.graph_, node_.in[2]).data() + g * m.n;
    l_.pack_weights(step, g, m);
  }
  return step;
}

bool WindowLowering::conv() {
  if (!l_.window_weights_fit(node_) || !padding_fits()) return false;
  const int64_t groups = node_.ints[ir::kWindowInts];
  const View x = input(Channels::kFirst, 0);
  ProductStep step = packed(static_cast<std::size_t>(groups));
  const int64_t each = l_.packed_floats(step);
  const Dims y = window_strides({batch_, made_, out_[0], out_[1], out_[2]},
                                Channels::kLast);
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
  l_.lies_channels_last(node_.out[0], y_);
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
  l_.lies_channels_last(node_.out[0], y_);
  return true;
}

// Weights of Conv and ConvTranspose that padding times zero leaves alone.
bool Lowering::window_weights_fit(const ir::Node& node) const {
  const bool bias = node.in.size() > 2 && node.in[2] != ir::kNone;
  return graph_.is_constant(node.in[1]) &&
         std::ranges::all_of(ir::data_of(graph_, node.in[1]),
                             [](double v) { return std::isfinite(v); }) &&
         (!bias || graph_.is_constant(node.in[2]));
}

// Made at y with the channels last, looked at in the file's order.
void Lowering::lies_channels_last(Id id, std::size_t y) {
  const Dims& dims = graph_.at(id).dims;
  const ir::Size3 s = ir::spatial(dims);
  const Dims to =
      window_strides({dims[0], dims[1], s[0], s[1], s[2]}, Channels::kLast);
  View view{y, dims, {to[0], to[1]}};
  for (std::size_t d = 2; d < dims.size(); ++d)
    view.stride.push_back(to[d + 5 - dims.size()]);
  lies(id, view);
  finite_beyond_[static_cast<std::size_t>(id)] = true;
}

View Lowering::padded(const View& x, const Dims& begin, const Dims& size,
                      const Dims& stride, float fill) {
  std::size_t floats = 1;
  for (const int64_t d : size) floats *= static_cast<std::size_t>(d);
  const View all{scratch(floats), size, stride};
  if (fill != 0) fills_.push_back({all.at, floats, fill});
  View inner{all.at, x.dims, stride};
  for (std::size_t d = 0; d < size.size(); ++d)
    inner.at += static_cast<std::size_t>(begin[d] * stride[d]);
  move(x, inner);
  return all;
}

Result<bool> Lowering::lower_conv(const ir::Node& node) {
  return !has_nothing(node) && WindowLowering(*this, node).conv();
}

Result<bool> Lowering::lower_pool(const ir::Node& node) {
  if (has_nothing(node)) return false;
  const bool average = node.op.ends_with("AveragePool");
  const kernels::TensorKernels& k = program_.set->tensor;
  return WindowLowering(*this, node)
      .pool(average ? k.average_pool : k.max_pool,
            average ? 0 : -std::numeric_limits<float>::infinity(), average);
}

}  // namespace tactus::policy::fused
