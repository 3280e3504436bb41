// SPDX-License-Identifier: MIT
// A loop through the C ABI: stepped by a thread of the caller's, requests,
// status, the log. Cycles are counted, never timed.
#include <criterion/criterion.h>
#include <time.h>

#include <cstdlib>

#include "config/replay_subject.hpp"
#include "rig.hpp"
#include "trace/reader.hpp"
#include "trace/replay.hpp"

using namespace tactus::test;

namespace {

// Against a hang only: a stop lasts as long as a command may be held, a
// period of one second, and a cycle takes about 1 us.
constexpr int kMaxSteps = 30'000'000;

int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

tactus_status step(tactus_loop* loop) {
  tactus_tick tick{};
  tick.release_ns = now_ns();
  return tactus_loop_step(loop, &tick);
}

tactus_loop_status status_of(const tactus_loop* loop) {
  tactus_loop_status s = TACTUS_INIT(tactus_loop_status);
  tactus_error error{};
  cr_assert_eq(tactus_loop_get_status(loop, &s, &error), 0, "%s", error.text);
  return s;
}

// Cycles until the loop is in `state`.
bool reaches(tactus_loop* loop, tactus_state state) {
  for (int i = 0; i < kMaxSteps; ++i) {
    if (status_of(loop).state == state) return true;
    (void)step(loop);
  }
  return false;
}

tactus_loop* built(Rig& rig) {
  tactus_loop* loop = rig.make();
  cr_assert_not_null(loop, "%s", rig.error.text);
  cr_assert_eq(rig.error.code, 0);
  return loop;
}

}  // namespace

Test(capi_loop, stepped_by_the_user_it_engages_passes_stops_and_ends) {
  Rig rig;
  tactus_loop* loop = built(rig);
  cr_assert_eq(status_of(loop).state, TACTUS_STATE_READY);
  cr_assert_eq(step(loop), TACTUS_OK);
  cr_assert_eq(rig.arm.sent, 0u);  // ready sends nothing
  tactus_loop_engage(loop);
  cr_assert(reaches(loop, TACTUS_STATE_ENGAGED));
  for (int i = 0; i < 100; ++i) (void)step(loop);
  const tactus_loop_status moving = status_of(loop);
  cr_assert_gt(moving.pass, 50u);
  cr_assert_gt(rig.arm.sent, 50u);
  cr_assert_gt(rig.arm.command[0], 0.0F);
  tactus_loop_stop(loop);
  cr_assert(reaches(loop, TACTUS_STATE_READY));
  const tactus_loop_status stood = status_of(loop);
  cr_assert_gt(stood.stop, 0u);
  cr_assert_eq(stood.ever_latched, 0);
  cr_assert_eq(rig.arm.command[0], 0.0F);
  cr_assert_eq(stood.released, stood.executed + stood.skipped);
  tactus_loop_end(loop);
  cr_assert_eq(step(loop), TACTUS_ENDED);
  cr_assert_eq(step(loop), TACTUS_ENDED);
  tactus_loop_free(loop);
}

Test(capi_loop, a_trip_latches_says_why_and_is_rearmed) {
  Rig rig;
  rig.sense.on_late = TACTUS_TRIP;
  tactus_loop* loop = built(rig);
  tactus_loop_engage(loop);
  cr_assert(reaches(loop, TACTUS_STATE_ENGAGED));
  rig.arm.fault = TACTUS_LATE;
  (void)step(loop);
  rig.arm.fault = TACTUS_OK;
  cr_assert(reaches(loop, TACTUS_STATE_LATCHED));
  const tactus_loop_status s = status_of(loop);
  cr_assert_eq(s.ever_latched, 1);
  cr_assert(std::strstr(s.reason, "sense") != nullptr, "%s", s.reason);
  tactus_loop_rearm(loop);
  cr_assert(reaches(loop, TACTUS_STATE_READY));
  tactus_loop_free(loop);
}

Test(capi_loop, its_log_replays_bit_for_bit) {
  Rig rig;
  // A keyframe a second of cycles: the first follows the first cycle.
  rig.log = rig.folder.path() + "/run.tlog";
  tactus_loop* loop = built(rig);
  tactus_loop_engage(loop);
  cr_assert(reaches(loop, TACTUS_STATE_ENGAGED));
  for (int i = 0; i < 100; ++i) (void)step(loop);
  tactus_loop_free(loop);
  auto log = tactus::trace::LogReader::open(rig.log);
  cr_assert(bool(log), "%s", log ? "" : log.error().text());
  auto subject = tactus::config::make_replay_subject(*log, {});
  cr_assert(bool(subject), "%s", subject ? "" : subject.error().text());
  auto result = tactus::trace::replay(*log, *subject->subject);
  cr_assert(bool(result), "%s", result ? "" : result.error().text());
  cr_assert(result->identical(), "%s", tactus::trace::to_text(*result).c_str());
  cr_assert_gt(result->cycles, 100u);
}

// The limits file need not say the action's kind when the model does.
Test(capi_loop, its_log_replays_with_the_kind_from_the_contract) {
  Rig rig;
  const std::size_t at = rig.limits.find("[policy]");
  rig.limits.erase(at, rig.limits.find("[limit]") - at);
  auto model = constant_policy();
  model.metadata(
      "tactus.contract",
      R"({"observations": [{"name": "q", "shape": [7], "unit": "rad"},
      {"name": "dq", "shape": [7], "unit": "rad/s"},
      {"name": "target", "shape": [3], "unit": "m"},
      {"name": "hand", "shape": [3], "unit": "m"}],
      "action": {"name": "u", "kind": "joint_velocity", "unit": "rad/s"}})");
  rig.model = model.bytes();
  rig.log = rig.folder.path() + "/run.tlog";
  tactus_loop* loop = built(rig);
  for (int i = 0; i < 10; ++i) (void)step(loop);
  tactus_loop_free(loop);
  auto log = tactus::trace::LogReader::open(rig.log);
  cr_assert(bool(log));
  auto subject = tactus::config::make_replay_subject(*log, {});
  cr_assert(bool(subject), "%s", subject ? "" : subject.error().text());
}

