// SPDX-License-Identifier: MIT
#include "safety/expr/tree.hpp"

#include <cmath>

namespace tactus::safety::expr {
namespace {

bool has_operands(Op op) { return op != Op::kConstant && op != Op::kInput; }

uint32_t operands(Op op) {
  switch (op) {
    case Op::kConstant:
    case Op::kInput:
      return 0;
    case Op::kAbs:
    case Op::kSqrt:
    case Op::kSin:
    case Op::kCos:
      return 1;
    case Op::kIfLess:
      return 4;
    default:
      return 2;
  }
}

bool same(const ExprInput& a, const ExprInput& b) {
  return a.source == b.source && a.signal == b.signal &&
         a.element == b.element && a.error == b.error && a.rate == b.rate;
}

}  // namespace

bool is_exact(const ExprInput& input) {
  return input.error == 0 && input.rate == 0 &&
         (input.source == ExprSource::kLast ||
          input.source == ExprSource::kStep ||
          input.source == ExprSource::kSignal);
}

Id Tree::add(Node node) {
  // -0 and 0 are one constant here: no limit tells them apart.
  const double error = node.op == Op::kConstant ? node.error : 0;
  const Key key{node.op, node.a,           node.b, node.c,
                node.d,  node.value + 0.0, error,  node.input};
  const auto found = known_.find(key);
  // The same text in another unit is another node.
  if (found != known_.end() &&
      nodes_[found->second].dimension == node.dimension)
    return found->second;
  const auto id = static_cast<Id>(nodes_.size());
  nodes_.push_back(node);
  known_[key] = id;
  return id;
}

Id Tree::constant(double value, Dimension dimension) {
  Node node;
  node.value = node.least = node.most = value;
  node.dimension = dimension;
  return add(node);
}

Id Tree::input(const ExprInput& input, Dimension dimension) {
  uint32_t at = 0;
  while (at < inputs_.size() && !same(inputs_[at], input)) ++at;
  if (at == inputs_.size()) inputs_.push_back(input);
  Node node;
  node.op = Op::kInput;
  node.input = at;
  node.dimension = dimension;
  bound(*this, node);
  return add(node);
}

Id Tree::make(Op op, Dimension dimension, Id a, Id b, Id c, Id d) {
  Node node;
  node.op = op;
  node.dimension = dimension;
  // Operands that an operation lacks repeat the first: any key will do.
  const uint32_t n = operands(op);
  node.a = a;
  node.b = n > 1 ? b : a;
  node.c = n > 2 ? c : a;
  node.d = n > 2 ? d : a;
  bound(*this, node);
  bool fixed = true;
  for (const Id id : {node.a, node.b, node.c, node.d})
    fixed = fixed && nodes_[id].op == Op::kConstant;
  // A folded constant keeps the error of folding it.
  const bool point = node.least == node.most && std::isfinite(node.least);
  if (!fixed || !point) return add(node);
  Node folded;
  folded.value = folded.least = folded.most = node.least;
  folded.error = node.error;
  folded.dimension = dimension;
  return add(folded);
}

Tree Tree::at_rest() const {
  Tree out = *this;
  for (ExprInput& in : out.inputs_) {
    const bool rests = in.source == ExprSource::kAction ||
                       in.source == ExprSource::kLast ||
                       in.source == ExprSource::kVelocity;
    if (rests) in.lo = in.hi = 0;
  }
  // Operands stand before what uses them.
  for (Node& node : out.nodes_)
    if (node.op != Op::kConstant) bound(out, node);
  return out;
}

bool Tree::moves(Id id) const {
  std::vector<char> seen(nodes_.size(), 0);
  std::vector<Id> open{id};
  while (!open.empty()) {
    const Id at = open.back();
    open.pop_back();
    if (seen[at] != 0) continue;
    seen[at] = 1;
    const Node& n = nodes_[at];
    if (n.op == Op::kInput) {
      const ExprSource source = inputs_[n.input].source;
      if (source == ExprSource::kPosition || source == ExprSource::kVelocity)
        return true;
    }
    if (has_operands(n.op)) open.insert(open.end(), {n.a, n.b, n.c, n.d});
  }
  return false;
}

}  // namespace tactus::safety::expr
