// SPDX-License-Identifier: MIT
// What a builder refuses: wrong sizes, nulls, parts left out or given twice,
// frames and names that do not fit. Each is one line that names it.
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "rig.hpp"

using namespace tactus::test;

namespace {

std::string without(const Rig::Part part) {
  Rig rig;
  std::vector<Rig::Part> given;
  for (const Rig::Part p : Rig::parts()) {
    if (p != part) given.push_back(p);
  }
  return rig.refusal(rig.make(given));
}

// The error of a rig that `spoil` changed.
std::string spoiled(const std::function<void(Rig&)>& spoil) {
  Rig rig;
  spoil(rig);
  const std::string text = rig.refusal();
  cr_assert(text == "built" || rig.error.code == 2, "%s", text.c_str());
  cr_assert_eq(text.find('\n'), std::string::npos);
  return text;
}

bool says(const std::string& text, const std::string& word) {
  if (text.find(word) == std::string::npos) {
    cr_log_error("no \"%s\" in: %s", word.c_str(), text.c_str());
    return false;
  }
  return true;
}

}  // namespace

Test(capi_builder, an_options_struct_of_another_size_is_refused) {
  cr_assert(says(spoiled([](Rig& r) { --r.loop.sz; }), "tactus_loop_options"));
  cr_assert(says(spoiled([](Rig& r) { r.sense.sz = 0; }), "tactus_stage: sz"));
  cr_assert(says(spoiled([](Rig& r) { ++r.infer.sz; }), "tactus_stage: sz"));
  cr_assert(says(spoiled([](Rig& r) { ++r.check.sz; }), "tactus_stage: sz"));
  cr_assert(says(spoiled([](Rig& r) { ++r.act.sz; }), "tactus_stage: sz"));
  Rig rig;
  ++rig.guard.sz;
  cr_assert(says(rig.refusal(rig.make_guarded()), "tactus_guard_options"));
}

Test(capi_builder, a_null_is_an_error_and_not_a_crash) {
  Rig r;
  cr_assert_eq(r.load() + r.start(), 0, "%s", r.error.text);
  tactus_error e{};
  const auto f = r.fields.data();
  const auto names = r.inputs.data();
  const char* hole[] = {"q", nullptr};
  const auto refused = [&](int32_t code, const char* word) {
    const bool ok = code == 2 && refuses(e, word);
    if (!ok) cr_log_error("code %d, wanted \"%s\": %s", code, word, e.text);
    e = {};
    return ok;
  };
  const auto null_builder = [&](const char* function, int32_t code) {
    return refused(code, function);
  };
  cr_assert_null(tactus_builder_new(nullptr, &e));
  cr_assert(refused(e.code, "null"));
  cr_assert(null_builder("tactus_builder_frame",
                         tactus_builder_frame(nullptr, f, 10, 136, &e)));
  cr_assert(null_builder("tactus_builder_stage",
                         tactus_builder_stage(nullptr, &r.sense, &e)));
  cr_assert(null_builder(
      "tactus_builder_infer",
      tactus_builder_infer(nullptr, &r.infer, r.policy, names, 4, "u", &e)));
  cr_assert(
      null_builder("tactus_builder_check",
                   tactus_builder_check(nullptr, &r.check, r.shield, &e)));
  cr_assert(null_builder("tactus_builder_guard",
                         tactus_builder_guard(nullptr, &r.guard, &e)));
  cr_assert(null_builder("tactus_builder_no_guard",
                         tactus_builder_no_guard(nullptr, 1000, &e)));
  cr_assert(null_builder("tactus_builder_record",
                         tactus_builder_record(nullptr, "x", &e)));
  cr_assert_null(tactus_builder_build(nullptr, &e));
  cr_assert(refused(e.code, "tactus_builder_build"));
  tactus_builder_free(nullptr);

  tactus_builder* b = r.builder;
  const auto infer = [&](const tactus_stage* t, const tactus_policy* p,
                         const char* const* in, const char* out) {
    return tactus_builder_infer(b, t, p, in, 2, out, &e);
  };
  cr_assert(refused(tactus_builder_frame(b, nullptr, 3, 136, &e), "fields"));
  cr_assert(refused(tactus_builder_stage(b, nullptr, &e), "null"));
  cr_assert(refused(infer(nullptr, r.policy, names, "u"), "null"));
  cr_assert(refused(infer(&r.infer, nullptr, names, "u"), "policy"));
  cr_assert(refused(infer(&r.infer, r.policy, nullptr, "u"), "inputs"));
  cr_assert(refused(infer(&r.infer, r.policy, hole, "u"), "name 1"));
  cr_assert(refused(infer(&r.infer, r.policy, names, nullptr), "output"));
  cr_assert(refused(tactus_builder_check(b, nullptr, r.shield, &e), "null"));
  cr_assert(refused(tactus_builder_check(b, &r.check, nullptr, &e), "shield"));
  cr_assert(refused(tactus_builder_guard(b, nullptr, &e), "null"));
  cr_assert(refused(tactus_builder_record(b, nullptr, &e), "path"));
  cr_assert(refused(tactus_builder_record(b, "", &e), "path"));
  r.sense.fn = nullptr;
  cr_assert(refused(tactus_builder_stage(b, &r.sense, &e), "fn"));
  r.guard.sender = nullptr;
  cr_assert(refused(tactus_builder_guard(b, &r.guard, &e), "sender"));
}

