// SPDX-License-Identifier: MIT
#include "safety/expr/parse.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cmath>

#include "core/text.hpp"

namespace tactus::safety::expr {
namespace {

constexpr int kMaxDepth = 48;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

class Parser {
 public:
  Parser(std::string_view text, Names& names, Tree& tree, Fault& fault)
      : text_(text), names_(names), tree_(tree), fault_(fault) {}

  std::optional<Id> whole() {
    const Term term = sum();
    skip();
    if (!failed_ && at_ < text_.size()) fail(at_, "an operator or the end");
    if (!failed_ && term.vector)
      fail(0, text_, "one value: take norm(…), dot(…) or an element of it");
    if (failed_) return std::nullopt;
    return term.part[0];
  }

 private:
  // The first one counts. What follows it reads an empty rest.
  void fail(std::size_t at, std::string_view seen, std::string expected) {
    if (failed_) return;
    failed_ = true;
    fault_ = {at, quoted(seen), std::move(expected)};
    at_ = text_.size();
  }
  void fail(std::size_t at, std::string expected) {
    std::string_view seen = text_.substr(std::min(at, text_.size()));
    std::size_t n = 0;
    while (n < seen.size() && (is_letter(seen[n]) || is_digit(seen[n]))) ++n;
    fail(at, at < text_.size() ? seen.substr(0, n > 0 ? n : 1) : "end",
         std::move(expected));
  }
  Term nothing() { return {{tree_.constant(0, kRatio)}, false}; }

  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void need(char c) {
    if (!take(c)) fail(at_, fmt::format("'{}'", c));
  }

  [[nodiscard]] Dimension unit(const Term& t) const {
    return tree_[t.part[0]].dimension;
  }
  [[nodiscard]] std::string unit_text(Id id) const {
    return si_unit(tree_[id].dimension);
  }

  Term sum() {
    Deeper deeper(*this);
    Term left = product();
    for (;;) {
      skip();
      const std::size_t at = at_;
      if (take('+'))
        left = pairs(Op::kAdd, at, left, product());
      else if (take('-'))
        left = pairs(Op::kSub, at, left, product());
      else
        return left;
    }
  }

  Term product() {
    Term left = factor();
    for (;;) {
      skip();
      const std::size_t at = at_;
      if (take('*'))
        left = times(at, left, factor());
      else if (take('/'))
        left = over(at, left, factor());
      else
        return left;
    }
  }

  // Element by element, of one dimension.
  Term pairs(Op op, std::size_t at, const Term& a, const Term& b) {
    if (failed_) return nothing();
    if (a.vector != b.vector || a.part.size() != b.part.size()) {
      fail(at, "two values, or two vectors of one length");
      return nothing();
    }
    Term out{{}, a.vector};
    for (std::size_t i = 0; i < a.part.size(); ++i)
      out.part.push_back(pair(op, at, a.part[i], b.part[i]));
    return out;
  }
  Id pair(Op op, std::size_t at, Id a, Id b) {
    if (tree_[a].dimension != tree_[b].dimension) {
      fail(at, unit_text(a) + " and " + unit_text(b),
           "operands of one dimension");
      return a;
    }
    return make(op, at, tree_[a].dimension, a, b);
  }

  Id make(Op op, std::size_t at, Dimension d, Id a, Id b = 0, Id c = 0,
          Id otherwise = 0) {
    if (tree_.full())
      fail(at, fmt::format("at most {} parts", Tree::kMaxNodes));
    if (failed_) return a;
    const Id out = tree_.make(op, d, a, b, c, otherwise);
    const Node& n = tree_[out];
    if (std::isfinite(n.least) && std::isfinite(n.most) &&
        std::isfinite(n.error))
      return out;
    fail(at, fmt::format("{:g} .. {:g}", n.least, n.most),
         "a result that is finite over the declared ranges");
    return a;
  }

  Term times(std::size_t at, const Term& a, const Term& b) {
    if (failed_) return nothing();
    if (a.vector && b.vector) {
      fail(at, "a value on one side: of two vectors, dot(a, b)");
      return nothing();
    }
    const Term& many = a.vector ? a : b;
    const Id one = a.vector ? b.part[0] : a.part[0];
    Term out{{}, many.vector};
    for (const Id id : many.part) out.part.push_back(scaled(at, one, id));
    return out;
  }
  Id scaled(std::size_t at, Id a, Id b) {
    const auto d = product_of(tree_[a].dimension, tree_[b].dimension, 1);
    if (!d) fail(at, "a dimension with exponents of at most 8");
    return make(Op::kMul, at, d.value_or(kRatio), a, b);
  }

