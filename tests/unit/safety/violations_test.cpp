// SPDX-License-Identifier: MIT
#include "safety/violations.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <limits>
#include <string>

#include "rig.hpp"

using namespace rig;

namespace {

bool is(bool value) { return value; }
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

Test(violations, severity_is_by_kind_and_rung) {
  using S = Severity;
  constexpr auto kHard = RowKind::kHard, kSoft = RowKind::kSoft;
  cr_assert(is(severity_of(kHard, TACTUS_RUNG_STOP) == S::kCritical));
  cr_assert(is(severity_of(kHard, TACTUS_RUNG_SCALE) == S::kHigh));
  cr_assert(is(severity_of(kHard, TACTUS_RUNG_PROJECT) == S::kHigh));
  // A hard row can not be violated by what passed: if it is, the worst.
  cr_assert(is(severity_of(kHard, TACTUS_RUNG_PASS) == S::kCritical));
  cr_assert(is(severity_of(kSoft, TACTUS_RUNG_PASS) == S::kLow));
  cr_assert(is(severity_of(kSoft, TACTUS_RUNG_SCALE) == S::kMedium));
}

Test(violations, each_rows_own_margin_comes_out_of_the_check) {
  const auto image = sealed();
  Cycle cycle;
  cycle.u[3] = 0.5F;
  cycle.run(*image);
  cr_assert(
      eq(flt, cycle.out.row[cycle.out.worst_row].margin, cycle.out.margin));
  for (uint32_t r = 0; r < image->rows; ++r) {
    const bool violated = (cycle.out.violated >> r & 1) != 0;
    cr_assert(is(violated == !(cycle.out.row[r].margin >= 0)), "row %u", r);
  }
  cr_assert(eq(int, cycle.out.row[1].link, 3));  // action.rate, joint 4
}

Test(violations, a_violation_below_what_f32_can_hold_is_one) {
  auto image = draft();
  image->row[1].scale = 1e300;
  cr_assert(is(static_cast<bool>(seal(*image))));
  Cycle cycle;
  cycle.u[3] = 0.5F;
  cycle.run(*image);
  cr_assert(is(cycle.out.row[1].margin < 0));
}

Test(violations, what_was_not_judged_is_told_apart) {
  const auto image = sealed();
  Cycle cycle;
  cycle.in.stamp_ns[kQ] = 0;
  cycle.run(*image);
  cr_assert(is(!was_judged(cycle.out.worst_row, cycle.out.violated)));
  Cycle good;
  good.run(*image);
  cr_assert(is(was_judged(good.out.worst_row, good.out.violated)));
}

Test(violations, json_has_the_names_of_the_system_replaced) {
  ViolationReport r;
  r.safe = true;
  r.score = 0.75;
  r.total = {1, 2, 3, 4};
  r.last_60s = {0, 0, 1, 1};
  ViolationEntry& entry = r.recent.emplace_back();
  entry.cycle = 7;
  entry.row = "human";
  entry.severity = Severity::kHigh;
  entry.margin = std::numeric_limits<double>::quiet_NaN();
  const std::string json = "{" + members_of(r) + "}";
  for (const char* part :
       {"\"safe\": true", "\"safety_score\": 0.75", "\"total\": 10",
        "\"last_60s\": 2", "\"low\": 1", "\"medium\": 2", "\"high\": 3",
        "\"critical\": 4", "\"recent\": [{\"cycle\": 7", "\"margin\": null",
        "\"severity\": \"high\"", "\"safety_score_mean\": null"})
    cr_assert(is(has(json, part)), "no %s in %s", part, json.c_str());
}

Test(violations, the_minute_has_sixty_seconds) {
  cr_assert(is(in_last_minute(100, 100) && in_last_minute(41, 100)));
  cr_assert(is(!in_last_minute(40, 100) && !in_last_minute(101, 100)));
  cr_assert(is(in_last_minute(0, 59) && !in_last_minute(0, 60)));
}
