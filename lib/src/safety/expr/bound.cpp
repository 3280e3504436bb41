// SPDX-License-Identifier: MIT
// Ranges and rounding bounds of nodes; the rules are stated in tree.hpp.
// Ranges are computed as programs compute (round to nearest, the same
// formulas), which is monotone: a program's intervals stay inside.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kin/sincos.hpp"
#include "safety/expr/tree.hpp"

namespace tactus::safety::expr {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
// Half an ulp of a result, and more than what underflow can lose: in a thread
// that flushes to zero, too.
constexpr double kHalfUlp = 0x1p-53;
constexpr double kTiny = 0x1p-1020;
// The bounds themselves are sums of rounded terms: a part in 2^40 upwards
// covers hundreds of them.
constexpr double kUp = 1 + 0x1p-40;
// |sincos - sin| for |x| <= kMaxAngle (kin/sincos.hpp).
constexpr double kSine = 2e-15;

double rounding(double largest) { return kHalfUlp * largest + kTiny; }

void add_bound(const Node& a, const Node& b, double sign, Node& n) {
  n.least = a.least + (sign > 0 ? b.least : -b.most);
  n.most = a.most + (sign > 0 ? b.most : -b.least);
  n.error = a.error + b.error;
}

void product_bound(const Node& a, const Node& b, Node& n) {
  const double all[] = {a.least * b.least, a.least * b.most, a.most * b.least,
                        a.most * b.most};
  n.least = *std::min_element(all, all + 4);
  n.most = *std::max_element(all, all + 4);
  n.error = largest(a) * b.error + largest(b) * a.error;
}

void square_bound(const Node& a, Node& n) {
  const double far = std::max(a.most, -a.least);
  const double near = std::max({a.least, -a.most, 0.0});
  n.least = near * near;
  n.most = far * far;
  n.error = 2 * largest(a) * a.error;
}

// The divisor's range does not hold zero, its error included, or nothing is
// known of the quotient.
void quotient_bound(const Node& a, const Node& b, Node& n) {
  const double near = std::max(b.least, -b.most) - b.error;
  if (!(near > 0)) {
    n.least = -kInf;
    n.most = n.error = kInf;
    return;
  }
  const double all[] = {a.least / b.least, a.least / b.most, a.most / b.least,
                        a.most / b.most};
  n.least = *std::min_element(all, all + 4);
  n.most = *std::max_element(all, all + 4);
  n.error = (a.error + largest(a) / near * b.error) / near;
}

void root_bound(const Node& a, Node& n) {
  n.least = a.least >= 0 ? std::sqrt(a.least) : -kInf;
  n.most = a.most >= 0 ? std::sqrt(a.most) : kInf;
  const double low = a.least - a.error;
  // sqrt(x + e) - sqrt(x) is at most sqrt(e), and e / (2 sqrt(x)).
  n.error = std::sqrt(a.error);
  if (low > 0) n.error = std::min(n.error, a.error / (2 * std::sqrt(low)));
  if (!(a.least >= 0)) n.error = kInf;
}

// |sin x - sin y| <= |x - y|: the middle's sine, half a width to each side.
void sine_bound(const Node& a, Node& n) {
  n.least = -1;
  n.most = 1;
  if (a.least == a.most) {
    double sine, cosine;
    kin::sincos(a.least, sine, cosine);
    n.least = n.most = n.op == Op::kSin ? sine : cosine;
  }
  n.error = a.error + kSine + 4 * rounding(largest(a));
  if (!(largest(a) <= kin::kMaxAngle)) n.error = kInf;
}

void input_bound(const ExprInput& in, Node& n) {
  n.least = in.lo;
  n.most = in.hi;
  // value -+ (error + rate * time), or a product with a slice of the stop: at
  // most seven roundings, none larger than the result's.
  n.error = is_exact(in) ? 0 : 8 * rounding(largest(n));
}

}  // namespace

void bound(const Tree& tree, Node& n) {
  if (n.op == Op::kInput) return input_bound(tree.inputs()[n.input], n);
  const Node& a = tree[n.a];
  const Node& b = tree[n.b];
  switch (n.op) {
    case Op::kAdd:
      add_bound(a, b, 1, n);
      break;
    case Op::kSub:
      add_bound(a, b, -1, n);
      break;
    case Op::kMul:
      n.a == n.b ? square_bound(a, n) : product_bound(a, b, n);
      break;
    case Op::kDiv:
      quotient_bound(a, b, n);
      break;
    case Op::kMin:
      n.least = std::min(a.least, b.least);
      n.most = std::min(a.most, b.most);
      n.error = std::max(a.error, b.error);
      return;
    case Op::kMax:
      n.least = std::max(a.least, b.least);
      n.most = std::max(a.most, b.most);
      n.error = std::max(a.error, b.error);
      return;
    case Op::kAbs:
      n.least = std::max({a.least, -a.most, 0.0});
      n.most = std::max(a.most, -a.least);
      n.error = a.error;
      return;
    case Op::kSqrt:
      root_bound(a, n);
      break;
    case Op::kSin:
    case Op::kCos:
      sine_bound(a, n);
      break;
    case Op::kIfLess: {
      const Node& c = tree[n.c];
      const Node& d = tree[n.d];
      n.least = std::min(c.least, d.least);
      n.most = std::max(c.most, d.most);
      n.error = std::max(c.error, d.error);
      return;
    }
    default:
      return;
  }
  n.error = (n.error + rounding(largest(n))) * kUp;
}

}  // namespace tactus::safety::expr
