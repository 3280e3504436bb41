// SPDX-License-Identifier: MIT
#include "config/replay_recipe.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace tactus::config {
namespace {

constexpr int64_t kMax = INT64_MAX;

std::string quoted_list(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& n : names) {
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", n);
  }
  return text;
}

Result<toml::Document> parse(const trace::LogReader& log) {
  const auto bytes = log.section(layout::LogSectionKind::kModelPlan);
  return toml::Document::parse(
      {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
      log.name() + " (plan)");
}

// Nothing where the model alone decides: older logs say the same.
std::string extras_text(const Blueprint& b) {
  std::string text;
  for (const policy::Columns& c : b.plan->describe().slow)
    text += fmt::format("{}{{first = {}, count = {}}}",
                        text.empty() ? "" : ", ", c.first, c.count);
  if (!text.empty()) text = fmt::format("slow = [{}]\n", text);
  if (b.policy.state == AtEngage::kReset) text += "state = \"reset\"\n";
  if (!b.policy.history) return text;
  return text + fmt::format(
                    "history = {{length = {}, every = {}, order = {}, layout = "
                    "{}, fill = {}}}\n",
                    b.policy.history->length, b.policy.history->every,
                    static_cast<int>(b.policy.history->order),
                    static_cast<int>(b.policy.history->layout),
                    static_cast<int>(b.policy.history->fill));
}

std::size_t size(const toml::Table& table, const char* key, int64_t least = 0,
                 int64_t most = kMax) {
  return static_cast<std::size_t>(table.integer(key, least, most));
}

template <class E>
E one_of_two(const toml::Table& table, const char* key) {
  return static_cast<E>(table.integer(key, 0, 1));
}

void read_extras(const toml::Table& root, Recipe& r) {
  if (root.has("slow")) {
    for (const toml::Value& v : root.list("slow")) {
      const toml::Table c = v.table();
      r.slow.push_back({size(c, "first"), size(c, "count")});
    }
  }
  constexpr std::string_view kState[] = {"keep", "reset"};
  if (root.has("state"))
    r.state = static_cast<AtEngage>(root["state"].choice(kState));
  if (!root.has("history")) return;
  const toml::Table h = root.table("history");
  r.history =
      policy::History{.length = size(h, "length", 1, 1000),
                      .every = size(h, "every", 1, 1000),
                      .order = one_of_two<policy::HistoryOrder>(h, "order"),
                      .layout = one_of_two<policy::HistoryLayout>(h, "layout"),
                      .fill = one_of_two<policy::HistoryFill>(h, "fill")};
}

}  // namespace

std::string replay_text(const Blueprint& b) {
  const policy::Description& d = b.plan->describe();
  const safety::Commit& c = b.image->commit;
  return fmt::format(
             "backend = \"{}\"\nkernels = \"{}\"\ninput = [{}]\noutput = "
             "\"{}\"\nperiod_ns = {}\ncommit_ns = {}\nmisses = {}\n"
             "bound_ns = {}\nrepeat_ns = {}\nrobot_timeout_ns = {}\n",
             d.backend, d.kernels, quoted_list(b.policy.input), b.policy.output,
             c.period_ns, c.commit_ns, c.misses, c.guardian_bound_ns,
             c.repeat_ns, c.robot_timeout_ns) +
         extras_text(b);
}

Result<Recipe> read_recipe(const trace::LogReader& log) {
  auto document = parse(log);
  if (!document) return document.error();
  const auto root = document->root();
  Recipe r;
  r.backend = root.text("backend");
  r.kernels = root.text("kernels");
  read_extras(root, r);
  r.basis.input = root.texts("input");
  r.basis.output = root.text("output");
  r.basis.timing.period_ns = root.integer("period_ns", 1, kMax);
  r.basis.timing.commit_ns = root.integer("commit_ns", 0, kMax);
  r.basis.timing.misses =
      static_cast<uint32_t>(root.integer("misses", 0, 1000));
  r.basis.timing.bound_ns = root.integer("bound_ns", 0, kMax);
  r.basis.timing.repeat_ns = root.integer("repeat_ns", 0, kMax);
  r.basis.timing.robot_timeout_ns = root.integer("robot_timeout_ns", 0, kMax);
  if (auto ok = document->finish(); !ok) return ok.error();
  return r;
}

std::vector<std::string> policy_inputs(const trace::LogReader& log) {
  auto recipe = read_recipe(log);
  return recipe ? recipe->basis.input : std::vector<std::string>{};
}

}  // namespace tactus::config
