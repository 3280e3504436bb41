// SPDX-License-Identifier: MIT
// What the parser builds with: operations on terms that check shape and
// dimension and put the first fault at its place. After one, results mean
// nothing. Set-up only.
#pragma once

#include "safety/expr/parse.hpp"

namespace tactus::safety::expr {

[[nodiscard]] inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] inline bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// The first fault of a text.
class Faults {
 public:
  Faults(std::string_view text, Fault& fault) : text_(text), fault_(fault) {}
  void fail(std::size_t at, std::string_view seen, std::string expected);
  // What was seen: the word at `at`.
  void fail(std::size_t at, std::string expected);
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::string_view text_;
  Fault& fault_;
  bool failed_ = false;
};

using Arguments = std::vector<Term>;

// `at`: where a fault of the operation stands.
class Terms {
 public:
  Terms(Tree& tree, Faults& faults) : tree_(tree), faults_(faults) {}

  Term nothing() { return {{tree_.constant(0, kRatio)}, false}; }
  // + and -: element by element, of one dimension.
  Term pairs(Op op, std::size_t at, const Term& a, const Term& b);
  // A value times a value or a vector, and a value or a vector over a value.
  Term times(std::size_t at, const Term& a, const Term& b);
  Term over(std::size_t at, const Term& a, const Term& b);
  // Functions of the language.
  Term least(std::size_t at, const Arguments& list);
  Term most(std::size_t at, const Arguments& list);
  Term absolute(std::size_t at, const Arguments& list);
  Term root(std::size_t at, const Arguments& list);
  Term sine(std::size_t at, const Arguments& list);
  Term cosine(std::size_t at, const Arguments& list);
  Term clamp(std::size_t at, const Arguments& list);
  Term dot(std::size_t at, const Arguments& list);
  Term norm(std::size_t at, const Arguments& list);
  // if(a < b, yes, no); the comparison stands at `sign_at`.
  Term decide(std::size_t sign_at, std::size_t at, const Term& a, const Term& b,
              const Term& yes, const Term& no);
  Id make(Op op, std::size_t at, Dimension d, Id a, Id b = 0, Id c = 0,
          Id otherwise = 0);
  Term wrong(std::size_t at, const char* expected) {
    faults_.fail(at, expected);
    return nothing();
  }

 private:
  [[nodiscard]] bool failed() const { return faults_.failed(); }
  [[nodiscard]] Dimension unit(const Term& t) const {
    return tree_[t.part[0]].dimension;
  }
  [[nodiscard]] std::string unit_text(Id id) const {
    return si_unit(tree_[id].dimension);
  }
  Id pair(Op op, std::size_t at, Id a, Id b);
  Id scaled(std::size_t at, Id a, Id b);
  Term extreme(Op op, std::size_t at, const Arguments& list);
  Id root_of(std::size_t at, Id id);
  Term angle_function(Op op, std::size_t at, const Arguments& list);
  Id dot_of(std::size_t at, const Term& a, const Term& b);

  Tree& tree_;
  Faults& faults_;
};

}  // namespace tactus::safety::expr