Test(capi_builder, limits_over_the_check_stages_budget_are_refused) {
  const std::string own = spoiled([](Rig& r) { r.check.budget_ns = 1000; });
  cr_assert(says(own, "limits.toml: the worst cycle"));
  cr_assert(says(own, "the check stage's budget"));
  const std::string left =
      spoiled([](Rig& r) { r.infer.deadline_ns = r.check.deadline_ns - 1000; });
  cr_assert(says(left, "1 us (stage.check - stage.infer)"));
}

Test(capi_builder, without_an_error_struct_the_code_still_says_it) {
  Rig r;
  cr_assert_eq(r.load() + r.start(), 0);
  cr_assert_null(tactus_builder_new(nullptr, nullptr));
  cr_assert_eq(tactus_builder_frame(r.builder, nullptr, 0, 0, nullptr), 2);
  cr_assert_eq(tactus_builder_record(r.builder, "", nullptr), 2);
  cr_assert_null(tactus_builder_build(r.builder, nullptr));
  cr_assert_null(tactus_policy_load("/none", nullptr, nullptr));
  cr_assert_null(tactus_shield_load("/none", nullptr));
}

Test(capi_builder, options_out_of_range_are_refused) {
  const auto loop = [](auto change) {
    return spoiled([&](Rig& r) { change(r.loop); });
  };
  cr_assert(says(loop([](auto& o) { o.name = nullptr; }), "name is null"));
  cr_assert(says(loop([](auto& o) { o.name = "a/b"; }), "a/b"));
  cr_assert(says(loop([](auto& o) { o.period_ns = 0; }), "period"));
  cr_assert(says(loop([](auto& o) { o.period_ns = INT64_MAX; }), "period"));
  cr_assert(says(loop([](auto& o) { o.cpu = -2; }), "cpu -2"));
  cr_assert(says(loop([](auto& o) { o.priority = 99; }), "priority 99"));
  cr_assert(says(loop([](auto& o) { o.wake = "uring"; }), "uring"));
  cr_assert(says(loop([](auto& o) { o.lead_max_ns = -1; }), "lead_max"));
  cr_assert(says(loop([](auto& o) { o.prewarm_max_ns = o.period_ns / 2 + 1; }),
                 "prewarm_max"));
  cr_assert(says(loop([](auto& o) { o.engage_time_ns = -1; }), "engage_time"));
  cr_assert(says(loop([](auto& o) { o.commit_ns = -1; }), "commit"));
  cr_assert(says(loop([](auto& o) { o.trip_bad = 101; }), "trip 101 of 100"));
  cr_assert(
      says(loop([](auto& o) { o.overrun = static_cast<tactus_overrun>(2); }),
           "overrun 2"));
}

Test(capi_builder, each_number_of_the_trip_rule_has_its_own_default) {
  const auto trip = [](uint32_t bad, uint32_t of, const char* in_file) {
    return spoiled([&](Rig& r) {
      r.loop.trip_bad = bad;
      r.loop.trip_of = of;
      const std::string key = std::string("loop = {trip=\"") + in_file + "\", ";
      r.limits.replace(r.limits.find("loop = {"), 8, key);
    });
  };
  cr_assert(trip(0, 0, "3 of 100") == "built");
  cr_assert(trip(5, 0, "5 of 100") == "built");
  cr_assert(trip(0, 50, "3 of 50") == "built");
  cr_assert(trip(5, 50, "5 of 50") == "built");
}

Test(capi_builder, a_grant_that_is_required_must_be_named_and_known) {
  const auto require = [](const char* name, std::size_t count) {
    return spoiled([&](Rig& r) {
      r.loop.require = name ? &name : nullptr;
      r.loop.require_count = count;
      r.error.code = 0;
      r.start();
    });
  };
  static const char* none[] = {nullptr};
  cr_assert(says(require(nullptr, 2), "require"));
  cr_assert(says(spoiled([](Rig& r) {
                   r.loop.require = none;
                   r.loop.require_count = 1;
                 }),
                 "name 0 is null"));
  cr_assert(says(require("warp_drive", 1), "warp_drive"));
}

