// SPDX-License-Identifier: MIT
#include "policy/ir/window.hpp"

#include "core/error.hpp"

namespace tactus::policy::ir {
namespace {

using Dims = std::vector<int64_t>;

// `name` with `count` entries from `lowest` on, or `otherwise` for each.
Result<Dims> entries(const Inference& at, std::string_view name,
                     std::size_t count, int64_t otherwise) {
  const int64_t lowest = otherwise;
  const auto* a = find_attribute(at.source, name);
  if (!a || a->ints.empty()) return Dims(count, otherwise);
  const auto in_range = [&](int64_t v) {
    return v >= lowest && v <= onnx::kMaxElements;
  };
  if (a->ints.size() != count || !std::ranges::all_of(a->ints, in_range)) {
    return op_error(
        at, fmt::format("{} is not {} numbers from {} on", name, count, lowest),
        "export again");
  }
  return a->ints;
}

Result<void> read_padding(const Inference& at, std::size_t axes,
                          WindowSpec& spec) {
  const auto* a = find_attribute(at.source, "auto_pad");
  spec.auto_pad = a && !a->s.empty() ? a->s : "NOTSET";
  const auto known = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
  if (std::ranges::find(known, spec.auto_pad) == known.end()) {
    return op_error(at, "auto_pad '" + spec.auto_pad + "'", "export pads");
  }
  auto pads = entries(at, "pads", 2 * axes, 0);
  if (!pads) return pads.error();
  if (spec.auto_pad != "NOTSET") pads->assign(2 * axes, 0);
  const auto half = static_cast<std::ptrdiff_t>(axes);
  spec.begin.assign(pads->begin(), pads->begin() + half);
  spec.end.assign(pads->begin() + half, pads->end());
  return {};
}

// SAME: as many places as in / stride, rounded up; the odd one at the end
// (upper) or at the beginning (lower).
void pad_same(WindowSpec& spec, std::size_t i, int64_t in, int64_t reach) {
  const int64_t places = (in + spec.stride[i] - 1) / spec.stride[i];
  const int64_t total =
      std::max<int64_t>(0, (places - 1) * spec.stride[i] + reach - in);
  const bool lower = spec.auto_pad == "SAME_LOWER";
  spec.begin[i] = lower ? total - total / 2 : total / 2;
  spec.end[i] = total - spec.begin[i];
}

}  // namespace

Result<WindowSpec> window_spec(const Inference& at, std::size_t axes,
                               std::vector<int64_t> kernel) {
  if (axes < 1 || axes > 3) {
    return op_error(at, fmt::format("{} spatial axes", axes), "use 1 to 3");
  }
  WindowSpec spec;
  auto given = entries(at, "kernel_shape", axes, 1);
  auto stride = entries(at, "strides", axes, 1);
  auto dilation = entries(at, "dilations", axes, 1);
  if (!given) return given.error();
  if (!stride) return stride.error();
  if (!dilation) return dilation.error();
  const bool is_given = find_attribute(at.source, "kernel_shape") != nullptr;
  if (kernel.empty() && !is_given) {
    return op_error(at, "kernel_shape is missing", "export again");
  }
  if (!kernel.empty() && is_given && *given != kernel) {
    return op_error(at, "kernel_shape is not its weights'", "export again");
  }
  spec.kernel = kernel.empty() ? *given : std::move(kernel);
  spec.stride = std::move(*stride);
  spec.dilation = std::move(*dilation);
  if (auto ok = read_padding(at, axes, spec); !ok) return ok.error();
  return spec;
}

void put_window(Node& node, const WindowSpec& spec) {
  const std::size_t skip = 3 - spec.kernel.size();
  node.ints.assign(kWindowInts, 1);
  std::fill_n(node.ints.begin() + 9, 3, 0);
  const Dims* const parts[] = {&spec.kernel, &spec.stride, &spec.dilation,
                               &spec.begin};
  for (std::size_t p = 0; p < 4; ++p) {
    std::ranges::copy(*parts[p],
                      node.ints.begin() + static_cast<int64_t>(3 * p + skip));
  }
}

Window window_of(const Node& node) noexcept {
  Window w{};
  Size3* const parts[] = {&w.kernel, &w.stride, &w.dilation, &w.begin};
  for (std::size_t i = 0; i < kWindowInts; ++i) {
    (*parts[i / 3])[i % 3] = node.ints[i];
  }
  return w;
}

Result<std::vector<int64_t>> slide(const Inference& at,
                                   std::span<const int64_t> in,
                                   WindowSpec& spec, Rounding rounding) {
  Dims out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const int64_t stride = spec.stride[i];
    const int64_t reach = (spec.kernel[i] - 1) * spec.dilation[i] + 1;
    if (spec.auto_pad.starts_with("SAME")) pad_same(spec, i, in[i], reach);
    const bool up = rounding == Rounding::kUp;
    const int64_t room = in[i] + spec.begin[i] + spec.end[i] - reach;
    const int64_t rounded = room + (up ? stride - 1 : 0);
    if (rounded < 0) {
      return op_error(at,
                      fmt::format("kernel of {} over {} with its padding",
                                  reach, reach + room),
                      "export with a larger input");
    }
    int64_t places = rounded / stride + 1;
    // A place that rounding up lets begin in the padding behind is left out.
    if (up && (places - 1) * stride >= in[i] + spec.begin[i]) --places;
    out.push_back(places);
  }
  return out;
}

Result<void> check_work(const Inference& at, std::span<const int64_t> factors) {
  constexpr double kMaxWork = 0x1p33;
  double work = 1;
  for (const int64_t f : factors) work *= static_cast<double>(f);
  if (work <= kMaxWork) return {};
  return op_error(at, fmt::format("{:.2g} multiplications", work),
                  "this is not a policy for one observation");
}

}  // namespace tactus::policy::ir
