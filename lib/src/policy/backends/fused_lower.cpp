// SPDX-License-Identifier: MIT
// From the optimised graph to the fused backend's program.
#include <algorithm>
#include <memory>

#include "core/error.hpp"
#include "policy/backends/fused_program.hpp"
#include "policy/ir/passes.hpp"
#include "policy/ir/rewrite.hpp"
#include "policy/kernels/select_gemv.hpp"

namespace tactus::policy::fused {
namespace {

using ir::Graph;
using ir::Id;

class Lowering {
 public:
  explicit Lowering(const CompileInput& input) : input_(input) {}
  Result<Program> run();

 private:
  Result<void> lower(const ir::Node& node);
  Result<bool> lower_linear(const ir::Node& node);
  bool lower_affine(const ir::Node& node);
  bool lower_activation(const ir::Node& node);
  bool lower_binary(const ir::Node& node);
  bool lower_slice(const ir::Node& node);
  bool lower_concat(const ir::Node& node);
  bool fuse(const ir::Node& node, const kernels::ActivationEntry& entry);
  void push(const Step& step, Id made);
  Result<void> choose_set();
  Result<const kernels::Gemv*> choose(const kernels::Matrix& m, bool finite);
  std::size_t reserve(Id id, std::size_t floats = 0);
  std::size_t place_of(Id id);
  std::size_t pack_parts(const ir::Node& node, std::size_t size);
  [[nodiscard]] std::size_t size_of(Id id) const {
    return static_cast<std::size_t>(graph_.at(id).size());
  }
  Error refuse(const ir::Node& node) const;
  void add_kernel(const char* name, std::size_t n, std::size_t k);

