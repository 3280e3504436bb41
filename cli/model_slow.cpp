// SPDX-License-Identifier: MIT
// rtctl model slow: what recorded rows suggest for [policy] slow.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "commands.hpp"
#include "policy/slow.hpp"

namespace tactus::cli {
namespace {

Value items_value(const policy::SlowReport& report) {
  Value::Array items;
  for (const auto& item : report.items) {
    items.push_back(Value()
                        .add("name", item.name)
                        .add("changed", item.share)
                        .add("slow", item.slow));
  }
  return items;
}

Value columns_value(const policy::SlowReport& report) {
  Value::Array columns;
  for (const policy::Columns& c : report.columns) {
    columns.push_back(Value().add("first", c.first).add("count", c.count));
  }
  return columns;
}

std::string text_of(const policy::SlowReport& report) {
  std::string text = fmt::format("{} rows\n", report.rows);
  std::vector<std::string> names;
  for (const auto& item : report.items) {
    text += fmt::format("  {:<16} changed in {:.1f} %\n", item.name,
                        100 * item.share);
    if (item.slow) names.push_back("\"" + item.name + "\"");
  }
  for (const policy::Columns& c : report.columns)
    text += fmt::format("  columns {} .. {} are slow\n", c.first,
                        c.first + c.count - 1);
  if (names.empty()) return text + "nothing to declare\n";
  return text + fmt::format("[policy] slow = [{}]\n", fmt::join(names, ", "));
}

}  // namespace

int model_slow(const ModelOptions& o, const Output& out) {
  std::vector<policy::NamedFile> files;
  for (const std::string& input : o.inputs)
    files.push_back(policy::named_file(input));
  const auto report = policy::slow_report(o.model, files, o.most / 100);
  if (!report) return out.error(report.error());
  out.result(Value()
                 .add("schema", "tactus/model-slow/1")
                 .add("model", o.model)
                 .add("rows", report->rows)
                 .add("inputs", items_value(*report))
                 .add("columns", columns_value(*report)),
             text_of(*report));
  return 0;
}

}  // namespace tactus::cli
