// SPDX-License-Identifier: MIT
// What the fused backend compiles a graph into: steps over one f32 arena,
// weights in the order of use. Made by fused_lower.cpp, run by fused.cpp.
#pragma once

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "policy/backend.hpp"
#include "policy/backends/fused_tensor.hpp"
#include "policy/ir/ops.hpp"
#include "policy/kernels/pack.hpp"

namespace tactus::policy::fused {

using kernels::blocks_of;
using kernels::kBlock;

inline constexpr std::size_t kNowhere = SIZE_MAX;

// A cache line each: a register's load never crosses two.
template <class T>
struct Aligned {
  using value_type = T;
  static constexpr std::align_val_t kAlign{64};
  Aligned() = default;
  template <class U>
  explicit Aligned(const Aligned<U>&) {}
  T* allocate(std::size_t n) {
    return static_cast<T*>(::operator new(n * sizeof(T), kAlign));
  }
  void deallocate(T* p, std::size_t) { ::operator delete(p, kAlign); }
  bool operator==(const Aligned&) const = default;
};
using FloatVector = std::vector<float, Aligned<float>>;

enum class StepKind : uint8_t {
  kCopy,
  kGemv,
  kQuantise,  // count: floats
  kAffine,
  kBinary,
  kUnary,
  kTensor,  // more than one row: Program::tensors
  kBoxed,   // an operator without f32 kernel: its double one
  kGuard,   // while what it watches stays the same, the next step is skipped
};

struct Step {
  StepKind kind = StepKind::kCopy;
  std::size_t x = 0, other = 0, y = 0;  // offsets in the arena
  std::size_t count = 0;                // floats to copy, blocks otherwise
  std::size_t weights = 0;
  const kernels::Gemv* gemv = nullptr;
  kernels::GemvShape shape;
  kernels::Binary binary = nullptr;
  kernels::Quantise quantise = nullptr;
  kernels::Activation activation = nullptr;  // in place, after the rest
  // Into Program::boxed, tensors or guards.
  std::size_t index = 0;
  float params[2] = {};
};

// An operator as ir/ops.hpp has it, between the floats of the arena.
struct Operand {
  std::size_t offset = kNowhere;     // in the arena; kNowhere: stays in double
  const double* constant = nullptr;  // then nothing is converted
  std::size_t wide = 0;              // offset in the executor's doubles
  std::size_t size = 0;
  std::span<const int64_t> dims;
  bool omitted = false;
};
struct Boxed {
  const ir::Node* node = nullptr;
  ir::Eval eval = nullptr;
  std::vector<Operand> in, out;
};

struct Port {
  std::size_t offset = 0, count = 0;
};

// The slow values that a layer reads, and where those lie end to end that its
// kept part was made of.
struct Guard {
  std::vector<Port> watched;     // in the arena
  std::size_t kept = 0;          // in the arena
  std::vector<Columns> columns;  // of the inputs
};

struct Program {
  const kernels::KernelSet* set = nullptr;
  const kernels::TensorKernels* tensor = nullptr;  // the set's, by the tier
  std::shared_ptr<const ir::Graph> graph;          // boxed nodes and constants
  std::vector<Step> steps;
  std::vector<Boxed> boxed;
  std::vector<Guard> guards;
  std::vector<TensorStep> tensors;
  std::vector<uint32_t> places;       // tables of tensors
  std::size_t doubles = 0;            // that boxed operators need
  std::vector<Port> inputs, outputs;  // states last
  FloatVector weights;
  FloatVector initial;  // the arena, with constant outputs in it
  std::vector<OpCount> ops;
  std::string kernels;
  bool bit_exact = false;
  std::size_t states = 0;
};

Result<Program> lower(const CompileInput& input);

}  // namespace tactus::policy::fused
