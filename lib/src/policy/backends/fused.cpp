// SPDX-License-Identifier: MIT
// The backend of the loop: a graph of vector steps (Linear with its
// activation, element-wise arithmetic, slices, concatenation) over one f32
// arena, weights packed once in execution order. Takes multi-layer
// perceptrons with any number of heads; anything else is refused by name.
#include <algorithm>
#include <cstring>

#include "core/error.hpp"
#include "policy/backend.hpp"
#include "policy/ir/passes.hpp"
#include "policy/ir/rewrite.hpp"
#include "policy/kernels/layers.hpp"

namespace tactus::policy {
namespace {

using ir::Graph;
using ir::Id;
using kernels::blocks_of;
using kernels::kLanes;

constexpr std::size_t kNowhere = SIZE_MAX;

struct Step {
  kernels::Layer layer = nullptr;       // null: copy `count` floats
  std::size_t x = 0, other = 0, y = 0;  // offsets in the arena
  std::size_t weights = 0;
  std::size_t blocks = 0, k = 0, count = 0;
  kernels::Activation activation = nullptr;
  float params[2] = {};
};

struct Port {
  std::size_t offset = 0, count = 0;
};

struct Program {
  std::vector<Step> steps;
  std::vector<Port> inputs, outputs;  // states last
  std::vector<float> weights;
  std::vector<float> initial;  // the arena, with constant outputs in it
  std::vector<OpCount> ops;
  std::string kernels;
  std::size_t states = 0;
};

// ---------------------------------------------------------------- lowering

class Lowering {
 public:
  explicit Lowering(const CompileInput& input) : input_(input) {}
  Result<Program> run();

 private:
  Result<void> lower(const ir::Node& node);
  bool lower_linear(const ir::Node& node);
  bool lower_affine(const ir::Node& node);
  bool lower_activation(const ir::Node& node);
  bool lower_binary(const ir::Node& node);
  bool lower_slice(const ir::Node& node);
  bool lower_concat(const ir::Node& node);
  bool fuse(const ir::Node& node, const kernels::ActivationEntry& entry);
  void push(const Step& step, Id made);
  std::size_t reserve(Id id);
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
};

std::size_t Lowering::reserve(Id id) {
  const std::size_t at = top_;
  offset_[static_cast<std::size_t>(id)] = at;
  top_ += blocks_of(size_of(id)) * kLanes;
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
  program_.kernels += fmt::format(";{}{}", name, n);
  if (k) program_.kernels += fmt::format("x{}", k);
}

bool Lowering::lower_linear(const ir::Node& node) {
  if (!ir::is_single_row(graph_, node)) return false;
  const auto& dims = graph_.at(node.in[1]).dims;
  Step step{kernels::linear};
  const auto n = static_cast<std::size_t>(dims[0]);
  step.k = static_cast<std::size_t>(dims[1]);
  step.blocks = blocks_of(n);
  step.x = place_of(node.in[0]);
  step.y = reserve(node.out[0]);
  step.weights = program_.weights.size();
  program_.weights.resize(step.weights + step.blocks * (step.k + 1) * kLanes);
  const double* bias = node.in[2] == ir::kNone
                           ? nullptr
                           : ir::data_of(graph_, node.in[2]).data();
  kernels::pack_linear(ir::data_of(graph_, node.in[1]).data(), bias, n, step.k,
                       program_.weights.data() + step.weights);
  add_kernel("gemv16e", n, step.k);
  push(step, node.out[0]);
  return true;
}

void Lowering::push(const Step& step, Id made) {
  program_.steps.push_back(step);
  last_made_ = made;
}

std::size_t Lowering::pack_parts(const ir::Node& node, std::size_t size) {
  const std::size_t at = program_.weights.size();
  program_.weights.resize(at + blocks_of(size) * 3 * kLanes);
  for (std::size_t part = 0; part < 3; ++part) {
    const Id id = node.in[part + 1];
    for (std::size_t i = 0; i < size; ++i) {
      const double value = id == ir::kNone ? (part == 1 ? 1.0 : 0.0)
                                           : ir::data_of(graph_, id)[i];
      const std::size_t block = i / kLanes * 3 * kLanes;
      program_.weights[at + block + part * kLanes + i % kLanes] =
          static_cast<float>(value);
    }
  }
  return at;
}

bool Lowering::lower_affine(const ir::Node& node) {
  Step step{kernels::affine};
  step.x = place_of(node.in[0]);
  step.y = reserve(node.out[0]);
  step.blocks = blocks_of(size_of(node.out[0]));
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
  return true;
}

bool Lowering::lower_activation(const ir::Node& node) {
  const auto* entry = kernels::find_activation(node.op);
  if (!entry || node.reals.size() > 2) return false;
  if (fuse(node, *entry)) return true;
  Step step{kernels::unary};
  step.x = place_of(node.in[0]);
  step.y = reserve(node.out[0]);
  step.blocks = blocks_of(size_of(node.out[0]));
  step.activation = entry->apply;
  std::ranges::transform(node.reals, step.params,
                         [](double r) { return static_cast<float>(r); });
  push(step, node.out[0]);
  return true;
}

struct BinaryKernel {
  std::string_view op;
  kernels::Layer layer;
};
constexpr BinaryKernel kBinary[] = {{"Add", kernels::add},
                                    {"Sub", kernels::sub},
                                    {"Mul", kernels::mul},
                                    {"Div", kernels::div}};

bool Lowering::lower_binary(const ir::Node& node) {
  const auto* found = std::ranges::find(kBinary, node.op, &BinaryKernel::op);
  const std::size_t size = size_of(node.out[0]);
  if (found == std::end(kBinary) || size_of(node.in[0]) != size ||
      size_of(node.in[1]) != size) {
    return false;
  }
  Step step{found->layer};
  step.x = place_of(node.in[0]);
  step.other = place_of(node.in[1]);
  step.y = reserve(node.out[0]);
  step.blocks = blocks_of(size);
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
  constexpr Entry kRules[] = {{"Linear", &Lowering::lower_linear},
                              {"Affine", &Lowering::lower_affine},
                              {"Slice", &Lowering::lower_slice},
                              {"Concat", &Lowering::lower_concat}};
  bool done = false;
  if (node.op == "Reshape") {
    offset_[static_cast<std::size_t>(node.out[0])] = place_of(node.in[0]);
    return {};
  }
  if (size_of(node.out[0]) == 0) return refuse(node);
  const auto* entry = std::ranges::find(kRules, node.op, &Entry::op);
  if (entry != std::end(kRules)) {
    done = (this->*entry->rule)(node);
  } else {
    done = node.in.size() == 1 ? lower_activation(node)
                               : node.in.size() == 2 && lower_binary(node);
  }
  if (!done) return refuse(node);
  return {};
}

Result<Program> Lowering::run() {
  graph_ = input_.graph;
  ir::optimise(graph_);
  uses_ = std::make_unique<const ir::Uses>(graph_);
  program_.kernels = "fused/1:f32:v16";
  offset_.assign(graph_.values.size(), kNowhere);
  for (const Id id : graph_.inputs) {
    program_.inputs.push_back({reserve(id), size_of(id)});
  }
  for (const ir::Node& node : graph_.nodes) {
    if (auto ok = lower(node); !ok) return ok.error();
  }
  for (const Id id : graph_.outputs) {
    program_.outputs.push_back({place_of(id), size_of(id)});
  }
  // One more block: a slice near the end is read in whole blocks.
  program_.initial.assign(top_ + kLanes, 0.0F);
  for (const auto& [at, id] : constants_) {
    std::ranges::transform(ir::data_of(graph_, id),
                           program_.initial.data() + at,
                           [](double v) { return static_cast<float>(v); });
  }
  program_.ops = count_ops(graph_);
  program_.states = input_.states;
  return std::move(program_);
}

// ----------------------------------------------------------------- running

class FusedExecutor : public Executor {
 public:
  explicit FusedExecutor(const Program& program)
      : program_(program), arena_(program.initial) {}

