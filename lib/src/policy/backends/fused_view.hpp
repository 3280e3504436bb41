// SPDX-License-Identifier: MIT
// Where a value's elements lie in the arena. Transpose, Slice, Expand and
// most of Reshape and Gather only look at what is there in another order;
// who needs it dense moves it. Set-up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tactus::policy::fused {

using Dims = std::vector<int64_t>;

// Element (i, j, …) lies at `at` + i · stride[0] + j · stride[1] + …
struct View {
  std::size_t at = 0;
  Dims dims, stride;
};

[[nodiscard]] Dims dense_strides(std::span<const int64_t> dims);
// 0, stride, 2 · stride, …
[[nodiscard]] Dims even_offsets(std::size_t count, int64_t stride);
[[nodiscard]] bool is_dense(const View& view);
// Every element of one block of the view's size, in some order.
[[nodiscard]] bool is_whole(const View& view);
// The same elements under other dims; nothing if that takes a move.
[[nodiscard]] std::optional<View> reshaped(const View& view, const Dims& dims);
// Broadcast to `dims` (numpy's rule): repeated axes get stride 0.
[[nodiscard]] View spread(const View& view, const Dims& dims);

// [N, C, s0, s1, s2] with leading axes of size 1 where the file has fewer.
[[nodiscard]] View five_axes(const View& view);
// Strides of [N, C, s0, s1, s2], dense, with the channels first or last.
enum class Channels : uint8_t { kFirst, kLast };
[[nodiscard]] Dims window_strides(const Dims& dims, Channels channels);
inline constexpr double kMostPadded = 1 << 24;  // floats of a padded input

// Axes that several operands are walked along, in one order; neighbours that
// all of them step through evenly become one, axes of size 1 are dropped (one
// of size 1 stays, if nothing else does).
struct Walk {
  Dims size;
  std::vector<Dims> stride;  // of each operand
};
[[nodiscard]] Walk walk(const Dims& size, std::vector<Dims> strides);

}  // namespace tactus::policy::fused
