// SPDX-License-Identifier: MIT
// What the infer stage carries from cycle to cycle: recurrent state and
// histories, through engage, keyframes and what is not finite.
#include "config/policy_stage.hpp"

#include <criterion/criterion.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "../policy/onnx_writer.hpp"

using namespace tactus;
using policy::test::OnnxFile;

namespace {

struct Frame {
  float q[2];
  float u[2];
};

config::FrameLayout frame_layout() {
  const tactus_field fields[] = {{"q", "rad", TACTUS_F32, 2, 0},
                                 {"u", "rad/s", TACTUS_F32, 2, 8}};
  auto frame = config::FrameLayout::of(fields, sizeof(Frame));
  cr_assert(bool(frame));
  return std::move(*frame);
}

policy::ModelPlan::Ptr plan_of(const OnnxFile& file,
                               const policy::Options& options = {}) {
  const std::string bytes = file.bytes();
  auto plan = policy::ModelPlan::from_image(policy::test::as_image(bytes),
                                            "test.onnx", options);
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  return *plan;
}

// h' = h + q, u = h'.
OnnxFile recurrent() {
  OnnxFile f;
  f.input("q", {1, 2}).input("h_in", {1, 2});
  f.output("u", {1, 2}).output("h_out", {1, 2});
  f.weight(policy::test::tensor("one", {}, {1.0F}));
  f.node("Add", {"q", "h_in"}, {"h_out"}).node("Mul", {"h_out", "one"}, {"u"});
  return f;
}

// u = the sum of the last three q.
OnnxFile summing() {
  OnnxFile f;
  f.input("q", {1, 6}).output("u", {1, 2});
  f.weight(
      policy::test::tensor("w", {6, 2}, {1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1}));
  f.node("MatMul", {"q", "w"}, {"u"});
  return f;
}

constexpr policy::History kThree{3, 1, policy::HistoryOrder::kOldestFirst,
                                 policy::HistoryLayout::kByStep,
                                 policy::HistoryFill::kZeros};

Result<std::unique_ptr<config::PolicyStage>> made(
    const policy::ModelPlan::Ptr& plan, config::AtEngage at_engage,
    std::optional<policy::History> history = {}) {
  return config::PolicyStage::make(plan,
                                   {.input = {"q"},
                                    .output = "u",
                                    .kind = "",
                                    .unit = "",
                                    .where = "test",
                                    .state = at_engage,
                                    .history = history},
                                   frame_layout());
}

std::unique_ptr<config::PolicyStage> stage_of(
    const OnnxFile& file, config::AtEngage at_engage,
    std::optional<policy::History> history = {}) {
  auto stage = made(plan_of(file), at_engage, history);
  cr_assert(bool(stage), "%s", stage ? "" : stage.error().text());
  return std::move(*stage);
}

float run(config::PolicyStage& stage, float q, uint32_t state) {
  Frame f{{q, 0}, {}};
  static_cast<void>(stage.run(reinterpret_cast<std::byte*>(&f), state));
  return f.u[0];
}

constexpr auto kKeep = config::AtEngage::kKeep;
constexpr auto kReset = config::AtEngage::kReset;
constexpr uint32_t kReady = TACTUS_STATE_READY, kEngaged = TACTUS_STATE_ENGAGED;

}  // namespace

Test(policy_stage, keeps_what_was_observed_in_ready) {
  for (const auto& [file, history] :
       {std::pair{recurrent(), std::optional<policy::History>{}},
        {summing(), kThree}}) {
    auto stage = stage_of(file, kKeep, history);
    cr_assert(run(*stage, 1, kReady) == 1);
    cr_assert(run(*stage, 1, kEngaged) == 2);
    cr_assert(run(*stage, 1, kReady) == 3);
  }
}

Test(policy_stage, reset_begins_anew_with_every_engagement_and_only_then) {
  for (const auto& [file, history] :
       {std::pair{recurrent(), std::optional<policy::History>{}},
        {summing(), kThree}}) {
    auto stage = stage_of(file, kReset, history);
    cr_assert(run(*stage, 1, kReady) == 1);
    cr_assert(run(*stage, 1, kReady) == 2);
    cr_assert(run(*stage, 1, kEngaged) == 1);
    cr_assert(run(*stage, 1, kEngaged) == 2);  // rung stop is engaged too
    cr_assert(run(*stage, 1, kReady) == 3);    // stopped, or rearmed
    cr_assert(run(*stage, 1, kEngaged) == 1);
  }
}

