// SPDX-License-Identifier: MIT
// kind = "torque", of = "tau", max = "80 % urdf": |tau_j| of every joint.
// kind = "force", of = "tool", max = "50 N": the norm of three values; of a
// longer signal those from `first` on.
// kind = "power", of = "tau", max = "80 W": sum |tau_j| |dq_j|.
#include <algorithm>

#include "core/error.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {
namespace {

// Of a torque, a force at a prismatic joint.
Dimension effort_of(const kin::Joint& joint) {
  return kin::is_angular(joint.type) ? kTorque : kForce;
}

Dimension unit_of(const Signal& signal, const Input& in) {
  const auto declared = in.scope.document.root().table("signal");
  return declared.table(signal.name)["unit"].unit().dimension;
}

// The signal in `of`; null after an error.
const Signal* measured(const toml::Table& table, Dimension unit,
                       const Input& in) {
  const std::string of = table.text("of");
  const auto at =
      std::find_if(in.signals.begin(), in.signals.end(),
                   [&](const Signal& signal) { return of == signal.name; });
  const auto fail = [&](const std::string& what) {
    table["of"].fail(what);
    return nullptr;
  };
  if (at == in.signals.end())
    return fail("a [signal] that measures it, in " + si_unit(unit));
  if (unit_of(*at, in) != unit) return fail("a signal in " + si_unit(unit));
  if (at->stale != StaleRule::kStop)
    return fail(
        "a signal with stale = \"stop\": what is not measured is not "
        "within a limit");
  return &*at;
}

const Signal* joint_torques(const toml::Table& table, const Input& in) {
  const auto& chain = in.scope.chain;
  const Signal* signal = measured(table, effort_of(chain.joint[0]), in);
  if (signal == nullptr || signal->count == chain.joints) return signal;
  table["of"].fail(
      fmt::format("a signal with shape = {}, one value for each "
                  "joint",
                  chain.joints));
  return nullptr;
}

uint32_t index_of(const Signal* signal, const Input& in) {
  return static_cast<uint32_t>(signal - in.signals.data());
}

double effort_bound(const toml::Value& value, const kin::Joint& joint) {
  const Bound bound = value.bound(effort_of(joint));
  const double out =
      bound.absolute ? bound.value : bound.scale * joint.effort - bound.shrink;
  if (!(out > 0)) value.fail("a limit above zero");
  if (joint.effort > 0 && out > joint.effort)
    value.fail(fmt::format("at most the urdf's {} {}", joint.effort,
                           si_unit(effort_of(joint))));
  return out;
}

double most_of(const toml::Table& table, Dimension unit) {
  const double most = table.quantity("max", unit);
  if (!(most > 0)) table["max"].fail("a limit above zero");
  return most;
}

void keep(const toml::Table& table, const Limited<Load>& load,
          std::vector<Limited<Load>>& list, const LimitsIr& all) {
  if (all.torques.size() + all.forces.size() + all.powers.size() == kMaxLoads)
    table["of"].fail(
        fmt::format("at most {} rows of torque, force and power", kMaxLoads));
  list.push_back(load);
}

void lower(const std::vector<Limited<Load>>& from, RowKernel kernel,
           Image& to) {
  for (const auto& load : from) {
    add_row(to, load.row, kernel, to.dynamics.loads);
    to.dynamics.load[to.dynamics.loads++] = load.limit;
  }
}

}  // namespace

void read_torque(const std::string& name, const toml::Table& table,
                 const Input& in) {
  const auto& chain = in.scope.chain;
  const Signal* signal = joint_torques(table, in);
  Load load{};
  const auto values = per_joint(table["max"], chain);
  for (uint32_t j = 0; j < chain.joints; ++j) {
    load.limit[j] = effort_bound(values[j], chain.joint[j]);
    if (effort_of(chain.joint[j]) != effort_of(chain.joint[0]))
      values[j].fail("joints of one kind: the signal has one unit");
  }
  if (signal == nullptr) return;
  load.signal = index_of(signal, in);
  const double scale = *std::min_element(load.limit, load.limit + chain.joints);
  keep(table, {common(table, name, effort_of(chain.joint[0]), scale), load},
       in.out.torques, in.out);
}

void read_force(const std::string& name, const toml::Table& table,
                const Input& in) {
  const Signal* signal = measured(table, kForce, in);
  Load load{};
  load.limit[0] = most_of(table, kForce);
  load.first =
      static_cast<uint32_t>(table.integer("first", 0, kMaxSignalValues - 3, 0));
  if (signal == nullptr) return;
  const bool chosen = table.has("first");
  if (load.first + 3 > signal->count || (!chosen && signal->count != 3))
    return table["of"].fail(
        "a signal with shape = 3, or a longer one and first = the index of "
        "the force's x");
  load.signal = index_of(signal, in);
  keep(table, {common(table, name, kForce, load.limit[0]), load}, in.out.forces,
       in.out);
}

void read_power(const std::string& name, const toml::Table& table,
                const Input& in) {
  const Signal* signal = joint_torques(table, in);
  Load load{};
  load.limit[0] = most_of(table, kPower);
  for (uint32_t j = 0; j < in.scope.chain.joints; ++j)
    if (effort_of(in.scope.chain.joint[j]) !=
        effort_of(in.scope.chain.joint[0]))
      return table["of"].fail("joints of one kind: the signal has one unit");
  if (signal == nullptr) return;
  load.signal = index_of(signal, in);
  keep(table, {common(table, name, kPower, load.limit[0]), load}, in.out.powers,
       in.out);
}

Result<void> lower_loads(const LimitsIr& from, Image& to) {
  lower(from.torques, RowKernel::kTorque, to);
  to.dynamics.torques = to.dynamics.loads;
  lower(from.forces, RowKernel::kForce, to);
  to.dynamics.forces = to.dynamics.loads;
  lower(from.powers, RowKernel::kPower, to);
  return {};
}

}  // namespace tactus::safety::limits
