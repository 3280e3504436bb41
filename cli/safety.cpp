// SPDX-License-Identifier: MIT
// rtctl safety explain, check: a limits file in words, without a robot.
#include <fmt/format.h>

#include "commands.hpp"
#include "config/explain.hpp"
#include "config/file.hpp"
#include "config/shield_load.hpp"

namespace tactus::cli {
namespace {

struct Checked {
  config::LoadedShield shield;
  config::File file;
};

Result<Checked> load(const std::string& path) {
  auto document = toml::Document::load(path);
  if (!document) return document.error();
  auto file = config::read_file(*document);
  if (!file) return file.error();
  auto shield = config::load_shield(*document, config::timing_of(*file));
  if (!shield) return shield.error();
  if (auto ok = document->finish(); !ok) return ok.error();
  return Checked{std::move(*shield), std::move(*file)};
}

// Who acts on a row: all hard rows decide the ladder, on the action sent and
// on every sample of the motion until standstill.
const char* consumer_of(const safety::Row& row) {
  return row.kind == safety::RowKind::kHard ? "ladder, stop verification"
                                            : "score";
}

Value rows_value(const safety::Image& image) {
  Value::Array rows;
  uint32_t i = 0;
  for (const trace::RowInfo& row : config::rows_of(image)) {
    rows.push_back(Value()
                       .add("id", row.id)
                       .add("kernel", row.kernel)
                       .add("detail", row.detail)
                       .add("consumer", consumer_of(image.row[i++])));
  }
  return rows;
}

Value facts_value(const std::vector<trace::Fact>& facts) {
  Value v = Value::object();
  for (const trace::Fact& f : facts) v.add(f.name, f.value);
  return v;
}

Value origins_value(const std::vector<config::Origin>& origins) {
  Value::Array list;
  for (const config::Origin& o : origins) {
    list.push_back(Value()
                       .add("key", o.key)
                       .add("value", o.value)
                       .add("origin", o.origin));
  }
  return list;
}

std::string explain_text(const Checked& c, const std::string& path) {
  const safety::Image& image = *c.shield.image;
  std::string text = fmt::format(
      "{}: {} joints, {} spheres, {} rows{}\n", path, image.joints,
      image.chain.spheres, image.rows,
      image.ladder.limit_none ? ", limit = \"none\": nothing is checked" : "");
  uint32_t i = 0;
  for (const trace::RowInfo& row : config::rows_of(image)) {
    text += fmt::format("  {:<22} {:<20} {} -> {}\n", row.id, row.kernel,
                        row.detail, consumer_of(image.row[i++]));
  }
  text += "assumptions: the guarantee holds only as far as these do\n";
  for (const trace::Fact& f : config::assumptions_of(image)) {
    text += fmt::format("  {:<22} {}\n", f.name, f.value);
  }
  text += "values and where they come from\n";
  for (const config::Origin& o : c.file.origins) {
    text += fmt::format("  {:<22} {:<20} {}\n", o.key, o.value, o.origin);
  }
  return text;
}

}  // namespace

int safety_command(const SafetyOptions& o, const Output& out) {
  const auto checked = load(o.file);
  if (!checked) return out.error(checked.error());
  const safety::Image& image = *checked->shield.image;
  Value v;
  v.add("schema", "tactus/safety-" + o.verb + "/1")
      .add("file", o.file)
      .add("ok", true)
      .add("hash", hex(image.header.hash))
      .add("limit", image.ladder.limit_none ? "none" : "checked")
      .add("joints", image.joints)
      .add("spheres", image.chain.spheres)
      .add("rows", rows_value(image));
  if (o.verb == "check") {
    out.result(v, fmt::format("{}: ok, {} rows", o.file, image.rows));
    return 0;
  }
  v.add("assumptions", facts_value(config::assumptions_of(image)))
      .add("config", origins_value(checked->file.origins));
  out.result(v, explain_text(*checked, o.file));
  return 0;
}

}  // namespace tactus::cli
