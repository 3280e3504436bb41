// SPDX-License-Identifier: MIT
// What the program and the limits file, or the program and the model, both
// say must be the same: a contract given twice and different is a load error.
#include <criterion/criterion.h>

#include "rig.hpp"

using namespace tactus::test;

namespace {

// Limits that say `line` in place of their own line that begins like it, or
// beside theirs.
std::string limits_with(const std::string& line) {
  std::string text = limits_text();
  const std::string key = line.substr(0, line.find(' '));
  std::size_t at = text.rfind("\n" + key + " = ");
  at = at == std::string::npos ? 0 : at + 1;
  const bool same = text.compare(at, key.size(), key) == 0;
  if (same) text.erase(at, text.find('\n', at) + 1 - at);
  return text.insert(at, line + "\n");
}

std::string loop_line(const std::string& more) {
  return "loop = {standstill=\"3 mrad/s for 50 ms\", " + more + "}";
}

std::string unguarded(const std::string& line) {
  Rig r;
  r.limits = limits_with(line);
  return r.refusal();
}

// With a guard that is never started: "built" is its missing program.
std::string guarded(const std::string& line) {
  Rig r;
  ::setenv("TACTUS_RTCTL", "/none/rtctl", 1);
  r.limits = limits_with(line);
  const std::string text = r.refusal(r.make_guarded());
  return text.find("/none/rtctl") != std::string::npos ? "built" : text;
}

std::string guard_line(const std::string& changed = "") {
  std::string text =
      "guard = {commit=\"1 s\", misses=3, bound=\"1 ms\", repeat=\"1 s\", "
      "then=\"hold\", cpu=0}";
  if (changed.empty()) return text;
  const std::string key = changed.substr(0, changed.find('=') + 1);
  const std::size_t at = text.find(key);
  const std::size_t end = text.find_first_of(",}", at);
  return text.replace(at, end - at, changed);
}

bool names(const std::string& text, const std::string& key) {
  const bool ok = text.find(key + ": the file says") != std::string::npos;
  if (!ok) cr_log_error("no \"%s\" in: %s", key.c_str(), text.c_str());
  return ok;
}

std::string in_policy(const std::string& line) {
  Rig r;
  r.limits.insert(r.limits.find("output = "), line + "\n");
  return r.refusal();
}

std::string rate(const std::string& rate_hz, int64_t period_ns) {
  Rig r;
  auto model = constant_policy();
  model.metadata(
      "tactus.contract",
      R"({"observations": [{"name": "q", "shape": [7], "unit": "rad"},
      {"name": "dq", "shape": [7], "unit": "rad/s"},
      {"name": "target", "shape": [3], "unit": "m"},
      {"name": "hand", "shape": [3], "unit": "m"}],
      "action": {"name": "u", "kind": "joint_velocity", "unit": "rad/s")" +
          rate_hz + "}}");
  r.model = model.bytes();
  r.loop.period_ns = period_ns;
  for (tactus_stage* s : {&r.sense, &r.infer, &r.check, &r.act}) {
    s->deadline_ns = period_ns;
  }
  return r.refusal();
}

}  // namespace

Test(capi_contract, the_same_twice_is_accepted) {
  cr_assert(guarded(guard_line()) == "built");
  cr_assert(unguarded("guard = \"none\"") == "built");
  cr_assert(unguarded(loop_line("period=\"1 s\", trip=\"3 of 100\", "
                                "engage_time=\"1 ms\", cpu=1, priority=45")) ==
            "built");
  cr_assert(unguarded("name = \"another\"") == "built");
}

Test(capi_contract, another_guard_in_the_file_is_refused) {
  cr_assert(names(guarded(guard_line("misses=20")), "guard.misses"));
  cr_assert(names(guarded(guard_line("commit=\"900 ms\"")), "guard.commit"));
  cr_assert(names(guarded(guard_line("bound=\"2 ms\"")), "guard.bound"));
  cr_assert(names(guarded(guard_line("repeat=\"1 ms\"")), "guard.repeat"));
  cr_assert(names(guarded(guard_line("then=\"silence\"")), "guard.then"));
  cr_assert(names(guarded("guard = \"none\""), "guard"));
  cr_assert(names(unguarded(guard_line()), "guard"));
  cr_assert(names(unguarded("guard = \"later\""), "guard"));
}

