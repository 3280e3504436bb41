// SPDX-License-Identifier: MIT
// Layers that read inputs which change slower than the loop: W x + b becomes
// W_fast x_fast + (W_slow x_slow + b), and the bracket is kept while the
// bytes of x_slow stay the same. Kept or made again, the same additions in
// the same order: the same bits.
#include <algorithm>

#include "core/error.hpp"
#include "policy/backends/fused_lowering.hpp"

namespace tactus::policy::fused {

void Lowering::number_columns() {
  std::size_t column = 0;
  const std::size_t own = program_.inputs.size() - input_.states;
  column_.assign(top_, kNowhere);
  for (std::size_t i = 0; i < own; ++i) {
    const Port& port = program_.inputs[i];
    for (std::size_t j = 0; j < port.count; ++j)
      column_[port.offset + j] = column++;
  }
}

// A copy, or a function of each value alone: what a place is made of stays.
void Lowering::carry_columns(std::size_t from, std::size_t to,
                             std::size_t count) {
  column_.resize(std::max(column_.size(), top_), kNowhere);
  for (std::size_t i = 0; i < count; ++i) column_[to + i] = column_at(from + i);
}

bool Lowering::is_slow(std::size_t column) const {
  return std::ranges::any_of(input_.slow, [&](const Columns& c) {
    return column != kNowhere && column >= c.first &&
           column - c.first < c.count;
  });
}

// A layer's inputs: runs of slow ones and of the others, and the columns of W
// that belong to them.
struct Lowering::Split {
  struct Part {
    std::vector<Port> runs;  // places
    std::vector<double> w;
    std::size_t k = 0;
    [[nodiscard]] kernels::Matrix matrix(const double* b, std::size_t n) const {
      return {w.data(), b, n, k};
    }
  };
  const kernels::Matrix& m;
  Part slow, fast;
  std::vector<Columns> columns;  // slow ones
};

namespace {

void append(std::vector<Port>& runs, std::size_t place) {
  const bool goes_on =
      !runs.empty() && runs.back().offset + runs.back().count == place;
  if (!goes_on) runs.push_back({place, 0});
  ++runs.back().count;
}

// The columns of W in the order of the runs.
std::vector<double> picked(const kernels::Matrix& m,
                           const std::vector<Port>& runs, std::size_t x) {
  std::vector<double> w;
  for (std::size_t row = 0; row < m.n; ++row) {
    for (const Port& run : runs) {
      const double* from = m.w + row * m.k + (run.offset - x);
      w.insert(w.end(), from, from + run.count);
    }
  }
  return w;
}

// No panel leaves a place of a block unwritten, or writes a copy there.
bool covers(const Step& step) {
  return step.gemv->written == step.gemv->outputs &&
         step.shape.panels * step.gemv->outputs >= step.count * kBlock;
}

}  // namespace

// The guard and what it may skip.
Result<Step> Lowering::slow_part(const Split& split, Id made) {
  Guard guard;
  guard.watched = split.slow.runs;
  guard.columns = split.columns;
  guard.kept = scratch(split.slow.k);
  const auto step =
      gemv(split.slow.matrix(split.m.b, split.m.n), guard.kept, true, made);
  if (!step) return step.error();
  Step watch;
  watch.kind = StepKind::kGuard;
  watch.index = program_.guards.size();
  program_.guards.push_back(std::move(guard));
  push(watch, ir::kNone);
  push(*step, made);
  return *step;
}

// The other inputs side by side, and their product.
Result<Step> Lowering::fast_part(const Split& split, Id made) {
  const std::size_t x = scratch(split.fast.k);
  std::size_t to = x;
  for (const Port& run : split.fast.runs) {
    Step copy;
    copy.x = run.offset;
    copy.y = to;
    copy.count = run.count;
    push(copy, ir::kNone);
    to += run.count;
  }
  const auto step = gemv(split.fast.matrix(nullptr, split.m.n), x, true, made);
  if (step) push(*step, ir::kNone);
  return step;
}

Result<bool> Lowering::lower_split(const ir::Node& node,
                                   const kernels::Matrix& m) {
  if (input_.slow.empty() || input_.tier != Tier::kF32) return false;
  const std::size_t x = place_of(node.in[0]);
  Split split{.m = m, .slow = {}, .fast = {}, .columns = {}};
  for (std::size_t i = 0; i < m.k; ++i) {
    const bool slow = is_slow(column_at(x + i));
    Split::Part& part = slow ? split.slow : split.fast;
    append(part.runs, x + i);
    ++part.k;
    if (slow) split.columns.push_back({column_at(x + i), 1});
  }
  if (split.slow.k == 0) return false;
  for (Split::Part* part : {&split.slow, &split.fast})
    part->w = picked(m, part->runs, x);
  add_kernel("slow", m.n, split.slow.k);
  const bool whole = split.fast.k == 0;
  const auto kept = slow_part(split, whole ? node.out[0] : ir::kNone);
  if (!kept) return kept.error();
  auto& finite = finite_beyond_;
  const auto out = static_cast<std::size_t>(node.out[0]);
  finite[out] = covers(*kept);
  if (whole) return true;
  const auto fresh = fast_part(split, node.out[0]);
  if (!fresh) return fresh.error();
  finite[out] = finite[out] && covers(*fresh);
  Step add;
  add.kind = StepKind::kBinary;
  add.binary = program_.set->add;
  add.x = add.y = fresh->y;
  add.other = kept->y;
  add.count = blocks_of(m.n);
  push(add, node.out[0]);
  return true;
}

}  // namespace tactus::policy::fused