  Term over(std::size_t at, const Term& a, const Term& b) {
    if (failed_) return nothing();
    if (b.vector) {
      fail(at, "a value below the line");
      return nothing();
    }
    const Node& n = tree_[b.part[0]];
    if (n.least - n.error <= 0 && n.most + n.error >= 0) {
      fail(at, fmt::format("{:g} .. {:g}", n.least, n.most),
           "a divisor whose declared range does not hold zero: max(…) of it "
           "and a limit");
      return nothing();
    }
    Term out{{}, a.vector};
    for (const Id id : a.part) {
      const auto d =
          product_of(tree_[id].dimension, tree_[b.part[0]].dimension, -1);
      if (!d) fail(at, "a dimension with exponents of at most 8");
      out.part.push_back(make(Op::kDiv, at, d.value_or(kRatio), id, b.part[0]));
    }
    return out;
  }

  Term factor() {
    Deeper deeper(*this);
    skip();
    const std::size_t at = at_;
    if (take('-')) {
      Term out = factor();
      for (Id& id : out.part)
        id = make(Op::kSub, at, tree_[id].dimension,
                  tree_.constant(0, tree_[id].dimension), id);
      return out;
    }
    return suffixes(atom());
  }

  Term suffixes(Term term) {
    while (!failed_) {
      skip();
      const std::size_t at = at_;
      if (take('[')) {
        const std::size_t i = index();
        need(']');
        pick(at, i, term);
      } else if (take('.')) {
        constexpr std::string_view kAxes = "xyz";
        const auto axis =
            at_ < text_.size() ? kAxes.find(text_[at_]) : std::string::npos;
        if (axis == std::string::npos || term.part.size() != 3) {
          fail(at, ".x, .y or .z of a vector of three");
          return term;
        }
        ++at_;
        pick(at, axis, term);
      } else {
        return term;
      }
    }
    return term;
  }

  void pick(std::size_t at, std::size_t i, Term& term) {
    const std::size_t width = group_ ? 3 : 1;
    const std::size_t count = term.part.size() / width;
    if (failed_) return;
    if (!term.vector || i >= count) {
      fail(at, term.vector ? fmt::format("an index from 0 to {}", count - 1)
                           : std::string("a vector before '[' or '.'"));
      return;
    }
    const auto first =
        term.part.begin() + static_cast<std::ptrdiff_t>(i * width);
    term.part = {first, first + static_cast<std::ptrdiff_t>(width)};
    term.vector = group_;
    group_ = false;
  }

  std::size_t index() {
    skip();
    std::size_t value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, bad] =
        std::from_chars(begin, text_.data() + text_.size(), value);
    if (bad != std::errc())
      fail(at_, "an index");
    else
      at_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  Term atom() {
    group_ = false;
    skip();
    if (failed_ || at_ >= text_.size()) {
      fail(at_, "a value");
      return nothing();
    }
    const char c = text_[at_];
    if (is_digit(c) || c == '.') return number();
    if (c == '\'' || c == '"') return quantity(c);
    if (is_letter(c)) return word();
    if (take('(')) {
      Term out = sum();
      need(')');
      group_ = false;
      return out;
    }
    if (take('[')) return list();
    fail(at_, "a value");
    return nothing();
  }

  Term number() {
    double value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, bad] =
        std::from_chars(begin, text_.data() + text_.size(), value);
    if (bad != std::errc() || !std::isfinite(value)) {
      fail(at_, "a finite number");
      return nothing();
    }
    at_ += static_cast<std::size_t>(end - begin);
    if (at_ < text_.size() && is_letter(text_[at_])) {
      fail(at_, "an operator: a number with a unit stands in quotes");
      return nothing();
    }
    return {{tree_.constant(value, kRatio)}, false};
  }