Test(capi_contract, another_loop_in_the_file_is_refused) {
  cr_assert(names(unguarded(loop_line("period=\"1 ms\"")), "loop.period"));
  cr_assert(names(unguarded(loop_line("trip=\"3 of 10\"")), "loop.trip"));
  cr_assert(
      names(unguarded(loop_line("engage_time=\"1 s\"")), "loop.engage_time"));
  cr_assert(names(unguarded(loop_line("overrun=\"rephase\"")), "loop.overrun"));
}

Test(capi_contract, another_policy_in_the_file_is_refused) {
  const auto output = [](const std::string& more) {
    return unguarded("output = {kind=\"joint_velocity\", " + more + "}");
  };
  cr_assert(names(output("name=\"v\""), "policy.output.name"));
  cr_assert(names(output("unit=\"deg/s\""), "policy.output.unit"));
  cr_assert(names(output("every=20"), "policy.output.every"));
  cr_assert(names(in_policy("input = [\"dq\", \"q\", \"target\", \"hand\"]"),
                  "policy.input"));
  cr_assert(names(in_policy("backend = \"reference\""), "policy.backend"));
}

Test(capi_contract, what_only_a_run_needs_is_left_to_it) {
  cr_assert(in_policy("model = \"other.onnx\"") == "built");
  cr_assert(in_policy("backend = \"fused\"") == "built");
  cr_assert(unguarded(loop_line("overrun=\"skip\", wake=\"nanosleep\", "
                                "lead_max=\"9 us\", require=[\"fifo\"]")) ==
            "built");
}

// A key that nobody knows is a typo, in a table of a run too.
Test(capi_contract, a_key_that_no_run_has_is_refused) {
  const auto unknown = [](const std::string& text) {
    return text.find("unknown key") != std::string::npos;
  };
  cr_assert(unknown(unguarded(loop_line("perod=\"2 s\""))));
  cr_assert(unknown(in_policy("modle = \"m.onnx\"")));
  cr_assert(unknown(guarded(guard_line("cpu=0, mises=3"))));
}

Test(capi_contract, a_value_of_no_meaning_is_named_as_such) {
  const std::string text = unguarded(loop_line("period=\"1 mm\""));
  cr_assert_neq(text.find("\"1 mm\": expected"), std::string::npos, "%s",
                text.c_str());
}

Test(capi_contract, another_time_out_of_the_robot_is_refused) {
  Rig r;
  const std::size_t at = r.limits.find("timeout=\"20 ms\"");
  r.limits.replace(at, 15, "timeout=\"30 ms\"");
  cr_assert_neq(r.refusal().find("robot.timeout"), std::string::npos);
}

Test(capi_contract, a_policy_trained_for_another_rate_is_refused) {
  const std::string text = rate(R"(, "rate_hz": 50)", 1'000'000);
  cr_assert_neq(text.find("1000 Hz"), std::string::npos, "%s", text.c_str());
  cr_assert_neq(text.find("50 Hz"), std::string::npos);
  cr_assert_neq(text.find("20 ms"), std::string::npos);  // the remedy
  cr_assert(rate(R"(, "rate_hz": 50)", 20'000'000) == "built");
  cr_assert(rate("", 20'000'000) == "built");
}

Test(capi_contract, a_rate_may_differ_by_a_tenth_of_a_percent) {
  cr_assert(rate(R"(, "rate_hz": 50)", 20'010'000) == "built");
  cr_assert_neq(rate(R"(, "rate_hz": 50)", 20'030'000).find("50 Hz"),
                std::string::npos);
  cr_assert_neq(rate(R"(, "rate_hz": 0)", 20'000'000).find("rate_hz"),
                std::string::npos);
}
