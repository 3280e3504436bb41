// SPDX-License-Identifier: MIT
// Matrix times vector: Linear, and what needs only a scale and an offset.
#include <algorithm>

#include "core/error.hpp"
#include "policy/backends/fused_lowering.hpp"

namespace tactus::policy::fused {

// The name of the next "gemvNAME:…" of what was asked for; "": none is left.
std::string_view Lowering::next_asked() {
  while (!asked_.empty()) {
    const std::size_t end = std::min(asked_.find(';'), asked_.size());
    const std::string_view entry = asked_.substr(0, end);
    asked_.remove_prefix(std::min(end + 1, asked_.size()));
    if (entry.starts_with("gemv")) return entry.substr(4, entry.find(':') - 4);
  }
  return {};
}

const kernels::Gemv* Lowering::time(const kernels::Matrix& m, bool finite) {
  for (const Timed& t : timed_)
    if (t.n == m.n && t.k == m.k && t.format == m.format && t.finite == finite)
      return t.gemv;
  const auto beyond =
      finite ? kernels::Beyond::kWithinBlock : kernels::Beyond::kForbidden;
  const kernels::Gemv& g =
      kernels::by_time(*program_.set, m, beyond, timing_left_ns_);
  timed_.push_back({m.n, m.k, m.format, finite, &g});
  return &g;
}

Result<const kernels::Gemv*> Lowering::choose(const kernels::Matrix& m,
                                              bool finite) {
  const auto beyond =
      finite ? kernels::Beyond::kWithinBlock : kernels::Beyond::kForbidden;
  if (wanted_.empty()) {
    return input_.choice == KernelChoice::kTimed
               ? time(m, finite)
               : &kernels::by_rule(*program_.set, m, beyond);
  }
  const std::string_view name = next_asked();
  const kernels::Gemv* g = kernels::find_gemv(*program_.set, name);
  if (g != nullptr && g->format == m.format &&
      kernels::fits(*program_.set, *g, m, beyond))
    return g;
  return unavailable(
      "{}: kernels '{}' were asked for; this build has no '{}' for a layer of "
      "{}x{}: replay with the build that recorded",
      input_.label, input_.kernels, name, m.n, m.k);
}

Result<Step> Lowering::gemv(const kernels::Matrix& m, std::size_t x,
                            bool finite, Id made) {
  const auto chosen = choose(m, finite);
  if (!chosen) return chosen.error();
  Step step;
  step.kind = StepKind::kGemv;
  step.gemv = *chosen;
  step.shape = kernels::shape_of(*program_.set, *step.gemv, m.n, m.k);
  const std::size_t last = (step.shape.panels - 1) * step.gemv->outputs;
  const std::size_t floats = last + step.gemv->written;
  step.x = x;
  step.y = made == ir::kNone ? scratch(floats) : reserve(made, floats);
  step.count = blocks_of(m.n);
  step.weights = program_.weights.size();
  program_.weights.resize(step.weights + step.shape.floats(), 0.0F);
  kernels::pack(*program_.set, *step.gemv, m,
                program_.weights.data() + step.weights);
  add_kernel(std::string("gemv") + step.gemv->name, m.n, m.k);
  return step;
}

// Where a product of that format finds the value.
std::size_t Lowering::input_of(Id value, const kernels::Matrix& m,
                               bool& finite) {
  const std::size_t x = place_of(value);
  if (kernels::is_integer(m.format)) {
    for (const Quantised& q : quantised_)
      if (q.value == value && q.format == m.format) return q.at;
    const Step step = quantise(x, m);
    push(step, ir::kNone);
    quantised_.push_back({value, m.format, step.y});
    return step.y;
  }
  if (m.format != kernels::Format::kBf16 || finite) return x;
  // Pairs: an odd one out needs something finite behind it.
  const Step step = padded(x, m.k);
  push(step, ir::kNone);
  finite = true;
  return step.y;
}

Result<bool> Lowering::lower_linear(const ir::Node& node) {
  if (!ir::is_single_row(graph_, node)) return false;
  if (!graph_.is_constant(node.in[1])) return false;
  const auto& dims = graph_.at(node.in[1]).dims;
  kernels::Matrix m;
  m.n = static_cast<std::size_t>(dims[0]);
  m.k = static_cast<std::size_t>(dims[1]);
  m.w = ir::data_of(graph_, node.in[1]).data();
  if (node.in[2] != ir::kNone) m.b = ir::data_of(graph_, node.in[2]).data();
  if (const auto split = lower_split(node, m); !split || *split) return split;
  const auto format = format_of(node, m.k);
  if (!format) return format.error();
  m.format = *format;
  kernels::InputSteps steps;
  if (auto ok = add_steps(steps, m.format, node.in[0], m.k); !ok)
    return ok.error();
  m.steps = &steps;
  bool finite = finite_beyond_[static_cast<std::size_t>(node.in[0])];
  const std::size_t x = input_of(node.in[0], m, finite);
  const auto step = gemv(m, x, finite, node.out[0]);
  if (!step) return step.error();
  // Rows of zeros give zero there. A copy of sums is not certain, nor is what
  // no panel writes: an activation would be applied to it again and again.
  finite_beyond_[static_cast<std::size_t>(node.out[0])] =
      step->gemv->written == step->gemv->outputs &&
      step->shape.panels * step->gemv->outputs >= step->count * kBlock;
  push(*step, node.out[0]);
  return true;
}

std::size_t Lowering::pack_parts(const ir::Node& node, std::size_t size) {
  const std::size_t at = program_.weights.size();
  program_.weights.resize(at + blocks_of(size) * 3 * kBlock);
  for (std::size_t part = 0; part < 3; ++part) {
    const Id id = node.in[part + 1];
    for (std::size_t i = 0; i < size; ++i) {
      const double value = id == ir::kNone ? (part == 1 ? 1.0 : 0.0)
                                           : ir::data_of(graph_, id)[i];
      const std::size_t block = i / kBlock * 3 * kBlock;
      program_.weights[at + block + part * kBlock + i % kBlock] =
          static_cast<float>(value);
    }
  }
  return at;
}

Result<bool> Lowering::lower_affine(const ir::Node& node) {
  Step step;
  step.kind = StepKind::kAffine;
  step.x = place_of(node.in[0]);
  step.y = reserve(node.out[0]);
  step.count = blocks_of(size_of(node.out[0]));
  stays_finite(node);  // zero parts there
  step.weights = pack_parts(node, size_of(node.out[0]));
  carry_columns(step.x, step.y, size_of(node.out[0]));
  add_kernel("affine", size_of(node.out[0]), 0);
  push(step, node.out[0]);
  return true;
}

}  // namespace tactus::policy::fused
