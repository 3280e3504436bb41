// SPDX-License-Identifier: MIT
// The backend of the loop: a graph of vector steps (Linear with its
// activation, LSTM and GRU, element-wise arithmetic, slices, concatenation)
// over one f32 arena, weights packed once in execution order for the kernels
// of this machine's instruction set. What has no f32 kernel runs its double
// one between conversions: slower, but nothing is allocated either.
#include <algorithm>
#include <cstring>

#include "policy/backends/fused_program.hpp"

namespace tactus::policy {
namespace fused {
namespace {

class FusedExecutor : public Executor {
 public:
  explicit FusedExecutor(const Program& program)
      : program_(program),
        arena_(program.initial),
        wide_(program.doubles),
        known_(program.guards.size(), 0) {
    for (const Boxed& b : program.boxed) {
      auto& operands = operands_.emplace_back();
      for (const Operand& o : b.in)
        operands.in.push_back({o.omitted    ? nullptr
                               : o.constant ? o.constant
                                            : wide_.data() + o.wide,
                               o.dims, static_cast<int64_t>(o.size)});
      for (const Operand& o : b.out)
        operands.out.push_back(
            {wide_.data() + o.wide, o.dims, static_cast<int64_t>(o.size)});
    }
  }

  Status run(const RunFrame& frame) noexcept override {
    take(frame);
    for (std::size_t i = 0; i < program_.steps.size(); ++i) {
      const Step& s = program_.steps[i];
      if (s.kind == StepKind::kGuard) {
        i += unchanged(s.index, frame.reuse) ? 1 : 0;
      } else {
        step(s);
      }
    }
    give(frame);
    return Status::kOk;
  }
  void invalidate() noexcept override { std::ranges::fill(known_, 0); }

 private:
  void step(const Step& s) noexcept {
    float* arena = arena_.data();
    const float* weights = program_.weights.data() + s.weights;
    switch (s.kind) {
      case StepKind::kGemv:
        for (std::size_t p = 0; p < s.shape.panels; ++p)
          s.gemv->run(weights + p * s.shape.stride, arena + s.x,
                      arena + s.y + p * s.gemv->outputs, s.shape.steps);
        break;
      case StepKind::kQuantise:
        s.quantise(weights, arena + s.x, arena + s.y, s.count);
        break;
      case StepKind::kAffine:
        program_.set->affine(weights, arena + s.x, arena + s.y, s.count);
        break;
      case StepKind::kBinary:
        s.binary(arena + s.x, arena + s.other, arena + s.y, s.count);
        break;
      case StepKind::kUnary:
        std::memcpy(arena + s.y, arena + s.x, s.count * kBlock * 4);
        break;
      case StepKind::kTensor:
        fused::run(program_, program_.tensors[s.index], arena);
        break;
      case StepKind::kBoxed:
        box(s.index);
        break;
      case StepKind::kCopy:
        std::memcpy(arena + s.y, arena + s.x, s.count * 4);
        break;
      case StepKind::kGuard:
        break;  // run() decides by it
    }
    if (s.activation) s.activation(arena + s.y, s.count, s.params);
  }
  // Whether the kept part was made of these very bytes; if not, they are put
  // where it will be made of them.
  bool unchanged(std::size_t index, Reuse* reuse) noexcept {
    const Guard& g = program_.guards[index];
    float* kept = arena_.data() + g.kept;
    bool same = known_[index] != 0;
    for (const Port& p : g.watched) {
      const float* now = arena_.data() + p.offset;
      same = same && std::memcmp(kept, now, p.count * sizeof(float)) == 0;
      if (!same) std::memcpy(kept, now, p.count * sizeof(float));
      kept += p.count;
    }
    known_[index] = 1;
    if (reuse) ++(same ? reuse->slow_hits : reuse->slow_misses);
    return same;
  }
  void box(std::size_t index) noexcept {
    const Boxed& b = program_.boxed[index];
    for (const Operand& o : b.in) {
      if (o.omitted || o.constant) continue;
      std::copy_n(arena_.data() + o.offset, o.size, wide_.data() + o.wide);
    }
    b.eval(*b.node, operands_[index].in, operands_[index].out);
    for (const Operand& o : b.out) {
      if (o.offset == kNowhere) continue;
      const double* from = wide_.data() + o.wide;
      float* to = arena_.data() + o.offset;
      for (std::size_t i = 0; i < o.size; ++i)
        to[i] = static_cast<float>(from[i]);
    }
  }
  void take(const RunFrame& frame) noexcept {
    const std::byte* state = frame.state_in;
    const std::size_t own = program_.inputs.size() - program_.states;
    for (std::size_t i = 0; i < program_.inputs.size(); ++i) {
      const Port& port = program_.inputs[i];
      const std::size_t bytes = port.count * sizeof(float);
      // Not memcpy: a value without elements may be at null.
      const auto* from =
          i < own ? reinterpret_cast<const std::byte*>(frame.inputs[i].data)
                  : state;
      std::copy_n(from, bytes,
                  reinterpret_cast<std::byte*>(arena_.data() + port.offset));
      if (i >= own) state += bytes;
    }
  }
  void give(const RunFrame& frame) noexcept {
    std::byte* state = frame.state_out;
    const std::size_t own = program_.outputs.size() - program_.states;
    for (std::size_t i = 0; i < program_.outputs.size(); ++i) {
      const Port& port = program_.outputs[i];
      const std::size_t bytes = port.count * sizeof(float);
      auto* to = i < own ? reinterpret_cast<std::byte*>(frame.outputs[i].data())
                         : state;
      std::copy_n(
          reinterpret_cast<const std::byte*>(arena_.data() + port.offset),
          bytes, to);
      if (i >= own) state += bytes;
    }
  }

  const Program& program_;  // lives in the plan, which the Context keeps
  struct Operands {
    std::vector<ir::In> in;
    std::vector<ir::Out> out;
  };
  FloatVector arena_;
  std::vector<double> wide_;
  std::vector<Operands> operands_;
  std::vector<uint8_t> known_;  // by guard: its kept part was made
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
  bool bit_exact() const noexcept override { return program_.bit_exact; }
  std::span<const std::byte> packed() const noexcept override {
    return std::as_bytes(std::span(program_.weights));
  }
  std::vector<std::vector<Columns>> cached() const override {
    std::vector<std::vector<Columns>> layers;
    for (const Guard& g : program_.guards) layers.push_back(g.columns);
    return layers;
  }

 private:
  Program program_;
};

}  // namespace
}  // namespace fused

Result<std::unique_ptr<const Compiled>> compile_fused(
    const CompileInput& input) {
  auto program = fused::lower(input);
  if (!program) return program.error();
  return std::unique_ptr<const Compiled>(
      std::make_unique<fused::FusedPlan>(std::move(*program)));
}

}  // namespace tactus::policy
