// SPDX-License-Identifier: MIT
// Linear rows and expressions: what ranges and parallel rows say of them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "safety/redundancy/rules.hpp"

namespace tactus::safety::redundant {
namespace {

const Linear& linear_of(const Image& image, const Row& row) {
  return image.linear[row.index];
}

// What a row's slack must be, and a little more for its own arithmetic.
double needed(const Image& image, const Row& row) {
  return row.margin + 2 * rounding_at(image, row);
}

// Least and greatest a . x over a box, widened by what summing loses.
struct Ends {
  double lo = 0, hi = 0;
};
Ends ends_of(const Image& image, const Linear& row, const double* lo,
             const double* hi) {
  Ends out;
  double size = std::fabs(row.b);
  for (uint32_t j = 0; j < image.joints; ++j) {
    if (row.a[j] == 0) continue;
    const double x = row.a[j] * lo[j], y = row.a[j] * hi[j];
    out.lo += std::fmin(x, y);
    out.hi += std::fmax(x, y);
    size += std::fmax(std::fabs(x), std::fabs(y));
  }
  out.lo -= kClear * size;
  out.hi += kClear * size;
  return out;
}

// Rows on u look at u itself, which action.max has in its box; rows on q at
// q - wide and q + wide of each sample, which joint.position has in its
// range. A sum over a box is greatest in a corner.
Verdict within_range(const Image& image, const Row& row, const Row& other) {
  const Linear& linear = linear_of(image, row);
  const bool of_u =
      linear.of == LinearOf::kAction && other.kernel == RowKernel::kActionBox;
  const bool of_q = linear.of == LinearOf::kPosition &&
                    other.kernel == RowKernel::kJointPosition;
  if (!of_u && !of_q) return std::nullopt;
  const Ends ends =
      of_u ? ends_of(image, linear, image.action_lo, image.action_hi)
           : ends_of(image, linear, image.position_lo, image.position_hi);
  // A stop's command is zero.
  const double most = of_u ? std::fmax(ends.hi, 0) : ends.hi;
  if (!(most + needed(image, row) <= linear.b)) return std::nullopt;
  return Reason{fmt::format("{} implies it", other.id),
                fmt::format("the sum is at most {:g} there, and {:g} allowed",
                            ends.hi, linear.b - row.margin)};
}

// a of the one is a of the other times that; 0: not parallel, or not in the
// same direction. Only powers of two: then every product and every sum of the
// two is the same but for its exponent, whatever u, q and dq are.
double multiple(const Image& image, const Linear& one, const Linear& other) {
  double factor = 0;
  for (uint32_t j = 0; j < image.joints; ++j)
    if (other.a[j] != 0 && factor == 0) factor = one.a[j] / other.a[j];
  int exponent = 0;
  if (std::fabs(std::frexp(factor, &exponent)) != 0.5) return 0;
  for (uint32_t j = 0; j < image.joints; ++j)
    if (one.a[j] != factor * other.a[j]) return 0;
  return factor;
}

// k s <= k b' - k (margin' + rounding') is what the other row leaves of this
// row's sum.
Verdict parallel(const Image& image, const Row& row, const Row& other) {
  if (other.kernel != RowKernel::kLinear) return std::nullopt;
  const Linear& a = linear_of(image, row);
  const Linear& b = linear_of(image, other);
  if (a.of != b.of) return std::nullopt;
  const double factor = multiple(image, a, b);
  if (!(factor > 0)) return std::nullopt;
  const bool same = factor == 1 && a.b == b.b && row.margin <= other.margin;
  const double size = std::fabs(a.b) + factor * std::fabs(b.b);
  const double left = factor * (b.b - other.margin);
  const bool tighter =
      left + needed(image, row) + 1e-12 * (size + row.margin) <= a.b;
  if (!same && !tighter) return std::nullopt;
  return Reason{
      fmt::format("{} implies it", other.id),
      same ? std::string("the same coefficients and bound")
           : fmt::format("{:g} times its coefficients: at most {:g}, and {:g} "
                         "allowed",
                         factor, left, a.b - row.margin)};
}

// Whether no input of a program can leave its range while the hard rows hold:
// outside of it every row of the program is violated.
bool stays(const Image& image, const ExprInput& in) {
  const auto within = [&](double lo, double hi) {
    return in.lo <= lo - in.error && hi + in.error <= in.hi;
  };
  const uint32_t j = in.element;
  switch (in.source) {
    case ExprSource::kAction:
      // Its ends are u times parts of one, so between u and zero.
      return in.error == 0 &&
             hard_row(image, RowKernel::kActionBox) != nullptr &&
             in.lo <= image.action_lo[j] && image.action_hi[j] <= in.hi;
    case ExprSource::kPosition:
      return hard_row(image, RowKernel::kJointPosition) != nullptr &&
             within(image.position_lo[j] - kClear,
                    image.position_hi[j] + kClear);
    case ExprSource::kSignal:
      // What leaves its declared range is never judged; a fallback is a
      // declared value that need not be within it.
      return in.rate == 0 &&
             image.signal[in.signal].stale != StaleRule::kFallback &&
             within(double{image.signal[in.signal].lo[j]},
                    double{image.signal[in.signal].hi[j]});
    case ExprSource::kNone:
    case ExprSource::kLast:      // sent under other limits, or measured
    case ExprSource::kStep:      // the program's ticks
    case ExprSource::kVelocity:  // the predicted bound is not of a row
      break;
  }
  return false;
}

}  // namespace

Verdict linear_implied(const Image& image, const Row& row, const Row& other) {
  if (row.kernel != RowKernel::kLinear) return std::nullopt;
  if (Verdict found = within_range(image, row, other)) return found;
  return parallel(image, row, other);
}

// expr/tree.hpp: while its inputs are within their ranges what a program
// computes for a row lies in [least, most]; max and min have the rounding
// bound off already.
Verdict always_true(const Image& image, const Row& row) {
  if (row.kernel != RowKernel::kExpression) return std::nullopt;
  const Expression& e = image.expressions.expression[row.index];
  const double lost =
      1e-12 * (std::fabs(e.most) + std::fabs(e.least) + std::fabs(e.max) +
               std::fabs(e.min) + row.margin);
  const bool above = e.hi == kNoRegister || e.most + lost <= e.max - row.margin;
  const bool below =
      e.lo == kNoRegister || e.least - lost >= e.min + row.margin;
  if (!above || !below) return std::nullopt;
  const ExprProgram& program =
      image.expressions.program[static_cast<uint32_t>(e.when)];
  const auto* begin = program.input;
  const bool all =
      std::all_of(begin, begin + program.inputs,
                  [&](const ExprInput& in) { return stays(image, in); });
  if (!all) return std::nullopt;
  return Reason{"it is always true",
                fmt::format("over the declared ranges it lies in {:g} .. {:g}",
                            e.least, e.most)};
}

namespace {

// A row on u or dq has its bound, at rest, as its slack at most.
Verdict linear_never(const Image& image, const Row& row) {
  const Linear& linear = linear_of(image, row);
  if (linear.of != LinearOf::kPosition) {
    if (linear.b >= row.margin + rounding_at(image, row)) return std::nullopt;
    return Reason{"nothing satisfies it, not even rest",
                  fmt::format("bound {:g}, and its margin is {:g}", linear.b,
                              row.margin)};
  }
  const Row* range = hard_row(image, RowKernel::kJointPosition);
  if (range == nullptr) return std::nullopt;
  const Ends ends =
      ends_of(image, linear, image.position_lo, image.position_hi);
  if (!(ends.lo > linear.b - row.margin)) return std::nullopt;
  return Reason{fmt::format("nothing satisfies it and {}", range->id),
                fmt::format("the sum is at least {:g} there, and {:g} allowed",
                            ends.lo, linear.b - row.margin)};
}

// Both ends of what a program computes lie in [least, most].
Verdict expression_never(const Image& image, const Row& row) {
  const Expression& e = image.expressions.expression[row.index];
  const bool above = e.hi != kNoRegister && e.least > e.max - row.margin;
  const bool below = e.lo != kNoRegister && e.most < e.min + row.margin;
  if (!above && !below) return std::nullopt;
  return Reason{"nothing satisfies it",
                fmt::format("over the declared ranges it lies in {:g} .. {:g}, "
                            "and its margin is {:g}",
                            e.least, e.most, row.margin)};
}

// s + w <= b - margin and -k s + k w <= b' - margin' with w >= 0: together
// 0 <= k (b - margin) + b' - margin'.
Verdict opposite(const Image& image, const Row& row, const Row& other) {
  const Linear& a = linear_of(image, row);
  const Linear& b = linear_of(image, other);
  if (a.of != b.of) return std::nullopt;
  const double factor = -multiple(image, a, b);
  if (!(factor > 0)) return std::nullopt;
  const double left = factor * (b.b - other.margin) + (a.b - row.margin);
  const double size = std::fabs(a.b) + factor * std::fabs(b.b);
  if (!(left < -kClear * size)) return std::nullopt;
  return Reason{fmt::format("nothing satisfies it and {}", other.id),
                fmt::format("opposite coefficients, and the bounds are {:g} "
                            "apart",
                            -left)};
}

}  // namespace

Verdict never_holds(const Image& image, const Row& row) {
  if (row.kernel == RowKernel::kLinear) return linear_never(image, row);
  if (row.kernel == RowKernel::kExpression) return expression_never(image, row);
  return no_room(image, row, row);
}

Verdict never_hold_both(const Image& image, const Row& row, const Row& other) {
  if (row.kernel == RowKernel::kLinear && other.kernel == RowKernel::kLinear)
    return opposite(image, row, other);
  return no_room(image, row, other);
}

}  // namespace tactus::safety::redundant
