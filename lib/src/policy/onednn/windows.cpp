// SPDX-License-Identifier: MIT
// Convolutions and pools by oneDNN. ints are ir/window.hpp's: kernel, stride,
// dilation and padding before, of three axes each, then the operator's own.
#include <limits>

#include "policy/onednn/steps.hpp"

namespace tactus_onednn {
namespace {

// The window along the axes that the file has; oneDNN counts what lies
// between two taps as dilation.
struct Window {
  memory::dims kernel, stride, dilation, begin, end;
};

Window window_of(const Plan& plan, const tactus_plugin_node& n) {
  const auto& x = value(plan, n.in[0]);
  const auto& y = value(plan, n.out[0]);
  Window w;
  for (uint32_t axis = 2; axis < x.rank; ++axis) {
    const uint32_t at = axis + 3 - x.rank;  // in ints, shorter ones last
    const int64_t kernel = n.ints[at], stride = n.ints[3 + at];
    const int64_t dilation = n.ints[6 + at], begin = n.ints[9 + at];
    w.kernel.push_back(kernel);
    w.stride.push_back(stride);
    w.dilation.push_back(dilation - 1);
    w.begin.push_back(begin);
    w.end.push_back((y.dims[axis] - 1) * stride + (kernel - 1) * dilation + 1 -
                    begin - x.dims[axis]);
  }
  return w;
}

// Grouped weights have an axis more.
memory::dims grouped(const tactus_plugin_value& w, int64_t groups) {
  memory::dims dims = as_dims(w);
  if (groups == 1) return dims;
  dims[0] /= groups;
  dims.insert(dims.begin(), groups);
  return dims;
}

StepPtr make_conv(const Plan& plan, const tactus_plugin_node& n) {
  const auto& w = value(plan, n.in[1]);
  constexpr const char* kWhy = "its weights are computed";
  const float* data = constant_of(plan, n, 1, kWhy);
  const float* bias = constant_of(plan, n, 2, kWhy);
  const Window window = window_of(plan, n);
  const memory::dims weights = grouped(w, n.ints[12]);
  const memory::desc x = dense_desc(as_dims(value(plan, n.in[0])));
  const memory::desc y = dense_desc(as_dims(value(plan, n.out[0])));
  const dnnl::convolution_forward::desc desc(
      kInference, dnnl::algorithm::convolution_direct, x,
      memory::desc(weights, kF32, Tag::any), dense_desc({w.dims[0]}), y,
      window.stride, window.dilation, window.begin, window.end);
  const dnnl::convolution_forward::primitive_desc chosen(desc, plan.engine);
  auto step = std::make_unique<Primitive>(
      plan, dnnl::convolution_forward(chosen),
      std::vector<Primitive::Argument>{{DNNL_ARG_SRC, n.in[0], x},
                                       {DNNL_ARG_DST, n.out[0], y}});
  step->hold(DNNL_ARG_WEIGHTS,
             packed(plan, dense_desc(weights), data, chosen.weights_desc()));
  step->hold(DNNL_ARG_BIAS, bias_of(plan, bias, w.dims[0]));
  return step;
}

StepPtr make_pool(const Plan& plan, const tactus_plugin_node& n,
                  dnnl::algorithm kind) {
  const Window w = window_of(plan, n);
  const memory::desc x = dense_desc(as_dims(value(plan, n.in[0])));
  const memory::desc y = dense_desc(as_dims(value(plan, n.out[0])));
  const dnnl::pooling_v2_forward::desc desc(
      kInference, kind, x, y, w.stride, w.kernel, w.dilation, w.begin, w.end);
  return std::make_unique<Primitive>(
      plan, dnnl::pooling_v2_forward({desc, plan.engine}),
      std::vector<Primitive::Argument>{{DNNL_ARG_SRC, n.in[0], x},
                                       {DNNL_ARG_DST, n.out[0], y}});
}

// One axis of a window: the input's places under each output's.
std::vector<std::vector<std::size_t>> under(const Window& w, std::size_t axis,
                                            int64_t in, int64_t out) {
  std::vector<std::vector<std::size_t>> places;
  for (int64_t i = 0; i < out; ++i) {
    auto& each = places.emplace_back();
    for (int64_t t = 0; t < w.kernel[axis]; ++t) {
      const int64_t at =
          i * w.stride[axis] - w.begin[axis] + t * (w.dilation[axis] + 1);
      if (at >= 0 && at < in) each.push_back(static_cast<std::size_t>(at));
    }
  }
  return places;
}

// The largest over one axis of [outer, in, inner]; NaN is larger than any.
std::vector<float> largest(const std::vector<float>& x,
                           const std::vector<std::vector<std::size_t>>& places,
                           std::size_t in, std::size_t inner) {
  std::vector<float> y;
  for (std::size_t o = 0; o < x.size() / (in * inner); ++o)
    for (const auto& each : places)
      for (std::size_t e = 0; e < inner; ++e) {
        float top = -std::numeric_limits<float>::infinity();
        for (const std::size_t at : each) {
          const float v = x[(o * in + at) * inner + e];
          if (v > top || v != v) top = v;
        }
        y.push_back(top);
      }
  return y;
}

// A loop, axis by axis, because oneDNN's loses NaN.
StepPtr make_max_pool(const Plan& plan, const tactus_plugin_node& n) {
  only_first(plan, n);
  const Window w = window_of(plan, n);
  const memory::dims in = as_dims(value(plan, n.in[0]));
  const memory::dims out = as_dims(value(plan, n.out[0]));
  const auto x = static_cast<std::size_t>(n.in[0]);
  const auto y = static_cast<std::size_t>(n.out[0]);
  std::vector<std::vector<std::vector<std::size_t>>> places;
  for (std::size_t a = 0; a + 2 < in.size(); ++a)
    places.push_back(under(w, a, in[a + 2], out[a + 2]));
  return std::make_unique<Loop>([=](Buffers& b) {
    std::vector<float> values = b[x];
    std::size_t inner = 1;
    for (std::size_t a = places.size(); a-- > 0;) {
      values = largest(values, places[a], static_cast<std::size_t>(in[a + 2]),
                       inner);
      inner *= static_cast<std::size_t>(out[a + 2]);
    }
    b[y] = std::move(values);
  });
}

// Windows that hang over the declared padding count otherwise than oneDNN's.
StepPtr make_average_pool(const Plan& plan, const tactus_plugin_node& n) {
  const bool padding = n.ints[12] != 0;
  const Window w = window_of(plan, n);
  for (std::size_t a = 0; padding && a < w.end.size(); ++a)
    if (w.end[a] > n.ints[13 + 3 - w.end.size() + a])
      throw Refused(n, "ceil_mode with count_include_pad");
  return make_pool(plan, n,
                   padding ? dnnl::algorithm::pooling_avg_include_padding
                           : dnnl::algorithm::pooling_avg_exclude_padding);
}

constexpr Maker kMakers[] = {{"Conv", make_conv},
                             {"MaxPool", make_max_pool},
                             {"GlobalMaxPool", make_max_pool},
                             {"AveragePool", make_average_pool},
                             {"GlobalAveragePool", make_average_pool}};

}  // namespace

std::span<const Maker> window_makers() { return kMakers; }

}  // namespace tactus_onednn
