// SPDX-License-Identifier: MIT
// The fused backend's kernels as one table per instruction set: matrix times
// vector in several blockings, activations, element-wise steps, all in f32.
// The tables are filled by the same sources, compiled once per instruction
// set (portable.cpp, avx2.cpp, avx512.cpp). Sums differ between instruction
// sets and blockings in their order, so a log names both. RT-safe; packing is
// set-up.
//
// Vectors of values are whole blocks of kBlock floats; what lies past the end
// is padding, written and read but without meaning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "policy/kernels/tensor.hpp"
#include "rt/isa.hpp"

namespace tactus::policy::kernels {

inline constexpr std::size_t kBlock = 16;

[[nodiscard]] constexpr std::size_t blocks_of(std::size_t n) {
  return (n + kBlock - 1) / kBlock;
}

// y = W x + b for one panel of outputs. `accumulators` registers, of which
// each lane holds one output's partial sum over every block-th input;
// `unroll` independent sets of them shorten the chain of additions.
struct Gemv {
  const char* name;  // "12x1u1": accumulators x block u unroll
  uint32_t accumulators = 0;
  uint32_t block = 0;
  uint32_t unroll = 0;
  uint32_t outputs = 0;  // of a panel
  uint32_t written = 0;  // floats that run() writes, >= outputs
  // Reads steps · block floats of x. Weights: `written` biases, then per step
  // the registers of the panel.
  void (*run)(const float* weights, const float* x, float* y,
              std::size_t steps);
  // Which output a float of register r is for: label[r · lanes + lane].
  void (*labels)(uint32_t* label);
};

// In place, `blocks` blocks; `p` are the operator's reals (ir/ops.hpp).
using Activation = void (*)(float* y, std::size_t blocks, const float* p);

struct ActivationEntry {
  std::string_view op;
  Activation apply;
  // |error| ≤ relative·|f(x)| + absolute for |x| ≤ 60, alpha as ONNX's
  // default; bounds hold for the tested grid of 10^6 points with margin 2.
  double relative;
  double absolute;
};

// y = x ∘ other, `blocks` blocks each; y may be x.
using Binary = void (*)(const float* x, const float* other, float* y,
                        std::size_t blocks);

struct KernelSet {
  rt::Isa isa;
  uint32_t lanes;  // floats of a register
  std::span<const Gemv> gemv;
  std::span<const ActivationEntry> activation;
  Binary add, sub, mul, div;
  // y = (x - pre) * scale + shift; weights per block: pre, scale, shift.
  void (*affine)(const float* weights, const float* x, float* y,
                 std::size_t blocks);
  TensorKernels tensor;  // more than one row
};

// The widest built that is not wider than `isa`.
[[nodiscard]] const KernelSet& kernel_set(rt::Isa isa) noexcept;

// Null if there is none of that name.
[[nodiscard]] const ActivationEntry* find_activation(
    const KernelSet& set, std::string_view op) noexcept;
[[nodiscard]] const Gemv* find_gemv(const KernelSet& set,
                                    std::string_view name) noexcept;

extern const KernelSet kPortableSet;
extern const KernelSet kAvx2Set;
extern const KernelSet kAvx512Set;

}  // namespace tactus::policy::kernels
