// SPDX-License-Identifier: MIT
// [limit]: which family reads what, and in which order their rows stand.
#include <algorithm>

#include <fmt/ranges.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "safety/limits/compile.hpp"
#include "safety/limits/each_row.hpp"
#include "safety/limits/family.hpp"
#include "safety/limits/parts.hpp"

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
  row.files = from.files;
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
    {"callback", read_callback, lower_callbacks},
};

}  // namespace

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

namespace {

bool any_acts(const LimitsIr& limits) {
  bool any = false;
  each_row(limits, [&any](const RowIr& row, const char*) {
    any |= row.response != Response::kWarn;
  });
  return any;
}

// A table of the image holds what several files have together.
void check_sizes(const toml::Value& limit, const LimitsIr& all) {
  std::size_t faces = 0;
  for (const auto* hulls : {&all.hulls.in, &all.hulls.out})
    for (const auto& hull : *hulls) faces += hull.limit.faces.size();
  const struct {
    std::size_t have;
    uint32_t most;
    const char* what;
  } tables[] = {
      {all.boxes.size(), kMaxBoxes, "boxes"},
      {all.turned.size(), kMaxTurned, "boxes with a pose"},
      {all.capsules.size(), kMaxCapsules, "spheres and capsules"},
      {all.hulls.size(), kMaxHulls, "half-spaces and hulls"},
      {faces, kMaxFaces, "faces of hulls"},
      {all.humans.size(), kMaxHumans, "human rows"},
      {all.contacts.size(), kMaxContacts, "contact rows"},
      {all.linears.size(), kMaxLinear, "linear rows"},
      {all.torques.size() + all.forces.size() + all.powers.size(), kMaxLoads,
       "rows of torque, force and power"},
      {all.barriers.size(), kMaxBarriers, "barriers"},
      {all.expressions.size() + all.past.size(), kMaxExpressions,
       "expressions"},
      {all.past.size(), kMaxMemories, "rows with past or at_most"},
      {all.callbacks.size(), kMaxCallbacks, "callbacks"},
  };
  for (const auto& table : tables)
    if (table.have > table.most)
      limit.fail(fmt::format("{} {} in all files", table.have, table.what),
                 fmt::format("at most {}", table.most));
}

LimitsIr read_none(const toml::Value& value) {
  LimitsIr out;
  out.none = value.present() && value.text() == "none";
  if (!out.none) value.fail("a [limit] table, or limit = \"none\" written out");
  out.rungs = kRungPass | kRungStop;
  return out;
}

Result<void> check_removed(const toml::Document& document,
                           const std::vector<std::string>& names,
                           const Edits* edits) {
  if (edits == nullptr) return {};
  for (const std::string& name : edits->remove)
    if (std::find(names.begin(), names.end(), name) == names.end())
      return bad_input(
          "{}: the program removes {}: no table of [limit]: expected one of {}",
          document.name(), quoted(name), fmt::join(names, ", "));
  return {};
}

}  // namespace

int64_t read_budget(const toml::Document& document) {
  const auto limit = document.root()["limit"];
  if (limit.kind() != toml::Kind::kTable) return 0;
  const auto table = limit.table();
  if (!table.has("budget")) return 0;
  const int64_t ns = table.duration("budget");
  if (ns <= 0) table["budget"].fail("a duration above zero");
  return ns;
}

Result<LimitsIr> read_limits(const Scope& scope,
                             const std::vector<Signal>& signals,
                             const Options& options) {
  const toml::Document& document = scope.document;
  const auto value = document.root()["limit"];
  const bool edited = options.edits != nullptr && !options.edits->empty();
  if (value.kind() == toml::Kind::kText || !value.present()) {
    LimitsIr none = read_none(value);
    if (none.none && edited)
      value.fail("\"none\", which the program changes",
                 "a [limit] table to change");
    return none;
  }
  (void)read_budget(document);
  const auto parts = gather(document, options);
  if (!parts) return parts.error();
  PartReader reader(scope, signals, options.edits);
  LimitsIr out = join(*parts, reader);
  if (auto ok = finish_used(*parts); !ok) return ok.error();
  if (auto ok = check_removed(document, reader.names(), options.edits); !ok)
    return ok.error();
  if (out.rungs == 0) out.rungs = read_ladder(value.table()["ladder"]);
  check_sizes(value, out);
  check_room(out);
  check_profiles(out);
  find_barred(out);
  if (!any_acts(out))
    value.fail("no limit in it", "at least one, or limit = \"none\"");
  if (auto ok = finish_used(*parts); !ok) return ok.error();
  return out;
}

Result<void> lower_limits(const LimitsIr& limits, Image& to) {
  if (limits.files.size() > 1)
    for (const std::string& file : limits.files)
      copy_text(file, to.file[to.files++], sizeof to.file[0]);
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