  const CompileInput& input_;
  Graph graph_;
  std::unique_ptr<const ir::Uses> uses_;
  Program program_;
  std::vector<std::size_t> offset_;  // of each value; kNowhere: not yet
  Id last_made_ = ir::kNone;         // by the last step, whole
  std::size_t top_ = 0;
  std::vector<std::pair<std::size_t, Id>> constants_;
  // By value: padding behind it is finite, so zero weights cancel it.
  std::vector<bool> finite_beyond_;
  // What is left of the kernels that were asked for; empty: ours to choose.
  std::string_view asked_;
};

// Room for whole blocks, and for what a kernel writes past them.
std::size_t Lowering::reserve(Id id, std::size_t floats) {
  const std::size_t at = top_;
  offset_[static_cast<std::size_t>(id)] = at;
  top_ += blocks_of(std::max(size_of(id), floats)) * kBlock;
  return at;
}

// A constant is put into the arena when first read.
std::size_t Lowering::place_of(Id id) {
  const std::size_t at = offset_[static_cast<std::size_t>(id)];
  if (at != kNowhere || !graph_.at(id).constant) return at;
  constants_.emplace_back(top_, id);
  return reserve(id);
}

void Lowering::add_kernel(const char* name, std::size_t n, std::size_t k) {
  program_.kernels += fmt::format(";{}:{}", name, n);
  if (k) program_.kernels += fmt::format("x{}", k);
}

// "NAME:…;" at the front of what was asked for.
Result<const kernels::Gemv*> Lowering::choose(const kernels::Matrix& m,
                                              bool finite) {
  const auto beyond =
      finite ? kernels::Beyond::kWithinBlock : kernels::Beyond::kForbidden;
  if (asked_.empty()) {
    return input_.choice == KernelChoice::kTimed
               ? &kernels::by_time(*program_.set, m, beyond)
               : &kernels::by_rule(*program_.set, m, beyond);
  }
  while (!asked_.empty() && !asked_.starts_with("gemv"))
    asked_.remove_prefix(std::min(asked_.size(), asked_.find(';') + 1));
  const std::string_view name =
      asked_.substr(0, asked_.find(':')).substr(asked_.empty() ? 0 : 4);
  asked_.remove_prefix(std::min(asked_.size(), asked_.find(';')));
  const kernels::Gemv* g = kernels::find_gemv(*program_.set, name);
  if (g != nullptr && kernels::fits(*program_.set, *g, m, beyond)) return g;
  return unavailable(
      "{}: kernels '{}' were asked for; this build has no '{}' for a layer of "
      "{}x{}: replay with the build that recorded",
      input_.label, input_.kernels, name, m.n, m.k);
}

Result<bool> Lowering::lower_linear(const ir::Node& node) {
  if (!ir::is_single_row(graph_, node)) return false;
  const auto& dims = graph_.at(node.in[1]).dims;
  kernels::Matrix m;
  m.n = static_cast<std::size_t>(dims[0]);
  m.k = static_cast<std::size_t>(dims[1]);
  m.w = ir::data_of(graph_, node.in[1]).data();
  if (node.in[2] != ir::kNone) m.b = ir::data_of(graph_, node.in[2]).data();
  Step step;
  step.kind = StepKind::kGemv;
  step.x = place_of(node.in[0]);
  const auto chosen =
      choose(m, finite_beyond_[static_cast<std::size_t>(node.in[0])]);
  if (!chosen) return chosen.error();
  step.gemv = *chosen;
  step.shape = kernels::shape_of(*program_.set, *step.gemv, m.n, m.k);
  const std::size_t last = (step.shape.panels - 1) * step.gemv->outputs;
  step.y = reserve(node.out[0], last + step.gemv->written);
  step.count = blocks_of(m.n);
  // Rows of zeros give zero there; only a copy of sums is not certain.
  finite_beyond_[static_cast<std::size_t>(node.out[0])] =
      step.gemv->written == step.gemv->outputs;
  step.weights = program_.weights.size();
  program_.weights.resize(step.weights + step.shape.floats(), 0.0F);
  kernels::pack(*program_.set, *step.gemv, m,
                program_.weights.data() + step.weights);
  add_kernel((std::string("gemv") + step.gemv->name).c_str(), m.n, m.k);
  push(step, node.out[0]);
  return true;
}

void Lowering::push(const Step& step, Id made) {
  program_.steps.push_back(step);
  last_made_ = made;
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

bool Lowering::lower_affine(const ir::Node& node) {
  Step step;
  step.kind = StepKind::kAffine;
  step.x = place_of(node.in[0]);
  step.y = reserve(node.out[0]);
  step.count = blocks_of(size_of(node.out[0]));
  // Zero parts there: finite if the input is.
  finite_beyond_[static_cast<std::size_t>(node.out[0])] =
      finite_beyond_[static_cast<std::size_t>(node.in[0])];
  step.weights = pack_parts(node, size_of(node.out[0]));
  add_kernel("affine", size_of(node.out[0]), 0);
  push(step, node.out[0]);
  return true;
}

// Into the step before, when that has room and nothing else reads its value.
bool Lowering::fuse(const ir::Node& node,
                    const kernels::ActivationEntry& entry) {
  // By value, not by place: a slice shares the place of what it cuts.
  if (node.in[0] != last_made_ || uses_->count(node.in[0]) != 1) return false;
  Step& last = program_.steps.back();
  if (last.activation) return false;
  last.activation = entry.apply;
  std::ranges::transform(node.reals, last.params,
                         [](double r) { return static_cast<float>(r); });
  offset_[static_cast<std::size_t>(node.out[0])] = last.y;
  finite_beyond_[static_cast<std::size_t>(node.out[0])] =
      finite_beyond_[static_cast<std::size_t>(node.in[0])];
  return true;
}

bool Lowering::lower_activation(const ir::Node& node) {
  const auto* entry = kernels::find_activation(*program_.set, node.op);
  if (!entry || node.reals.size() > 2) return false;
  if (fuse(node, *entry)) return true;
  Step step;
  step.kind = StepKind::kUnary;
  step.x = place_of(node.in[0]);
  step.y = reserve(node.out[0]);
  step.count = blocks_of(size_of(node.out[0]));
  step.activation = entry->apply;
  finite_beyond_[static_cast<std::size_t>(node.out[0])] =
      finite_beyond_[static_cast<std::size_t>(node.in[0])];
  std::ranges::transform(node.reals, step.params,
                         [](double r) { return static_cast<float>(r); });
  push(step, node.out[0]);
  return true;
}

struct BinaryKernel {
  std::string_view op;
  kernels::Binary kernels::KernelSet::* kernel;
};
constexpr BinaryKernel kBinary[] = {{"Add", &kernels::KernelSet::add},
                                    {"Sub", &kernels::KernelSet::sub},
                                    {"Mul", &kernels::KernelSet::mul},
                                    {"Div", &kernels::KernelSet::div}};

bool Lowering::lower_binary(const ir::Node& node) {
  const auto* found = std::ranges::find(kBinary, node.op, &BinaryKernel::op);
  const std::size_t size = size_of(node.out[0]);
  if (found == std::end(kBinary) || size_of(node.in[0]) != size ||
      size_of(node.in[1]) != size) {
    return false;
  }
  Step step;
  step.kind = StepKind::kBinary;
  step.binary = program_.set->*found->kernel;
  step.x = place_of(node.in[0]);
  step.other = place_of(node.in[1]);
  step.y = reserve(node.out[0]);
  step.count = blocks_of(size);
  push(step, node.out[0]);
  return true;
}

// A contiguous slice is only a place; one observation has nothing else.
bool Lowering::lower_slice(const ir::Node& node) {
  const auto& in = graph_.at(node.in[0]).dims;
  const auto& out = graph_.at(node.out[0]).dims;
  int64_t start = 0, stride = 1;
  bool cut = false;
  for (std::size_t d = in.size(); d-- > 0;) {
    if (cut && out[d] != 1) return false;
    if (out[d] > 1 && node.ints[in.size() + d] != 1) return false;
    start += node.ints[d] * stride;
    stride *= in[d];
    cut = cut || out[d] != in[d];
  }
  offset_[static_cast<std::size_t>(node.out[0])] =
      place_of(node.in[0]) + static_cast<std::size_t>(start);
  return true;
}

bool Lowering::lower_concat(const ir::Node& node) {
  const auto& dims = graph_.at(node.out[0]).dims;
  for (int64_t d = 0; d < node.ints[0]; ++d) {
    if (dims[static_cast<std::size_t>(d)] != 1) return false;
  }
  std::size_t y = reserve(node.out[0]);
  for (const Id id : node.in) {
    Step step;
    step.x = place_of(id);
    step.y = y;
    step.count = size_of(id);
    push(step, ir::kNone);
    y += step.count;
  }
  return true;
}

Error Lowering::refuse(const ir::Node& node) const {
  return bad_input(
      "{}: {} (node '{}') does not fit the fused backend (a multi-layer "
      "perceptron for one observation): use --backend reference",
      input_.label, node.op, node.name);
}

Result<void> Lowering::lower(const ir::Node& node) {
  using Rule = bool (Lowering::*)(const ir::Node&);
  struct Entry {
    std::string_view op;
    Rule rule;
  };
  constexpr Entry kRules[] = {{"Affine", &Lowering::lower_affine},
                              {"Slice", &Lowering::lower_slice},
                              {"Concat", &Lowering::lower_concat}};
  bool done = false;
  if (node.op == "Reshape") {
    offset_[static_cast<std::size_t>(node.out[0])] = place_of(node.in[0]);
    return {};
  }
  if (size_of(node.out[0]) == 0) return refuse(node);
  const auto* entry = std::ranges::find(kRules, node.op, &Entry::op);
  if (node.op == "Linear") {
    const auto linear = lower_linear(node);
    if (!linear) return linear.error();
    done = *linear;
  } else if (entry != std::end(kRules)) {
    done = (this->*entry->rule)(node);
  } else {
    done = node.in.size() == 1 ? lower_activation(node)
                               : node.in.size() == 2 && lower_binary(node);
  }
  if (!done) return refuse(node);
  return {};
}

constexpr std::string_view kPrefix = "fused/2:f32:";

// The machine's, or TACTUS_ISA's, or what the kernels asked for run on.
Result<void> Lowering::choose_set() {
  asked_ = input_.kernels;
  auto isa = rt::choose_isa();
  if (!asked_.empty()) {
    const std::string name(asked_.substr(0, asked_.find(';')));
    if (!name.starts_with(kPrefix))
      return unavailable(
          "{}: kernels '{}' were asked for, this build makes '{}…': replay "
          "with the build that recorded",
          input_.label, input_.kernels, kPrefix);
    isa = rt::choose_isa(name.c_str() + kPrefix.size());
    if (!isa)
      return unavailable("{}: kernels '{}' were asked for: {}", input_.label,
                         input_.kernels, isa.error().text());
  }
  if (!isa) return isa.error();
  program_.set = &kernels::kernel_set(*isa);
  return {};
}

Result<Program> Lowering::run() {
  graph_ = input_.graph;
  ir::optimise(graph_);
  uses_ = std::make_unique<const ir::Uses>(graph_);
  if (auto ok = choose_set(); !ok) return ok.error();
  program_.kernels =
      fmt::format("{}{}", kPrefix, rt::isa_name(program_.set->isa));
  offset_.assign(graph_.values.size(), kNowhere);
  finite_beyond_.assign(graph_.values.size(), false);
  for (const Id id : graph_.inputs) {
    // Written by copy, padding never: it stays zero.
    finite_beyond_[static_cast<std::size_t>(id)] = true;
    program_.inputs.push_back({reserve(id), size_of(id)});
  }
  for (const ir::Node& node : graph_.nodes) {
    if (auto ok = lower(node); !ok) return ok.error();
  }
  for (const Id id : graph_.outputs) {
    program_.outputs.push_back({place_of(id), size_of(id)});
  }
  // One more block: a slice near the end is read in whole blocks.
  program_.initial.assign(top_ + kBlock, 0.0F);
  for (const auto& [at, id] : constants_) {
    std::ranges::transform(ir::data_of(graph_, id),
                           program_.initial.data() + at,
                           [](double v) { return static_cast<float>(v); });
  }
  program_.ops = count_ops(graph_);
  program_.states = input_.states;
  return std::move(program_);
}

}  // namespace

Result<Program> lower(const CompileInput& input) {
  return Lowering(input).run();
}

}  // namespace tactus::policy::fused
