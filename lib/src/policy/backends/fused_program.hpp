// SPDX-License-Identifier: MIT
// What the fused backend compiles a graph into: steps over one f32 arena,
// weights in the order of use. Made by fused_lower.cpp, run by fused.cpp.
#pragma once

#include <new>
#include <string>
#include <vector>

#include "policy/backend.hpp"
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

enum class StepKind : uint8_t { kCopy, kGemv, kAffine, kBinary, kUnary };

struct Step {
  StepKind kind = StepKind::kCopy;
  std::size_t x = 0, other = 0, y = 0;  // offsets in the arena
  std::size_t count = 0;                // floats to copy, blocks otherwise
  std::size_t weights = 0;
  const kernels::Gemv* gemv = nullptr;
  kernels::GemvShape shape;
  kernels::Binary binary = nullptr;
  kernels::Activation activation = nullptr;  // in place, after the rest
  float params[2] = {};
};

struct Port {
  std::size_t offset = 0, count = 0;
};

struct Program {
  const kernels::KernelSet* set = nullptr;
  std::vector<Step> steps;
  std::vector<Port> inputs, outputs;  // states last
  FloatVector weights;
  FloatVector initial;  // the arena, with constant outputs in it
  std::vector<OpCount> ops;
  std::string kernels;
  std::size_t states = 0;
};

Result<Program> lower(const CompileInput& input);

}  // namespace tactus::policy::fused
