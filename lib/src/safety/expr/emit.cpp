// SPDX-License-Identifier: MIT
#include "safety/expr/emit.hpp"

#include <algorithm>
#include <cmath>

#include "core/text.hpp"
#include "safety/expr/graph.hpp"

namespace tactus::safety::expr {
namespace {

void copy_cut(std::string_view from, char* to, std::size_t size) {
  const auto text = utf8_cut(from, size - 1);
  std::copy(text.begin(), text.end(), to);
}

void describe(const Tree& tree, const Ruled& row, Expression& out) {
  const Node& node = tree[row.root];
  copy_cut(row.text, out.text, sizeof out.text);
  copy_cut(si_unit(node.dimension), out.unit, sizeof out.unit);
  out.rounding = node.error;
  out.least = node.least;
  out.most = node.most;
  out.hi = out.lo = kNoRegister;
  // Towards the safe side: the difference is rounded too.
  if (row.has_max) out.max = std::nextafter(row.max - node.error, -INFINITY);
  if (row.has_min) out.min = std::nextafter(row.min + node.error, INFINITY);
}

// The rows of one program.
class Part {
 public:
  Part(const Tree& tree, ExprWhen when) : tree_(tree), when_(when) {}

  void add(const Ruled& row, Expression& out) {
    const ExprWhen when =
        tree_.moves(row.root) ? ExprWhen::kMotion : ExprWhen::kAction;
    if (when != when_) return;
    out.when = when;
    std::vector<Id> own;
    const auto ask = [&](Id root, uint16_t& place) {
      own.push_back(root);
      roots_.push_back(root);
      places_.push_back(&place);
    };
    if (row.has_max) ask(ends_.hi(row.root), out.hi);
    if (row.has_min) ask(ends_.lo(row.root), out.lo);
    out.ops = operations_of(graph_, own);
  }

  bool write(ExprProgram& out) {
    std::vector<uint16_t> registers;
    if (!write_program(graph_, roots_, tree_.inputs(), out, registers))
      return false;
    for (std::size_t i = 0; i < places_.size(); ++i) *places_[i] = registers[i];
    return true;
  }

 private:
  const Tree& tree_;
  ExprWhen when_;
  Graph graph_;
  Ends ends_{tree_, graph_};
  std::vector<Id> roots_;
  std::vector<uint16_t*> places_;
};

}  // namespace

bool emit(const Tree& tree, const std::vector<Ruled>& rows, Expressions& out) {
  out = Expressions{};
  out.version = kExprVersion;
  if (rows.size() > kMaxExpressions) return false;
  for (const Ruled& row : rows)
    describe(tree, row, out.expression[out.count++]);
  for (uint32_t w = 0; w < kExprPrograms; ++w) {
    Part part(tree, static_cast<ExprWhen>(w));
    for (std::size_t i = 0; i < rows.size(); ++i)
      part.add(rows[i], out.expression[i]);
    if (!part.write(out.program[w])) return false;
  }
  return true;
}

}  // namespace tactus::safety::expr