Test(capi_loop, the_log_names_the_stages_as_the_program_does) {
  Rig rig;
  rig.log = rig.folder.path() + "/run.tlog";
  rig.sense.name = "read";
  rig.act.name = "write";
  tactus_loop_free(built(rig));
  auto log = tactus::trace::LogReader::open(rig.log);
  cr_assert(bool(log), "%s", log ? "" : log.error().text());
  const auto& stages = log->info().stages;
  cr_assert_eq(stages.size(), 4u);
  cr_assert_str_eq(stages[0].name.c_str(), "read");
  cr_assert_str_eq(stages[1].name.c_str(), "infer");
  cr_assert_str_eq(stages[2].name.c_str(), "check");
  cr_assert_str_eq(stages[3].name.c_str(), "write");
}

Test(capi_loop, runs_once_for_its_duration) {
  Rig rig;
  rig.loop.period_ns = 10'000'000;
  for (tactus_stage* s : {&rig.sense, &rig.infer, &rig.check, &rig.act}) {
    s->deadline_ns = 10'000'000;
  }
  tactus_loop* loop = built(rig);
  cr_assert_eq(tactus_loop_run(loop, -1), 2);
  cr_assert_eq(tactus_loop_run(loop, 50'000'000), 0);
  const tactus_loop_status s = status_of(loop);
  cr_assert_geq(s.released, 5u);
  cr_assert_eq(s.state, TACTUS_STATE_IDLE);
  // The guardian has left and the log is closed.
  cr_assert_eq(tactus_loop_run(loop, 50'000'000), 2);
  cr_assert_eq(step(loop), TACTUS_ENDED);
  cr_assert_eq(status_of(loop).released, s.released);
  tactus_loop_free(loop);
}

Test(capi_loop, an_end_asked_before_the_run_ends_it) {
  Rig rig;
  rig.loop.period_ns = 10'000'000;
  for (tactus_stage* s : {&rig.sense, &rig.infer, &rig.check, &rig.act}) {
    s->deadline_ns = 10'000'000;
  }
  tactus_loop* loop = built(rig);
  tactus_loop_end(loop);
  cr_assert_eq(tactus_loop_run(loop, 0), 0);
  tactus_loop_free(loop);
}

Test(capi_loop, says_what_was_granted) {
  Rig rig;
  tactus_loop* loop = built(rig);
  cr_assert(std::strstr(tactus_loop_granted(loop), "memlock") != nullptr);
  tactus_loop_free(loop);
}

Test(capi_loop, a_null_loop_is_an_error_or_nothing) {
  tactus_tick tick{};
  tactus_error error{};
  tactus_loop_status s = TACTUS_INIT(tactus_loop_status);
  cr_assert_eq(tactus_loop_run(nullptr, 0), 2);
  cr_assert_eq(tactus_loop_step(nullptr, &tick), TACTUS_INVALID);
  for (const auto ask : {tactus_loop_engage, tactus_loop_stop,
                         tactus_loop_rearm, tactus_loop_end}) {
    ask(nullptr);
  }
  cr_assert_eq(tactus_loop_get_status(nullptr, &s, &error), 2);
  cr_assert(refuses(error, "tactus_loop_get_status"), "%s", error.text);
  cr_assert_str_eq(tactus_loop_granted(nullptr), "");
  tactus_loop_free(nullptr);
}

Test(capi_loop, a_null_tick_or_another_status_is_refused) {
  Rig rig;
  tactus_loop* loop = built(rig);
  cr_assert_eq(tactus_loop_step(loop, nullptr), TACTUS_INVALID);
  tactus_error error{};
  cr_assert_eq(tactus_loop_get_status(loop, nullptr, &error), 2);
  cr_assert(refuses(error, "null"), "%s", error.text);
  tactus_loop_status s = TACTUS_INIT(tactus_loop_status);
  s.sz -= 8;
  s.released = 77;
  cr_assert_eq(tactus_loop_get_status(loop, &s, &error), 2);
  cr_assert(refuses(error, "sz"), "%s", error.text);
  cr_assert_eq(s.released, 77u);  // left alone
  cr_assert_eq(tactus_loop_get_status(loop, &s, nullptr), 2);
  tactus_loop_free(loop);
}

Test(capi_loop, its_name_is_taken_while_it_lives) {
  Rig rig;
  tactus_loop* loop = built(rig);
  tactus_error error{};
  cr_assert_null(tactus_builder_build(rig.builder, &error));
  cr_assert_eq(error.code, 3, "%s", error.text);
  tactus_loop_free(loop);
  loop = tactus_builder_build(rig.builder, &error);
  cr_assert_not_null(loop, "%s", error.text);
  tactus_loop_free(loop);
}

Test(capi_loop, policy_and_shield_may_go_once_they_are_given) {
  Rig rig;
  cr_assert_eq(rig.load() + rig.start(), 0);
  for (const Rig::Part part : Rig::parts()) {
    cr_assert_eq((rig.*part)(), 0, "%s", rig.error.text);
  }
  tactus_policy_free(rig.policy);
  tactus_shield_free(rig.shield);
  rig.policy = nullptr;
  rig.shield = nullptr;
  tactus_loop* loop = tactus_builder_build(rig.builder, &rig.error);
  cr_assert_not_null(loop, "%s", rig.error.text);
  cr_assert_eq(step(loop), TACTUS_OK);
  tactus_loop_free(loop);
}