  Status run(const RunFrame& frame) noexcept override {
    take(frame);
    const float* weights = program_.weights.data();
    float* arena = arena_.data();
    for (const Step& s : program_.steps) {
      if (!s.layer) {
        std::memcpy(arena + s.y, arena + s.x, s.count * sizeof(float));
        continue;
      }
      s.layer({arena + s.x, arena + s.other, weights + s.weights, arena + s.y,
               s.blocks, s.k, s.activation, s.params});
    }
    give(frame);
    return Status::kOk;
  }

 private:
  void take(const RunFrame& frame) noexcept {
    const std::byte* state = frame.state_in;
    const std::size_t own = program_.inputs.size() - program_.states;
    for (std::size_t i = 0; i < program_.inputs.size(); ++i) {
      const Port& port = program_.inputs[i];
      const std::size_t bytes = port.count * sizeof(float);
      const void* from =
          i < own ? static_cast<const void*>(frame.inputs[i].data) : state;
      std::memcpy(arena_.data() + port.offset, from, bytes);
      if (i >= own) state += bytes;
    }
  }
  void give(const RunFrame& frame) noexcept {
    std::byte* state = frame.state_out;
    const std::size_t own = program_.outputs.size() - program_.states;
    for (std::size_t i = 0; i < program_.outputs.size(); ++i) {
      const Port& port = program_.outputs[i];
      const std::size_t bytes = port.count * sizeof(float);
      void* to = i < own ? static_cast<void*>(frame.outputs[i].data()) : state;
      std::memcpy(to, arena_.data() + port.offset, bytes);
      if (i >= own) state += bytes;
    }
  }

  const Program& program_;  // lives in the plan, which the Context keeps
  std::vector<float> arena_;
};

class FusedPlan : public Compiled {
 public:
  explicit FusedPlan(Program program) : program_(std::move(program)) {}

  Result<std::unique_ptr<Executor>> make_executor() const override {
    return std::unique_ptr<Executor>(std::make_unique<FusedExecutor>(program_));
  }
  bool rt_safe() const noexcept override { return true; }
  std::size_t state_width() const noexcept override { return sizeof(float); }
  std::size_t weight_bytes() const noexcept override {
    return program_.weights.size() * sizeof(float);
  }
  std::string kernels() const override { return program_.kernels; }
  std::vector<OpCount> ops() const override { return program_.ops; }

 private:
  Program program_;
};

}  // namespace

Result<std::unique_ptr<const Compiled>> compile_fused(
    const CompileInput& input) {
  auto program = Lowering(input).run();
  if (!program) return program.error();
  return std::unique_ptr<const Compiled>(
      std::make_unique<FusedPlan>(std::move(*program)));
}

}  // namespace tactus::policy
