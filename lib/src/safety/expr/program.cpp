// SPDX-License-Identifier: MIT
// Graph to program: dead steps go, temporaries share registers.
#include <algorithm>

#include "safety/expr/graph.hpp"

namespace tactus::safety::expr {
namespace {

bool computes(const Step& s) { return s.code != ExprCode::kNone; }

std::vector<char> needed(const Graph& graph, const std::vector<Id>& roots) {
  const auto& steps = graph.steps();
  std::vector<char> live(steps.size(), 0);
  for (const Id root : roots) live[root] = 1;
  for (std::size_t i = steps.size(); i-- > 0;) {
    if (live[i] == 0 || !computes(steps[i])) continue;
    for (const Id id : {steps[i].a, steps[i].b, steps[i].c}) live[id] = 1;
  }
  return live;
}

class Writer {
 public:
  Writer(const Graph& graph, const std::vector<Id>& roots, ExprProgram& out)
      : steps_(graph.steps()),
        roots_(roots),
        live_(needed(graph, roots)),
        place_(steps_.size(), 0),
        last_(steps_.size(), 0),
        out_(out) {}

  bool write(const std::vector<ExprInput>& inputs) {
    if (!place_constants() || !place_inputs(inputs)) return false;
    find_last_uses();
    for (Id i = 0; i < steps_.size(); ++i) {
      if (live_[i] != 0 && computes(steps_[i]) && !emit(i)) return false;
    }
    return true;
  }
  [[nodiscard]] uint16_t place(Id id) const { return place_[id]; }

 private:
  bool place_constants() {
    // Register 0 stands where an operation has no further operand.
    out_.constants = 1;
    out_.constant[0] = 0;
    for (Id i = 0; i < steps_.size(); ++i) {
      if (live_[i] == 0 || !steps_[i].constant || steps_[i].value == 0)
        continue;
      if (out_.constants == kMaxExprConstants) return false;
      place_[i] = static_cast<uint16_t>(out_.constants);
      out_.constant[out_.constants++] = steps_[i].value;
    }
    return true;
  }

  // Those that are used, in the order of the tree.
  bool place_inputs(const std::vector<ExprInput>& inputs) {
    std::vector<uint32_t> index(inputs.size(), kMaxExprInputs);
    for (Id i = 0; i < steps_.size(); ++i) {
      if (live_[i] == 0 || computes(steps_[i]) || steps_[i].constant) continue;
      uint32_t& at = index[steps_[i].register_ / 2];
      if (at == kMaxExprInputs) {
        if (out_.inputs == kMaxExprInputs) return false;
        out_.input[out_.inputs] = inputs[steps_[i].register_ / 2];
        at = out_.inputs++;
      }
      place_[i] = static_cast<uint16_t>(out_.constants + 2 * at +
                                        steps_[i].register_ % 2);
    }
    out_.registers = out_.constants + 2 * out_.inputs;
    return out_.registers <= kMaxExprRegisters;
  }

  void find_last_uses() {
    for (Id i = 0; i < steps_.size(); ++i) {
      if (live_[i] == 0 || !computes(steps_[i])) continue;
      for (const Id id : {steps_[i].a, steps_[i].b, steps_[i].c}) last_[id] = i;
    }
    const auto end = static_cast<Id>(steps_.size());
    for (const Id root : roots_) last_[root] = end;
  }

  void release(Id id, Id now) {
    if (!computes(steps_[id]) || last_[id] != now) return;
    last_[id] = 0;  // once, where two operands are one
    free_.push_back(place_[id]);
  }

  bool emit(Id i) {
    const Step& s = steps_[i];
    if (out_.ops == kMaxExprOps) return false;
    ExprOp& op = out_.op[out_.ops++];
    const bool two = s.code != ExprCode::kSqrt && s.code != ExprCode::kSin &&
                     s.code != ExprCode::kCos;
    op.code = s.code;
    op.a = place_[s.a];
    op.b = two ? place_[s.b] : uint16_t{0};
    op.c = s.code == ExprCode::kWhere ? place_[s.c] : uint16_t{0};
    for (const Id id : {s.a, s.b, s.c}) release(id, i);
    if (free_.empty()) {
      if (out_.registers == kMaxExprRegisters) return false;
      free_.push_back(static_cast<uint16_t>(out_.registers++));
    }
    place_[i] = op.out = free_.back();
    free_.pop_back();
    return true;
  }

  const std::vector<Step>& steps_;
  const std::vector<Id>& roots_;
  std::vector<char> live_;
  std::vector<uint16_t> place_;
  std::vector<Id> last_;
  std::vector<uint16_t> free_;
  ExprProgram& out_;
};

}  // namespace

bool write_program(const Graph& graph, const std::vector<Id>& roots,
                   const std::vector<ExprInput>& inputs, ExprProgram& out,
                   std::vector<uint16_t>& registers) {
  out = ExprProgram{};
  if (roots.empty()) return true;
  Writer writer(graph, roots, out);
  if (!writer.write(inputs)) return false;
  for (const Id root : roots) registers.push_back(writer.place(root));
  return true;
}

uint32_t operations_of(const Graph& graph, const std::vector<Id>& roots) {
  const auto live = needed(graph, roots);
  uint32_t count = 0;
  for (std::size_t i = 0; i < live.size(); ++i)
    count += live[i] != 0 && computes(graph.steps()[i]) ? 1 : 0;
  return count;
}

}  // namespace tactus::safety::expr
