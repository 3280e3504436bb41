// SPDX-License-Identifier: MIT
// tactus_shield_callback: a row that the program judges; what it gave is in
// the log, and a replay by a program that says otherwise is identical.
#include <criterion/criterion.h>

#include <cstring>

#include "rig.hpp"

using namespace tactus::test;

namespace {

struct Door {
  uint64_t calls = 0;
  float margin = 0.25F;

  static tactus_status judge(void* self, const tactus_margin_view* view,
                             float* margin) {
    auto& door = *static_cast<Door*>(self);
    ++door.calls;
    // Now and then it has no room.
    *margin = view->cycle % 50 < 5 ? -1.0F : door.margin;
    return TACTUS_OK;
  }
};

constexpr const char* kRow =
    "door = {kind=\"callback\", unit=\"m\", min=\"0 m\", budget=\"150 ms\"}\n";

struct Doored : Rig {
  Door door;
  explicit Doored(const char* suffix) {
    name += suffix;
    loop.name = name.c_str();
    limits.insert(limits.find("ladder"), kRow);
  }
  int32_t give(const char* row) {
    if (load() != 0) return error.code;
    return tactus_shield_callback(shield, row, Door::judge, &door, &error);
  }
};

bool says(const tactus_error& error, const char* part) {
  return std::strstr(error.text, part) != nullptr;
}

}  // namespace

Test(capi_callbacks, are_called_recorded_and_not_needed_to_replay) {
  Doored r("a");
  cr_assert_eq(r.give("door"), 0, "%s", r.error.text);
  cr_assert(record(r), "%s", r.error.text);
  cr_assert_gt(r.door.calls, 100u);
  Doored now("b");
  now.door.margin = -2;  // it would stop everything
  cr_assert_eq(now.give("door"), 0);
  tactus_loop* loop = now.make();
  cr_assert_not_null(loop, "%s", now.error.text);
  const uint64_t dry = now.door.calls;  // build's dry run
  tactus_replay result = TACTUS_INIT(tactus_replay);
  tactus_error error{};
  cr_assert_eq(tactus_loop_replay(loop, r.log.c_str(), &result, &error), 0,
               "%s", error.text);
  cr_assert_eq(result.identical, 1, "cycle %lu: %s: %s, not %s", result.cycle,
               result.field, result.got, result.expected);
  cr_assert_gt(result.cycles, 100u);
  cr_assert_eq(now.door.calls, dry);
  tactus_loop_free(loop);
}

Test(capi_callbacks, a_row_without_a_function_does_not_build) {
  Doored r("c");
  cr_assert_null(r.make());
  cr_assert_eq(r.error.code, 2);
  cr_assert(says(r.error, "limit.door: nothing registers this callback"), "%s",
            r.error.text);
}

Test(capi_callbacks, unless_the_program_disables_it) {
  Doored r("f");
  const std::string path = r.folder.write("limits.toml", r.limits);
  const char* off[] = {"door"};
  tactus_shield_options options{};
  options.sz = sizeof options;
  options.disable = off;
  options.disable_count = 1;
  r.shield = tactus_shield_load_with(path.c_str(), &options, &r.error);
  tactus_loop* loop = r.make();
  cr_assert_not_null(loop, "%s", r.error.text);
  cr_assert(std::strstr(tactus_loop_granted(loop), "disabled: door"));
  tactus_loop_free(loop);
}

Test(capi_callbacks, nor_does_a_function_without_a_row) {
  Doored r("d");
  cr_assert_eq(r.give("door"), 0);
  cr_assert_eq(r.give("gate"), 0);
  cr_assert_null(r.make());
  cr_assert_eq(r.error.code, 2);
  cr_assert(says(r.error, "callback gate"), "%s", r.error.text);
}

Test(capi_callbacks, nulls_and_doubles_are_errors) {
  Doored r("e");
  cr_assert_eq(r.give("door"), 0);
  cr_assert_eq(r.give("door"), 2);
  cr_assert(says(r.error, "given twice"), "%s", r.error.text);
  cr_assert_eq(
      tactus_shield_callback(r.shield, nullptr, Door::judge, nullptr, &r.error),
      2);
  cr_assert_eq(
      tactus_shield_callback(r.shield, "x", nullptr, nullptr, &r.error), 2);
  cr_assert_eq(
      tactus_shield_callback(nullptr, "x", Door::judge, nullptr, &r.error), 2);
}
