// SPDX-License-Identifier: MIT
// Expressions as a typed graph without duplicates: what the parser makes
// and emit.hpp turns into programs. Each node carries its dimension, the
// range it has over the declared ranges of the inputs, and how far rounding
// can put a computed interval beside the true value. Set-up only.
//
// Bound: let [lo, hi] be what a program computes for a node when its inputs
// lie within their ranges. Then least <= lo, hi <= most, and the true value
// lies within [lo - error, hi + error]. The rules are those of running error
// analysis (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.,
// 3.3): each operation adds half an ulp of its largest result to what its
// operands bring.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "core/units.hpp"
#include "safety/expr/code.hpp"

namespace tactus::safety::expr {

enum class Op : uint8_t {
  kConstant,
  kInput,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMin,
  kMax,
  kAbs,
  kSqrt,
  kSin,
  kCos,
  kIfLess,  // a < b ? c : d
};

using Id = uint32_t;

struct Node {
  Op op = Op::kConstant;
  Id a = 0, b = 0, c = 0, d = 0;
  double value = 0;    // kConstant
  uint32_t input = 0;  // kInput
  Dimension dimension;
  double least = 0, most = 0, error = 0;
};

// An input that is known exactly has one end, not two.
[[nodiscard]] bool is_exact(const ExprInput& input);

class Tree {
 public:
  static constexpr std::size_t kMaxNodes = 4096;

  Id constant(double value, Dimension dimension);
  Id input(const ExprInput& input, Dimension dimension);
  // Dimensions are the caller's business: `dimension` is the result's.
  // Constants are folded.
  Id make(Op op, Dimension dimension, Id a, Id b = 0, Id c = 0, Id d = 0);

  [[nodiscard]] const Node& operator[](Id id) const { return nodes_[id]; }
  [[nodiscard]] const std::vector<ExprInput>& inputs() const { return inputs_; }
  [[nodiscard]] bool full() const { return nodes_.size() >= kMaxNodes; }
  // The same with every command and every joint's velocity at zero.
  [[nodiscard]] Tree at_rest() const;
  // Whether the node needs the motion: q or dq are in it.
  [[nodiscard]] bool moves(Id id) const;

 private:
  // The error is a constant's: of one that was folded.
  using Key = std::tuple<Op, Id, Id, Id, Id, double, double, uint32_t>;
  Id add(Node node);
  std::vector<Node> nodes_;
  std::vector<ExprInput> inputs_;
  std::map<Key, Id> known_;
};

// The range and error of a node from its operands'.
void bound(const Tree& tree, Node& node);

[[nodiscard]] inline double largest(const Node& n) {
  const double most = n.most > -n.least ? n.most : -n.least;
  return most + n.error;
}

}  // namespace tactus::safety::expr
