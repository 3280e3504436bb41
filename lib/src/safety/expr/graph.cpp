// SPDX-License-Identifier: MIT
#include "safety/expr/graph.hpp"

#include <cmath>

#include "kin/sincos.hpp"

namespace tactus::safety::expr {
namespace {

// As the VM computes it (expr/vm.hpp); operands are finite.
double fold(ExprCode code, double a, double b) {
  double sine, cosine;
  switch (code) {
    case ExprCode::kAdd:
      return a + b;
    case ExprCode::kSub:
      return a - b;
    case ExprCode::kMul:
      return a * b;
    case ExprCode::kDiv:
      return a / b;
    case ExprCode::kMin:
      return a <= b ? a : b;
    case ExprCode::kMax:
      return b <= a ? a : b;
    case ExprCode::kSqrt:
      return std::sqrt(a);
    case ExprCode::kSin:
      kin::sincos(a, sine, cosine);
      return sine;
    case ExprCode::kCos:
      kin::sincos(a, sine, cosine);
      return cosine;
    default:
      return NAN;
  }
}

}  // namespace

Id Graph::add(const Step& step) {
  const Key key{step.code,        step.a,
                step.b,           step.c,
                step.value + 0.0, step.constant ? ~0U : step.register_};
  const auto [at, fresh] = known_.emplace(key, static_cast<Id>(steps_.size()));
  if (fresh) steps_.push_back(step);
  return at->second;
}

Id Graph::constant(double value) {
  Step step;
  step.constant = true;
  step.value = value + 0.0;
  return add(step);
}

Id Graph::end(uint32_t index) {
  Step step;
  step.register_ = index;
  return add(step);
}

bool Graph::is(Id id, double value) const {
  return steps_[id].constant && steps_[id].value == value;
}

// Identities that hold for every finite value, but for the sign of zero.
bool Graph::simpler(ExprCode code, Id a, Id b, Id& out) {
  const Step& right = steps_[b];
  const bool negation = code == ExprCode::kSub && is(a, 0) &&
                        right.code == ExprCode::kSub && is(right.a, 0);
  if (negation) {
    out = right.b;
    return true;
  }
  const bool same = code == ExprCode::kMin || code == ExprCode::kMax;
  const bool keeps_a = (same && a == b) ||
                       (code == ExprCode::kAdd && is(b, 0)) ||
                       (code == ExprCode::kSub && is(b, 0)) ||
                       (code == ExprCode::kMul && is(b, 1)) ||
                       (code == ExprCode::kDiv && is(b, 1));
  const bool keeps_b = (code == ExprCode::kAdd && is(a, 0)) ||
                       (code == ExprCode::kMul && is(a, 1));
  out = keeps_a ? a : b;
  return keeps_a || keeps_b;
}

Id Graph::make(ExprCode code, Id a, Id b, Id c) {
  Id out;
  if (simpler(code, a, b, out)) return out;
  if (code != ExprCode::kWhere && steps_[a].constant && steps_[b].constant) {
    const double value = fold(code, steps_[a].value, steps_[b].value);
    if (std::isfinite(value)) return constant(value);
  }
  const bool swaps = code == ExprCode::kAdd || code == ExprCode::kMul;
  if (swaps && b < a) std::swap(a, b);
  Step step;
  step.code = code;
  step.a = a;
  step.b = b;
  step.c = code == ExprCode::kWhere ? c : a;
  return add(step);
}

// ------------------------------------------------------- interval ends

Id Ends::end(Id node, bool upper) {
  const auto key = std::pair(node, upper);
  if (const auto at = known_.find(key); at != known_.end()) return at->second;
  const Id made = make(tree_[node], upper);
  known_[key] = made;
  return made;
}

Id Ends::make(const Node& n, bool upper) {
  switch (n.op) {
    case Op::kConstant:
      return graph_.constant(n.value);
    case Op::kInput:
      return graph_.end(2 * n.input +
                        (upper && !is_exact(tree_.inputs()[n.input]) ? 1 : 0));
    case Op::kAdd:
      return graph_.make(ExprCode::kAdd, end(n.a, upper), end(n.b, upper));
    case Op::kSub:
      if (n.a == n.b) return graph_.constant(0);
      return graph_.make(ExprCode::kSub, end(n.a, upper), end(n.b, !upper));
    case Op::kMul:
      return n.a == n.b ? square(n, upper) : product(n, upper);
    case Op::kDiv:
      return quotient(n, upper);
    case Op::kMin:
    case Op::kMax:
      return graph_.make(n.op == Op::kMin ? ExprCode::kMin : ExprCode::kMax,
                         end(n.a, upper), end(n.b, upper));
    case Op::kAbs:
      return magnitude(n.a, upper);
    case Op::kSqrt:
      return graph_.make(ExprCode::kSqrt, end(n.a, upper));
    case Op::kSin:
    case Op::kCos:
      return wave(n, upper);
    case Op::kIfLess:
      break;
  }
  return choice(n, upper);
}

// All four corners; those that the declared signs rule out are left out.
Id Ends::product(const Node& n, bool upper) {
  const Node& a = tree_[n.a];
  const Node& b = tree_[n.b];
  const auto times = [&](bool a_upper, bool b_upper) {
    return graph_.make(ExprCode::kMul, end(n.a, a_upper), end(n.b, b_upper));
  };
  const ExprCode worse = upper ? ExprCode::kMax : ExprCode::kMin;
  // With a's sign known, which end of b counts is too.
  if (a.least >= 0) {
    if (b.least >= 0) return times(upper, upper);
    if (b.most <= 0) return times(!upper, upper);
    return graph_.make(worse, times(true, upper), times(false, upper));
  }
  if (a.most <= 0) {
    if (b.least >= 0) return times(upper, !upper);
    if (b.most <= 0) return times(!upper, !upper);
    return graph_.make(worse, times(true, !upper), times(false, !upper));
  }
  if (b.least >= 0)
    return graph_.make(worse, times(upper, true), times(upper, false));
  if (b.most <= 0)
    return graph_.make(worse, times(!upper, true), times(!upper, false));
  return graph_.make(
      worse, graph_.make(worse, times(true, true), times(true, false)),
      graph_.make(worse, times(false, true), times(false, false)));
}

Id Ends::square(const Node& n, bool upper) {
  const Id one = magnitude(n.a, upper);
  return graph_.make(ExprCode::kMul, one, one);
}

// The divisor's range does not hold zero (parse.cpp).
Id Ends::quotient(const Node& n, bool upper) {
  const Node& a = tree_[n.a];
  const bool positive = tree_[n.b].least > 0;
  // a / b = -a / -b.
  const Id far = positive ? end(n.b, true) : graph_.negated(end(n.b, false));
  const Id near = positive ? end(n.b, false) : graph_.negated(end(n.b, true));
  const Id top = positive ? end(n.a, upper) : graph_.negated(end(n.a, !upper));
  const auto over = [&](Id by) { return graph_.make(ExprCode::kDiv, top, by); };
  const bool rises = positive ? a.least >= 0 : a.most <= 0;
  const bool falls = positive ? a.most <= 0 : a.least >= 0;
  if (rises) return over(upper ? near : far);
  if (falls) return over(upper ? far : near);
  return graph_.make(upper ? ExprCode::kMax : ExprCode::kMin, over(near),
                     over(far));
}

Id Ends::magnitude(Id node, bool upper) {
  const Node& n = tree_[node];
  if (n.least >= 0) return end(node, upper);
  if (n.most <= 0) return graph_.negated(end(node, !upper));
  const Id up = end(node, true);
  const Id down = graph_.negated(end(node, false));
  if (upper) return graph_.make(ExprCode::kMax, up, down);
  const Id low = end(node, false);
  const Id high = graph_.negated(end(node, true));
  return graph_.make(ExprCode::kMax, graph_.make(ExprCode::kMax, low, high),
                     graph_.constant(0));
}

// |sin x - sin m| <= |x - m|: the middle's, half a width to each side.
Id Ends::wave(const Node& n, bool upper) {
  const Id hi = end(n.a, true), lo = end(n.a, false);
  const ExprCode code = n.op == Op::kSin ? ExprCode::kSin : ExprCode::kCos;
  if (hi == lo) return graph_.make(code, hi);
  const Id half = graph_.constant(0.5);
  const auto mean = [&](ExprCode how) {
    return graph_.make(ExprCode::kMul, graph_.make(how, hi, lo), half);
  };
  const Id middle = graph_.make(code, mean(ExprCode::kAdd));
  const Id aside = mean(ExprCode::kSub);
  if (upper)
    return graph_.make(ExprCode::kMin, graph_.constant(1),
                       graph_.make(ExprCode::kAdd, middle, aside));
  return graph_.make(ExprCode::kMax, graph_.constant(-1),
                     graph_.make(ExprCode::kSub, middle, aside));
}

// a < b ? c : d. Where rounding or width leaves it open, both count:
//   c unless surely b < a, d unless surely a < b.
Id Ends::choice(const Node& n, bool upper) {
  const Node& a = tree_[n.a];
  const Node& b = tree_[n.b];
  // Also what these two additions round.
  const double slop = a.error + b.error + 0x1p-50 * (largest(a) + largest(b));
  const Id slack = graph_.constant(slop);
  const Id a_low = graph_.make(ExprCode::kSub, end(n.a, false), slack);
  const Id a_high = graph_.make(ExprCode::kAdd, end(n.a, true), slack);
  const auto side = [&](Id node) {
    return upper ? end(node, true) : graph_.negated(end(node, false));
  };
  const Id yes =
      graph_.make(ExprCode::kWhere, a_low, end(n.b, true), side(n.c));
  const Id no =
      graph_.make(ExprCode::kWhere, end(n.b, false), a_high, side(n.d));
  const Id worse = graph_.make(ExprCode::kMax, yes, no);
  return upper ? worse : graph_.negated(worse);
}

}  // namespace tactus::safety::expr
