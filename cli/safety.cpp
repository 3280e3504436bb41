// SPDX-License-Identifier: MIT
// rtctl safety explain, check: a limits file in words, without a robot. The
// verbs that try it out are in safety_tools.cpp.
#include <fmt/format.h>

#include "commands.hpp"
#include "config/budget.hpp"
#include "config/limits_file.hpp"
#include "safety/explain.hpp"
#include "safety_tools.hpp"

namespace tactus::cli {
namespace {

Value rows_value(const safety::Explanation& e) {
  Value::Array rows;
  for (const auto& row : e.rows) {
    Value::Array files;
    for (const std::string& file : row.files) files.emplace_back(file);
    rows.push_back(Value()
                       .add("id", row.id)
                       .add("kernel", row.kernel)
                       .add("limit", row.limit)
                       .add("consumer", row.consumer)
                       .add("bound", row.bound)
                       .add("hard", row.hard)
                       .add("kind", row.kind)
                       .add("severity", row.severity)
                       .add("response", row.response)
                       .add("warn", row.warn)
                       .add("hysteresis", row.hysteresis)
                       .add("files", std::move(files))
                       .add("margin", row.margin)
                       .add("scale", row.scale)
                       .add("unit", row.unit)
                       .add("units", row.units)
                       .add("predicted_us", row.predicted * 1e-3));
  }
  return rows;
}

Value constants_value(const safety::Explanation& e) {
  Value::Array list;
  for (const auto& c : e.constants) {
    list.push_back(Value()
                       .add("name", c.name)
                       .add("value", c.value)
                       .add("unit", c.unit)
                       .add("from", c.from));
  }
  return list;
}

Value assumptions_value(const safety::Explanation& e) {
  Value::Array list;
  for (const auto& a : e.assumptions) {
    list.push_back(Value()
                       .add("id", a.id)
                       .add("text", a.text)
                       .add("margin", a.margin)
                       .add("value", a.value)
                       .add("unit", a.unit));
  }
  return list;
}

Value idle_value(const safety::Redundancy& redundancy) {
  Value::Array list;
  for (const safety::Finding& f : redundancy.idle) {
    list.push_back(Value()
                       .add("row", f.row)
                       .add("because", f.because)
                       .add("proof", f.proof));
  }
  return list;
}

Value cost_value(const safety::Cost& c, const safety::Budget& budget) {
  return Value()
      .add("isa", rt::isa_name(c.isa))
      .add("check_us", c.check_ns * 1e-3)
      .add("motion_us", c.motion_ns * 1e-3)
      .add("motions", c.motions)
      .add("project_us", c.project_ns * 1e-3)
      .add("programs", c.programs)
      .add("worst_cycle_us", c.cycle_ns * 1e-3)
      .add("budget_us", budget.ns > 0
                            ? Value(static_cast<double>(budget.ns) * 1e-3)
                            : Value())
      .add("budget_from", budget.from);
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

std::string origins_text(const std::vector<config::Origin>& origins) {
  std::string text = "\nvalues and where they come from\n";
  for (const config::Origin& o : origins) {
    text += fmt::format("  {:<24} {:<18} {}\n", o.key, o.value, o.origin);
  }
  return text;
}

// Under a line of its own.
std::string idle_text(const safety::Redundancy& redundancy) {
  std::string text = safety::to_text(redundancy);
  if (text.empty()) return text;
  text.pop_back();
  return "\n" + text;
}

}  // namespace

int safety_command(const SafetyOptions& o, const Output& out) {
  if (o.verb == "bench") return safety_bench(o, out);
  if (o.verb == "diff") return safety_diff(o, out);
  if (o.verb == "fuzz") return safety_fuzz(o, out);
  if (o.verb == "check" && !o.states.empty()) return safety_states(o, out);
  const auto checked = config::load_limits(o.file);
  if (!checked) return out.error(checked.error());
  const auto isa = rt::choose_isa();
  if (!isa) return out.error(isa.error());
  const safety::Budget budget =
      config::budget_of(checked->shield, config::stage_times(checked->file));
  const safety::Explanation e = safety::explain(*checked->shield.image, *isa);
  Value v;
  v.add("schema", "tactus/safety-" + o.verb + "/1")
      .add("file", o.file)
      .add("ok", true)
      .add("hash", e.hash)
      .add("limit", e.limit_none ? "none" : "checked")
      .add("rows", rows_value(e))
      .add("never_bind", idle_value(e.redundancy))
      .add("cost", cost_value(e.cost, budget));
  if (o.verb == "check") {
    const auto fits = config::check_budget(checked->shield, budget);
    if (!fits) return out.error(fits.error());
    out.result(v, fmt::format("{}: ok, {} rows, {}", o.file, e.rows.size(),
                              safety::budget_text(e.cost, budget)) +
                      idle_text(e.redundancy));
    return 0;
  }
  v.add("constants", constants_value(e))
      .add("assumptions", assumptions_value(e))
      .add("config", origins_value(checked->file.origins));
  out.result(v, safety::to_text(e) +
                    "budget: " + safety::budget_text(e.cost, budget) + "\n" +
                    origins_text(checked->file.origins));
  return 0;
}

}  // namespace tactus::cli
