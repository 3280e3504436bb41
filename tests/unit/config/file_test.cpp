// SPDX-License-Identifier: MIT
#include "config/file.hpp"

#include <criterion/criterion.h>

#include <cstdlib>
#include <string>

#include "tactus/grants.hpp"

using tactus::config::File;
using tactus::config::Origin;
using tactus::config::read_file;

namespace {

const std::string kGuard =
    "guard = {commit=\"900 us\", misses=3, bound=\"1 ms\", repeat=\"1 ms\", "
    "then=\"hold\"}\n";
const std::string kGood = R"(name = "arm"
loop = {period="1 ms", trip="3 of 100", engage_time="0.5 s", standstill="2 mrad/s for 50 ms"}
stage = {sense="200 us", infer="500 us", check="600 us", act="800 us", late.infer="keep_last 2"}
guard = {commit="900 us", misses=3, bound="1 ms", repeat="1 ms", then="hold"}
[signal]
q = {from="io", shape=2, unit="rad"}
hand = {from="io", kind="sphere", radius="80 mm", unit="m", stamp="seen"}
[policy]
model = "m.onnx"
input = ["q", "hand"]
output = {name="u", kind="joint_velocity", unit="rad/s"}
)";

tactus::Result<File> read(std::string text) {
  auto document = tactus::toml::Document::parse(text, "arm.toml");
  if (!document) return document.error();
  return read_file(*document);
}

std::string with(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const std::size_t at = text.find(from);
  cr_assert(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

const Origin* origin_of(const File& file, const std::string& key) {
  for (const Origin& o : file.origins) {
    if (o.key == key) return &o;
  }
  return nullptr;
}

void refuses(const std::string& text, const char* word) {
  const auto file = read(text);
  cr_assert(!file);
  cr_assert_eq(file.error().exit_code(), 2);
  const std::string line = file.error().text();
  cr_assert(line.find(word) != std::string::npos, "%s", line.c_str());
}

}  // namespace

Test(file, reads_what_the_frame_and_the_loop_need) {
  const auto file = read(kGood);
  cr_assert(static_cast<bool>(file), "%s", file ? "" : file.error().text());
  cr_assert_eq(file->loop.period_ns, 1'000'000);
  cr_assert_eq(file->stage.late_infer.keep_last, 2u);
  cr_assert_eq(file->signal.size(), 2u);
  cr_assert_eq(file->signal[0].stamp, "q_at");
  cr_assert_eq(file->signal[1].stamp, "seen");
  cr_assert_eq(file->signal[1].count, 3u);
}

Test(file, says_where_each_value_comes_from) {
  const auto file = read(kGood);
  const Origin* period = origin_of(*file, "loop.period");
  cr_assert_not_null(period);
  cr_assert(period->origin.find("arm.toml:2:") == 0, "%s",
            period->origin.c_str());
  const Origin* lead = origin_of(*file, "loop.lead_max");
  cr_assert_not_null(lead);
  cr_assert_eq(lead->origin, "default");
}

Test(file, environment_wins_and_is_named) {
  setenv("TACTUS_CPU", "3", 1);
  const auto file = read(kGood);
  cr_assert_eq(file->loop.cpu, 3);
  bool named = false;
  for (const Origin& o : file->origins) named |= o.origin == "TACTUS_CPU";
  cr_assert(named);
  setenv("TACTUS_CPU", "three", 1);
  refuses(kGood, "TACTUS_CPU");
}

Test(file, a_limit_never_has_a_default) {
  refuses(with("misses=3, ", ""), "misses");
  refuses(with(", bound=\"1 ms\"", ""), "bound");
  refuses(with("trip=\"3 of 100\", ", ""), "trip");
}

Test(file, no_guard_must_be_written_out) {
  refuses(with(kGuard, ""), "guard");
  const auto file = read(with(kGuard, "guard = \"none\"\n"));
  cr_assert(static_cast<bool>(file));
  cr_assert(file->guard.none);
}

Test(file, a_wrong_unit_is_named_with_its_place) {
  refuses(with("period=\"1 ms\"", "period=\"1 mm\""), "arm.toml:2:");
}

Test(file, keep_last_needs_its_count) {
  refuses(with("keep_last 2", "keep_last"), "late");
}

Test(file, a_command_is_never_kept) {
  refuses(with("late.infer=\"keep_last 2\"", "late.act=\"keep_last 2\""),
          "late.act");
}

Test(file, a_policy_runs_in_every_cycle) {
  const std::string unit = "unit=\"rad/s\"}";
  refuses(with(unit, "unit=\"rad/s\", every=2}"), "every");
  refuses(with(unit, "unit=\"rad/s\", every=2}"), "period");
  const auto file = read(with(unit, "unit=\"rad/s\", every=1}"));
  cr_assert(static_cast<bool>(file), "%s", file ? "" : file.error().text());
}

Test(file, kernels_are_chosen_by_a_word_or_named) {
  const auto kernels = [](const std::string& text) {
    return read(with("input =", "kernels = \"" + text + "\"\ninput ="));
  };
  for (const char* text : {"auto", "timed", "rule", "fused/2:f32:avx2"}) {
    const auto file = kernels(text);
    cr_assert(static_cast<bool>(file), "%s", file ? "" : file.error().text());
    cr_expect_eq(file->policy.kernels, text);
  }
  refuses(with("input =", "kernels = \"tmied\"\ninput ="), "policy.kernels");
  const auto file = read(kGood);
  cr_assert_eq(file->policy.kernels, "auto");
  cr_assert_eq(origin_of(*file, "policy.kernels")->origin, "default");
}

Test(file, prewarming_has_a_cap_of_half_a_period) {
  const auto loop = [](const char* text) {
    return with("period=\"1 ms\"", text);
  };
  const auto file = read(kGood);
  cr_assert_eq(file->loop.prewarm_max_ns, 200'000);
  cr_assert_eq(origin_of(*file, "loop.prewarm_max")->origin, "default");
  std::string text = loop("period=\"200 us\"");
  const std::string commit = "commit=\"900 us\"";
  text.replace(text.find(commit), commit.size(), "commit=\"180 us\"");
  const auto quick = read(text);
  cr_assert_eq(quick->loop.prewarm_max_ns, 50'000);
  const auto off = read(loop("period=\"1 ms\", prewarm_max=\"0 us\""));
  cr_assert_eq(off->loop.prewarm_max_ns, 0);
  refuses(loop("period=\"1 ms\", prewarm_max=\"501 us\""), "loop.prewarm_max");
}

Test(file, the_guard_looks_within_the_period) {
  refuses(with("commit=\"900 us\"", "commit=\"1001 us\""), "guard.commit");
}

Test(file, an_input_must_be_a_signal) {
  refuses(with("[\"q\", \"hand\"]", "[\"q\", \"hond\"]"), "hond");
}

Test(file, the_action_is_no_signal) {
  refuses(with("name=\"u\"", "name=\"q\""), "policy.output.name");
}

Test(file, requires_any_grant_of_the_table_and_no_other) {
  for (const tactus::GrantRow& row : tactus::kGrants) {
    const std::string name = row.name;
    const auto file =
        read(with("period=", "require=[\"fifo\", \"" + name + "\"], period="));
    cr_assert(static_cast<bool>(file), "%s", file ? "" : file.error().text());
    cr_expect_eq(file->loop.require[1], name);
    refuses(with("period=", "require=[\"mlock\"], period="), row.name);
  }
  refuses(with("period=", "require=[\"mlock\"], period="), "arm.toml:2:");
}
