// SPDX-License-Identifier: MIT
#include "safety/expr/terms.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/text.hpp"

namespace tactus::safety::expr {

void Faults::fail(std::size_t at, std::string_view seen, std::string expected) {
  if (failed_) return;
  failed_ = true;
  fault_ = {at, quoted(seen), std::move(expected)};
}

void Faults::fail(std::size_t at, std::string expected) {
  std::string_view seen = text_.substr(std::min(at, text_.size()));
  std::size_t n = 0;
  while (n < seen.size() && (is_letter(seen[n]) || is_digit(seen[n]))) ++n;
  if (n == 0) n = std::max<std::size_t>(utf8_length(seen), 1);
  fail(at, at < text_.size() ? seen.substr(0, n) : "end", std::move(expected));
}

Term Terms::pairs(Op op, std::size_t at, const Term& a, const Term& b) {
  if (failed()) return nothing();
  if (a.vector != b.vector || a.part.size() != b.part.size()) {
    faults_.fail(at, "two values, or two vectors of one length");
    return nothing();
  }
  Term out{{}, a.vector};
  for (std::size_t i = 0; i < a.part.size(); ++i)
    out.part.push_back(pair(op, at, a.part[i], b.part[i]));
  return out;
}

Id Terms::pair(Op op, std::size_t at, Id a, Id b) {
  if (tree_[a].dimension != tree_[b].dimension) {
    faults_.fail(at, unit_text(a) + " and " + unit_text(b),
                 "operands of one dimension");
    return a;
  }
  return make(op, at, tree_[a].dimension, a, b);
}

Id Terms::make(Op op, std::size_t at, Dimension d, Id a, Id b, Id c,
               Id otherwise) {
  if (tree_.full())
    faults_.fail(at, fmt::format("at most {} parts", Tree::kMaxNodes));
  if (failed()) return a;
  const Id out = tree_.make(op, d, a, b, c, otherwise);
  const Node& n = tree_[out];
  if (std::isfinite(n.least) && std::isfinite(n.most) && std::isfinite(n.error))
    return out;
  faults_.fail(at, fmt::format("{:g} .. {:g}", n.least, n.most),
               "a result that is finite over the declared ranges");
  return a;
}

Term Terms::times(std::size_t at, const Term& a, const Term& b) {
  if (failed()) return nothing();
  if (a.vector && b.vector) {
    faults_.fail(at, "a value on one side: of two vectors, dot(a, b)");
    return nothing();
  }
  const Term& many = a.vector ? a : b;
  const Id one = a.vector ? b.part[0] : a.part[0];
  Term out{{}, many.vector};
  for (const Id id : many.part) out.part.push_back(scaled(at, one, id));
  return out;
}

Id Terms::scaled(std::size_t at, Id a, Id b) {
  const auto d = product_of(tree_[a].dimension, tree_[b].dimension, 1);
  if (!d) faults_.fail(at, "a dimension with exponents of at most 8");
  return make(Op::kMul, at, d.value_or(kRatio), a, b);
}

Term Terms::over(std::size_t at, const Term& a, const Term& b) {
  if (failed()) return nothing();
  if (b.vector) {
    faults_.fail(at, "a value below the line");
    return nothing();
  }
  const Node& n = tree_[b.part[0]];
  if (n.least - n.error <= 0 && n.most + n.error >= 0) {
    faults_.fail(
        at, fmt::format("{:g} .. {:g}", n.least, n.most),
        "a divisor whose declared range does not hold zero: max(…) of it "
        "and a limit");
    return nothing();
  }
  Term out{{}, a.vector};
  for (const Id id : a.part) {
    const auto d =
        product_of(tree_[id].dimension, tree_[b.part[0]].dimension, -1);
    if (!d) faults_.fail(at, "a dimension with exponents of at most 8");
    out.part.push_back(make(Op::kDiv, at, d.value_or(kRatio), id, b.part[0]));
  }
  return out;
}

Term Terms::extreme(Op op, std::size_t at, const Arguments& list) {
  std::vector<Id> all;
  for (const Term& t : list) {
    if (t.vector && list.size() > 1)
      return wrong(at, "values, or one vector, as arguments");
    all.insert(all.end(), t.part.begin(), t.part.end());
  }
  if (all.size() < 2) return wrong(at, "two values, or one vector");
  Id out = all[0];
  for (std::size_t i = 1; i < all.size(); ++i) out = pair(op, at, out, all[i]);
  return {{out}, false};
}

Term Terms::least(std::size_t at, const Arguments& list) {
  return extreme(Op::kMin, at, list);
}

Term Terms::most(std::size_t at, const Arguments& list) {
  return extreme(Op::kMax, at, list);
}

Term Terms::absolute(std::size_t at, const Arguments& list) {
  if (list.size() != 1) return wrong(at, "one argument");
  Term out{{}, list[0].vector};
  for (const Id id : list[0].part)
    out.part.push_back(make(Op::kAbs, at, tree_[id].dimension, id));
  return out;
}

Term Terms::root(std::size_t at, const Arguments& list) {
  if (list.size() != 1 || list[0].vector) return wrong(at, "one value");
  return {{root_of(at, list[0].part[0])}, false};
}

Id Terms::root_of(std::size_t at, Id id) {
  const Node& n = tree_[id];
  const Dimension d = n.dimension;
  if (n.least < 0)
    faults_.fail(at, fmt::format("{:g} .. {:g}", n.least, n.most),
                 "a root of what is never negative: max(…, 0) of it");
  if ((d.length | d.time | d.mass | d.angle) & 1)
    faults_.fail(at, unit_text(id), "a root of even powers of units");
  const auto half = [](int8_t x) { return static_cast<int8_t>(x / 2); };
  return make(Op::kSqrt, at,
              {half(d.length), half(d.time), half(d.mass), half(d.angle)}, id);
}

Term Terms::angle_function(Op op, std::size_t at, const Arguments& list) {
  if (list.size() != 1 || list[0].vector) return wrong(at, "one value");
  if (unit(list[0]) != kAngle) {
    faults_.fail(at, unit_text(list[0].part[0]), "an angle, in rad");
    return nothing();
  }
  return {{make(op, at, kRatio, list[0].part[0])}, false};
}

Term Terms::sine(std::size_t at, const Arguments& list) {
  return angle_function(Op::kSin, at, list);
}

Term Terms::cosine(std::size_t at, const Arguments& list) {
  return angle_function(Op::kCos, at, list);
}

Term Terms::clamp(std::size_t at, const Arguments& list) {
  if (list.size() != 3 || list[0].vector || list[1].vector || list[2].vector)
    return wrong(at, "clamp(value, least, most)");
  const Id low = pair(Op::kMax, at, list[0].part[0], list[1].part[0]);
  return {{pair(Op::kMin, at, low, list[2].part[0])}, false};
}

Term Terms::dot(std::size_t at, const Arguments& list) {
  if (list.size() != 2 || !list[0].vector || !list[1].vector ||
      list[0].part.size() != list[1].part.size())
    return wrong(at, "two vectors of one length");
  return {{dot_of(at, list[0], list[1])}, false};
}

Id Terms::dot_of(std::size_t at, const Term& a, const Term& b) {
  Id out = scaled(at, a.part[0], b.part[0]);
  for (std::size_t i = 1; i < a.part.size(); ++i)
    out = pair(Op::kAdd, at, out, scaled(at, a.part[i], b.part[i]));
  return out;
}

Term Terms::norm(std::size_t at, const Arguments& list) {
  if (list.size() != 1 || !list[0].vector) return wrong(at, "one vector");
  return {{root_of(at, dot_of(at, list[0], list[0]))}, false};
}

Term Terms::decide(std::size_t sign_at, std::size_t at, const Term& a,
                   const Term& b, const Term& yes, const Term& no) {
  if (unit(a) != unit(b)) {
    faults_.fail(sign_at, unit_text(a.part[0]) + " and " + unit_text(b.part[0]),
                 "operands of one dimension");
  } else if (unit(yes) != unit(no)) {
    faults_.fail(at, unit_text(yes.part[0]) + " and " + unit_text(no.part[0]),
                 "results of one dimension");
  }
  return {{make(Op::kIfLess, at, unit(yes), a.part[0], b.part[0], yes.part[0],
                no.part[0])},
          false};
}

}  // namespace tactus::safety::expr
