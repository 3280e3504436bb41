// SPDX-License-Identifier: MIT
// tactus_loop_replay: a log through the policy and limits of a built loop.
#include <criterion/criterion.h>

#include <algorithm>
#include <filesystem>
#include <tactus/tactus.hpp>

#include "config/replay_subject.hpp"
#include "policy/kernels/kernel_set.hpp"
#include "rig.hpp"

using namespace tactus::test;

namespace {

struct Replaying {
  Rig recorded;
  Rig now;  // the program that replays; a test may change it
  tactus_loop* loop = nullptr;
  tactus_error error{};
  tactus_replay result = TACTUS_INIT(tactus_replay);

  int32_t replays() {
    cr_assert(record(recorded), "%s", recorded.error.text);
    now.name += "-now";
    now.loop.name = now.name.c_str();
    loop = now.make();
    cr_assert_not_null(loop, "%s", now.error.text);
    return tactus_loop_replay(loop, recorded.log.c_str(), &result, &error);
  }
  ~Replaying() { tactus_loop_free(loop); }
};

void change(std::string& text, const std::string& from, const char* to) {
  const std::size_t at = text.find(from);
  cr_assert_neq(at, std::string::npos);
  text.replace(at, from.size(), to);
}

}  // namespace

Test(capi_replay, the_same_program_is_identical_and_sends_nothing) {
  Replaying r;
  cr_assert_eq(r.replays(), 0, "%s", r.error.text);
  cr_assert_eq(r.result.identical, 1, "%s: %s, not %s", r.result.field,
               r.result.got, r.result.expected);
  cr_assert_gt(r.result.cycles, 100u);
  cr_assert_eq(r.result.gaps, 0u);
  cr_assert_str_eq(r.result.field, "");
  cr_assert_str_eq(r.result.stopped, "");
  cr_assert_str_eq(r.result.notes, "");
  cr_assert_eq(r.now.arm.sent, 0u);
}

Test(capi_replay, another_policy_is_named_by_its_first_raw_action) {
  Replaying r;
  tactus::policy::test::OnnxFile other;
  using tactus::policy::test::tensor;
  other.input("observation", {1, 20}).output("action", {1, 7});
  other.weight(tensor("w", {20, 7}, std::vector<float>(140, 0.0F)));
  other.weight(tensor("b", {7}, std::vector<float>(7, 0.03F)));
  other.node("MatMul", {"observation", "w"}, {"m"});
  other.node("Add", {"m", "b"}, {"action"});
  r.now.model = other.bytes();
  cr_assert_eq(r.replays(), 0, "%s", r.error.text);
  cr_assert_eq(r.result.identical, 0);
  cr_assert_str_eq(r.result.field, "raw u[0]");
  cr_assert(std::strstr(r.result.expected, "0.0199") != nullptr, "%s",
            r.result.expected);
  cr_assert(std::strstr(r.result.got, "0.0299") != nullptr, "%s", r.result.got);
}

namespace {

// Small speeds from sums of twenty terms: another order, other last bits.
std::string summing_policy() {
  tactus::policy::test::OnnxFile f;
  using tactus::policy::test::tensor;
  std::vector<float> w(140);
  for (std::size_t i = 0; i < w.size(); ++i)
    w[i] = static_cast<float>(i * 37 % 101) * 1e-4F - 0.005F;
  f.input("observation", {1, 20}).output("action", {1, 7});
  f.weight(tensor("w", {20, 7}, w));
  f.node("MatMul", {"observation", "w"}, {"action"});
  return f.bytes();
}

struct Chosen {
  std::string kernels;
  std::vector<float> action;
};
Chosen plan_of(const std::string& model, const std::string& kernels) {
  using namespace tactus;
  const auto image = policy::test::as_image(model);
  const auto plan = policy::ModelPlan::from_image(
      image, "m", config::policy_options("fused", kernels));
  if (!plan) return {};
  const Arm arm;
  std::vector<float> x(20, 0.31F);
  std::copy(std::begin(arm.q), std::end(arm.q), x.begin());
  Chosen out{(*plan)->describe().kernels, std::vector<float>(7)};
  const policy::InputView in{x.data()};
  const policy::OutputView to = out.action;
  auto context = policy::Context::make(*plan);
  (void)context->run({&in, 1}, {&to, 1});
  return out;
}

// Kernels that the rule does not take, and that add in another order.
std::string other_kernels(const std::string& model) {
  using namespace tactus::policy::kernels;
  const Chosen rule = plan_of(model, "rule");
  const std::size_t at = rule.kernels.find(";gemv") + 5;
  const std::size_t end = rule.kernels.find(':', at);
  for (const Gemv& g : kernel_set(*tactus::rt::choose_isa()).gemv) {
    std::string kernels = rule.kernels;
    kernels.replace(at, end - at, g.name);
    const Chosen other = plan_of(model, kernels);
    if (!other.action.empty() && other.action != rule.action) return kernels;
  }
  return {};
}

}  // namespace

