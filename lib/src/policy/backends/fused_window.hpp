// SPDX-License-Identifier: MIT
// What convolutions of either direction and pools have in common: their
// shapes, padding, and where the result lies.
#pragma once

#include "policy/backends/fused_lowering.hpp"
#include "policy/ir/window.hpp"

namespace tactus::policy::fused {

class Windowed {
 protected:
  Windowed(Lowering& lowering, const ir::Node& node);

  // Constant, and padding times these is zero.
  [[nodiscard]] bool weights_fit() const;
  // Of group `g`, whose outputs are n; null: none.
  [[nodiscard]] const double* bias(std::size_t g, std::size_t n) const;
  // x at `begin` of what is of `size` and else `fill`.
  View padded(const View& x, const Dims& begin, const Dims& size,
              Channels channels, float fill);
  // Strides of the result, whose channels lie last: that is what the next
  // window likes.
  [[nodiscard]] Dims made_strides() const;
  // The result was made at y; it is looked at in the file's order.
  void lies_channels_last(std::size_t y);

  Lowering& l_;
  const ir::Node& node_;
  ir::Window w_;
  ir::Size3 in_, out_;
  int64_t batch_;
};

}  // namespace tactus::policy::fused
