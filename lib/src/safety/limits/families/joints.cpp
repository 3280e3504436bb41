// SPDX-License-Identifier: MIT
// action = {max, rate}, joint = {position, velocity, acceleration, jerk}.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/text.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
// Distance over which the margin goes from 1 to 0.
constexpr double kPositionScale = 0.1;  // rad or m

double smallest(const PerJoint& values, uint32_t joints) {
  return *std::min_element(values.begin(), values.begin() + joints);
}

// A symmetric bound on a speed, absolute or relative to the description's.
double speed_bound(const toml::Value& value, const kin::Joint& joint,
                   bool within_urdf) {
  const Bound bound = value.bound(joint_dimension(joint, 1));
  const double out = bound.absolute
                         ? bound.value
                         : bound.scale * joint.velocity - bound.shrink;
  if (!(out > 0)) value.fail("a limit above zero");
  if (within_urdf && out > joint.velocity)
    value.fail(fmt::format("at most the urdf's {} {}", joint.velocity,
                           si_unit(joint_dimension(joint, 1))));
  return out;
}

void read_position(const toml::Value& value, const kin::Joint& joint,
                   double& lo, double& hi) {
  const Dimension unit = joint_dimension(joint, 0);
  lo = joint.lo;
  hi = joint.hi;
  const std::string text = value.text();
  if (text.find("..") != std::string::npos) {
    const Range range = value.range(unit);
    if (range.lo < lo || range.hi > hi)
      value.fail(fmt::format("a range within the urdf's {} .. {} {}", lo, hi,
                             si_unit(unit)));
    lo = range.lo;
    hi = range.hi;
  } else {
    const Bound bound = value.bound(unit);
    if (bound.absolute)
      return value.fail("a range \"lo .. hi\", \"urdf\" or \"urdf - 2 deg\"");
    if (bound.scale != 1)
      return value.fail("\"urdf - <margin>\": a share of a range is no limit");
    lo += bound.shrink;
    hi -= bound.shrink;
  }
  if (!(lo < hi)) value.fail("a range that is not empty");
}

void read_joint_position(const toml::Value& value, const Input& in) {
  const auto& chain = in.scope.chain;
  JointRange range{};
  range.lo.fill(-kInf);
  range.hi.fill(kInf);
  bool any = false;
  const auto values = per_joint(value, chain);
  for (uint32_t j = 0; j < chain.joints; ++j) {
    read_position(values[j], chain.joint[j], range.lo[j], range.hi[j]);
    any |= std::isfinite(range.lo[j]) || std::isfinite(range.hi[j]);
  }
  if (!any)
    value.fail(
        "a joint with a position limit: all are continuous, so nothing "
        "would enforce this");
  in.out.position = {{"joint.position", 0, kPositionScale}, range};
}

Limited<PerJoint> read_change(const toml::Table& table, const char* key,
                              int order, const kin::Chain& chain) {
  const auto limit = read_quantities(table[key], chain, order);
  return {{std::string("joint.") + key, 0, smallest(limit, chain.joints)},
          limit};
}

// joint.viable: the margin is 1 at rest.
RowIr viable_row(const LimitsIr& from, uint32_t joints) {
  double scale = kInf;
  for (const auto& speeds : {from.action_max, from.velocity})
    if (speeds) scale = std::min(scale, smallest(speeds->limit, joints));
  RowIr row = from.jerk->row;
  row.id = "joint.viable";
  for (const auto& speeds : {from.action_max, from.velocity})
    if (speeds) row.files |= speeds->row.files;
  row.scale = scale;
  return row;
}

void lower_trajectory(const LimitsIr& from, Image& to) {
  Trajectory& limit = to.dynamics.trajectory;
  std::fill_n(limit.acceleration, kMaxJoints, kInf);
  std::fill_n(limit.jerk, kMaxJoints, kInf);
  if (from.acceleration) {
    limit.limited |= kLimitAcceleration;
    std::copy_n(from.acceleration->limit.begin(), to.joints,
                limit.acceleration);
    add_row(to, from.acceleration->row, RowKernel::kJointAcceleration, 0);
  }
  if (!from.jerk) return;
  limit.limited |= kLimitJerk;
  std::copy_n(from.jerk->limit.begin(), to.joints, limit.jerk);
  add_row(to, from.jerk->row, RowKernel::kJointJerk, 0);
  if (from.action_max || from.velocity)
    add_row(to, viable_row(from, to.joints), RowKernel::kJointViable, 0);
}

