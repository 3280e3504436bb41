// SPDX-License-Identifier: MIT
// kind = "callback": NAME = {kind = "callback", unit = "m", min = "50 mm",
// budget = "20 us"}, with module and symbol where no program registers it.
#include <fmt/format.h>

#include <cmath>

#include "core/text.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {
namespace {

double read_min(const toml::Value& value, Dimension unit) {
  const bool bare =
      value.kind() == toml::Kind::kInteger || value.kind() == toml::Kind::kReal;
  return bare && unit == Dimension{} ? value.number() : value.quantity(unit);
}

// A text that fits, on one line.
void read_word(const toml::Table& table, const char* key, char* to,
               std::size_t size) {
  const std::string word = table.text(key);
  const bool fits =
      !word.empty() && word.size() < size && one_line(word) == word;
  if (!fits)
    return table[key].fail(fmt::format("1 to {} printable bytes", size - 1));
  copy_text(word, to, size);
}

// A margin is of the action that was asked for: no rung can find another that
// has one.
void read_own_answer(const toml::Table& table, RowIr& row) {
  if (row.response != Response::kLadder) return;
  if (table.has("response"))
    table["response"].fail(
        "stop, latch or warn: no other action has a margin of a callback");
  row.response = Response::kStop;
}

}  // namespace

void read_callback(const std::string& name, const toml::Table& table,
                   const Input& in) {
  need_room(table, "kind", in.out.callbacks.size(), kMaxCallbacks,
            "rows of kind \"callback\"");
  Callback out{};
  copy_text(name, out.name, sizeof out.name);
  const Dimension unit = table["unit"].unit().dimension;
  copy_text(si_unit(unit), out.unit, sizeof out.unit);
  out.min = read_min(table["min"], unit);
  out.budget_ns = table.duration("budget");
  if (!(out.budget_ns > 0 && out.budget_ns < in.scope.period_ns))
    table["budget"].fail("a time above zero and below the period");
  if (table.has("module") || table.has("symbol")) {
    read_word(table, "module", out.module, sizeof out.module);
    read_word(table, "symbol", out.symbol, sizeof out.symbol);
  }
  const double least = std::fabs(out.min);
  RowIr row = common(table, name, unit, least > 0 ? least : 1);
  read_own_answer(table, row);
  in.out.callbacks.push_back({row, out});
}

Result<void> lower_callbacks(const LimitsIr& from, Image& to) {
  for (const auto& one : from.callbacks) {
    if (to.callbacks == kMaxCallbacks) break;
    to.callback[to.callbacks] = one.limit;
    add_row(to, one.row, RowKernel::kCallback, to.callbacks++);
  }
  return {};
}

}  // namespace tactus::safety::limits
