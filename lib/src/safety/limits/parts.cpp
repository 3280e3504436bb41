// SPDX-License-Identifier: MIT
#include "safety/limits/parts.hpp"

#include <algorithm>
#include <string_view>

#include "safety/limits/each_row.hpp"
#include "safety/limits/tighten.hpp"

namespace tactus::safety::limits {
namespace {

constexpr std::string_view kTables[] = {"action", "joint"};
// What is said of all rows; budget by the first file alone (read_budget).
constexpr std::string_view kSettings[] = {"use", "ladder", "exact_every",
                                          "horizon", "budget"};

bool is_table(std::string_view name) {
  return std::ranges::find(kTables, name) != std::end(kTables);
}
bool is_setting(std::string_view name) {
  return std::ranges::find(kSettings, name) != std::end(kSettings);
}

int64_t read_horizon(const toml::Value& value) {
  constexpr int64_t kMost = 10'000'000'000;
  const int64_t ns = value.duration();
  if (ns <= 0 || ns > kMost) value.fail("a time, up to 10 s");
  return ns;
}

void read_settings(const toml::Table& table, LimitsIr& out) {
  table.skip("use");
  if (table.has("ladder")) out.rungs = read_ladder(table["ladder"]);
  out.exact_every =
      static_cast<uint32_t>(table.integer("exact_every", 2, 1'000'000, 0));
  if (table.has("horizon")) out.horizon_ns = read_horizon(table["horizon"]);
}

// The rungs that all files have, the most computed verdicts, the farthest
// horizon.
void join_settings(const LimitsIr& one, LimitsIr& all) {
  if (one.rungs != 0)
    all.rungs = all.rungs == 0 ? one.rungs : all.rungs & one.rungs;
  if (one.exact_every != 0)
    all.exact_every = all.exact_every == 0
                          ? one.exact_every
                          : std::min(all.exact_every, one.exact_every);
  all.horizon_ns = std::max(all.horizon_ns, one.horizon_ns);
}

// Of a row of several files: whose values are the tightest.
void mark(LimitsIr& limits, std::size_t part) {
  each_row(limits, [part](RowIr& row, const char*) {
    row.files = uint64_t{1} << part;
  });
}

}  // namespace

LimitsIr PartReader::read(const Part& part, LimitsIr& before) {
  LimitsIr out;
  out.tree = std::move(before.tree);
  out.windows = std::move(before.windows);
  const Input in{scope_, signals_, out, before};
  const auto value = part.document.root()["limit"];
  if (value.kind() == toml::Kind::kTable) read_table(value.table(), in);
  return out;
}

void PartReader::read_table(const toml::Table& table, const Input& in) {
  if (wanted(table, "action")) read_action(table.table("action"), in);
  if (wanted(table, "joint")) read_joint(table.table("joint"), in);
  for (const std::string& name : table.keys())
    if (!is_setting(name) && !is_table(name) && wanted(table, name))
      read_named(name, table[name], in);
  read_settings(table, in.out);
  each_row(in.out, [&table](RowIr& row, const char* family) {
    row.at = table[is_table(family) ? std::string(family) : row.id];
  });
}

bool PartReader::wanted(const toml::Table& table, std::string_view name) {
  if (!table.has(name)) return false;
  names_.emplace_back(name);
  if (edits_ == nullptr) return true;
  const auto& gone = edits_->remove;
  return std::find(gone.begin(), gone.end(), name) == gone.end();
}

LimitsIr join(const std::vector<Part>& parts, PartReader& reader) {
  LimitsIr all;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    LimitsIr one = reader.read(parts[i], all);
    all.tree = std::move(one.tree);
    all.windows = std::move(one.windows);
    if (parts.size() > 1) mark(one, i);
    join_settings(one, all);
    tighten(all, std::move(one), parts[i].label);
    // The first one's name is another in a log: the image must not tell.
    all.files.push_back(i == 0 ? "this file" : parts[i].path);
  }
  return all;
}

}  // namespace tactus::safety::limits
