// SPDX-License-Identifier: MIT
// A program before its registers: nodes without duplicates, made by whoever
// asks for an interval's end, so that what nobody asks for is never there.
// Set-up only.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "safety/expr/tree.hpp"

namespace tactus::safety::expr {

// One instruction; `code` kNone: a leaf.
struct Step {
  ExprCode code = ExprCode::kNone;
  Id a = 0, b = 0, c = 0;
  bool constant = false;
  double value = 0;        // of a constant
  uint32_t register_ = 0;  // of an input's end: 2k or 2k + 1
};

class Graph {
 public:
  Id constant(double value);
  Id end(uint32_t index);
  Id make(ExprCode code, Id a, Id b, Id c);
  Id make(ExprCode code, Id a, Id b) { return make(code, a, b, a); }
  Id make(ExprCode code, Id a) { return make(code, a, a, a); }

  Id negated(Id a) { return make(ExprCode::kSub, constant(0), a); }
  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }

 private:
  using Key = std::tuple<ExprCode, Id, Id, Id, double, uint32_t>;
  Id add(const Step& step);
  bool simpler(ExprCode code, Id a, Id b, Id& out);
  [[nodiscard]] bool is(Id id, double value) const;
  std::vector<Step> steps_;
  std::map<Key, Id> known_;
};

// Ends of a tree's nodes as steps of one graph.
class Ends {
 public:
  Ends(const Tree& tree, Graph& graph) : tree_(tree), graph_(graph) {}
  Id hi(Id node) { return end(node, true); }
  Id lo(Id node) { return end(node, false); }

 private:
  Id end(Id node, bool upper);
  Id make(const Node& n, bool upper);
  Id product(const Node& n, bool upper);
  Id square(const Node& n, bool upper);
  Id quotient(const Node& n, bool upper);
  Id magnitude(Id node, bool upper);
  Id wave(const Node& n, bool upper);
  Id choice(const Node& n, bool upper);

  const Tree& tree_;
  Graph& graph_;
  std::map<std::pair<Id, bool>, Id> known_;
};

// Writes the steps that `roots` need as a program and gives each root's
// register. False: a table of the program is too small.
bool write_program(const Graph& graph, const std::vector<Id>& roots,
                   const std::vector<ExprInput>& inputs, ExprProgram& out,
                   std::vector<uint16_t>& registers);

// Operations that one root needs.
[[nodiscard]] uint32_t operations_of(const Graph& graph,
                                     const std::vector<Id>& roots);

}  // namespace tactus::safety::expr
