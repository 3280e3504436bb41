// SPDX-License-Identifier: MIT
// Past-time words of an expression: past = "historically 2 s", past =
// "once 500 ms", at_most = "0.5 s in 2 s".
#include <algorithm>

#include "core/text.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {
namespace {

// Two checks further apart than that, and what was between them is not known:
// as many missed cycles as a loop has that still runs.
constexpr int64_t kGapPeriods = 4;
constexpr int64_t kLongest = 3'600'000'000'000;  // an hour

bool read_time(const toml::Value& value, std::string_view text,
               const char* expected, int64_t& out) {
  const auto time = parse_duration(text);
  if (time && *time > 0 && *time <= kLongest) {
    out = *time;
    return true;
  }
  value.fail(expected);
  return false;
}

void read_past(const toml::Value& value, Memory& out) {
  constexpr const char* kExpected =
      "\"historically 2 s\" or \"once 500 ms\", up to an hour";
  const std::string text = value.text();
  if (text.empty()) return;
  const auto blank = text.find(' ');
  const std::string word = text.substr(0, blank);
  if (blank == std::string::npos || (word != "historically" && word != "once"))
    return value.fail(kExpected);
  out.form = word == "once" ? MemoryForm::kOnce : MemoryForm::kHistorically;
  (void)read_time(value, std::string_view(text).substr(blank + 1), kExpected,
                  out.window_ns);
}

void read_at_most(const toml::Value& value, Memory& out) {
  constexpr const char* kExpected =
      "a time in a longer one, up to an hour: \"0.5 s in 2 s\"";
  constexpr std::string_view kIn = " in ";
  const std::string text = value.text();
  if (text.empty()) return;
  out.form = MemoryForm::kAtMost;
  const auto at = text.find(kIn);
  if (at == std::string::npos) return value.fail(kExpected);
  const std::string_view all = text;
  if (!read_time(value, all.substr(0, at), kExpected, out.allowed_ns) ||
      !read_time(value, all.substr(at + kIn.size()), kExpected, out.window_ns))
    return;
  if (out.allowed_ns >= out.window_ns) return value.fail(kExpected);
  constexpr int64_t kHold = kMemorySlots - 1;
  out.slot_ns = (out.window_ns + kHold - 1) / kHold;
}

}  // namespace

bool read_past_time(const toml::Table& table, const Input& in, Memory& out) {
  const bool past = table.has("past"), at_most = table.has("at_most");
  if (!past && !at_most) return false;
  if (past && at_most) table["at_most"].fail("past or at_most, not both");
  need_room(table, past ? "past" : "at_most", in.out.past.size(), kMaxMemories,
            "rows with past or at_most");
  out.gap_ns = kGapPeriods * in.scope.period_ns;
  if (past)
    read_past(table["past"], out);
  else
    read_at_most(table["at_most"], out);
  return true;
}

void lower_past_time(const LimitsIr& from, Image& to) {
  auto index = static_cast<uint32_t>(from.expressions.size());
  for (const auto& one : from.past) {
    if (to.memories == kMaxMemories) break;
    Memory& memory = to.memory[to.memories];
    memory = one.limit.memory;
    memory.expression = index++;
    add_row(to, one.row, RowKernel::kMemory, to.memories++);
  }
}

}  // namespace tactus::safety::limits
