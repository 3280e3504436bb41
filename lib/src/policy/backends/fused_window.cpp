// SPDX-License-Identifier: MIT
#include "policy/backends/fused_window.hpp"

#include <algorithm>
#include <cmath>

namespace tactus::policy::fused {

Windowed::Windowed(Lowering& lowering, const ir::Node& node)
    : l_(lowering),
      node_(node),
      w_(ir::window_of(node)),
      in_(ir::spatial(l_.graph_.at(node.in[0]).dims)),
      out_(ir::spatial(l_.graph_.at(node.out[0]).dims)),
      batch_(l_.graph_.at(node.out[0]).dims[0]) {}

bool Windowed::weights_fit() const {
  const bool bias = node_.in.size() > 2 && node_.in[2] != ir::kNone;
  return l_.graph_.is_constant(node_.in[1]) &&
         std::ranges::all_of(ir::data_of(l_.graph_, node_.in[1]),
                             [](double v) { return std::isfinite(v); }) &&
         (!bias || l_.graph_.is_constant(node_.in[2]));
}

const double* Windowed::bias(std::size_t g, std::size_t n) const {
  if (node_.in.size() < 3 || node_.in[2] == ir::kNone) return nullptr;
  return ir::data_of(l_.graph_, node_.in[2]).data() + g * n;
}

View Windowed::padded(const View& x, const Dims& begin, const Dims& size,
                      Channels channels, float fill) {
  std::size_t floats = 1;
  for (const int64_t d : size) floats *= static_cast<std::size_t>(d);
  const View all{l_.scratch(floats), size, window_strides(size, channels)};
  if (fill != 0) l_.fills_.push_back({all.at, floats, fill});
  View inner{all.at, x.dims, all.stride};
  for (std::size_t d = 0; d < size.size(); ++d)
    inner.at += static_cast<std::size_t>(begin[d] * all.stride[d]);
  l_.move(x, inner);
  return all;
}

Dims Windowed::made_strides() const {
  const int64_t channels = l_.graph_.at(node_.out[0]).dims[1];
  return window_strides({batch_, channels, out_[0], out_[1], out_[2]},
                        Channels::kLast);
}

void Windowed::lies_channels_last(std::size_t y) {
  const Id made = node_.out[0];
  const Dims& dims = l_.graph_.at(made).dims;
  const Dims to = made_strides();
  View view{y, dims, {to[0], to[1]}};
  for (std::size_t d = 2; d < dims.size(); ++d)
    view.stride.push_back(to[d + 5 - dims.size()]);
  l_.lies(made, view);
  l_.finite_beyond_[static_cast<std::size_t>(made)] = true;
}

}  // namespace tactus::policy::fused
