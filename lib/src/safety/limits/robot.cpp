// SPDX-License-Identifier: MIT
// [robot], and what of [loop], [guard] and [policy] the commit rule needs.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "core/error.hpp"
#include "core/text.hpp"
#include "kin/urdf.hpp"
#include "safety/limits/compile.hpp"
#include "safety/limits/ir.hpp"

namespace tactus::safety::limits {
namespace {

std::vector<toml::Value> by_name(const toml::Table& table,
                                 const kin::Chain& chain) {
  std::vector<toml::Value> out;
  for (uint32_t j = 0; j < chain.joints; ++j)
    out.push_back(table[chain.joint_name[j]]);
  for (const std::string& key : table.keys()) {
    const bool known =
        std::any_of(chain.joint_name, chain.joint_name + chain.joints,
                    [&](const char* name) { return key == name; });
    if (!known)
      table[key].fail("joint " + quoted(key),
                      "a joint of the chain: nothing would enforce this");
  }
  return out;
}

int64_t positive_duration(const toml::Value& value) {
  const int64_t ns = value.duration();
  if (value.present() && ns == 0) value.fail("a duration above zero");
  return ns;
}

// The text of the file that a key names.
Result<void> read_named(const toml::Document& document,
                        const toml::Value& named, std::string& out) {
  const std::string name = named.text();
  if (auto ok = document.status(); !ok) return ok;
  const std::string path = document.resolve(name);
  const std::string place = named.where() + ": " + one_line(path);
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return file_error(place, errno, "name a readable file");
  std::ostringstream text;
  if (!(text << in.rdbuf()))
    return bad_input("{}: cannot be read, or is empty: name a readable file",
                     place);
  out = std::move(text).str();
  return {};
}

}  // namespace

void copy_text(std::string_view from, char* to, std::size_t size) {
  const std::string_view whole = utf8_cut(from, size - 1);
  std::memcpy(to, whole.data(), whole.size());
  to[whole.size()] = '\0';
}

Dimension joint_dimension(const kin::Joint& joint, int order) {
  Dimension d = kin::is_angular(joint.type) ? kAngle : kLength;
  d.time = static_cast<int8_t>(-order);
  return d;
}

std::vector<toml::Value> per_joint(const toml::Value& value,
                                   const kin::Chain& chain) {
  if (value.kind() == toml::Kind::kTable) return by_name(value.table(), chain);
  if (value.kind() != toml::Kind::kList)
    return std::vector<toml::Value>(chain.joints, value);
  auto items = value.list();
  if (items.size() == chain.joints) return items;
  value.fail(fmt::format("one value for each of the {} joints", chain.joints));
  return std::vector<toml::Value>(chain.joints, value);
}

PerJoint read_quantities(const toml::Value& value, const kin::Chain& chain,
                         int order) {
  PerJoint out{};
  const auto values = per_joint(value, chain);
  for (uint32_t j = 0; j < chain.joints; ++j) {
    out[j] = values[j].quantity(joint_dimension(chain.joint[j], order));
    if (!(out[j] > 0)) values[j].fail("a value above zero");
  }
  return out;
}

Result<RobotTexts> read_robot_texts(const toml::Document& document) {
  const auto robot = document.root().table("robot");
  RobotTexts out;
  if (auto ok = read_named(document, robot["urdf"], out.urdf); !ok)
    return ok.error();
  if (!robot.has("srdf")) return out;
  if (auto ok = read_named(document, robot["srdf"], out.srdf); !ok)
    return ok.error();
  return out;
}

Result<kin::Chain> make_chain(const toml::Document& document,
                              const RobotTexts& texts) {
  const auto robot = document.root().table("robot");
  kin::ChainOptions options;
  const std::string urdf = document.resolve(robot.text("urdf"));
  options.tip = robot.text("tip");
  options.base = robot.text("base", "");
  (void)robot.choice("spheres", {"collision"});
  options.overshoot = robot.quantity("overshoot", kLength, options.overshoot);
  if (!(options.overshoot >= 1e-4 && options.overshoot <= 1))
    robot["overshoot"].fail("a length from \"0.1 mm\" to \"1 m\"");
  if (robot.has("srdf"))
    options.srdf =
        kin::SrdfText{document.resolve(robot.text("srdf")), texts.srdf};
  if (auto ok = document.status(); !ok) return ok.error();
  return kin::parse_urdf(texts.urdf, urdf, options);
}

RobotIr read_robot(const Scope& scope) {
  const auto robot = scope.document.root().table("robot");
  for (const char* key :
       {"urdf", "srdf", "tip", "base", "spheres", "overshoot"})
    robot.skip(key);  // make_chain's
  RobotIr out;
  out.decel = read_quantities(robot["decel"], scope.chain, 2);
  out.jerk = read_quantities(robot["jerk"], scope.chain, 3);
  out.actuator_delay_ns = robot.duration("actuator_delay");
  out.lag_ns = robot.duration("lag");
  out.model_error = robot.quantity("model_error", kLength);
  if (out.model_error < 0) robot["model_error"].fail("a length of 0 or more");
  if (robot.has("timeout"))
    out.timeout_ns = positive_duration(robot["timeout"]);
  return out;
}

Result<Timing> read_timing(const toml::Document& document) {
  const auto root = document.root();
  const auto loop = root.table("loop");
  Timing out;
  out.period_ns = positive_duration(loop["period"]);
  const auto still = loop["standstill"].sustained(kAngularSpeed);
  out.standstill_speed = still.value;
  out.standstill_ns = still.duration_ns;
  if (!(still.value > 0 && still.duration_ns > 0))
    loop["standstill"].fail("a speed and a duration above zero");
  out.repeat_ns = out.period_ns;
  const auto guard = root["guard"];
  if (guard.kind() == toml::Kind::kText) {
    (void)root.choice("guard", {"none"});
  } else {
    const auto table = guard.table();
    out.commit_ns = positive_duration(table["commit"]);
    if (out.commit_ns > out.period_ns && out.period_ns > 0)
      table["commit"].fail("no more than loop.period: it counts from release");
    out.guardian_bound_ns = positive_duration(table["bound"]);
    out.repeat_ns = positive_duration(table["repeat"]);
    out.misses = static_cast<uint32_t>(table.integer("misses", 1, 1000));
  }
  if (auto ok = document.status(); !ok) return ok.error();
  return out;
}

OutputKind read_output_kind(const toml::Document& document) {
  const auto kind = document.root().table("policy").table("output")["kind"];
  const std::string text = kind.text();
  if (!text.empty() && text != "joint_velocity")
    kind.fail("\"joint_velocity\": other kinds are not enforced yet");
  return OutputKind::kJointVelocity;
}

}  // namespace tactus::safety::limits