  Term quantity(char quote) {
    const std::size_t begin = at_ + 1;
    const std::size_t end = text_.find(quote, begin);
    if (end == std::string_view::npos) {
      fail(at_, fmt::format("a second {}", quote));
      return nothing();
    }
    const auto text = text_.substr(begin, end - begin);
    const auto parsed = parse_quantity(text);
    if (!parsed) {
      fail(at_, text, "a number with its unit, such as '0.25 m/s'");
      return nothing();
    }
    at_ = end + 1;
    return {{tree_.constant(parsed->value, parsed->dimension)}, false};
  }

  Term list() {
    Term out{{}, true};
    do {
      const std::size_t at = at_;
      const Term one = sum();
      if (one.vector) fail(at, "values, not vectors, between [ and ]");
      out.part.push_back(one.part[0]);
    } while (!failed_ && take(',') && out.part.size() < 64);
    need(']');
    group_ = false;
    return out;
  }

  Term word() {
    const std::size_t at = at_;
    while (at_ < text_.size() &&
           (is_letter(text_[at_]) || is_digit(text_[at_])))
      ++at_;
    const auto name = text_.substr(at, at_ - at);
    skip();
    if (at_ < text_.size() && text_[at_] == '(') return call(name, at);
    std::string why;
    auto found = names_.find(name, tree_, why);
    if (!found) {
      fail(at, name, std::move(why));
      return nothing();
    }
    group_ = names_.is_spheres(name);
    if (group_ && found->part.size() == 3 && !next_is('[')) group_ = false;
    return std::move(*found);
  }
  bool next_is(char c) {
    skip();
    return at_ < text_.size() && text_[at_] == c;
  }

  std::vector<Term> arguments() {
    std::vector<Term> out;
    need('(');
    do out.push_back(sum());
    while (!failed_ && take(',') && out.size() < 64);
    need(')');
    group_ = false;
    return out;
  }

  Term call(std::string_view name, std::size_t at) {
    if (name == "if") return choice();
    struct Function {
      std::string_view name;
      Term (Parser::*make)(std::size_t, const std::vector<Term>&);
    };
    static constexpr Function kFunctions[] = {
        {"min", &Parser::least},    {"max", &Parser::most},
        {"abs", &Parser::absolute}, {"sqrt", &Parser::root},
        {"sin", &Parser::sine},     {"cos", &Parser::cosine},
        {"clamp", &Parser::clamp},  {"dot", &Parser::dot},
        {"norm", &Parser::norm}};
    for (const Function& f : kFunctions) {
      if (f.name != name) continue;
      const auto list = arguments();
      return failed_ ? nothing() : (this->*f.make)(at, list);
    }
    fail(at, name,
         "min, max, abs, sqrt, sin, cos, clamp, dot, norm or if: a function "
         "is one of these");
    return nothing();
  }

  Term wrong(std::size_t at, const char* expected) {
    fail(at, expected);
    return nothing();
  }

  Term extreme(Op op, std::size_t at, const std::vector<Term>& list) {
    std::vector<Id> all;
    for (const Term& t : list) {
      if (t.vector && list.size() > 1)
        return wrong(at, "values, or one vector, as arguments");
      all.insert(all.end(), t.part.begin(), t.part.end());
    }
    if (all.size() < 2) return wrong(at, "two values, or one vector");
    Id out = all[0];
    for (std::size_t i = 1; i < all.size(); ++i)
      out = pair(op, at, out, all[i]);
    return {{out}, false};
  }
  Term least(std::size_t at, const std::vector<Term>& list) {
    return extreme(Op::kMin, at, list);
  }
  Term most(std::size_t at, const std::vector<Term>& list) {
    return extreme(Op::kMax, at, list);
  }

  Term absolute(std::size_t at, const std::vector<Term>& list) {
    if (list.size() != 1) return wrong(at, "one argument");
    Term out{{}, list[0].vector};
    for (const Id id : list[0].part)
      out.part.push_back(make(Op::kAbs, at, tree_[id].dimension, id));
    return out;
  }

  Term root(std::size_t at, const std::vector<Term>& list) {
    if (list.size() != 1 || list[0].vector) return wrong(at, "one value");
    return {{root_of(at, list[0].part[0])}, false};
  }
  Id root_of(std::size_t at, Id id) {
    const Node& n = tree_[id];
    const Dimension d = n.dimension;
    if (n.least < 0)
      fail(at, fmt::format("{:g} .. {:g}", n.least, n.most),
           "a root of what is never negative: max(…, 0) of it");
    if ((d.length | d.time | d.mass | d.angle) & 1)
      fail(at, unit_text(id), "a root of even powers of units");
    const auto half = [](int8_t x) { return static_cast<int8_t>(x / 2); };
    return make(Op::kSqrt, at,
                {half(d.length), half(d.time), half(d.mass), half(d.angle)},
                id);
  }