Test(capi_builder, a_stage_is_checked) {
  cr_assert(says(spoiled([](Rig& r) { r.sense.kind = TACTUS_CHECK; }),
                 "calls of their own"));
  cr_assert(says(
      spoiled([](Rig& r) { r.sense.on_late = static_cast<tactus_on_late>(4); }),
      "on_late 4"));
  cr_assert(says(spoiled([](Rig& r) { r.sense.name = "two words"; }), "name"));
  cr_assert(says(spoiled([](Rig& r) { r.act.on_late = TACTUS_KEEP_LAST; }),
                 "skip_rest or trip"));
  cr_assert(says(spoiled([](Rig& r) { r.act.deadline_ns = 0; }), "deadline"));
  cr_assert(says(spoiled([](Rig& r) {
                   r.sense.output_offset = 140;
                   r.sense.output_size = 8;
                 }),
                 "outside the frame"));
  cr_assert(says(spoiled([](Rig& r) { r.sense.on_late = TACTUS_FALLBACK; }),
                 "fallback"));
}

Test(capi_builder, a_part_left_out_is_named) {
  cr_assert(says(without(&Rig::give_frame), "no frame"));
  cr_assert(says(without(&Rig::give_sense), "no sense"));
  cr_assert(says(without(&Rig::give_infer), "no infer"));
  cr_assert(says(without(&Rig::give_check), "no check"));
  cr_assert(says(without(&Rig::give_act), "no act"));
  cr_assert(says(without(&Rig::give_no_guard), "no guard"));
}

Test(capi_builder, a_part_given_twice_is_refused) {
  Rig r;
  r.log = r.folder.path() + "/run.tlog";
  cr_assert_eq(r.load() + r.start(), 0);
  for (const Rig::Part part : Rig::parts()) {
    cr_assert_eq((r.*part)(), 0, "%s", r.error.text);
  }
  for (const Rig::Part part : Rig::parts()) {
    if (part == &Rig::give_sense) continue;  // there may be many
    r.error = {};
    cr_assert_eq((r.*part)(), 2);
    cr_assert(says(r.error.text, part == &Rig::give_act ? "one act" : "twice"));
  }
  cr_assert_eq(r.give_guard(), 2);
  cr_assert(says(r.error.text, "guard or no_guard"));
}

Test(capi_builder, takes_its_parts_in_any_order_and_after_a_failed_build) {
  Rig r;
  tactus_loop* loop =
      r.make({&Rig::give_no_guard, &Rig::give_act, &Rig::give_check,
              &Rig::give_infer, &Rig::give_sense});
  cr_assert_null(loop);
  cr_assert(says(r.error.text, "no frame"));
  cr_assert_eq(r.give_frame(), 0);
  loop = tactus_builder_build(r.builder, &r.error);
  cr_assert_not_null(loop, "%s", r.error.text);
  tactus_loop_free(loop);
}

Test(capi_builder, a_frame_that_does_not_fit_is_refused) {
  const auto field = [](std::size_t i, auto change) {
    return spoiled([&](Rig& r) { change(r.fields[i]); });
  };
  cr_assert(
      says(field(0, [](auto& f) { f.name = nullptr; }), "frame field \"\""));
  cr_assert(says(field(0, [](auto& f) { f.count = 6; }), "no field"));
  cr_assert(says(field(0, [](auto& f) { f.count = 8; }), "two fields"));
  cr_assert(says(field(0, [](auto& f) { f.offset = 2; }), "aligned"));
  cr_assert(says(field(0, [](auto& f) { f.offset = UINT32_MAX - 3; }), "q"));
  cr_assert(says(
      field(9, [](auto& f) { f.type = static_cast<tactus_type>(9); }), "type"));
  cr_assert(says(spoiled([](Rig& r) { r.frame_size = 0; }), "0 bytes"));
  cr_assert(says(spoiled([](Rig& r) { r.frame_size += 8; }), "no field"));
  cr_assert(says(spoiled([](Rig& r) { r.frame_size = std::size_t{1} << 32; }),
                 "too many"));
  cr_assert(says(spoiled([](Rig& r) { r.fields.clear(); }), "no field"));
}

