// SPDX-License-Identifier: MIT
// The frame of the lowering: places in the arena, which rule takes a node, and
// the box for what none takes.
#include <algorithm>

#include "core/error.hpp"
#include "policy/backends/fused_lowering.hpp"
#include "policy/ir/passes.hpp"

namespace tactus::policy::fused {

// Room for whole blocks, and for what a kernel writes past them.
std::size_t Lowering::reserve(Id id, std::size_t floats) {
  const std::size_t at = top_;
  offset_[static_cast<std::size_t>(id)] = at;
  top_ += blocks_of(std::max(size_of(id), floats)) * kBlock;
  return at;
}

// Zero until a step writes it.
std::size_t Lowering::scratch(std::size_t floats) {
  const std::size_t at = top_;
  top_ += blocks_of(floats) * kBlock;
  return at;
}

void Lowering::add_kernel(std::string_view name, std::size_t n, std::size_t k) {
  program_.kernels += fmt::format(";{}:{}", name, n);
  if (k) program_.kernels += fmt::format("x{}", k);
}

void Lowering::push(const Step& step, Id made) {
  program_.steps.push_back(step);
  last_made_ = made;
}

// The last step makes the rest of `made`, which is whole at y then and may be
// activated there.
void Lowering::completes(Id made, std::size_t y) {
  program_.steps.back().y = y;
  program_.steps.back().count = blocks_of(size_of(made));
  last_made_ = made;
}

// The operator's double kernel, with its operands converted. Outputs that
// nobody reads stay where they are.
void Lowering::lower_boxed(const ir::Node& node) {
  Boxed boxed;
  boxed.node = &node;
  boxed.eval = ir::find_op(node.op)->eval;
  const auto operand = [&](Id id) {
    Operand o;
    o.size = size_of(id);
    o.dims = graph_.at(id).dims;
    o.wide = program_.doubles;
    program_.doubles += o.size;
    return o;
  };
  for (const Id id : node.in) {
    if (id == ir::kNone) {
      boxed.in.emplace_back().omitted = true;
    } else if (graph_.at(id).constant) {
      Operand o;
      static constexpr double kNothing = 0;  // null would mean a variable
      const auto& data = *graph_.at(id).constant;
      o.constant = data.empty() ? &kNothing : data.data();
      o.size = size_of(id);
      o.dims = graph_.at(id).dims;
      boxed.in.push_back(o);
    } else {
      boxed.in.push_back(operand(id));
      boxed.in.back().offset = place_of(id);
    }
  }
  for (const Id id : node.out) {
    boxed.out.push_back(operand(id));
    if (uses_->count(id) > 0) boxed.out.back().offset = reserve(id);
  }
  Step step;
  step.kind = StepKind::kBoxed;
  step.index = program_.boxed.size();
  program_.boxed.push_back(std::move(boxed));
  program_.kernels += ";f64:" + node.op;
  push(step, ir::kNone);
}

const Lowering::RuleRow Lowering::kRules[] = {
    {"Reshape", &Lowering::lower_reshape},
    {"Linear", &Lowering::lower_linear},
    {"Linear", &Lowering::lower_rows},
    {"MatMul", &Lowering::lower_matmul},
    {"Gemm", &Lowering::lower_gemm},
    {"Conv", &Lowering::lower_conv},
    {"ConvTranspose", &Lowering::lower_conv_transpose},
    {"MaxPool", &Lowering::lower_pool},
    {"AveragePool", &Lowering::lower_pool},
    {"GlobalMaxPool", &Lowering::lower_pool},
    {"GlobalAveragePool", &Lowering::lower_pool},
    {"LSTM", &Lowering::lower_recurrent},
    {"GRU", &Lowering::lower_recurrent},
    {"LSTM", &Lowering::lower_recurrent_rows},
    {"GRU", &Lowering::lower_recurrent_rows},
    {"RNN", &Lowering::lower_recurrent_rows},
    {"Affine", &Lowering::lower_affine},
    {"Slice", &Lowering::lower_slice},
    {"Concat", &Lowering::lower_concat},
    {"Transpose", &Lowering::lower_transpose},
    {"Pad", &Lowering::lower_pad},
    {"Expand", &Lowering::lower_expand},
    {"Gather", &Lowering::lower_gather},
    {"Softmax", &Lowering::lower_softmax},
    {"LogSoftmax", &Lowering::lower_softmax},
    {"ArgMax", &Lowering::lower_argmax},
    {"GroupNormalization", &Lowering::lower_group_norm},
    {"InstanceNormalization", &Lowering::lower_group_norm},
    {"LayerNormalization", &Lowering::lower_layer_norm},
    {"ReduceL1", &Lowering::lower_reduce},
    {"ReduceL2", &Lowering::lower_reduce},
    {"ReduceLogSumExp", &Lowering::lower_reduce},
    {"ReduceMax", &Lowering::lower_reduce},
    {"ReduceMean", &Lowering::lower_reduce},
    {"ReduceMin", &Lowering::lower_reduce},
    {"ReduceProd", &Lowering::lower_reduce},
    {"ReduceSum", &Lowering::lower_reduce},
    {"ReduceSumSquare", &Lowering::lower_reduce},
    {"Add", &Lowering::lower_binary},
    {"Sub", &Lowering::lower_binary},
    {"Mul", &Lowering::lower_binary},
    {"Div", &Lowering::lower_binary},
    {"Where", &Lowering::lower_where},
    // Any operator of a kernel table:
    {"", &Lowering::lower_grid},
    {"", &Lowering::lower_activation},
};

Result<void> Lowering::lower(const ir::Node& node) {
  // No panel, no block: the double kernel knows what to do with nothing.
  const bool nothing = size_of(node.out[0]) == 0 && node.op != "Reshape";
  for (const RuleRow& row : kRules) {
    if (nothing || (!row.op.empty() && row.op != node.op)) continue;
    const auto done = (this->*row.rule)(node);
    if (!done) return done.error();
    if (*done) return {};
  }
  lower_boxed(node);
  return {};
}

// The machine's, or TACTUS_ISA's, or what the kernels asked for run on.
Result<void> Lowering::choose_set() {
  program_.kernels = fmt::format("fused/2:{}:", name_of(input_.tier));
  wanted_ = input_.kernels;
  auto isa = rt::choose_isa();
  if (!wanted_.empty()) {
    const std::string name(wanted_.substr(0, wanted_.find(';')));
    if (!name.starts_with(program_.kernels))
      return unavailable(
          "{}: kernels '{}' were asked for, this build makes '{}…': replay "
          "with the build that recorded",
          input_.label, input_.kernels, program_.kernels);
    const auto asked = rt::choose_isa(name.c_str() + program_.kernels.size());
    if (!asked && !is_exact(input_.tier))
      return unavailable("{}: kernels '{}' were asked for: {}", input_.label,
                         input_.kernels, asked.error().text());
    // Exact ones may be others: the plan is refused where its bits are not.
    if (!asked) wanted_ = {};
    if (asked) isa = asked;
  }
  if (!isa) return isa.error();
  program_.set = &kernels::kernel_set(*isa);
  program_.tensor = is_exact(input_.tier) ? &program_.set->canonical_tensor
                                          : &program_.set->tensor;
  program_.kernels += rt::isa_name(*isa);
  asked_ = wanted_;
  return {};
}

// Every step that was asked for: what another build ran otherwise, as in
// double, would give other bits. (Exact tiers give the same by any.)
Result<void> Lowering::check_kernels() {
  if (wanted_.empty() || is_exact(input_.tier) || wanted_ == program_.kernels)
    return {};
  return unavailable(
      "{}: kernels '{}' were asked for, this build makes '{}': replay with the "
      "build that recorded",
      input_.label, input_.kernels, program_.kernels);
}

// What a file says was packed for these steps must be what its model packs to:
// nothing in a file is trusted.
Result<void> Lowering::check_packed() {
  const auto weights = std::as_bytes(std::span(program_.weights));
  if (input_.packed.empty()) return {};
  if (input_.packed.size() != weights.size() ||
      input_.kernels != program_.kernels)
    return unavailable("{}: {} bytes were packed, this build needs {} for '{}'",
                       input_.label, input_.packed.size(), weights.size(),
                       program_.kernels);
  if (std::ranges::equal(input_.packed, weights)) return {};
  return bad_input(
      "{}: the packed weights are not those of the model in it: make it again "
      "with rtctl model quantize",
      input_.label);
}

namespace {

// Roughly what the packed weights take: nothing is moved while they grow.
std::size_t floats_of_constants(const Graph& graph) {
  int64_t floats = 0;
  for (const ir::Node& node : graph.nodes)
    for (const Id id : node.in)
      if (graph.is_constant(id)) floats += graph.at(id).size();
  return static_cast<std::size_t>(floats);
}

}  // namespace

Result<Program> Lowering::run() {
  ir::optimise(graph_);
  uses_ = std::make_unique<const ir::Uses>(graph_);
  if (auto ok = choose_set(); !ok) return ok.error();
  find_edges();
  offset_.assign(graph_.values.size(), kNowhere);
  stride_.assign(graph_.values.size(), {});
  user_.assign(graph_.values.size(), nullptr);
  for (const ir::Node& node : graph_.nodes)
    for (const Id id : node.in)
      if (id != ir::kNone) user_[static_cast<std::size_t>(id)] = &node;
  finite_beyond_.assign(graph_.values.size(), false);
  for (const Id id : graph_.inputs) {
    // Written by copy, padding never: it stays zero.
    finite_beyond_[static_cast<std::size_t>(id)] = true;
    program_.inputs.push_back({reserve(id), size_of(id)});
  }
  program_.weights.reserve(floats_of_constants(graph_) * 5 / 4);
  number_columns();
  for (const ir::Node& node : graph_.nodes) {
    if (auto ok = lower(node); !ok) return ok.error();
  }
  for (const Id id : graph_.outputs) {
    program_.outputs.push_back({place_of(id), size_of(id)});
  }
  // One more block: a slice near the end is read in whole blocks.
  program_.initial.assign(top_ + kBlock, 0.0F);
  for (const Fill& f : fills_)
    std::fill_n(program_.initial.begin() + static_cast<std::ptrdiff_t>(f.at),
                f.count, f.value);
  for (const auto& [at, id] : constants_) {
    std::ranges::transform(ir::data_of(graph_, id),
                           program_.initial.data() + at,
                           [](double v) { return static_cast<float>(v); });
  }
  if (auto ok = check_kernels(); !ok) return ok.error();
  if (auto ok = check_packed(); !ok) return ok.error();
  program_.graph = owned_;
  program_.ops = count_ops(graph_);
  program_.states = input_.states;
  if (auto ok = judge_tier(); !ok) return ok.error();
  return std::move(program_);
}

Result<Program> lower(const CompileInput& input) {
  return Lowering(input).run();
}

}  // namespace tactus::policy::fused
