// SPDX-License-Identifier: MIT
// What a program changes of the limits it loads: disabled, removed, added; it
// is shown, and a log replays with it.
#include <criterion/criterion.h>

#include "config/replay_subject.hpp"
#include "rig.hpp"
#include "trace/reader.hpp"
#include "trace/replay.hpp"

using namespace tactus::test;

namespace {

struct Edited {
  Rig rig;
  std::vector<const char*> disable;
  std::vector<const char*> remove;
  const char* add = nullptr;
  std::size_t sz = sizeof(tactus_shield_options);

  tactus_shield* load() {
    const std::string path = rig.folder.write("limits.toml", rig.limits);
    const tactus_shield_options options{
        sz, disable.data(), disable.size(), remove.data(), remove.size(), add};
    rig.shield = tactus_shield_load_with(path.c_str(), &options, &rig.error);
    return rig.shield;
  }
  // "built", or what is wrong; `granted` then says what was.
  std::string build() {
    if (!load()) return rig.error.text;
    tactus_loop* loop = rig.make();
    if (!loop) return rig.error.text;
    granted = tactus_loop_granted(loop);
    tactus_loop_free(loop);
    return "built";
  }
  std::string granted;
};

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) cr_log_warn("%s\nhas no %s", text.c_str(), part.c_str());
  return found;
}

}  // namespace

Test(capi_shield_edits, nothing_changed_is_all_of_the_files) {
  Edited e;
  cr_assert(has(e.build(), "built"));
  cr_assert(has(e.granted, "limits all"));
}

Test(capi_shield_edits, what_is_taken_out_is_told) {
  Edited e;
  e.disable = {"joint.velocity", "action"};
  cr_assert(has(e.build(), "built"));
  cr_assert(has(e.granted, "disabled: joint.velocity, action"));
}

Test(capi_shield_edits, required_limits_are_all_of_them) {
  Edited e;
  e.remove = {"joint"};
  const char* all[] = {"limits"};
  e.rig.loop.require = all;
  e.rig.loop.require_count = 1;
  cr_assert(has(e.build(), "removed: joint"));
  cr_assert_eq(e.rig.error.code, 3);
}

Test(capi_shield_edits, unknown_rows_and_tables_name_the_known) {
  Edited row, table;
  row.disable = {"joint.jerk"};
  table.remove = {"cell"};
  cr_assert(has(row.build(),
                "disables \"joint.jerk\": no such row: expected one of "
                "action.max, action.rate, joint.position, joint.velocity, or "
                "a family: action, joint"));
  cr_assert(has(table.build(),
                "removes \"cell\": no table of [limit]: expected one of "
                "action, joint"));
  cr_assert_eq(row.rig.error.code, 2);
}

// A row's own name goes before a family's, and takes its twin only.
Test(capi_shield_edits, a_name_takes_out_what_it_names) {
  Edited e;
  e.rig.limits +=
      "joint2 = {keep=\"in\", box=[\"-2 m .. 2 m\", \"-2 m .. 2 m\", "
      "\"-2 m .. 2 m\"]}\n"
      "\"joint2.now\" = {keep=\"in\", box=[\"-3 m .. 3 m\", \"-3 m .. 3 m\", "
      "\"-3 m .. 3 m\"]}\n";
  e.disable = {"joint2", "action", "joint"};
  cr_assert(has(e.build(), "built"));
  cr_assert(has(e.granted, "disabled: joint2, action, joint"));
}

Test(capi_shield_edits, taking_out_everything_is_no_limit) {
  Edited removed, disabled;
  removed.remove = {"action", "joint"};
  disabled.disable = {"action", "joint"};
  for (Edited* e : {&removed, &disabled})
    cr_expect(has(e->build(),
                  "limit: no limit in it: expected at least one, "
                  "or limit = \"none\""));
}

Test(capi_shield_edits, wrong_arguments_are_errors) {
  Edited size, hole, text, units;
  --size.sz;
  hole.disable = {nullptr};
  text.add = "[limit";
  units.add = "[limit]\naction = {max=\"1 m\"}\n";
  cr_assert_null(size.load());
  cr_assert(has(size.rig.error.text, "tactus_shield_options: sz"));
  cr_assert_null(hole.load());
  cr_assert(has(hole.rig.error.text, "shield: disable: name 0 is null"));
  cr_assert_null(text.load());
  cr_assert(has(text.rig.error.text, "program:1:"));
  cr_assert(has(units.build(), "program:2:15: limit.action.max: \"1 m\""));
}

Test(capi_shield_edits, a_log_replays_with_them) {
  Edited e;
  e.disable = {"joint.velocity"};
  e.add =
      "[limit]\naction = {max=\"0.5 rad/s\"}\n"
      "still = {kind=\"linear\", of=\"u\", a=[1,0,0,0,0,0,0], b=\"1 rad/s\"}\n";
  cr_assert_not_null(e.load());
  cr_assert(record(e.rig), "%s", e.rig.error.text);
  const auto log = tactus::trace::LogReader::open(e.rig.log);
  cr_assert(bool(log));
  const auto& rows = log->info().rows;
  cr_assert_eq(rows.size(), 5);
  const auto off = std::count_if(rows.begin(), rows.end(), [](const auto& r) {
    return r.kind == "off" && r.id == "joint.velocity";
  });
  cr_assert_eq(off, 1);
  auto made = tactus::config::make_replay_subject(*log, {});
  cr_assert(bool(made), "%s", made.error().text());
  const auto replayed = tactus::trace::replay(*log, *made->subject, {});
  cr_assert(bool(replayed), "%s", replayed.error().text());
  cr_assert(replayed->identical());
}

// Nobody called it, so the log has nothing that it gave.
Test(capi_shield_edits, a_log_has_no_margins_of_a_disabled_callback) {
  Edited e;
  e.rig.limits.insert(e.rig.limits.find("ladder"),
                      "door = {kind=\"callback\", unit=\"m\", min=\"0 m\", "
                      "budget=\"150 ms\"}\n");
  e.disable = {"door"};
  cr_assert_not_null(e.load());
  cr_assert(record(e.rig), "%s", e.rig.error.text);
  const auto log = tactus::trace::LogReader::open(e.rig.log);
  cr_assert(bool(log));
  cr_assert(bool(tactus::config::make_replay_subject(*log, {})));
  const std::string path = e.rig.folder.write("on.toml", e.rig.limits);
  const auto on = tactus::config::make_replay_subject(*log, {"", path});
  cr_assert(not bool(on));
  cr_assert(has(on.error().text(), "limit.door: a callback that the log's"));
}
