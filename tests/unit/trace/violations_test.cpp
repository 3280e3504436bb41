// SPDX-License-Identifier: MIT
#include "trace/violations.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>

using namespace tactus;
using trace::ViolationTally;

namespace {

bool is(bool value) { return value; }

struct Rig {
  trace::LogInfo info;
  uint64_t cycle = 0;
  Rig() {
    info.rows = {{"box", "", "", "hard"},
                 {"human", "", "", "hard"},
                 {"comfort", "", "", "soft"}};
  }
  layout::CycleRecord record(tactus_rung rung, uint64_t violated,
                             uint64_t soft = 0) {
    layout::CycleRecord r{};
    r.cycle = cycle++;
    r.release_ns = static_cast<int64_t>(r.cycle) * 1'000'000'000;
    r.state_before = TACTUS_STATE_ENGAGED;
    r.rung = static_cast<uint8_t>(rung);
    r.worst_row = 1;
    r.worst_link = 3;
    r.margin = violated != 0 ? -0.25F : 0.5F;
    r.violated = violated;
    r.soft = soft;
    r.score = 0.5F;
    r.verdict = violated != 0 ? 4 : 0;
    return r;
  }
};

}  // namespace

Test(tally, counts_beginnings_cycles_and_severities) {
  Rig rig;
  ViolationTally tally(rig.info, {[](uint32_t) { return "why"; },
                                  [](uint32_t, uint32_t link) {
                                    return "link " + std::to_string(link);
                                  }});
  tally.add(rig.record(TACTUS_RUNG_PASS, 0));
  tally.add(rig.record(TACTUS_RUNG_SCALE, 2));
  tally.add(rig.record(TACTUS_RUNG_STOP, 3));
  tally.add(rig.record(TACTUS_RUNG_PASS, 0, 4));
  auto r = tally.report();
  cr_assert(is(r.total[0] == 1 && r.total[1] == 0));
  cr_assert(is(r.total[2] == 1 && r.total[3] == 2));
  cr_assert(is(r.rows[1].times == 1 && r.rows[1].cycles == 2));
  cr_assert(is(r.rows[0].times == 1 && r.rows[2].cycles == 1));
  cr_assert(is(*r.rows[1].last_cycle == 2 && !r.rows[0].id.empty()));
  cr_assert(eq(dbl, r.rows[1].worst_margin, -0.25));
  // Violated, but behind a worse row: not recorded.
  cr_assert(is(std::isnan(r.rows[0].worst_margin)));
  cr_assert(is(r.safe && r.worst_row == "human" && r.engaged == 4));
  cr_assert(is(r.safe_cycles == 2 && r.score_sum == 2));
  cr_assert(is(r.recent.size() == 4 && r.recent[0].row == "comfort"));
  cr_assert(is(r.recent[3].where == "link 3" && r.recent[3].reasons == "why"));
  cr_assert(eq(dbl, r.recent[3].age_s, 2.0));
}

Test(tally, a_stop_that_judged_no_row_is_critical) {
  Rig rig;
  ViolationTally tally(rig.info, {});
  for (int i = 0; i < 3; ++i) {
    auto r = rig.record(TACTUS_RUNG_STOP, ~uint64_t{0});
    r.worst_row = 0xFFFF;
    tally.add(r);
  }
  auto r = tally.report();
  cr_assert(is(r.total[3] == 1 && r.recent.size() == 1 && !r.safe));
  cr_assert(is(r.recent[0].row.empty() && r.rows[0].times == 0));
}

Test(tally, of_nothing_is_not_safe) {
  Rig rig;
  cr_assert(is(!ViolationTally(rig.info, {}).report().safe));
}

Test(tally, forgets_after_a_minute_and_keeps_the_newest) {
  Rig rig;
  ViolationTally tally(rig.info, {});
  for (int i = 0; i < 50; ++i) {  // 100 s
    tally.add(rig.record(TACTUS_RUNG_SCALE, 1));
    tally.add(rig.record(TACTUS_RUNG_PASS, 0));
  }
  auto r = tally.report();
  cr_assert(is(r.total[2] == 50 && r.last_60s[2] == 30));
  cr_assert(is(r.recent.size() == safety::kRecentTold));
  cr_assert(is(r.recent[0].cycle == 98));
}

Test(tally, survives_rows_that_the_log_does_not_name) {
  Rig rig;
  ViolationTally tally(rig.info, {});
  auto r = rig.record(TACTUS_RUNG_STOP, ~uint64_t{0} >> 1);
  r.worst_row = 500;
  r.rung = 77;
  tally.add(r);
  cr_assert(is(tally.report().rows.size() == 3));
}

Test(tally, warnings_and_declared_severities_count_as_in_the_loop) {
  Rig rig;
  rig.info.rows[0].severity = "medium";
  ViolationTally tally(rig.info, {});
  auto near = rig.record(TACTUS_RUNG_PASS, 0);
  near.near = 1;
  tally.add(near);
  tally.add(near);
  tally.add(rig.record(TACTUS_RUNG_STOP, 1));
  tally.add(near);
  const auto r = tally.report();
  cr_assert(is(r.rows[0].warned == 1 && r.rows[0].times == 1));
  cr_assert(is(r.total[0] == 1 && r.total[1] == 1 && r.total[3] == 0));
  cr_assert(is(r.recent.size() == 2 && r.recent[1].warning));
  cr_assert(is(!r.recent[0].warning));
}
