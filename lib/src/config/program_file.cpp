// SPDX-License-Identifier: MIT
#include "config/program_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <utility>

#include "config/scribe.hpp"
#include "core/error.hpp"

namespace tactus::config {
namespace {

// What a run alone reads.
constexpr const char* kOfRun[] = {"name", "io", "stage", "record"};

std::string as_ns(int64_t ns) { return fmt::format("{} ns", ns); }
std::string as_rule(uint32_t count, uint32_t of) {
  return fmt::format("{} of {}", count, of);
}
std::string as_list(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string duration(const toml::Value& v) { return as_ns(v.duration()); }
std::string word(const toml::Value& v) { return v.text(); }
std::string words(const toml::Value& v) { return as_list(v.texts()); }
std::string number(const toml::Value& v) {
  return std::to_string(v.integer(1, INT64_MAX));
}
std::string count(const toml::Value& v) {
  return std::to_string(v.integer(0, INT64_MAX));
}
std::string table(const toml::Value&) { return "one"; }
std::string rule(const toml::Value& v) {
  const CountOf c = v.count_of();
  return as_rule(c.count, c.of);
}

struct Key {
  const char* name;
  std::string (*read)(const toml::Value&);  // null: not the program's to say
};
constexpr Key kLoop[] = {{"period", duration},     {"overrun", word},
                         {"trip", rule},           {"engage_time", duration},
                         {"cpu", nullptr},         {"priority", nullptr},
                         {"wake", nullptr},        {"lead_max", nullptr},
                         {"prewarm_max", nullptr}, {"require", nullptr}};
constexpr Key kGuard[] = {{"commit", duration}, {"misses", number},
                          {"bound", duration},  {"repeat", duration},
                          {"then", word},       {"cpu", nullptr}};
constexpr Key kPolicy[] = {{"backend", word},  {"input", words},
                           {"slow", words},    {"answers", count},
                           {"state", word},    {"history", table},
                           {"model", nullptr}, {"kernels", nullptr}};
constexpr Key kOutput[] = {{"name", word},       {"unit", word},
                           {"every", number},    {"kind", nullptr},
                           {"between", nullptr}, {"fallback", nullptr}};

class Check {
 public:
  Check(const toml::Document& document, const Said& said)
      : document_(document), said_(said) {}

  Result<void> table(const toml::Table& table, std::span<const Key> keys) {
    for (const Key& key : keys) {
      if (!key.read) table.skip(key.name);
      if (!key.read || !table.has(key.name)) continue;
      const std::string path = table.path() + "." + key.name;
      if (auto ok = value(table[key.name], path, key.read); !ok) return ok;
    }
    return {};
  }

  Result<void> guard(const toml::Value& value) {
    const bool none = value.kind() == toml::Kind::kText;
    if (none != said_.contains("guard")) {
      return differs(value, none ? "\"none\"" : "a guard",
                     none ? "guard" : "no_guard");
    }
    return none ? this->value(value, "guard", word)
                : table(value.table(), kGuard);
  }

 private:
  Result<void> value(const toml::Value& value, const std::string& path,
                     std::string (*read)(const toml::Value&)) {
    const std::string here = read(value);
    if (auto ok = document_.status(); !ok) return ok;
    const auto program = said_.find(path);
    if (program == said_.end()) return differs(value, here, "nothing");
    if (program->second.empty() || program->second == here) return {};
    return differs(value, here, program->second);
  }

  const toml::Document& document_;
  const Said& said_;
};

void say_guard(const GuardTable& guard, Said& said) {
  if (guard.none) {
    said["guard"] = "none";
    return;
  }
  said["guard.commit"] = as_ns(guard.commit_ns);
  said["guard.misses"] = std::to_string(guard.misses);
  said["guard.bound"] = as_ns(guard.bound_ns);
  said["guard.repeat"] = as_ns(guard.repeat_ns);
  said["guard.then"] = "hold";
}

// As the builder takes them: without a repeat it is the period.
void read_times(const Scribe& root, const toml::Table& document, File& file) {
  const Scribe loop = root.table("loop");
  file.loop.period_ns = loop.duration("period");
  for (const Key& key : kLoop) document.table("loop").skip(key.name);
  read_guard_times(root, file.loop.period_ns, file.loop.period_ns, file.guard);
  if (file.guard.none) return;
  for (const Key& key : kGuard) document.table("guard").skip(key.name);
}

}  // namespace

bool is_program_file(const toml::Document& document) {
  const toml::Table root = document.root();
  return std::ranges::none_of(kOfRun,
                              [&](const char* key) { return root.has(key); });
}

Result<File> read_program_file(const toml::Document& document) {
  File file;
  file.path = document.name();
  const toml::Table root = document.root();
  const Scribe scribe(root, file.origins);
  for (const auto& [table, key] :
       {std::pair{"loop", "period"}, std::pair{"guard", "commit"}}) {
    const bool none = scribe.is_text(table);
    if (none || (root.has(table) && root.table(table).has(key))) continue;
    return bad_input(
        "{}: {}.{}: missing: a file without name, io and stage is a program's; "
        "what the program says of [loop] period and [guard] must be in the "
        "file, too, for its limits to be looked at",
        file.path, table, key);
  }
  read_times(scribe, root, file);
  root.skip("policy");
  file.signal = read_signals(document, file.origins);
  file.limit_none = scribe.is_text("limit");
  if (auto ok = document.status(); !ok) return ok.error();
  return file;
}

Said said_by_program(const Blueprint& b) {
  const LoopTable& loop = b.file.loop;
  Said said = {
      {"loop.period", as_ns(loop.period_ns)},
      {"loop.overrun",
       loop.overrun == rt::Overrun::kRephase ? "rephase" : "skip"},
      {"loop.trip", as_rule(loop.trip.bad, loop.trip.of)},
      {"loop.engage_time", as_ns(loop.engage_time_ns)},
      {"policy.backend", b.plan->describe().backend},
      {"policy.input", as_list(b.policy.input)},
      {"policy.slow", as_list(b.policy.slow)},
      {"policy.answers", std::to_string(b.plan->describe().answers)},
      {"policy.state", b.policy.state == AtEngage::kReset ? "reset" : "keep"},
      {"policy.output.name", b.policy.output},
      {"policy.output.unit", b.policy.unit},
      {"policy.output.every", "1"},
  };
  say_guard(b.file.guard, said);
  return said;
}

Error differs(const toml::Value& value, const std::string& file,
              const std::string& program) {
  return bad_input(
      "{}: the file says {}, the program {}: make them agree, or leave it out "
      "of the file",
      value.where(), file, program);
}

Result<void> check_program_file(const toml::Document& document,
                                const Said& said) {
  Check check(document, said);
  const toml::Table root = document.root();
  for (const char* key : kOfRun) root.skip(key);
  if (auto ok = check.table(root.table("loop"), kLoop); !ok) return ok;
  if (root.has("guard")) {
    if (auto ok = check.guard(root["guard"]); !ok) return ok;
  }
  if (!root.has("policy")) return {};
  const toml::Table policy = root.table("policy");
  if (auto ok = check.table(policy, kPolicy); !ok) return ok;
  return check.table(policy.table("output"), kOutput);
}

}  // namespace tactus::config
