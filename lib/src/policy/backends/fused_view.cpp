// SPDX-License-Identifier: MIT
#include "policy/backends/fused_view.hpp"

#include <algorithm>
#include <numeric>

namespace tactus::policy::fused {

Dims dense_strides(std::span<const int64_t> dims) {
  Dims stride(dims.size(), 1);
  for (std::size_t d = dims.size(); d-- > 1;)
    stride[d - 1] = stride[d] * dims[d];
  return stride;
}

Dims even_offsets(std::size_t count, int64_t stride) {
  Dims at(count);
  for (std::size_t i = 0; i < count; ++i)
    at[i] = static_cast<int64_t>(i) * stride;
  return at;
}

bool is_dense(const View& view) {
  const Dims dense = dense_strides(view.dims);
  for (std::size_t d = 0; d < view.dims.size(); ++d)
    if (view.dims[d] != 1 && view.stride[d] != dense[d]) return false;
  return true;
}

bool is_whole(const View& view) {
  std::vector<std::size_t> order(view.dims.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, std::greater{}, [&](std::size_t d) {
    return view.dims[d] == 1 ? 0 : view.stride[d];
  });
  View sorted;
  for (const std::size_t d : order) {
    if (view.dims[d] == 1) continue;
    sorted.dims.push_back(view.dims[d]);
    sorted.stride.push_back(view.stride[d]);
  }
  return is_dense(sorted);
}

// Groups of axes with equal products on both sides; within a group the old
// axes must step evenly.
std::optional<View> reshaped(const View& view, const Dims& dims) {
  const Walk from = walk(view.dims, {view.stride});
  View to{view.at, dims, Dims(dims.size(), 0)};
  std::size_t d = dims.size();
  for (std::size_t f = from.size.size(); f-- > 0;) {
    int64_t left = from.size[f], stride = from.stride[0][f];
    while (left > 1) {
      if (d == 0 || dims[d - 1] < 1 || left % dims[d - 1] != 0) return {};
      --d;
      to.stride[d] = stride;
      stride *= dims[d];
      left /= dims[d];
    }
  }
  while (d-- > 0)
    if (dims[d] != 1) return {};
  return to;
}

View spread(const View& view, const Dims& dims) {
  View wide{view.at, dims, Dims(dims.size(), 0)};
  const std::size_t more = dims.size() - view.dims.size();
  for (std::size_t d = 0; d < view.dims.size(); ++d)
    if (view.dims[d] != 1) wide.stride[more + d] = view.stride[d];
  return wide;
}

// [N, C, s0, s1, s2] with leading axes of size 1 where the file has fewer.
View five_axes(const View& v) {
  View five{v.at,
            {v.dims[0], v.dims[1], 1, 1, 1},
            {v.stride[0], v.stride[1], 0, 0, 0}};
  for (std::size_t d = 2; d < v.dims.size(); ++d) {
    five.dims[d + 5 - v.dims.size()] = v.dims[d];
    five.stride[d + 5 - v.dims.size()] = v.stride[d];
  }
  return five;
}

// Strides of [N, C, s0, s1, s2] with the channels first or last.
Dims window_strides(const Dims& d, Channels channels) {
  const bool channels_last = channels == Channels::kLast;
  const int64_t c = channels_last ? d[1] : 1;
  const int64_t plane = d[2] * d[3] * d[4];
  return {d[1] * plane, channels_last ? 1 : plane, d[3] * d[4] * c, d[4] * c,
          c};
}

namespace {

// Axis d continues axis `last`: one step of `last` is all of d.
bool continues(const Walk& w, const std::vector<Dims>& strides, std::size_t d,
               int64_t size) {
  for (std::size_t i = 0; i < strides.size(); ++i)
    if (w.stride[i].back() != strides[i][d] * size) return false;
  return true;
}

}  // namespace

Walk walk(const Dims& size, std::vector<Dims> strides) {
  Walk w;
  w.stride.resize(strides.size());
  for (std::size_t d = 0; d < size.size(); ++d) {
    if (size[d] == 1) continue;
    if (!w.size.empty() && continues(w, strides, d, size[d])) {
      w.size.back() *= size[d];
      for (std::size_t i = 0; i < strides.size(); ++i)
        w.stride[i].back() = strides[i][d];
      continue;
    }
    w.size.push_back(size[d]);
    for (std::size_t i = 0; i < strides.size(); ++i)
      w.stride[i].push_back(strides[i][d]);
  }
  if (w.size.empty()) {
    w.size.push_back(1);
    for (Dims& s : w.stride) s.push_back(1);
  }
  return w;
}

}  // namespace tactus::policy::fused
