// SPDX-License-Identifier: MIT
// What moves values and what is done element by element: plain loops.
#include <algorithm>
#include <cmath>
#include <limits>

#include "policy/onednn/steps.hpp"

namespace tactus_onednn {
namespace {

StepPtr make_affine(const Plan& plan, const tactus_plugin_node& n) {
  const float* part[3];
  for (int i = 0; i < 3; ++i) {
    part[i] = n.in[i + 1] < 0 ? nullptr : value(plan, n.in[i + 1]).constant;
  }
  const auto x = static_cast<std::size_t>(n.in[0]);
  const auto y = static_cast<std::size_t>(n.out[0]);
  return std::make_unique<Loop>([=](Buffers& b) {
    for (std::size_t i = 0; i < b[y].size(); ++i) {
      float v = b[x][i];
      if (part[0]) v -= part[0][i];
      if (part[1]) v *= part[1][i];
      if (part[2]) v += part[2][i];
      b[y][i] = v;
    }
  });
}

StepPtr make_copy(const Plan&, const tactus_plugin_node& n) {
  const auto x = static_cast<std::size_t>(n.in[0]);
  const auto y = static_cast<std::size_t>(n.out[0]);
  return std::make_unique<Loop>([=](Buffers& b) { b[y] = b[x]; });
}

// y[i] = x[at[i]].
StepPtr picked(const tactus_plugin_node& n, std::vector<std::size_t> at) {
  const auto x = static_cast<std::size_t>(n.in[0]);
  const auto y = static_cast<std::size_t>(n.out[0]);
  return std::make_unique<Loop>([x, y, at = std::move(at)](Buffers& b) {
    for (std::size_t i = 0; i < at.size(); ++i) b[y][i] = b[x][at[i]];
  });
}

// Where the elements of a walk over `dims` lie, one stride per axis.
std::vector<std::size_t> places(std::span<const int64_t> dims,
                                const memory::dims& stride, int64_t first) {
  std::vector<std::size_t> at;
  int64_t size = 1;
  for (const int64_t d : dims) size *= d;
  for (int64_t i = 0; i < size; ++i) {
    int64_t rest = i, place = first;
    for (std::size_t d = dims.size(); d-- > 0; rest /= dims[d])
      place += rest % dims[d] * stride[d];
    at.push_back(static_cast<std::size_t>(place));
  }
  return at;
}

// Strides of `v` seen as `dims` (numpy's rule).
memory::dims spread(const tactus_plugin_value& v,
                    std::span<const int64_t> dims) {
  memory::dims stride(dims.size(), 0);
  const memory::dims own = dense(as_dims(v));
  for (uint32_t d = 0; d < v.rank; ++d)
    if (v.dims[d] != 1) stride[dims.size() - v.rank + d] = own[d];
  return stride;
}

StepPtr make_slice(const Plan& plan, const tactus_plugin_node& n) {
  const auto& in = value(plan, n.in[0]);
  memory::dims stride = dense(as_dims(in));
  int64_t first = 0;
  for (uint32_t d = 0; d < in.rank; ++d) {
    first += n.ints[d] * stride[d];
    stride[d] *= n.ints[in.rank + d];
  }
  return picked(n, places(dims_of(value(plan, n.out[0])), stride, first));
}

StepPtr make_transpose(const Plan& plan, const tactus_plugin_node& n) {
  const memory::dims own = dense(as_dims(value(plan, n.in[0])));
  memory::dims stride;
  for (uint32_t d = 0; d < n.int_count; ++d)
    stride.push_back(own[static_cast<std::size_t>(n.ints[d])]);
  return picked(n, places(dims_of(value(plan, n.out[0])), stride, 0));
}

StepPtr make_expand(const Plan& plan, const tactus_plugin_node& n) {
  const auto dims = dims_of(value(plan, n.out[0]));
  return picked(n, places(dims, spread(value(plan, n.in[0]), dims), 0));
}

StepPtr make_gather(const Plan& plan, const tactus_plugin_node& n) {
  const auto& in = value(plan, n.in[0]);
  const auto& index = value(plan, n.in[1]);
  const float* given = constant_of(plan, n, 1, "its indices are computed");
  const auto axis = static_cast<std::size_t>(n.ints[0]);
  const memory::dims own = dense(as_dims(in));
  const int64_t inner = own[axis], size = in.dims[axis];
  const auto outer = static_cast<int64_t>(in.size) / (inner * size);
  std::vector<std::size_t> at;
  for (int64_t o = 0; o < outer; ++o)
    for (uint64_t i = 0; i < index.size; ++i) {
      const auto k = static_cast<int64_t>(given[i]);
      const int64_t first = (o * size + (k < 0 ? k + size : k)) * inner;
      for (int64_t e = 0; e < inner; ++e)
        at.push_back(static_cast<std::size_t>(first + e));
    }
  return picked(n, std::move(at));
}

template <class F>
StepPtr make_binary(const Plan& plan, const tactus_plugin_node& n) {
  const auto dims = dims_of(value(plan, n.out[0]));
  const auto a = static_cast<std::size_t>(n.in[0]);
  const auto c = static_cast<std::size_t>(n.in[1]);
  const auto y = static_cast<std::size_t>(n.out[0]);
  return std::make_unique<Loop>(
      [a, c, y, left = places(dims, spread(value(plan, n.in[0]), dims), 0),
       right =
           places(dims, spread(value(plan, n.in[1]), dims), 0)](Buffers& b) {
        for (std::size_t i = 0; i < left.size(); ++i)
          b[y][i] = F()(b[a][left[i]], b[c][right[i]]);
      });
}

StepPtr make_concat(const Plan& plan, const tactus_plugin_node& n) {
  const auto& out = value(plan, n.out[0]);
  const auto axis = static_cast<uint32_t>(n.ints[0]);
  const auto y = static_cast<std::size_t>(n.out[0]);
  std::size_t inner = 1, outer = 1;
  for (uint32_t d = 0; d < out.rank; ++d)
    (d < axis ? outer : inner) *= static_cast<std::size_t>(out.dims[d]);
  const std::vector<int32_t> parts(n.in, n.in + n.in_count);
  return std::make_unique<Loop>([=](Buffers& b) {
    std::size_t first = 0;
    for (const int32_t p : parts) {
      const auto& x = b[static_cast<std::size_t>(p)];
      const std::size_t each = x.size() / outer;
      for (std::size_t o = 0; o < outer; ++o)
        std::copy_n(x.data() + o * each, each, b[y].data() + o * inner + first);
      first += each;
    }
  });
}

// ints {outer, n, inner}. oneDNN's loses NaN.
StepPtr make_softmax(const Plan&, const tactus_plugin_node& n) {
  const auto x = static_cast<std::size_t>(n.in[0]);
  const auto y = static_cast<std::size_t>(n.out[0]);
  const auto outer = static_cast<std::size_t>(n.ints[0]);
  const auto count = static_cast<std::size_t>(n.ints[1]);
  const auto inner = static_cast<std::size_t>(n.ints[2]);
  return std::make_unique<Loop>([=](Buffers& b) {
    for (std::size_t row = 0; row < outer * inner; ++row) {
      const std::size_t first = row / inner * count * inner + row % inner;
      const float* from = b[x].data() + first;
      float* to = b[y].data() + first;
      float top = -std::numeric_limits<float>::infinity(), sum = 0;
      for (std::size_t i = 0; i < count; ++i)
        top = std::max(top, from[i * inner]);
      for (std::size_t i = 0; i < count; ++i)
        sum += to[i * inner] = std::exp(from[i * inner] - top);
      for (std::size_t i = 0; i < count; ++i) to[i * inner] /= sum;
    }
  });
}

constexpr Maker kMakers[] = {{"Affine", make_affine},
                             {"Softmax", make_softmax},
                             {"Reshape", make_copy},
                             {"Slice", make_slice},
                             {"Transpose", make_transpose},
                             {"Expand", make_expand},
                             {"Gather", make_gather},
                             {"Concat", make_concat},
                             {"Add", make_binary<std::plus<float>>},
                             {"Sub", make_binary<std::minus<float>>},
                             {"Mul", make_binary<std::multiplies<float>>},
                             {"Div", make_binary<std::divides<float>>}};

}  // namespace

std::span<const Maker> loop_makers() { return kMakers; }

}  // namespace tactus_onednn