  Term angle_function(Op op, std::size_t at, const std::vector<Term>& list) {
    if (list.size() != 1 || list[0].vector) return wrong(at, "one value");
    if (unit(list[0]) != kAngle) {
      fail(at, unit_text(list[0].part[0]), "an angle, in rad");
      return nothing();
    }
    return {{make(op, at, kRatio, list[0].part[0])}, false};
  }
  Term sine(std::size_t at, const std::vector<Term>& list) {
    return angle_function(Op::kSin, at, list);
  }
  Term cosine(std::size_t at, const std::vector<Term>& list) {
    return angle_function(Op::kCos, at, list);
  }

  Term clamp(std::size_t at, const std::vector<Term>& list) {
    if (list.size() != 3 || list[0].vector || list[1].vector || list[2].vector)
      return wrong(at, "clamp(value, least, most)");
    const Id low = pair(Op::kMax, at, list[0].part[0], list[1].part[0]);
    return {{pair(Op::kMin, at, low, list[2].part[0])}, false};
  }

  Term dot(std::size_t at, const std::vector<Term>& list) {
    if (list.size() != 2 || !list[0].vector || !list[1].vector ||
        list[0].part.size() != list[1].part.size())
      return wrong(at, "two vectors of one length");
    return {{dot_of(at, list[0], list[1])}, false};
  }
  Id dot_of(std::size_t at, const Term& a, const Term& b) {
    Id out = scaled(at, a.part[0], b.part[0]);
    for (std::size_t i = 1; i < a.part.size(); ++i)
      out = pair(Op::kAdd, at, out, scaled(at, a.part[i], b.part[i]));
    return out;
  }
  Term norm(std::size_t at, const std::vector<Term>& list) {
    if (list.size() != 1 || !list[0].vector) return wrong(at, "one vector");
    return {{root_of(at, dot_of(at, list[0], list[0]))}, false};
  }

  // if(a < b, c, d). At equality, and wherever uncertainty leaves the
  // comparison open, the worse of both: < and <= are one.
  Term choice() {
    const std::size_t at = at_;
    need('(');
    const Term left = sum();
    skip();
    const std::size_t sign_at = at_;
    const bool less = take('<');
    if (!less && !take('>')) fail(at_, "<, <=, > or >=");
    (void)take('=');
    const Term right = sum();
    need(',');
    const Term yes = sum();
    need(',');
    const Term no = sum();
    need(')');
    group_ = false;
    if (failed_) return nothing();
    if (left.vector || right.vector || yes.vector || no.vector)
      return wrong(at, "values in if(a < b, then, otherwise)");
    return decide(sign_at, at, less ? left : right, less ? right : left, yes,
                  no);
  }
  Term decide(std::size_t sign_at, std::size_t at, const Term& a, const Term& b,
              const Term& yes, const Term& no) {
    if (unit(a) != unit(b)) {
      fail(sign_at, unit_text(a.part[0]) + " and " + unit_text(b.part[0]),
           "operands of one dimension");
    } else if (unit(yes) != unit(no)) {
      fail(at, unit_text(yes.part[0]) + " and " + unit_text(no.part[0]),
           "results of one dimension");
    }
    return {{make(Op::kIfLess, at, unit(yes), a.part[0], b.part[0], yes.part[0],
                  no.part[0])},
            false};
  }

  // Parentheses nest; so does the stack.
  struct Deeper {
    explicit Deeper(Parser& p) : parser(p) {
      if (++parser.depth_ > kMaxDepth)
        parser.fail(parser.at_, fmt::format("at most {} levels", kMaxDepth));
    }
    ~Deeper() { --parser.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    Parser& parser;
  };

  std::string_view text_;
  Names& names_;
  Tree& tree_;
  Fault& fault_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool failed_ = false;
  bool group_ = false;  // the last atom is a signal of spheres
};

}  // namespace

std::optional<Id> parse(std::string_view text, Names& names, Tree& tree,
                        Fault& fault) {
  return Parser(text, names, tree, fault).whole();
}

}  // namespace tactus::safety::expr