// severity and response of all rows of a table.
template <class... Rows>
void answer_alike(const toml::Table& table, Rows&... rows) {
  RowIr said;
  read_answer(table, said);
  must_act(table, said, "the other rows build on these");
  const auto set = [&said](auto& row) {
    if (!row) return;
    row->row.severity = said.severity;
    row->row.response = said.response;
  };
  (set(rows), ...);
}

}  // namespace

void read_action(const toml::Table& table, const Input& in) {
  const auto& chain = in.scope.chain;
  if (!table.has("max") && !table.has("rate"))
    return table["max"].fail("max or rate");
  if (table.has("max")) {
    PerJoint max{};
    const auto values = per_joint(table["max"], chain);
    for (uint32_t j = 0; j < chain.joints; ++j)
      max[j] = speed_bound(values[j], chain.joint[j], false);
    in.out.action_max = {{"action.max", 0, smallest(max, chain.joints)}, max};
  }
  if (table.has("rate")) {
    const auto rate = read_quantities(table["rate"], chain, 2);
    in.out.action_rate = {{"action.rate", 0, smallest(rate, chain.joints)},
                          rate};
  }
  answer_alike(table, in.out.action_max, in.out.action_rate);
}

namespace {

void read_joint_velocity(const toml::Value& value, const Input& in) {
  const auto& chain = in.scope.chain;
  PerJoint velocity{};
  const auto values = per_joint(value, chain);
  for (uint32_t j = 0; j < chain.joints; ++j)
    velocity[j] = speed_bound(values[j], chain.joint[j], true);
  in.out.velocity = {{"joint.velocity", 0, smallest(velocity, chain.joints)},
                     velocity};
}

}  // namespace

void read_joint(const toml::Table& table, const Input& in) {
  const auto& chain = in.scope.chain;
  constexpr const char* kKeys[] = {"position", "velocity", "acceleration",
                                   "jerk"};
  if (std::none_of(std::begin(kKeys), std::end(kKeys),
                   [&](const char* key) { return table.has(key); }))
    return table["position"].fail("position, velocity, acceleration or jerk");
  if (table.has("position")) read_joint_position(table["position"], in);
  if (table.has("acceleration"))
    in.out.acceleration = read_change(table, "acceleration", 2, chain);
  if (table.has("jerk")) in.out.jerk = read_change(table, "jerk", 3, chain);
  if (table.has("velocity")) read_joint_velocity(table["velocity"], in);
  auto& out = in.out;
  answer_alike(table, out.position, out.velocity, out.acceleration, out.jerk);
}

Result<void> lower_joints(const LimitsIr& from, Image& to) {
  const uint32_t joints = to.joints;
  if (from.action_max) {
    for (uint32_t j = 0; j < joints; ++j) {
      to.action_hi[j] = from.action_max->limit[j];
      to.action_lo[j] = -to.action_hi[j];
    }
    add_row(to, from.action_max->row, RowKernel::kActionBox, 0);
  }
  if (from.action_rate) {
    std::copy_n(from.action_rate->limit.begin(), joints, to.action_rate);
    add_row(to, from.action_rate->row, RowKernel::kActionRate, 0);
  }
  if (from.position) {
    std::copy_n(from.position->limit.lo.begin(), joints, to.position_lo);
    std::copy_n(from.position->limit.hi.begin(), joints, to.position_hi);
    add_row(to, from.position->row, RowKernel::kJointPosition, 0);
  }
  if (from.velocity) {
    std::copy_n(from.velocity->limit.begin(), joints, to.velocity);
    add_row(to, from.velocity->row, RowKernel::kJointVelocity, 0);
  }
  lower_trajectory(from, to);
  return {};
}

}  // namespace tactus::safety::limits
