// SPDX-License-Identifier: MIT
// The operators: one table of name → shape inference and double-precision
// kernel. The kernel is what folds constants, what the `reference` backend
// runs and what every other backend is tested against. infer is set-up;
// eval is RT-safe: no allocation, work fixed by the shapes.
//
// ints / reals after inference:
//   Linear          y = W x + b over the last axis; in = {x, W [n,k], b [n]}
//   Affine          y = (x - pre) * scale + shift; in = {x, pre, scale, shift},
//                   each of x's size or kNone
//   Gemm            ints {transA, transB}, reals {alpha, beta}
//   Slice           ints {start per axis…, step per axis…}
//   Concat, Softmax ints {axis}          Transpose  ints {perm…}
//   Reduce*         ints {1 per reduced axis, else 0}
//   unary           reals as ActivationParams in ops_unary.cpp
//   LSTM, GRU, RNN  ints {hidden, directions, reverse, linear_before_reset,
//                   layout, functions…}, reals {clip, alpha and beta of each
//                   function…} (recurrent.hpp); gates iofc, zrh
//   Conv*, *Pool    ints {Window (window.hpp), group | flag, padding behind}
//   *Normalization  ints {groups, channels, inner, channels per scale}
//                   (Group, Instance), reals {epsilon}
//   Pad             ints {before each axis…, PadMode (pad.hpp)}, reals {value}
//   *QuantizeLinear ints {n, inner, block, blocks}, reals {low, high}
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "policy/ir/graph.hpp"
#include "policy/onnx/model.hpp"
#include "tactus/result.hpp"

namespace tactus::policy::ir {

// A tensor as a kernel sees it; null data is an omitted optional input.
struct In {
  const double* data = nullptr;
  std::span<const int64_t> dims;
  int64_t size = 0;
};
struct Out {
  double* data = nullptr;
  std::span<const int64_t> dims;
  int64_t size = 0;
};

// What inference may look at (Op::infer is null for operators that only
// passes make: a file that names one is refused). It writes node.ints,
// node.reals and the outputs' dims and dtype.
struct Inference {
  Graph& graph;
  Node& node;
  const onnx::Node& source;
  int opset;
};

using Infer = Result<void> (*)(Inference&);
using Eval = void (*)(const Node&, std::span<const In>, std::span<const Out>);

struct Op {
  std::string_view name;
  std::size_t min_inputs;
  std::size_t max_inputs;
  Infer infer;
  Eval eval;
  std::size_t max_outputs = 1;  // hidden ones included
};

[[nodiscard]] const Op* find_op(std::string_view name) noexcept;

// The families, one file each.
std::span<const Op> unary_ops() noexcept;
std::span<const Op> binary_ops() noexcept;
std::span<const Op> matrix_ops() noexcept;
std::span<const Op> shape_ops() noexcept;
std::span<const Op> move_ops() noexcept;
std::span<const Op> reduce_ops() noexcept;
std::span<const Op> recurrent_ops() noexcept;
std::span<const Op> conv_ops() noexcept;
std::span<const Op> pool_ops() noexcept;
std::span<const Op> norm_ops() noexcept;
std::span<const Op> quant_ops() noexcept;
std::span<const Op> fill_ops() noexcept;

// Helpers for inference.
Error op_error(const Inference& at, std::string_view what,
               std::string_view remedy);
const onnx::Attribute* find_attribute(const onnx::Node& node,
                                      std::string_view name) noexcept;
int64_t int_attribute(const onnx::Node& node, std::string_view name,
                      int64_t otherwise) noexcept;
double real_attribute(const onnx::Node& node, std::string_view name,
                      double otherwise) noexcept;
// The attribute `name`, or constant input `index`, as integers; `present`
// false if neither is there. An input that is not constant is an error.
struct Integers {
  bool present = false;
  std::vector<int64_t> values;
};
Result<Integers> integers_of(const Inference& at, std::string_view name,
                             std::size_t index);
// -rank ≤ axis < rank → 0 … rank-1.
Result<std::size_t> axis_of(const Inference& at, int64_t axis,
                            std::size_t rank);
[[nodiscard]] int64_t to_int(double value) noexcept;  // saturates, NaN → 0
[[nodiscard]] const Value& input(const Inference& at, std::size_t i) noexcept;
[[nodiscard]] bool has_input(const Inference& at, std::size_t i) noexcept;
void set_output(const Inference& at, std::size_t i, std::vector<int64_t> dims,
                DType dtype);
// The same, where the file may have left the output out: eval writes it all
// the same, or uses it as scratch.
void ensure_output(Inference& at, std::size_t i, std::vector<int64_t> dims,
                   DType dtype);
// Behind the ints that LSTM, GRU and RNN have.
Result<void> read_gate_functions(Inference& at, std::size_t directions);
// numpy's rule; an error names both shapes.
Result<std::vector<int64_t>> broadcast(const Inference& at,
                                       std::span<const int64_t> a,
                                       std::span<const int64_t> b);

// Walks an output of `dims` while reading an operand broadcast to it:
// offset() is the operand's element for the current position.
class Broadcast {
 public:
  Broadcast(std::span<const int64_t> out, std::span<const int64_t> in) noexcept;
  [[nodiscard]] int64_t offset() const noexcept { return offset_; }
  void next() noexcept;

 private:
  std::size_t rank_;
  int64_t size_[onnx::kMaxRank] = {};
  int64_t stride_[onnx::kMaxRank] = {};
  int64_t index_[onnx::kMaxRank] = {};
  int64_t offset_ = 0;
};

}  // namespace tactus::policy::ir
