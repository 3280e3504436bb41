// SPDX-License-Identifier: MIT
// [limit]: one function per family. A new family is a line in kFamilies, its
// reader here, its rows in lower.cpp.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
// Distances over which a margin goes from 1 to 0, where no `scale` is given;
// they shape the verdict's number, never what is violated.
constexpr double kPositionScale = 0.1;  // rad or m
constexpr double kBoxScale = 0.1;       // m
constexpr double kHumanScale = 0.5;     // m

}  // namespace

RowIr common(const toml::Table& table, const std::string& id, Dimension unit,
             double scale) {
  RowIr row{id, 0, scale};
  row.margin = table.quantity("margin", unit, 0);
  if (row.margin < 0) table["margin"].fail("a margin of 0 or more");
  row.scale = table.quantity("scale", unit, scale);
  if (!(row.scale > 0)) table["scale"].fail("a scale above zero");
  return row;
}

namespace {

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

void read_joint(const toml::Table& table, const Input& in) {
  const auto& chain = in.scope.chain;
  if (!table.has("position") && !table.has("velocity"))
    return table["position"].fail("position or velocity");
  if (table.has("position")) read_joint_position(table["position"], in);
  if (!table.has("velocity")) return;
  PerJoint velocity{};
  const auto values = per_joint(table["velocity"], chain);
  for (uint32_t j = 0; j < chain.joints; ++j)
    velocity[j] = speed_bound(values[j], chain.joint[j], true);
  in.out.velocity = {{"joint.velocity", 0, smallest(velocity, chain.joints)},
                     velocity};
}

void need_geometry(const toml::Table& table, const char* key, const Input& in) {
  const auto& chain = in.scope.chain;
  const bool moving =
      std::any_of(chain.sphere, chain.sphere + chain.spheres,
                  [](const kin::Sphere& sphere) { return sphere.link > 0; });
  if (!moving)
    table[key].fail(
        "a robot with collision geometry on a moving link: "
        "nothing would enforce this");
}

void read_box(const std::string& name, const toml::Table& table,
              const Input& in) {
  const auto keep = table.choice("keep", {"in", "out"});
  const auto sides = table.list("box");
  if (sides.size() != 3) return table["box"].fail("three ranges: x, y, z");
  Box box{};
  copy_text(name, box.name, kName);
  bool holds_base = true;
  for (uint32_t i = 0; i < 3; ++i) {
    const Range range = sides[i].range(kLength);
    box.lo[i] = range.lo;
    box.hi[i] = range.hi;
    holds_base &= range.lo <= 0 && range.hi >= 0;
  }
  need_geometry(table, "box", in);
  if (keep == 0 && !holds_base)
    log_line(LogLevel::kWarning,
             table["box"].where() +
                 ": the keep-in box does not hold the robot's base");
  if (in.out.keep_in.size() + in.out.keep_out.size() == kMaxBoxes)
    table["box"].fail(fmt::format("at most {} boxes", kMaxBoxes));
  auto& list = keep == 0 ? in.out.keep_in : in.out.keep_out;
  list.push_back({common(table, name, kLength, kBoxScale), box});
}

double not_negative(const toml::Table& table, const char* key, Dimension d) {
  const double value = table.quantity(key, d);
  if (!(value >= 0)) table[key].fail("a value of 0 or more");
  return value;
}

void read_ssm(const std::string& name, const toml::Table& table,
              const Input& in) {
  Human human{};
  const std::string of = table.text("of");
  const auto at =
      std::find_if(in.signals.begin(), in.signals.end(),
                   [&](const Signal& signal) { return of == signal.name; });
  if (at == in.signals.end() || at->sphere == 0)
    table["of"].fail("a [signal] of kind = \"sphere\"");
  human.signal = static_cast<uint32_t>(at - in.signals.begin());
  if (at != in.signals.end() && at->stale == StaleRule::kFallback)
    table["of"].fail(
        "a signal with stale = \"grow\" or \"stop\": a human has "
        "no fallback");
  human.d_min = table.quantity("d_min", kLength);
  if (!(human.d_min > 0)) table["d_min"].fail("a length above zero");
  human.speed = not_negative(table, "speed", kSpeed);
  human.intrusion = not_negative(table, "intrusion", kLength);
  human.sensor = not_negative(table, "sensor", kLength);
  human.robot = not_negative(table, "robot", kLength);
  need_geometry(table, "of", in);
  if (in.out.humans.size() == kMaxHumans)
    table["of"].fail(fmt::format("at most {} human rows", kMaxHumans));
  in.out.humans.push_back({common(table, name, kLength, kHumanScale), human});
}

// kind = "linear", of = "u", a = [one number per joint], b = "0.5 rad/s":
// sum a u <= b.
void read_linear(const std::string& name, const toml::Table& table,
                 const Input& in) {
  const auto& chain = in.scope.chain;
  if (table.text("of") != "u")
    table["of"].fail("\"u\": rows on q and dq are not enforced yet");
  Linear linear{};
  copy_text(name, linear.name, kName);
  const auto values = table.list("a");
  if (values.size() != chain.joints)
    return table["a"].fail(
        fmt::format("{} numbers, one for each joint", chain.joints));
  bool any = false;
  for (uint32_t j = 0; j < chain.joints; ++j) {
    linear.a[j] = values[j].number();
    any |= linear.a[j] != 0;
    if (!(std::abs(linear.a[j]) <= 1e6))
      values[j].fail("a number of at most 1e6");
  }
  if (!any) table["a"].fail("a coefficient other than zero");
  const Dimension unit = joint_dimension(chain.joint[0], 1);
  for (uint32_t j = 0; j < chain.joints; ++j)
    if (linear.a[j] != 0 && joint_dimension(chain.joint[j], 1) != unit)
      values[j].fail("joints of one kind in a row");
  linear.b = table.quantity("b", unit);
  if (linear.b < 0)
    table["b"].fail("0 or more: zero velocity, the stop, must satisfy it");
  if (in.out.linears.size() == kMaxLinear)
    table["a"].fail(fmt::format("at most {} linear rows", kMaxLinear));
  const double scale = linear.b > 0 ? linear.b : 1;
  in.out.linears.push_back({common(table, name, unit, scale), linear});
}

using FamilyReader = void (*)(const std::string&, const toml::Table&,
                              const Input&);
struct Family {
  std::string_view kind;
  FamilyReader read;
};
constexpr Family kFamilies[] = {
    {"ssm", read_ssm}, {"linear", read_linear}, {"expr", read_expression}};

void read_named(const std::string& name, const toml::Value& value,
                const Input& in) {
  // ".now" must fit behind it.
  if (name.empty() || name.size() > kName - 5 || one_line(name) != name)
    return value.fail("name " + quoted(name), "1 to 27 printable bytes");
  const auto table = value.table();
  if (!table) return;
  if (table.has("keep")) return read_box(name, table, in);
  if (!table.has("kind"))
    return value.fail("a table without keep or kind",
                      "keep = \"in\" or \"out\" with box, or kind = \"ssm\", "
                      "\"linear\" or \"expr\"");
  std::vector<std::string_view> kinds;
  for (const Family& family : kFamilies) kinds.push_back(family.kind);
  const std::size_t at = table["kind"].choice(kinds);
  if (table.text("kind") == kFamilies[at].kind)
    kFamilies[at].read(name, table, in);
}

uint32_t read_ladder(const toml::Value& value) {
  constexpr std::string_view kRungs[] = {"pass", "scale", "stop"};
  uint32_t bits = 0, last = 0;
  for (const auto& rung : value.list()) {
    if (rung.text() == "project")
      rung.fail("\"pass\", \"scale\" or \"stop\": projection is not there yet");
    const uint32_t bit = 1u << rung.choice(kRungs);
    if (bit <= last)
      rung.fail("each rung once, in the order pass, scale, stop");
    bits |= bit;
    last = bit;
  }
  if ((bits & kRungPass) == 0 || last != kRungStop)
    value.fail("a ladder from \"pass\" to \"stop\"");
  return bits;
}

// Contradictions between families.
void check_boxes(const toml::Table& table, const LimitsIr& limits) {
  double lo[3] = {-kInf, -kInf, -kInf}, hi[3] = {kInf, kInf, kInf};
  for (const auto& in : limits.keep_in) {
    for (int i = 0; i < 3; ++i) {
      lo[i] = std::max(lo[i], in.limit.lo[i]);
      hi[i] = std::min(hi[i], in.limit.hi[i]);
      if (!(lo[i] < hi[i]))
        return table[in.row.id].fail(
            "no room", "keep-in boxes that overlap: all of them bind");
    }
  }
  for (const auto& out : limits.keep_out) {
    bool covers = !limits.keep_in.empty();
    for (int i = 0; i < 3; ++i)
      covers &= out.limit.lo[i] <= lo[i] && out.limit.hi[i] >= hi[i];
    if (covers)
      return table[out.row.id].fail(
          "no room", "a keep-out box that leaves some of the keep-in box");
  }
}

bool any_row(const LimitsIr& limits) {
  return limits.action_max || limits.action_rate || limits.position ||
         limits.velocity || !limits.keep_in.empty() ||
         !limits.keep_out.empty() || !limits.humans.empty() ||
         !limits.linears.empty() || !limits.expressions.empty();
}

}  // namespace

LimitsIr read_limits(const Scope& scope, const std::vector<Signal>& signals) {
  LimitsIr out;
  const Input in{scope, signals, out};
  const auto value = scope.document.root()["limit"];
  if (value.kind() == toml::Kind::kText || !value.present()) {
    out.none = value.present() && value.text() == "none";
    if (!out.none)
      value.fail("a [limit] table, or limit = \"none\" written out");
    out.rungs = kRungPass | kRungStop;
    return out;
  }
  const auto table = value.table();
  if (!table) return out;
  if (table.has("action")) read_action(table.table("action"), in);
  if (table.has("joint")) read_joint(table.table("joint"), in);
  for (const std::string& name : table.keys())
    if (name != "action" && name != "joint" && name != "ladder")
      read_named(name, table[name], in);
  out.rungs = read_ladder(table["ladder"]);
  check_boxes(table, out);
  if (!any_row(out))
    value.fail("no limit in it", "at least one, or limit = \"none\"");
  return out;
}

}  // namespace tactus::safety::limits
