// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <charconv>
#include <cmath>

#include "safety/expr/terms.hpp"

namespace tactus::safety::expr {
namespace {

constexpr int kMaxDepth = 48;

class Parser {
 public:
  Parser(std::string_view text, Names& names, Tree& tree, Fault& fault)
      : text_(text), names_(names), tree_(tree), faults_(text, fault) {}

  std::optional<Id> whole() {
    const Term term = sum();
    skip();
    if (!failed() && at_ < text_.size()) fail(at_, "an operator or the end");
    if (!failed() && term.vector)
      fail(0, text_, "one value: take norm(…), dot(…) or an element of it");
    if (failed()) return std::nullopt;
    return term.part[0];
  }

 private:
  void fail(std::size_t at, std::string_view seen, std::string expected) {
    faults_.fail(at, seen, std::move(expected));
  }
  void fail(std::size_t at, std::string expected) {
    faults_.fail(at, std::move(expected));
  }
  [[nodiscard]] bool failed() const { return faults_.failed(); }
  Term nothing() { return terms_.nothing(); }

  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char c) {
    skip();
    if (failed() || at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void need(char c) {
    if (!take(c)) fail(at_, fmt::format("'{}'", c));
  }

  Term sum() {
    Deeper deeper(*this);
    Term left = product();
    for (;;) {
      skip();
      const std::size_t at = at_;
      if (take('+'))
        left = terms_.pairs(Op::kAdd, at, left, product());
      else if (take('-'))
        left = terms_.pairs(Op::kSub, at, left, product());
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
        left = terms_.times(at, left, factor());
      else if (take('/'))
        left = terms_.over(at, left, factor());
      else
        return left;
    }
  }

  Term factor() {
    Deeper deeper(*this);
    skip();
    const std::size_t at = at_;
    if (take('-')) {
      Term out = factor();
      for (Id& id : out.part)
        id = terms_.make(Op::kSub, at, tree_[id].dimension,
                         tree_.constant(0, tree_[id].dimension), id);
      return out;
    }
    return suffixes(atom());
  }

  Term suffixes(Term term) {
    while (!failed()) {
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
    if (failed()) return;
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
    if (failed() || at_ >= text_.size()) {
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
    } while (!failed() && take(',') && out.part.size() < 64);
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
    while (!failed() && take(',') && out.size() < 64);
    need(')');
    group_ = false;
    return out;
  }

  Term call(std::string_view name, std::size_t at) {
    if (name == "if") return choice();
    struct Function {
      std::string_view name;
      Term (Terms::*make)(std::size_t, const Arguments&);
    };
    static constexpr Function kFunctions[] = {
        {"min", &Terms::least},    {"max", &Terms::most},
        {"abs", &Terms::absolute}, {"sqrt", &Terms::root},
        {"sin", &Terms::sine},     {"cos", &Terms::cosine},
        {"clamp", &Terms::clamp},  {"dot", &Terms::dot},
        {"norm", &Terms::norm}};
    for (const Function& f : kFunctions) {
      if (f.name != name) continue;
      const auto list = arguments();
      return failed() ? nothing() : (terms_.*f.make)(at, list);
    }
    fail(at, name,
         "min, max, abs, sqrt, sin, cos, clamp, dot, norm or if: a function "
         "is one of these");
    return nothing();
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
    if (failed()) return nothing();
    if (left.vector || right.vector || yes.vector || no.vector)
      return terms_.wrong(at, "values in if(a < b, then, otherwise)");
    return terms_.decide(sign_at, at, less ? left : right, less ? right : left,
                         yes, no);
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
  Faults faults_;
  Terms terms_{tree_, faults_};
  std::size_t at_ = 0;
  int depth_ = 0;
  bool group_ = false;  // the last atom is a signal of spheres
};

}  // namespace

std::optional<Id> parse(std::string_view text, Names& names, Tree& tree,
                        Fault& fault) {
  return Parser(text, names, tree, fault).whole();
}

}  // namespace tactus::safety::expr
