// SPDX-License-Identifier: MIT
#include "policy/backends/fused_cell.hpp"

#include <cmath>

namespace tactus::policy::fused {

void Cell::copy(std::size_t from, std::size_t to, std::size_t floats) {
  Step s;
  s.x = from;
  s.y = to;
  s.count = floats;
  l_.push(s, ir::kNone);
}

void Cell::binary(kernels::Binary f, std::size_t x, std::size_t other,
                  std::size_t y) {
  Step s;
  s.kind = StepKind::kBinary;
  s.binary = f;
  s.x = x;
  s.other = other;
  s.y = y;
  s.count = held_ / kBlock;
  l_.push(s, ir::kNone);
}

void Cell::activate(ir::Slot slot, std::size_t x, std::size_t y,
                    std::size_t gates) {
  const double clip = ir::gate_clip(node_);
  if (slot != ir::Slot::kCell && clip < INFINITY) {
    unary({"Clip", {-clip, clip}}, x, y, gates);
    x = y;
  }
  const auto f = ir::gate_function(node_, direction_, slot);
  unary({ir::kGateFunctions[f.index], {f.alpha, f.beta}}, x, y, gates);
}

void Cell::unary(const Unary& f, std::size_t x, std::size_t y,
                 std::size_t gates) {
  Step s;
  s.kind = StepKind::kUnary;
  s.activation = l_.activation_of(f.op)->apply;
  s.params[0] = static_cast<float>(f.params[0]);
  s.params[1] = static_cast<float>(f.params[1]);
  s.x = x;
  s.y = y;
  s.count = gates * held_ / kBlock;
  l_.push(s, ir::kNone);
}

void Cell::peep(std::size_t gate, std::size_t c, std::size_t t,
                std::size_t weights) {
  Step s;
  s.kind = StepKind::kAffine;
  s.x = c;
  s.y = t;
  s.weights = weights;
  s.count = held_ / kBlock;
  l_.push(s, ir::kNone);
  binary(l_.program_.set->add, gate, t, gate);
}

void Cell::lstm(const Lstm& at) {
  const kernels::KernelSet& k = *l_.program_.set;
  const std::size_t i = at.gates, o = i + held_, f = o + held_, g = f + held_;
  const std::size_t each = 3 * held_;  // of an Affine's three parts
  const bool peeps = at.peepholes != kNowhere;
  if (peeps) {
    peep(i, at.c, at.t, at.peepholes);
    peep(f, at.c, at.t, at.peepholes + 2 * each);
    activate(ir::Slot::kGates, i, i, 1);
    activate(ir::Slot::kGates, f, f, 1);
  } else {
    activate(ir::Slot::kGates, i, i, 3);
  }
  activate(ir::Slot::kCandidate, g, g, 1);
  binary(k.mul, i, g, i);
  binary(k.mul, f, at.c, at.c);
  binary(k.add, at.c, i, at.c);
  if (peeps) {
    peep(o, at.c, at.t, at.peepholes + each);
    activate(ir::Slot::kGates, o, o, 1);
  }
  activate(ir::Slot::kCell, at.c, at.t, 1);
  binary(k.mul, o, at.t, at.h);
}

void Cell::gru(std::size_t z, std::size_t n, std::size_t h, std::size_t t) {
  const kernels::KernelSet& k = *l_.program_.set;
  activate(ir::Slot::kCandidate, n, n, 1);
  binary(k.sub, h, n, t);
  binary(k.mul, z, t, t);
  binary(k.add, n, t, h);
}

}  // namespace tactus::policy::fused
