// SPDX-License-Identifier: MIT
// [limit]: which family reads what, and in which order their rows stand.
#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "safety/limits/each_row.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {

void read_answer(const toml::Table& table, RowIr& row) {
  if (table.has("severity"))
    row.severity = static_cast<RowSeverity>(
        1 + table.choice("severity", {"low", "medium", "high", "critical"}));
  if (table.has("response"))
    row.response = static_cast<Response>(
        1 + table.choice("response", {"ladder", "stop", "latch", "warn"}));
}

void must_act(const toml::Table& table, const RowIr& row, const char* why) {
  if (row.response == Response::kWarn)
    table["response"].fail(fmt::format("ladder, stop or latch: {}", why));
}

namespace {

// Slack beyond the margin: who comes nearer is told of; who was refused stays
// farther away.
void read_bands(const toml::Table& table, Dimension unit, RowIr& row) {
  const auto band = [&](const char* key, double& to) {
    if (!table.has(key)) return;
    to = table.quantity(key, unit);
    if (!(to > 0)) table[key].fail("a value above zero");
  };
  band("warn", row.warn);
  band("hysteresis", row.hysteresis);
  if (row.response == Response::kWarn && row.hysteresis > 0)
    table["hysteresis"].fail("none: a row that only warns refuses nothing");
}

}  // namespace

RowIr common(const toml::Table& table, const std::string& id, Dimension unit,
             double scale) {
  RowIr row{id, 0, scale};
  row.margin = table.quantity("margin", unit, 0);
  if (row.margin < 0) table["margin"].fail("a margin of 0 or more");
  row.scale = table.quantity("scale", unit, scale);
  if (!(row.scale > 0)) table["scale"].fail("a scale above zero");
  read_answer(table, row);
  read_bands(table, unit, row);
  return row;
}

void add_row(Image& image, const RowIr& from, RowKernel kernel,
             uint32_t index) {
  const uint32_t r = image.rows++;
  if (r >= kMaxRows) return;
  Row& row = image.row[r];
  copy_text(from.id, row.id, kName);
  row.kernel = kernel;
  row.kind = from.response == Response::kWarn ? RowKind::kSoft : RowKind::kHard;
  row.priority = r;  // the order below
  row.index = index;
  row.margin = from.margin;
  row.scale = from.scale;
  row.severity = from.severity;
  row.response = from.response;
  row.warn = from.warn;
  row.hysteresis = from.hysteresis;
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

void need_room(const toml::Table& table, const char* key, std::size_t have,
               uint32_t most, const char* what) {
  if (have >= most) table[key].fail(fmt::format("at most {} {}", most, what));
}

double not_negative(const toml::Table& table, const char* key, Dimension d) {
  const double value = table.quantity(key, d);
  if (!(value >= 0)) table[key].fail("a value of 0 or more");
  return value;
}

namespace {

// Priority is this order.
constexpr Family kFamilies[] = {
    {"ssm", read_ssm, lower_humans},
    {"pfl", read_contact, lower_contacts},
    {"", nullptr, lower_space},  // keep = …
    {"self", read_self, lower_self},
    {"", nullptr, lower_joints},  // action, joint
    {"linear", read_linear, lower_linear},
    {"torque", read_torque, lower_loads},
    {"force", read_force, nullptr},
    {"power", read_power, nullptr},
    {"energy", read_energy, lower_energy},
    {"cbf", read_barrier, lower_barriers},
    {"expr", read_expression, lower_expressions},
};

void read_named(const std::string& name, const toml::Value& value,
                const Input& in) {
  // ".now" must fit behind it.
  if (name.empty() || name.size() > kName - 5 || one_line(name) != name)
    return value.fail("name " + quoted(name), "1 to 27 printable bytes");
  const auto table = value.table();
  if (!table) return;
  if (table.has("keep")) return read_keep(name, table, in);
  std::vector<std::string_view> kinds;
  std::vector<Reader> readers;
  std::string known;
  for (const Family& family : kFamilies) {
    if (family.read == nullptr) continue;
    known += (known.empty() ? "" : ", ") + quoted(family.kind);
    kinds.push_back(family.kind);
    readers.push_back(family.read);
  }
  if (!table.has("kind"))
    return value.fail(
        "a table without keep or kind",
        "keep = \"in\" or \"out\" with a shape, or a kind: " + known);
  const std::size_t at = table["kind"].choice(kinds);
  if (table.text("kind") == kinds[at]) readers[at](name, table, in);
}

uint32_t read_ladder(const toml::Value& value) {
  constexpr std::string_view kRungs[] = {"pass", "scale", "project", "stop"};
  uint32_t bits = 0, last = 0;
  for (const auto& rung : value.list()) {
    const uint32_t bit = 1u << rung.choice(kRungs);
    if (bit <= last)
      rung.fail("each rung once, in the order pass, scale, project, stop");
    bits |= bit;
    last = bit;
  }
  if ((bits & kRungPass) == 0 || last != kRungStop)
    value.fail("a ladder from \"pass\" to \"stop\"");
  return bits;
}

int64_t read_horizon(const toml::Value& value) {
  constexpr int64_t kMost = 10'000'000'000;
  const int64_t ns = value.duration();
  if (ns <= 0 || ns > kMost) value.fail("a time, up to 10 s");
  return ns;
}

bool any_acts(const LimitsIr& limits) {
  bool any = false;
  each_row(limits, [&any](const RowIr& row, const char*) {
    any |= row.response != Response::kWarn;
  });
  return any;
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
    if (name != "action" && name != "joint" && name != "ladder" &&
        name != "exact_every" && name != "horizon")
      read_named(name, table[name], in);
  out.rungs = read_ladder(table["ladder"]);
  out.exact_every =
      static_cast<uint32_t>(table.integer("exact_every", 2, 1'000'000, 0));
  if (table.has("horizon")) out.horizon_ns = read_horizon(table["horizon"]);
  check_room(table, out);
  find_barred(table, in);
  if (!any_acts(out))
    value.fail("no limit in it", "at least one, or limit = \"none\"");
  return out;
}

Result<void> lower_limits(const LimitsIr& limits, Image& to) {
  for (const Family& family : kFamilies) {
    if (family.lower == nullptr) continue;
    if (Result<void> r = family.lower(limits, to); !r) return r;
  }
  if (to.rows > kMaxRows)
    return bad_input("limit: {} rows: remove some: at most {}", to.rows,
                     kMaxRows);
  return {};
}

}  // namespace tactus::safety::limits
