// SPDX-License-Identifier: MIT
// The fused backend's kernels as one table per instruction set: matrix times
// vector in several blockings, activations, element-wise steps, all in f32.
// The tables are filled by the same sources, compiled once per instruction
// set (portable.cpp, avx2.cpp, avx512.cpp). Sums differ between instruction
// sets and blockings in their order, so a log names both; those of integers
// and of the canonical kernels do not. RT-safe; packing is set-up.
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

// What a word (32 bits) of weights holds, and how it is multiplied.
//   kF32    one float; x are floats
//   kBf16   two, in its upper and lower half, each exact as a float once
//           shifted; x are floats, `block` for the upper halves of a step,
//           then `block` for the lower
//   kInt16  two of 16 bits, kInt8 four of 8 bits; x are words of as many
//           quantised values (Quantise), summed without rounding
enum class Format : uint8_t { kF32, kBf16, kInt16, kInt8 };

[[nodiscard]] constexpr uint32_t elements_of(Format format) {
  constexpr uint32_t kElements[] = {1, 2, 2, 4};
  return kElements[static_cast<std::size_t>(format)];
}
[[nodiscard]] constexpr bool is_integer(Format format) {
  return format == Format::kInt16 || format == Format::kInt8;
}
// 13 bits signed, and 8 bits unsigned: what x holds at most.
inline constexpr int32_t kLargest16 = 4095, kLargest8 = 255;

// y = W x + b for one panel of outputs. `accumulators` registers, of which
// each lane holds one output's partial sum over every block-th input;
// `unroll` independent sets of them shorten the chain of additions.
struct Gemv {
  // "12x1u1": accumulators x block u unroll, "-i8." and the like before it.
  const char* name;
  Format format = Format::kF32;
  uint32_t accumulators = 0;
  uint32_t block = 0;
  uint32_t unroll = 0;
  uint32_t outputs = 0;  // of a panel
  uint32_t written = 0;  // floats that run() writes, >= outputs
  // Reads steps · block words of x (kBf16: twice as many). Weights: `written`
  // biases (integers: first where the sums start and their scales), then per
  // step the registers of the panel. Integers: y is that, plus x[-1].
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
  // |error| ≤ relative·|f(x)| + absolute for |x| ≤ 60 (Sin, Cos, Log and what
  // rounds: for every float), alpha as ONNX's default; bounds hold for the
  // tested grid of 10^6 points with margin 2.
  double relative;
  double absolute;
};

// y = x ∘ other, `blocks` blocks each; y may be x.
using Binary = void (*)(const float* x, const float* other, float* y,
                        std::size_t blocks);

// x, n floats, as quantised values: round to nearest even of x · scale + zero,
// held in [-4095, 4095] without zero (kInt16) or in [0, 255] (kInt8).
// Weights: per block scales (kInt8: then zeros). Writes whole blocks of
// values to y, and y[-1]: 0, or NaN if any x is not finite.
using Quantise = void (*)(const float* weights, const float* x, float* y,
                          std::size_t n);

struct KernelSet {
  rt::Isa isa;
  uint32_t lanes;  // floats of a register
  std::span<const Gemv> gemv, bf16, int16, int8;
  // With fused multiply-add where the set has it, and always without: the
  // same bits in every set.
  std::span<const ActivationEntry> activation, canonical;
  Binary add, sub, mul, div;
  // y = (x - pre) * scale + shift; weights per block: pre, scale, shift.
  void (*affine)(const float* weights, const float* x, float* y,
                 std::size_t blocks);
  // More than one row; the canonical ones as above.
  TensorKernels tensor, canonical_tensor;
  Quantise quantise16, quantise8;

  [[nodiscard]] std::span<const Gemv> of(Format format) const {
    const std::span<const Gemv> lists[] = {gemv, bf16, int16, int8};
    return lists[static_cast<std::size_t>(format)];
  }
};

// The widest built that is not wider than `isa`.
[[nodiscard]] const KernelSet& kernel_set(rt::Isa isa) noexcept;

// Every one that this machine runs, for tests.
[[nodiscard]] std::span<const KernelSet* const> kernel_sets();

// Null if there is none of that name.
[[nodiscard]] const ActivationEntry* find_activation(
    std::span<const ActivationEntry> list, std::string_view op) noexcept;
[[nodiscard]] const Gemv* find_gemv(const KernelSet& set,
                                    std::string_view name) noexcept;

extern const KernelSet kPortableSet;
extern const KernelSet kAvx2Set;
extern const KernelSet kAvx512Set;
extern const std::span<const Gemv> kVnni16, kVnni8;  // with AVX-512 VNNI

}  // namespace tactus::policy::kernels
