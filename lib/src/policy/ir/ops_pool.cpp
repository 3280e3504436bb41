// SPDX-License-Identifier: MIT
// MaxPool, AveragePool and their global forms over one to three spatial axes
// (ONNX operator specification, opset 21). A NaN under a window is its
// result. A window counts as far as the declared padding, not beyond it.
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "policy/ir/window.hpp"

namespace tactus::policy::ir {
namespace {

using Dims = std::vector<int64_t>;

// node.ints after the window: MaxPool {column_major}, AveragePool
// {count_include_pad, padding behind per axis}.
constexpr std::size_t kFlag = kWindowInts;
constexpr std::size_t kEnd = kWindowInts + 1;

int64_t volume(const Size3& s) { return s[0] * s[1] * s[2]; }

// The place of one window in the input, before clipping.
struct Place {
  Size3 first;
};

template <class Each>
void each_place(const Window& w, const Size3& out, Each each) {
  int64_t n = 0;
  for (int64_t i = 0; i < out[0]; ++i) {
    for (int64_t j = 0; j < out[1]; ++j) {
      for (int64_t k = 0; k < out[2]; ++k) {
        each(Place{{i * w.stride[0] - w.begin[0], j * w.stride[1] - w.begin[1],
                    k * w.stride[2] - w.begin[2]}},
             n++);
      }
    }
  }
}

// The elements of `in` under a window.
template <class Each>
void each_element(const Window& w, const Place& place, const Size3& in,
                  Each each) {
  const auto inside = [&](const Size3& at, std::size_t axis) {
    return at[axis] >= 0 && at[axis] < in[axis];
  };
  Size3 at{};
  for (int64_t i = 0; i < w.kernel[0]; ++i) {
    at[0] = place.first[0] + i * w.dilation[0];
    for (int64_t j = 0; inside(at, 0) && j < w.kernel[1]; ++j) {
      at[1] = place.first[1] + j * w.dilation[1];
      for (int64_t k = 0; inside(at, 1) && k < w.kernel[2]; ++k) {
        at[2] = place.first[2] + k * w.dilation[2];
        if (inside(at, 2)) each(at);
      }
    }
  }
}

int64_t offset(const Size3& at, const Size3& size) {
  return (at[0] * size[1] + at[1]) * size[2] + at[2];
}

// storage_order 1 turns the spatial axes round in the indices.
int64_t column_offset(const Size3& at, const Size3& size) {
  return at[0] + size[0] * (at[1] + size[1] * at[2]);
}

// Every window of every plane: visit(p, x, place, n), of plane p, which lies at
// x, for the n-th output of all.
template <class F>
void each_window(const Window& w, const In& in, const Out& out, F visit) {
  const Size3 from = spatial(in.dims), to = spatial(out.dims);
  for (int64_t p = 0; p < in.dims[0] * in.dims[1]; ++p) {
    const double* x = in.data + p * volume(from);
    each_place(w, to, [&](const Place& place, int64_t n) {
      visit(p, x, place, p * volume(to) + n);
    });
  }
}

void eval_max(const Node& node, std::span<const In> in,
              std::span<const Out> out) {
  const Window w = window_of(node);
  const Size3 from = spatial(in[0].dims);
  each_window(w, in[0], out[0],
              [&](int64_t p, const double* x, const Place& place, int64_t n) {
                double top = -INFINITY;
                Size3 best{};
                each_element(w, place, from, [&](const Size3& at) {
                  const double value = x[offset(at, from)];
                  if (!(value > top || value != value)) return;
                  top = value;
                  best = at;
                });
                out[0].data[n] = top;
                if (out.size() < 2) return;
                const int64_t index = node.ints[kFlag] != 0
                                          ? column_offset(best, from)
                                          : offset(best, from);
                out[1].data[n] = static_cast<double>(p * volume(from) + index);
              });
}

// How many taps of the window lie within the padded input.
int64_t padded_count(const Node& node, const Window& w, const Place& place,
                     const Size3& in) {
  int64_t count = 1;
  for (std::size_t a = 0; a < 3; ++a) {
    const int64_t limit = in[a] + node.ints[kEnd + a];
    const int64_t room = limit - 1 - place.first[a];
    count *= std::min(w.kernel[a], room / w.dilation[a] + 1);
  }
  return count;
}

void eval_average(const Node& node, std::span<const In> in,
                  std::span<const Out> out) {
  const Window w = window_of(node);
  const Size3 from = spatial(in[0].dims);
  each_window(w, in[0], out[0],
              [&](int64_t, const double* x, const Place& place, int64_t n) {
                double sum = 0;
                int64_t count = 0;
                each_element(w, place, from, [&](const Size3& at) {
                  sum += x[offset(at, from)];
                  ++count;
                });
                if (node.ints[kFlag] != 0)
                  count = padded_count(node, w, place, from);
                out[0].data[n] =
                    sum / static_cast<double>(std::max<int64_t>(count, 1));
              });
}

Result<Dims> sizes_of(const Inference& at) {
  const Dims& x = input(at, 0).dims;
  if (x.size() < 3 || std::ranges::min(x) < 1) {
    return op_error(at, "its input has no spatial axis",
                    "give [batch, channels, sizes]");
  }
  return Dims(x.begin() + 2, x.end());
}

Result<void> finish(Inference& at, const WindowSpec& spec, const Dims& sizes) {
  const Dims& x = input(at, 0).dims;
  Dims dims{x[0], x[1]};
  dims.insert(dims.end(), sizes.begin(), sizes.end());
  Dims factors = dims;
  factors.insert(factors.end(), spec.kernel.begin(), spec.kernel.end());
  if (auto ok = check_work(at, factors); !ok) return ok;
  put_window(at.node, spec);
  set_output(at, 0, std::move(dims), input(at, 0).dtype);
  return {};
}

// Padding as wide as the kernel would make windows of nothing. Where SAME
// windows have gaps, runtimes disagree which elements they leave out.
Result<void> check_padding(const Inference& at, const WindowSpec& spec,
                           const Dims& in) {
  for (std::size_t i = 0; i < spec.kernel.size(); ++i) {
    const int64_t reach = (spec.kernel[i] - 1) * spec.dilation[i] + 1;
    const int64_t last = (in[i] - 1) / spec.stride[i] * spec.stride[i];
    if (spec.auto_pad.starts_with("SAME") &&
        (last + reach < in[i] || spec.dilation[i] > 1)) {
      return op_error(at, "auto_pad SAME with gaps (stride or dilation)",
                      "export pads");
    }
    if (spec.begin[i] >= reach || spec.end[i] >= reach) {
      return op_error(at, "padding as wide as the kernel", "pad less");
    }
  }
  return {};
}

Result<WindowSpec> infer_window(Inference& at) {
  auto in = sizes_of(at);
  if (!in) return in.error();
  auto spec = window_spec(at, in->size(), {});
  if (!spec) return spec.error();
  const bool up = int_attribute(at.source, "ceil_mode", 0) != 0;
  auto sizes = slide(at, *in, *spec, up ? Rounding::kUp : Rounding::kDown);
  if (!sizes) return sizes.error();
  if (auto ok = check_padding(at, *spec, *in); !ok) return ok.error();
  if (auto ok = finish(at, *spec, *sizes); !ok) return ok.error();
  return spec;
}

Result<void> infer_max(Inference& at) {
  auto spec = infer_window(at);
  if (!spec) return spec.error();
  at.node.ints.push_back(int_attribute(at.source, "storage_order", 0));
  const Dims dims = at.graph.at(at.node.out[0]).dims;
  if (at.node.out.size() > 1) ensure_output(at, 1, dims, DType::kI64);
  return {};
}

Result<void> infer_average(Inference& at) {
  auto spec = infer_window(at);
  if (!spec) return spec.error();
  at.node.ints.push_back(int_attribute(at.source, "count_include_pad", 0));
  at.node.ints.resize(kEnd + 3, 0);
  std::ranges::copy_backward(spec->end, at.node.ints.end());
  return {};
}

// One window over everything.
Result<void> infer_global(Inference& at) {
  auto sizes = sizes_of(at);
  if (!sizes) return sizes.error();
  if (sizes->size() > 3) {
    return op_error(at, fmt::format("{} spatial axes", sizes->size()),
                    "use 1 to 3");
  }
  WindowSpec spec;
  spec.kernel = *sizes;
  const std::size_t n = sizes->size();
  spec.stride.assign(n, 1);
  spec.dilation.assign(n, 1);
  spec.begin.assign(n, 0);
  if (auto ok = finish(at, spec, Dims(n, 1)); !ok) return ok;
  at.node.ints.resize(kEnd + 3, 0);
  return {};
}

constexpr Op kOps[] = {
    {"AveragePool", 1, 1, infer_average, eval_average},
    {"GlobalAveragePool", 1, 1, infer_global, eval_average},
    {"GlobalMaxPool", 1, 1, infer_global, eval_max},
    {"MaxPool", 1, 1, infer_max, eval_max, 2},
};

}  // namespace

std::span<const Op> pool_ops() noexcept { return kOps; }

}  // namespace tactus::policy::ir
