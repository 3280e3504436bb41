// SPDX-License-Identifier: MIT
// All rows of [limit], whatever their family, in the order of priority. A new
// family is a line here, too. Set-up only.
#pragma once

#include "safety/limits/ir.hpp"

namespace tactus::safety::limits {

// visit(row, family): the word that a file says a family by.
template <class Ir, class Visit>
void each_row(Ir& ir, const Visit& visit) {
  const auto some = [&](auto& rows, const char* family) {
    for (auto& one : rows) visit(one.row, family);
  };
  const auto maybe = [&](auto& one, const char* family) {
    if (one) visit(one->row, family);
  };
  some(ir.humans, "ssm");
  some(ir.contacts, "pfl");
  const auto both = [&](auto& shapes) {
    some(shapes.in, "keep");
    some(shapes.out, "keep");
  };
  both(ir.boxes);
  both(ir.turned);
  both(ir.capsules);
  both(ir.hulls);
  maybe(ir.self, "self");
  maybe(ir.action_max, "action");
  maybe(ir.action_rate, "action");
  maybe(ir.position, "joint");
  maybe(ir.velocity, "joint");
  maybe(ir.acceleration, "joint");
  maybe(ir.jerk, "joint");
  some(ir.linears, "linear");
  some(ir.torques, "torque");
  some(ir.forces, "force");
  some(ir.powers, "power");
  maybe(ir.energy, "energy");
  some(ir.barriers, "cbf");
  some(ir.expressions, "expr");
  some(ir.past, "expr");
  some(ir.callbacks, "callback");
}

}  // namespace tactus::safety::limits