Test(capi_replay, the_kernels_that_ran_are_those_that_replay) {
  Replaying r;
  r.recorded.model = r.now.model = summing_policy();
  r.recorded.kernels = other_kernels(r.recorded.model);
  cr_assert_not(r.recorded.kernels.empty());
  r.now.kernels = "rule";
  cr_assert_eq(r.replays(), 0, "%s", r.error.text);
  cr_assert_eq(r.result.identical, 1, "%s: %s, not %s", r.result.field,
               r.result.got, r.result.expected);
  cr_assert_str_eq(r.result.notes, "");
  const auto log = tactus::trace::LogReader::open(r.recorded.log);
  const auto& facts = log->info().model;
  const auto named =
      std::ranges::find(facts, "kernels", &tactus::trace::Fact::name);
  cr_assert(named != facts.end() && named->value == r.recorded.kernels);
  // `rtctl replay`, with the model from a file too.
  const std::string same = r.now.folder.path() + "/m.onnx";
  for (const std::string& model : {std::string(), same}) {
    auto made = tactus::config::make_replay_subject(
        *log, {.model = model, .limits = ""});
    cr_assert(bool(made), "%s", made ? "" : made.error().text());
    cr_assert(made->notes.empty());
    const auto replayed = tactus::trace::replay(*log, *made->subject);
    cr_assert(replayed && replayed->identical());
  }
}

Test(capi_replay, a_model_with_other_layers_runs_by_rule_and_that_is_noted) {
  using tactus::policy::test::tensor;
  Replaying r;
  tactus::policy::test::OnnxFile deeper;
  deeper.input("observation", {1, 20}).output("action", {1, 7});
  deeper.weight(tensor("v", {20, 9}, std::vector<float>(180, 0.01F)));
  deeper.weight(tensor("w", {9, 7}, std::vector<float>(63, 0.01F)));
  deeper.node("MatMul", {"observation", "v"}, {"m"});
  deeper.node("Tanh", {"m"}, {"t"}).node("MatMul", {"t", "w"}, {"action"});
  r.now.model = deeper.bytes();
  cr_assert_eq(r.replays(), 0, "%s", r.error.text);
  cr_assert_eq(r.result.identical, 0);
  cr_assert(std::strstr(r.result.notes, "do not fit this model"), "%s",
            r.result.notes);
}

Test(capi_replay, other_limits_are_found) {
  Replaying r;
  change(r.now.limits, "max=\"1 rad/s\"", "max=\"0.01 rad/s\"");
  cr_assert_eq(r.replays(), 0, "%s", r.error.text);
  cr_assert_eq(r.result.identical, 0);
  cr_assert_gt(r.result.cycle, 0u);
  cr_assert_neq(r.result.field[0], '\0');
}

