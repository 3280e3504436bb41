// SPDX-License-Identifier: MIT
// Operators that add elements or blot them out: Pad, Tile, which is a Pad that
// wraps around, Trilu, which is a Where, and Range, a constant.
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "policy/ir/ops.hpp"
#include "policy/ir/pad.hpp"

namespace tactus::policy::ir {
namespace {

using Dims = std::vector<int64_t>;

Result<double> number_of(const Inference& at, std::size_t i, double otherwise) {
  if (!has_input(at, i)) return otherwise;
  const Value& value = input(at, i);
  if (!value.constant) {
    return op_error(at, fmt::format("input '{}' is not constant", value.name),
                    "export with static shapes");
  }
  if (value.size() != 1)
    return op_error(at, fmt::format("input '{}' is not one number", value.name),
                    "export again");
  return value.constant->front();
}

Result<PadMode> mode_of(const Inference& at) {
  const auto* a = find_attribute(at.source, "mode");
  constexpr std::string_view kModes[] = {"constant", "reflect", "edge", "wrap"};
  const auto* found = a ? std::ranges::find(kModes, a->s) : std::begin(kModes);
  if (found == std::end(kModes))
    return op_error(at, "mode '" + a->s + "'", "pad with a constant");
  return static_cast<PadMode>(found - std::begin(kModes));
}

struct Pads {
  Dims before, behind;  // of each axis
};

Result<Pads> pads_of(const Inference& at) {
  const std::size_t rank = input(at, 0).dims.size();
  auto pads = integers_of(at, "pads", 1);
  if (!pads) return pads.error();
  auto axes = integers_of(at, "axes", 3);
  if (!axes) return axes.error();
  for (std::size_t i = 0; !axes->present && i < rank; ++i)
    axes->values.push_back(static_cast<int64_t>(i));
  const std::size_t n = axes->values.size();
  if (pads->values.size() != 2 * n)
    return op_error(at, "pads and axes differ in length", "export again");
  Pads p{Dims(rank, 0), Dims(rank, 0)};
  std::vector<bool> seen(rank, false);
  for (std::size_t i = 0; i < n; ++i) {
    auto axis = axis_of(at, axes->values[i], rank);
    if (!axis) return axis.error();
    if (seen[*axis]) return op_error(at, "an axis twice", "export again");
    seen[*axis] = true;
    p.before[*axis] = pads->values[i];
    p.behind[*axis] = pads->values[n + i];
  }
  return p;
}

// ints {before each axis…, mode}, reals {value}.
Result<void> set_padded(Inference& at, const Pads& pads, PadMode mode,
                        double value) {
  Dims dims = input(at, 0).dims;
  const auto fits = [](int64_t pad) {
    return pad >= -onnx::kMaxElements && pad <= onnx::kMaxElements;
  };
  for (std::size_t d = 0; d < dims.size(); ++d) {
    const int64_t before = pads.before[d], behind = pads.behind[d];
    const bool repeats = mode != PadMode::kConstant;
    const bool cuts = before < 0 || behind < 0;
    if (!fits(before) || !fits(behind) || !fits(dims[d]) ||
        dims[d] + before + behind < 0)
      return op_error(at, "its padding is out of range", "export again");
    if (repeats && (cuts || (dims[d] == 0 && before + behind > 0)))
      return op_error(at, "it repeats what is cut off or not there",
                      "slice first");
    dims[d] += before + behind;
  }
  at.node.ints = pads.before;
  at.node.ints.push_back(static_cast<int64_t>(mode));
  at.node.reals = {value};
  at.node.in.resize(1);
  at.node.op = dims == input(at, 0).dims && pads.before == Dims(dims.size(), 0)
                   ? "Reshape"
                   : "Pad";
  set_output(at, 0, std::move(dims), input(at, 0).dtype);
  return {};
}

Result<void> infer_pad(Inference& at) {
  auto mode = mode_of(at);
  if (!mode) return mode.error();
  auto pads = pads_of(at);
  if (!pads) return pads.error();
  auto value = number_of(at, 2, real_attribute(at.source, "value", 0));
  if (!value) return value.error();
  return set_padded(at, *pads, *mode, *value);
}

void eval_pad(const Node& node, std::span<const In> in,
              std::span<const Out> out) {
  const std::size_t rank = in[0].dims.size();
  const auto mode = static_cast<PadMode>(node.ints[rank]);
  for (int64_t i = 0; i < out[0].size; ++i) {
    int64_t left = i, at = 0, run = 1;
    for (std::size_t d = rank; d-- > 0 && at >= 0;) {
      const int64_t n = in[0].dims[d];
      const int64_t from =
          pad_source(mode, left % out[0].dims[d] - node.ints[d], n);
      at = from < 0 ? -1 : at + from * run;
      left /= out[0].dims[d];
      run *= n;
    }
    out[0].data[i] = at < 0 ? node.reals[0] : in[0].data[at];
  }
}

Result<void> infer_tile(Inference& at) {
  auto times = integers_of(at, "repeats", 1);
  if (!times) return times.error();
  const Dims& from = input(at, 0).dims;
  if (times->values.size() != from.size())
    return op_error(at, "it has another rank than its input", "export again");
  Pads pads{Dims(from.size(), 0), {}};
  for (std::size_t d = 0; d < from.size(); ++d) {
    const int64_t n = times->values[d];
    if (n < 1 || n > onnx::kMaxElements || from[d] > onnx::kMaxElements)
      return op_error(at, "its repeats are out of range", "export again");
    pads.behind.push_back((n - 1) * from[d]);
  }
  return set_padded(at, pads, PadMode::kWrap, 0);
}

constexpr int64_t kMostCounted = int64_t{1} << 22;

// What stays of a rows × columns matrix, as a Where has it: no more than the
// output, which counts.
Result<void> infer_trilu(Inference& at) {
  const Dims dims = input(at, 0).dims;
  const DType dtype = input(at, 0).dtype;
  auto k = number_of(at, 1, 0);
  if (!k) return k.error();
  if (dims.size() < 2) return op_error(at, "of no matrix", "export again");
  const int64_t rows = dims[dims.size() - 2], columns = dims.back();
  if (columns > 0 && rows > kMostCounted / columns)
    return op_error(at, "its matrix is too large", "export again");
  if (input(at, 0).size() == 0) {
    at.node.op = "Reshape";
    at.node.in.resize(1);
    set_output(at, 0, dims, dtype);
    return {};
  }
  const bool upper = int_attribute(at.source, "upper", 1) != 0;
  std::vector<double> kept;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      const auto off = static_cast<double>(c - r);
      kept.push_back(upper ? off >= *k : off <= *k);
    }
  const auto constant = [&](Dims of, DType type, std::vector<double> data) {
    Data shared = std::make_shared<const std::vector<double>>(std::move(data));
    return at.graph.add({"", type, std::move(of), std::move(shared)});
  };
  at.node.op = "Where";
  at.node.in = {constant({rows, columns}, DType::kBool, std::move(kept)),
                at.node.in[0], constant({}, dtype, {0.0})};
  set_output(at, 0, dims, dtype);
  return {};
}

Result<void> infer_range(Inference& at) {
  double of[3] = {};
  for (std::size_t i = 0; i < 3; ++i) {
    auto number = number_of(at, i, 0);
    if (!number) return number.error();
    of[i] = *number;
  }
  constexpr double kExact = 0x1p53;
  const bool real = onnx::is_floating(input(at, 0).dtype);
  for (const double x : of)
    if (!std::isfinite(x) || (!real && std::fabs(x) > kExact))
      return op_error(at, "its ends are not finite, or beyond 2^53",
                      "export with static shapes");
  const double count = std::ceil((of[1] - of[0]) / of[2]);
  if (of[2] == 0 || !(count <= static_cast<double>(kMostCounted)))
    return op_error(at, "it does not end, or is too long",
                    "export with static shapes");
  std::vector<double> data;
  const auto n = static_cast<int64_t>(std::max(count, 0.0));
  for (int64_t i = 0; i < n; ++i)
    data.push_back(of[0] + static_cast<double>(i) * of[2]);
  set_output(at, 0, {n}, input(at, 0).dtype);
  at.graph.at(at.node.out[0]).constant =
      std::make_shared<const std::vector<double>>(std::move(data));
  return {};
}

constexpr Op kOps[] = {
    {"Pad", 1, 4, infer_pad, eval_pad},
    {"Range", 3, 3, infer_range, nullptr},
    {"Tile", 2, 2, infer_tile, nullptr},
    {"Trilu", 1, 2, infer_trilu, nullptr},
};

}  // namespace

std::span<const Op> fill_ops() noexcept { return kOps; }

}  // namespace tactus::policy::ir
