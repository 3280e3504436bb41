// SPDX-License-Identifier: MIT
// Conv and ConvTranspose over one to three spatial axes (ONNX operator
// specification, opset 21). x [N,C,…], W [M,C/group,…] (Conv) or
// [C,M/group,…] (ConvTranspose), bias [M]. Tap by tap over whole rows, so
// that the inner loop has no branch.
#include <algorithm>

#include "core/error.hpp"
#include "policy/ir/window.hpp"

namespace tactus::policy::ir {
namespace {

using Dims = std::vector<int64_t>;

constexpr std::size_t kGroup = kWindowInts;  // node.ints[kGroup]

int64_t volume(const Size3& s) { return s[0] * s[1] * s[2]; }

template <class Each>
void each_tap(const Window& w, Each each) {
  int64_t n = 0;
  for (int64_t i = 0; i < w.kernel[0]; ++i) {
    for (int64_t j = 0; j < w.kernel[1]; ++j) {
      for (int64_t k = 0; k < w.kernel[2]; ++k) each(Size3{i, j, k}, n++);
    }
  }
}

void fill_bias(std::span<const In> in, const Out& out, int64_t plane) {
  const int64_t channels = out.dims[1];
  for (int64_t i = 0; i < out.size / std::max<int64_t>(plane, 1); ++i) {
    const bool has_bias = in.size() > 2 && in[2].data;
    std::fill_n(out.data + i * plane, plane,
                has_bias ? in[2].data[i % channels] : 0.0);
  }
}

// One plane: y += w ∗ x, the places being y's.
void add_plane(const Window& w, const double* weights, const double* x,
               const Size3& from, double* y, const Size3& to) {
  const int64_t step = w.stride[2];
  each_tap(w, [&](const Size3& tap, int64_t n) {
    const double weight = weights[n];
    each_row(w, tap, to, from, [&](int64_t o, int64_t i, int64_t count) {
      for (int64_t k = 0; k < count; ++k) y[o + k] += weight * x[i + k * step];
    });
  });
}

// One plane the other way round: the places are x's, their taps lie in y.
void scatter_plane(const Window& w, const double* weights, const double* x,
                   const Size3& from, double* y, const Size3& to) {
  const int64_t step = w.stride[2];
  each_tap(w, [&](const Size3& tap, int64_t n) {
    const double weight = weights[n];
    each_row(w, tap, from, to, [&](int64_t i, int64_t o, int64_t count) {
      for (int64_t k = 0; k < count; ++k) y[o + k * step] += weight * x[i + k];
    });
  });
}

using Plane = void (*)(const Window&, const double*, const double*,
                       const Size3&, double*, const Size3&);

// kInMajor: the weights' first axis is the input channel (ConvTranspose).
template <Plane kAdd, bool kInMajor>
void eval_conv(const Node& node, std::span<const In> in,
               std::span<const Out> out) {
  const Window w = window_of(node);
  const Size3 from = spatial(in[0].dims), to = spatial(out[0].dims);
  const int64_t groups = node.ints[kGroup];
  const int64_t c = in[0].dims[1] / groups, m = out[0].dims[1] / groups;
  fill_bias(in, out[0], volume(to));
  for (int64_t ng = 0; ng < in[0].dims[0] * groups; ++ng) {
    const int64_t g = ng % groups;
    for (int64_t o = 0; o < m; ++o) {
      double* y = out[0].data + (ng * m + o) * volume(to);
      for (int64_t i = 0; i < c; ++i) {
        const int64_t k = kInMajor ? (g * c + i) * m + o : (g * m + o) * c + i;
        kAdd(w, in[1].data + k * w.taps(),
             in[0].data + (ng * c + i) * volume(from), from, y, to);
      }
    }
  }
}

struct Layer {
  int64_t groups = 1, made = 0;  // made: output channels
  Dims in;                       // spatial sizes
  WindowSpec window;
};

enum class Form : uint8_t { kPlain, kTransposed };

// Shapes of x, W and bias against each other.
Result<Layer> layer_of(const Inference& at, Form form) {
  const bool transposed = form == Form::kTransposed;
  const Dims& x = input(at, 0).dims;
  const Dims& w = input(at, 1).dims;
  Layer layer;
  layer.groups = int_attribute(at.source, "group", 1);
  if (x.size() < 3 || w.size() != x.size() || layer.groups < 1 ||
      layer.groups > onnx::kMaxElements) {
    return op_error(at, "its input and weights do not fit each other",
                    "give [batch, channels, sizes] and as many axes");
  }
  const int64_t taken = transposed ? w[0] : w[1] * layer.groups;
  layer.made = transposed ? w[1] * layer.groups : w[0];
  if (taken != x[1] || x[1] % layer.groups != 0 ||
      layer.made % layer.groups != 0) {
    return op_error(at,
                    fmt::format("{} channels in {} groups, weights for {}",
                                x[1], layer.groups, taken),
                    "export again");
  }
  if (has_input(at, 2) && input(at, 2).size() != layer.made) {
    return op_error(at, "its bias has another size", "export again");
  }
  const Dims kernel(w.begin() + 2, w.end());
  if (std::ranges::min(kernel) < 1 || std::ranges::min(x) < 1) {
    return op_error(at, "an axis of size 0", "export again");
  }
  layer.in.assign(x.begin() + 2, x.end());
  auto window = window_spec(at, layer.in.size(), kernel);
  if (!window) return window.error();
  layer.window = std::move(*window);
  return layer;
}

Result<void> finish(Inference& at, const Layer& layer, const Dims& sizes) {
  Dims dims{input(at, 0).dims[0], layer.made};
  dims.insert(dims.end(), sizes.begin(), sizes.end());
  put_window(at.node, layer.window);
  at.node.ints.push_back(layer.groups);
  set_output(at, 0, std::move(dims), input(at, 0).dtype);
  return {};
}

Result<void> infer_conv(Inference& at) {
  auto layer = layer_of(at, Form::kPlain);
  if (!layer) return layer.error();
  auto sizes = slide(at, layer->in, layer->window, Rounding::kDown);
  if (!sizes) return sizes.error();
  Dims factors = *sizes;
  factors.push_back(input(at, 0).dims[0]);
  factors.push_back(input(at, 1).size());
  if (auto ok = check_work(at, factors); !ok) return ok;
  return finish(at, *layer, *sizes);
}

// With output_shape, or SAME, the padding follows from the sizes.
Result<Dims> wanted_sizes(const Inference& at, const Layer& layer) {
  Dims sizes;
  if (const auto* a = find_attribute(at.source, "output_shape")) {
    sizes = a->ints;
    if (sizes.size() == layer.in.size() + 2) {
      sizes.erase(sizes.begin(), sizes.begin() + 2);
    }
    if (sizes.size() != layer.in.size()) {
      return op_error(at, "output_shape has another rank", "export again");
    }
    for (const int64_t size : sizes) {
      if (size < 1 || size > onnx::kMaxElements) {
        return op_error(at, "output_shape is out of range", "export again");
      }
    }
  } else if (layer.window.auto_pad.starts_with("SAME")) {
    for (std::size_t i = 0; i < layer.in.size(); ++i) {
      sizes.push_back(layer.in[i] * layer.window.stride[i]);
    }
  }
  return sizes;
}

Result<Dims> output_padding(const Inference& at, const Layer& layer) {
  const auto* a = find_attribute(at.source, "output_padding");
  if (!a || a->ints.empty()) return Dims(layer.in.size(), 0);
  const auto fits = [](int64_t p) { return p >= 0 && p <= onnx::kMaxElements; };
  if (a->ints.size() != layer.in.size() ||
      !std::ranges::all_of(a->ints, fits)) {
    return op_error(at, "output_padding is out of range", "export again");
  }
  return a->ints;
}

Result<void> infer_conv_transpose(Inference& at) {
  auto layer = layer_of(at, Form::kTransposed);
  if (!layer) return layer.error();
  auto sizes = wanted_sizes(at, *layer);
  auto extra = output_padding(at, *layer);
  if (!sizes) return sizes.error();
  if (!extra) return extra.error();
  WindowSpec& w = layer->window;
  const bool given = !sizes->empty();
  for (std::size_t i = 0; i < layer->in.size(); ++i) {
    const int64_t full = w.stride[i] * (layer->in[i] - 1) + (*extra)[i] +
                         (w.kernel[i] - 1) * w.dilation[i] + 1;
    // A larger output than all taps reach keeps its bias at the end.
    const int64_t padding = given ? std::max<int64_t>(0, full - (*sizes)[i])
                                  : w.begin[i] + w.end[i];
    if (given) {
      const bool upper = w.auto_pad == "SAME_UPPER";
      w.begin[i] = upper ? padding / 2 : padding - padding / 2;
    } else {
      sizes->push_back(full - padding);
    }
    if (!find_attribute(at.source, "output_shape") && given &&
        full < (*sizes)[i]) {
      return op_error(at, "auto_pad SAME with gaps (stride above kernel)",
                      "export pads");
    }
    if ((*sizes)[i] < 1) {
      return op_error(at, fmt::format("padding {} of {}", padding, full),
                      "pad less");
    }
  }
  Dims factors = layer->in;
  factors.push_back(input(at, 0).dims[0]);
  factors.push_back(input(at, 1).size());
  if (auto ok = check_work(at, factors); !ok) return ok;
  return finish(at, *layer, *sizes);
}

constexpr Op kOps[] = {
    {"Conv", 2, 3, infer_conv, eval_conv<add_plane, false>},
    {"ConvTranspose", 2, 3, infer_conv_transpose,
     eval_conv<scatter_plane, true>},
};

}  // namespace

std::span<const Op> conv_ops() noexcept { return kOps; }

}  // namespace tactus::policy::ir