// rtctl replay --limits of a program's log: what its file may say of loop and
// policy is what the program said.
Test(capi_replay, another_file_is_held_against_what_the_program_said) {
  Rig r;
  cr_assert(record(r), "%s", r.error.text);
  auto log = tactus::trace::LogReader::open(r.log);
  cr_assert(bool(log));
  const auto replayed = [&](const char* loop, const char* policy) {
    std::string text = limits_text();
    change(text, "loop = {", (std::string("loop = {") + loop).c_str());
    change(text, "output = {", (policy + std::string("output = {")).c_str());
    const std::string path = r.folder.write("other.toml", text);
    const auto made = tactus::config::make_replay_subject(
        *log, {.model = "", .limits = path});
    return made ? std::string("made") : std::string(made.error().text());
  };
  const auto refused = [&](const char* loop, const char* policy,
                           const char* word) {
    const std::string text = replayed(loop, policy);
    if (text.find(word) != std::string::npos) return true;
    cr_log_error("no \"%s\" in: %s", word, text.c_str());
    return false;
  };
  cr_assert(replayed("trip=\"3 of 100\", cpu=3, ", "") == "made");
  cr_assert(replayed("", "backend = \"fused\"\n") == "made");
  cr_assert(refused("trip=\"3 of 10\", ", "", "loop.trip: the file says 3 of"));
  cr_assert(refused("engage_time=\"9 s\", ", "", "loop.engage_time"));
  cr_assert(refused("overrun=\"rephase\", ", "", "loop.overrun"));
  cr_assert(refused("", "backend = \"reference\"\n", "policy.backend"));
  cr_assert(refused("perod=\"1 s\", ", "", "perod: unknown key"));
}

Test(capi_replay, a_log_of_another_frame_is_refused) {
  Replaying r;
  r.now.fields[9].name = "spare";
  cr_assert_eq(r.replays(), 2);
  cr_assert(refuses(r.error, "field unused"), "%s", r.error.text);
}

Test(capi_replay, what_is_wrong_is_said) {
  Replaying r;
  cr_assert_eq(r.replays(), 0, "%s", r.error.text);
  const char* log = r.recorded.log.c_str();
  const auto refused = [&](int32_t code, const char* word) {
    return code == 2 && refuses(r.error, word);
  };
  cr_assert(refused(tactus_loop_replay(nullptr, log, &r.result, &r.error),
                    "tactus_loop_replay"));
  cr_assert(refused(tactus_loop_replay(r.loop, nullptr, &r.result, &r.error),
                    "path is null"));
  cr_assert(
      refused(tactus_loop_replay(r.loop, log, nullptr, &r.error), "null"));
  cr_assert(refused(tactus_loop_replay(r.loop, "/none", &r.result, &r.error),
                    "/none"));
  r.result.sz = 8;
  cr_assert(
      refused(tactus_loop_replay(r.loop, log, &r.result, &r.error), "sz"));
}

Test(capi_replay, a_log_without_an_end_is_noted) {
  Replaying r;
  cr_assert_eq(r.replays(), 0, "%s", r.error.text);
  const std::filesystem::path log = r.recorded.log;
  std::filesystem::resize_file(log, std::filesystem::file_size(log) - 8);
  cr_assert_eq(tactus_loop_replay(r.loop, log.c_str(), &r.result, &r.error), 0,
               "%s", r.error.text);
  cr_assert_eq(r.result.identical, 1);
  cr_assert(std::strstr(r.result.notes, "no end"), "%s", r.result.notes);
  const tactus::Loop loop(std::exchange(r.loop, nullptr), {});
  const auto replayed = loop.replay(log);
  cr_assert(bool(replayed));
  cr_assert_str_eq(replayed->notes.c_str(), r.result.notes);
}

Test(capi_replay, the_cpp_layer_hands_it_on) {
  Replaying r;
  cr_assert_eq(r.replays(), 0, "%s", r.error.text);
  const tactus::Loop loop(std::exchange(r.loop, nullptr), {});
  const auto replayed = loop.replay(r.recorded.log);
  cr_assert(bool(replayed));
  cr_assert(replayed->identical);
  cr_assert_eq(replayed->cycles, r.result.cycles);
  const auto missing = loop.replay("/none");
  cr_assert_not(bool(missing));
  cr_assert_eq(missing.error().exit_code(), 2);
}