Test(policy_stage, a_keyframe_carries_all_of_it) {
  for (const auto at_engage : {kKeep, kReset}) {
    for (const auto& [file, history] :
         {std::pair{recurrent(), std::optional<policy::History>{}},
          {summing(), kThree}}) {
      auto a = stage_of(file, at_engage, history);
      auto b = stage_of(file, at_engage, history);
      run(*a, 1, kReady);
      run(*a, 2, kEngaged);
      const rt::CarriedPart part = a->carried();
      std::vector<std::byte> key(part.size, std::byte{0xAA});
      part.save(part.self, key.data());
      const rt::CarriedPart other = b->carried();
      cr_assert(other.size == part.size);
      run(*b, 100, kReady);
      other.restore(other.self, key.data());
      for (const uint32_t state : {kEngaged, kEngaged, kReady, kEngaged})
        cr_assert(run(*a, 3, state) == run(*b, 3, state));
    }
  }
}

// Bytes that nobody wrote would differ from run to run.
Test(policy_stage, a_keyframe_is_written_whole) {
  auto stage = stage_of(summing(), kReset, kThree);
  run(*stage, 1, kReady);
  const rt::CarriedPart part = stage->carried();
  std::vector<std::byte> a(part.size, std::byte{0xAA}),
      b(part.size, std::byte{0x55});
  part.save(part.self, a.data());
  part.save(part.self, b.data());
  cr_assert(a == b);
}

Test(policy_stage, a_dry_run_leaves_the_history_alone) {
  const auto warmed = stage_of(summing(), kKeep, kThree);
  const auto plain = stage_of(summing(), kKeep, kThree);
  const rt::PrewarmStep dry = warmed->prewarm();
  for (const float q : {1.0F, 2.0F, 4.0F, 8.0F}) {
    dry.run(dry.self, 0);
    cr_assert(run(*warmed, q, kReady) == run(*plain, q, kReady));
  }
}

Test(policy_stage, what_is_not_finite_does_not_stay_in_the_history) {
  auto stage = stage_of(summing(), kKeep, kThree);
  run(*stage, 1, kReady);
  cr_assert(std::isnan(run(*stage, NAN, kReady)));
  cr_assert(run(*stage, 2, kReady) == 3);
}

Test(policy_stage, a_history_is_refused_where_it_does_not_fit) {
  const auto why = [](const OnnxFile& file, const policy::History& h) {
    auto stage = made(plan_of(file), kKeep, h);
    return std::string(stage ? "" : stage.error().text());
  };
  policy::History four = kThree;
  four.length = 4;
  cr_assert(why(summing(), four).find("do not fill input 'q'") !=
            std::string::npos);
  OnnxFile f = summing();
  f.metadata("tactus.contract",
             R"({"observations": [{"name": "q", "shape": [2], "unit": "rad"}],)"
             R"( "history": {"length": 3, "order": "newest_first", "fill": )"
             R"("zeros", "layout": "by_step"}, "action": {"name": "u",)"
             R"( "kind": "joint_velocity", "unit": "rad/s"}})");
  cr_assert(why(f, kThree).find("says another") != std::string::npos);
  policy::History same = kThree;
  same.order = policy::HistoryOrder::kNewestFirst;
  cr_assert(why(f, same).empty());
}

Test(policy_stage, tells_what_was_not_computed_again) {
  policy::Options options;
  options.answers = 4;
  options.slow = {{"q"}};
  auto stage = made(plan_of(summing(), options), kKeep, kThree);
  cr_assert(bool(stage));
  for (int i = 0; i < 5; ++i) run(**stage, 7, kReady);
  // Two cycles until the history is full of sevens, and two that are alike.
  cr_assert((*stage)->reuse_value().json() ==
                "{\"slow\": {\"layers\": 1, \"hits\": 0, \"misses\": 3}, "
                "\"answers\": {\"size\": 4, \"hits\": 2, \"misses\": 3}}",
            "%s", (*stage)->reuse_value().json().c_str());
  cr_assert(stage_of(recurrent(), kKeep)->reuse_value().json() == "null");
}
