// SPDX-License-Identifier: MIT
// Pad: its constant is in the arena from the start, only what it surrounds is
// moved; other modes pick each element by a table.
#include <algorithm>

#include "policy/backends/fused_lowering.hpp"
#include "policy/ir/pad.hpp"

namespace tactus::policy::fused {
namespace {

// The elements that stay: in the input and in the output.
struct Kept {
  View from, to;
  bool nothing = false;
};
Kept kept_of(const ir::Node& node, View from, View to) {
  Kept kept{std::move(from), std::move(to)};
  const auto skip = [](View& view, std::size_t d, int64_t n) {
    view.at += static_cast<std::size_t>(n * view.stride[d]);
    view.dims[d] -= n;
  };
  for (std::size_t d = 0; d < kept.from.dims.size(); ++d) {
    const int64_t before = node.ints[d];
    skip(kept.from, d, std::max<int64_t>(0, -before));
    skip(kept.to, d, std::max<int64_t>(0, before));
    const int64_t n = std::min(kept.from.dims[d], kept.to.dims[d]);
    kept.nothing = kept.nothing || n <= 0;
    kept.from.dims[d] = kept.to.dims[d] = n;
  }
  return kept;
}

// Where each element lies behind from.at, in the output's order.
Dims sources_of(const ir::Node& node, const View& from, const Dims& dims) {
  const auto mode = static_cast<ir::PadMode>(node.ints.back());
  Dims at{0};
  for (std::size_t d = 0; d < dims.size(); ++d) {
    Dims finer;
    for (const int64_t begin : at)
      for (int64_t i = 0; i < dims[d]; ++i)
        finer.push_back(
            begin + from.stride[d] *
                        ir::pad_source(mode, i - node.ints[d], from.dims[d]));
    at = std::move(finer);
  }
  return at;
}

}  // namespace

Result<bool> Lowering::lower_pad(const ir::Node& node) {
  if (has_nothing(node)) return false;
  const Dims& dims = graph_.at(node.out[0]).dims;
  View from = view_of(node.in[0]);
  if (static_cast<ir::PadMode>(node.ints.back()) != ir::PadMode::kConstant) {
    if (std::ranges::min(from.stride) < 0)
      from = {dense(from), from.dims, dense_strides(from.dims)};
    return pick(node, from, sources_of(node, from, dims));
  }
  const std::size_t y = reserve(node.out[0]);
  fills_.push_back(
      {y, size_of(node.out[0]), static_cast<float>(node.reals[0])});
  const Kept kept = kept_of(node, from, {y, dims, dense_strides(dims)});
  if (!kept.nothing) move(kept.from, kept.to);
  finite_beyond_[static_cast<std::size_t>(node.out[0])] = true;
  return true;
}

}  // namespace tactus::policy::fused
