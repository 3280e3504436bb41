// SPDX-License-Identifier: MIT
// The tiers below f32: which layer is rounded to what, and the steps before
// its product. A tier is about products by weights of one observation; the
// rest stays f32, in the integer tiers by the canonical kernels.
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "policy/backends/fused_lowering.hpp"

namespace tactus::policy::fused {

using kernels::Format;

void Lowering::find_edges() {
  follows_.assign(graph_.values.size(), false);
  leads_.assign(graph_.values.size(), false);
  const auto any = [](const std::vector<Id>& ids, const auto& flags) {
    return std::ranges::any_of(ids, [&](Id id) {
      return id != ir::kNone && flags[static_cast<std::size_t>(id)];
    });
  };
  const auto set = [](const std::vector<Id>& ids, std::vector<bool>& flags) {
    for (const Id id : ids)
      if (id != ir::kNone) flags[static_cast<std::size_t>(id)] = true;
  };
  const auto product = [](const ir::Node& node) {
    return ir::reads_matrix(node) || node.op == "Conv";
  };
  for (const ir::Node& node : graph_.nodes)
    if (product(node) || any(node.in, follows_)) set(node.out, follows_);
  for (auto node = graph_.nodes.rbegin(); node != graph_.nodes.rend(); ++node)
    if (product(*node) || any(node->out, leads_)) set(node->in, leads_);
}

// int8 rounds observations and actions too coarsely: its first and last layers
// are of 16 bits.
Result<Format> Lowering::format_of(const ir::Node& node, std::size_t k) const {
  if (input_.tier == Tier::kF32) return Format::kF32;
  if (input_.tier == Tier::kBf16) return Format::kBf16;
  const bool first = !follows_[static_cast<std::size_t>(node.in[0])];
  const bool last = std::ranges::none_of(
      node.out, [&](Id id) { return leads_[static_cast<std::size_t>(id)]; });
  const bool wide = k > kernels::most_inputs(Format::kInt16);
  if (wide)
    return bad_input(
        "{}: {} inputs of one layer are too many for tier {}: use "
        "--tier bf16",
        input_.label, k, name_of(input_.tier));
  const bool edge = first || last || input_.tier == Tier::kInt16;
  return edge ? Format::kInt16 : Format::kInt8;
}

Result<const Range*> Lowering::range_of(Id value) const {
  const std::string name = ir::name_of_value(graph_, value);
  const Range* range = find_range(input_.calibration, name);
  if (range != nullptr) return range;
  return bad_input(
      "{}: tier {} needs to know how large '{}' becomes, and {}: make a "
      "calibration of this model (rtctl model quantize), or use --tier bf16",
      input_.label, name_of(input_.tier), name,
      input_.calibration.ranges.empty()
          ? std::string("there is no calibration")
          : fmt::format("the calibration by {} has no such value",
                        input_.calibration.source));
}

Result<double> Lowering::reach_of(Id value) const {
  if (value == ir::kNone) return 0.0;
  if (!graph_.is_constant(value)) {
    const auto range = range_of(value);
    if (!range) return range.error();
    return (*range)->amax;
  }
  double reach = 0;
  for (const double v : ir::data_of(graph_, value))
    reach = std::max(reach, std::fabs(v));
  return reach;
}

Result<void> Lowering::add_steps(kernels::InputSteps& to, Format format,
                                 Id value, std::size_t count) const {
  if (!kernels::is_integer(format)) return {};
  if (graph_.is_constant(value)) {
    const double reach = *reach_of(value);
    kernels::add_steps(to, format, {reach, -reach, {}}, count);
    return {};
  }
  const auto range = range_of(value);
  if (!range) return range.error();
  const Range& r = **range;
  if (!r.each.empty() && r.each.size() % count != 0)
    return bad_input(
        "{}: the calibration by {} has {} elements of '{}', the model {}: "
        "calibrate again (rtctl model quantize)",
        input_.label, input_.calibration.source, r.each.size(), r.value, count);
  // Of a row that is read in parts each part's element counts.
  std::vector<double> each(r.each.empty() ? 0 : count);
  for (std::size_t i = 0; i < r.each.size(); ++i)
    each[i % count] = std::max(each[i % count], r.each[i]);
  kernels::add_steps(to, format, {r.amax, r.low, each}, count);
  return {};
}

// Behind a word of its own, with zeros for whatever a kernel reads beyond.
Step Lowering::quantise(std::size_t x, const kernels::Matrix& m) {
  const kernels::KernelSet& set = *program_.set;
  std::size_t beyond = kBlock;
  for (const kernels::Gemv& g : set.of(m.format))
    beyond = std::max<std::size_t>(beyond, std::size_t{g.block} * g.unroll);
  Step step;
  step.kind = StepKind::kQuantise;
  step.quantise = m.format == Format::kInt16 ? set.quantise16 : set.quantise8;
  step.x = x;
  step.y = scratch(kBlock + blocks_of(m.k) * kBlock + beyond) + kBlock;
  step.count = m.k;
  const auto packed = kernels::pack_steps(m.format, *m.steps);
  step.weights = program_.weights.size();
  program_.weights.insert(program_.weights.end(), packed.begin(), packed.end());
  return step;
}

Step Lowering::padded(std::size_t x, std::size_t k) {
  Step step;
  step.x = x;
  step.y = scratch(k);
  step.count = k;
  return step;
}

const kernels::ActivationEntry* Lowering::activation_of(
    std::string_view op) const {
  const kernels::KernelSet& set = *program_.set;
  return kernels::find_activation(
      is_exact(input_.tier) ? set.canonical : set.activation, op);
}

namespace {

bool is_rounded(const Step& s) {
  return s.kind == StepKind::kGemv && s.gemv->format != Format::kF32;
}

// A product of floats is the only step whose bits are the instruction set's:
// of what else a plan has, an exact tier takes the canonical kernels.
bool is_canonical(const Step& s) {
  return s.kind != StepKind::kGemv || kernels::is_integer(s.gemv->format);
}

}  // namespace

Result<void> Lowering::judge_tier() {
  program_.bit_exact = is_exact(input_.tier) &&
                       std::ranges::all_of(program_.steps, is_canonical);
  if (input_.tier == Tier::kF32 ||
      std::ranges::any_of(program_.steps, is_rounded))
    return {};
  return bad_input(
      "{}: no layer of this model can be of tier {}: use --tier f32",
      input_.label, name_of(input_.tier));
}

}  // namespace tactus::policy::fused