Test(capi_builder, fields_must_be_what_policy_and_shield_take) {
  const auto field = [](std::size_t i, auto change) {
    return spoiled([&](Rig& r) { change(r.fields[i]); });
  };
  // A type, a count, a unit, a stamp, a name.
  cr_assert(says(field(0, [](auto& f) { f.type = TACTUS_U32; }), "q: 7 x u32"));
  cr_assert(says(field(4, [](auto& f) { f.type = TACTUS_F64; }), "q_at"));
  cr_assert(says(spoiled([](Rig& r) {
                   r.fields[8].count = 6;
                   r.fields[9].offset -= 4;
                   r.fields[9].count = 2;
                 }),
                 "where u has 6"));
  cr_assert(says(field(0, [](auto& f) { f.unit = "deg"; }), "deg"));
  cr_assert(says(field(8, [](auto& f) { f.unit = "deg/s"; }), "deg/s"));
  cr_assert(says(field(7, [](auto& f) { f.name = "seen"; }), "hand_at"));
  cr_assert(says(field(0, [](auto& f) { f.name = "angle"; }), "\"q\""));
}

Test(capi_builder, inputs_and_output_must_fit_the_model) {
  cr_assert(says(spoiled([](Rig& r) { r.inputs.pop_back(); }), "17"));
  cr_assert(says(spoiled([](Rig& r) { r.inputs[0] = "p"; }), "\"p\""));
  cr_assert(says(spoiled([](Rig& r) { r.inputs[0] = "u"; }), "u is the"));
  cr_assert(says(spoiled([](Rig& r) { r.output = "v"; }), "v"));
  cr_assert(says(spoiled([](Rig& r) { r.inputs.clear(); }), "0"));
}

Test(capi_builder, a_fallback_is_the_whole_output) {
  static const float still[7] = {};
  const auto fallback = [](uint32_t size) {
    return spoiled([&](Rig& r) {
      r.infer.on_late = TACTUS_FALLBACK;
      r.infer.fallback = still;
      r.infer.output_size = size;
    });
  };
  cr_assert(says(fallback(0), "fallback of 0 bytes"));
  cr_assert(says(fallback(24), "fallback of 24 bytes"));
  cr_assert(says(fallback(28), "built"));
}

Test(capi_builder, a_guard_is_checked) {
  const auto guard = [](auto change) {
    Rig r;
    change(r.guard);
    const std::string text = r.refusal(r.make_guarded());
    cr_assert_eq(r.error.code, 2);
    return text;
  };
  cr_assert(says(guard([](auto& g) { g.misses = 0; }), "required"));
  cr_assert(says(guard([](auto& g) { g.bound_ns = 0; }), "required"));
  cr_assert(says(guard([](auto& g) { g.commit_ns = 0; }), "required"));
  cr_assert(says(guard([](auto& g) { g.commit_ns = Rig::kPeriod + 1; }),
                 "after the period"));
  cr_assert(says(guard([](auto& g) { g.misses = 1001; }), "misses 1001"));
  cr_assert(says(guard([](auto& g) { g.repeat_ns = -1; }), "repeat -1"));
  Rig r;
  cr_assert_eq(r.start(), 0);
  cr_assert_eq(tactus_builder_no_guard(r.builder, 0, &r.error), 2);
  cr_assert(says(r.error.text, "time-out"));
}

Test(capi_builder, a_guardian_that_cannot_start_is_an_error) {
  Rig r;
  ::setenv("TACTUS_RTCTL", "/none/rtctl", 1);
  cr_assert_null(r.make_guarded());
  cr_assert(says(r.error.text, "/none/rtctl"));
  cr_assert_neq(r.error.code, 0);
}

Test(capi_builder, a_log_that_cannot_be_written_is_an_error) {
  Rig r;
  r.log = "/none/run.tlog";
  cr_assert_null(r.make());
  cr_assert(says(r.error.text, "/none/run.tlog"));
}

Test(capi_builder, nothing_is_printed) {
  Rig r;
  const std::string path = r.folder.path() + "/printed";
  const int out = ::open(path.c_str(), O_CREAT | O_RDWR, 0600);
  const int saved[2] = {::dup(1), ::dup(2)};
  ::dup2(out, 1);
  ::dup2(out, 2);
  r.inputs[0] = "p";
  const std::string text = r.refusal();
  tactus_shield_free(tactus_shield_load("/none", &r.error));
  tactus_policy_free(tactus_policy_load("/none", nullptr, &r.error));
  ::dup2(saved[0], 1);
  ::dup2(saved[1], 2);
  struct stat printed{};
  cr_assert_eq(::fstat(out, &printed), 0);
  cr_assert_eq(printed.st_size, 0);
  cr_assert_neq(text, "built");
}
