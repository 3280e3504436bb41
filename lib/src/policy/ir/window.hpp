// SPDX-License-Identifier: MIT
// What convolutions and pools share: a kernel that slides over up to three
// spatial axes, shorter ones with leading axes of size 1. infer side: set-up;
// each_row: RT-safe.
#pragma once

#include <algorithm>
#include <array>

#include "policy/ir/ops.hpp"

namespace tactus::policy::ir {

using Size3 = std::array<int64_t, 3>;

inline constexpr std::size_t kWindowInts = 12;

// Kept in Node::ints as kernel, stride, dilation, begin.
struct Window {
  Size3 kernel, stride, dilation, begin;  // begin: padding before

  [[nodiscard]] int64_t taps() const noexcept {
    return kernel[0] * kernel[1] * kernel[2];
  }
  // From the first element under the kernel to the one after its last.
  [[nodiscard]] int64_t reach(std::size_t axis) const noexcept {
    return (kernel[axis] - 1) * dilation[axis] + 1;
  }
};

// What an inference works with: the node's attributes, one per spatial axis.
struct WindowSpec {
  std::vector<int64_t> kernel, stride, dilation, begin, end;
  std::string auto_pad;  // NOTSET, VALID, SAME_UPPER or SAME_LOWER
};

// Attributes with their defaults, all of `axes` entries and in range.
Result<WindowSpec> window_spec(const Inference& at, std::size_t axes,
                               std::vector<int64_t> kernel);
void put_window(Node& node, const WindowSpec& spec);
[[nodiscard]] Window window_of(const Node& node) noexcept;

enum class Rounding : uint8_t { kDown, kUp };

// The sizes that the kernel's places over `in` give; resolves auto_pad.
Result<std::vector<int64_t>> slide(const Inference& at,
                                   std::span<const int64_t> in,
                                   WindowSpec& spec, Rounding rounding);

// The axes after batch and channel.
[[nodiscard]] inline Size3 spatial(std::span<const int64_t> dims) noexcept {
  Size3 size{1, 1, 1};
  for (std::size_t i = 2; i < dims.size(); ++i) {
    size[i + 5 - 2 - dims.size()] = dims[i];
  }
  return size;
}

// How much one call may multiply and add: 2^33 take seconds. Hostile files
// could ask for more with few bytes.
Result<void> check_work(const Inference& at, std::span<const int64_t> factors);

// For one tap of the kernel: every place i of `slid` whose element under that
// tap, i·stride + tap·dilation − begin, lies in `under`; row by row.
template <class Row>
void each_row(const Window& w, const Size3& tap, const Size3& slid,
              const Size3& under, Row row) noexcept {
  Size3 first{}, last{}, shift{};
  for (std::size_t a = 0; a < 3; ++a) {
    shift[a] = tap[a] * w.dilation[a] - w.begin[a];
    first[a] = shift[a] >= 0 ? 0 : (-shift[a] + w.stride[a] - 1) / w.stride[a];
    const int64_t room = under[a] - 1 - shift[a];
    last[a] = room < 0 ? 0 : std::min(slid[a], room / w.stride[a] + 1);
  }
  const int64_t count = last[2] - first[2];
  if (count <= 0) return;
  for (int64_t i = first[0]; i < last[0]; ++i) {
    for (int64_t j = first[1]; j < last[1]; ++j) {
      const int64_t k = i * w.stride[0] + shift[0];
      const int64_t l = j * w.stride[1] + shift[1];
      const int64_t m = first[2] * w.stride[2] + shift[2];
      row((i * slid[1] + j) * slid[2] + first[2],
          (k * under[1] + l) * under[2] + m, count);
    }
  }
}

}  // namespace tactus::policy::ir
