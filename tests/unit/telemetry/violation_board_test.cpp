// SPDX-License-Identifier: MIT
#include "telemetry/violation_board.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <string>

using namespace tactus;
using telemetry::BoardView;
using telemetry::ViolationBoard;
using telemetry::ViolationWriter;

namespace {

constexpr int64_t kSecond = 1'000'000'000;

bool is(bool value) { return value; }

// Three rows: two hard ones, a soft one.
struct Rig {
  std::unique_ptr<ViolationBoard> board = std::make_unique<ViolationBoard>();
  std::unique_ptr<safety::Image> image = std::make_unique<safety::Image>();
  ViolationWriter writer{*board};
  safety::ShieldOutput out;
  uint64_t cycle = 0;
  int64_t now_ns = 100 * kSecond;

  Rig() {
    name("box", safety::RowKind::kHard);
    name("human", safety::RowKind::kHard);
    name("comfort", safety::RowKind::kSoft);
    writer.use(*image);
  }
  void name(const char* id, safety::RowKind kind) {
    safety::Row& row = image->row[image->rows++];
    std::snprintf(row.id, sizeof row.id, "%s", id);
    row.kind = kind;
  }
  void unjudged(uint32_t reasons) {
    const safety::ShieldOutput fresh;
    out = fresh;
    out.reasons = reasons;
  }
  // A judged cycle with these margins.
  void cycle_of(tactus_rung rung, float box, float human, float comfort) {
    unjudged(0);
    const float margin[] = {box, human, comfort};
    out.worst_row = 0;
    out.violated = 0;
    out.reasons = 0;
    out.margin = std::fmin(box, human);
    out.mean_score = 0.5F;
    for (uint32_t r = 0; r < 3; ++r) {
      out.row[r] = {margin[r], static_cast<uint16_t>(r + 4), 0};
      if (r < 2 && margin[r] < 0) out.violated |= uint64_t{1} << r;
    }
    if (out.violated != 0) out.reasons = safety::kReasonRowBox;
    end(rung);
  }
  void end(tactus_rung rung, tactus_state before = TACTUS_STATE_ENGAGED) {
    writer.ended({.cycle = cycle++,
                  .release_ns = now_ns,
                  .before = before,
                  .rung = rung,
                  .checked = true},
                 out);
  }
  BoardView read() {
    auto view = telemetry::read_board(*board);
    cr_assert(is(static_cast<bool>(view)));
    return *view;
  }
};

uint64_t at(const BoardView& v, safety::Severity s) {
  return v.total[static_cast<std::size_t>(s)];
}

}  // namespace

Test(violation_board, nothing_checked_is_not_safe) {
  Rig rig;
  cr_assert(not(rig.read().safe));
  rig.cycle_of(TACTUS_RUNG_PASS, 0.5F, 0.5F, 0.5F);
  cr_assert(is(rig.read().safe));
}

Test(violation_board, scores_what_was_engaged) {
  Rig rig;
  rig.cycle_of(TACTUS_RUNG_PASS, 0.5F, 0.5F, 0.5F);
  rig.cycle_of(TACTUS_RUNG_SCALE, 0.5F, -0.5F, 0.5F);
  rig.end(TACTUS_RUNG_NONE, TACTUS_STATE_READY);
  BoardView v = rig.read();
  cr_assert(eq(u64, v.engaged, 2));
  cr_assert(eq(u64, v.safe_cycles, 1));
  cr_assert(eq(dbl, v.score_sum, 1.0));
  cr_assert(eq(flt, v.score, 0.5F));
}

Test(violation_board, one_entry_while_a_row_stays_violated) {
  Rig rig;
  rig.cycle_of(TACTUS_RUNG_PASS, 0.5F, 0.5F, 0.5F);
  for (int i = 0; i < 5; ++i)
    rig.cycle_of(TACTUS_RUNG_SCALE, 0.5F, -0.1F * static_cast<float>(i + 1),
                 0.5F);
  rig.cycle_of(TACTUS_RUNG_PASS, 0.5F, 0.4F, 0.5F);
  rig.cycle_of(TACTUS_RUNG_SCALE, 0.5F, -0.2F, 0.5F);
  BoardView v = rig.read();
  cr_assert(eq(sz, v.recent.size(), 2));
  cr_assert(eq(u64, v.recent[0].cycle, 1));
  cr_assert(eq(u64, v.recent[1].cycle, 7));
  cr_assert(is(std::string(v.recent[0].id) == "human"));
  cr_assert(eq(int, v.recent[0].link, 5));
  cr_assert(eq(u64, v.rows[1].times, 2));
  cr_assert(eq(u64, v.rows[1].cycles, 6));
  cr_assert(eq(u64, v.rows[1].last_cycle, 7));
  cr_assert(eq(flt, v.rows[1].worst, -0.5F));
  cr_assert(eq(flt, v.rows[0].worst, 0.5F));
  cr_assert(eq(u64, v.rows[0].times, 0));
}

Test(violation_board, a_stop_after_a_scaling_is_more_severe_and_entered) {
  Rig rig;
  rig.cycle_of(TACTUS_RUNG_SCALE, -0.1F, 0.5F, 0.5F);
  rig.cycle_of(TACTUS_RUNG_STOP, -0.1F, 0.5F, 0.5F);
  rig.cycle_of(TACTUS_RUNG_SCALE, -0.1F, 0.5F, 0.5F);
  BoardView v = rig.read();
  cr_assert(eq(u64, at(v, safety::Severity::kHigh), 1));
  cr_assert(eq(u64, at(v, safety::Severity::kCritical), 1));
  cr_assert(eq(u64, v.rows[0].times, 1));
}

Test(violation_board, soft_rows_are_low_or_medium) {
  Rig rig;
  rig.cycle_of(TACTUS_RUNG_PASS, 0.5F, 0.5F, -0.1F);
  rig.cycle_of(TACTUS_RUNG_PASS, 0.5F, 0.5F, 0.1F);
  rig.cycle_of(TACTUS_RUNG_SCALE, 0.5F, -0.5F, -0.1F);
  BoardView v = rig.read();
  cr_assert(eq(u64, at(v, safety::Severity::kLow), 1));
  cr_assert(eq(u64, at(v, safety::Severity::kMedium), 1));
  cr_assert(eq(u64, at(v, safety::Severity::kHigh), 1));
}

Test(violation_board, a_nan_margin_is_a_violation) {
  Rig rig;
  rig.cycle_of(TACTUS_RUNG_STOP, std::nanf(""), 0.5F, 0.5F);
  cr_assert(eq(u64, at(rig.read(), safety::Severity::kCritical), 1));
}

Test(violation_board, an_unjudged_stop_is_critical_and_names_no_row) {
  Rig rig;
  rig.cycle_of(TACTUS_RUNG_SCALE, -0.5F, 0.5F, 0.5F);
  rig.unjudged(safety::kReasonStale);
  for (int i = 0; i < 3; ++i) rig.end(TACTUS_RUNG_STOP);
  BoardView v = rig.read();
  cr_assert(eq(sz, v.recent.size(), 2));
  cr_assert(is(v.recent[1].row == safety::kNoIndex));
  cr_assert(is(v.recent[1].reasons == safety::kReasonStale));
  cr_assert(eq(u64, at(v, safety::Severity::kCritical), 1));
  cr_assert(not(v.safe));
  // What was violated before begins anew.
  rig.cycle_of(TACTUS_RUNG_SCALE, -0.5F, 0.5F, 0.5F);
  cr_assert(eq(u64, rig.read().rows[0].times, 2));
}

Test(violation_board, counts_nothing_outside_engaged) {
  Rig rig;
  rig.cycle_of(TACTUS_RUNG_PASS, 0.5F, 0.5F, 0.5F);
  rig.out.row[0].margin = -1;
  for (const tactus_state s :
       {TACTUS_STATE_READY, TACTUS_STATE_STOPPING, TACTUS_STATE_LATCHED})
    rig.end(TACTUS_RUNG_STOP, s);
  cr_assert(eq(sz, rig.read().recent.size(), 0));
}

Test(violation_board, the_last_minute_forgets_by_the_cycles_own_time) {
  Rig rig;
  for (int i = 0; i < 90; ++i) {  // a violation begins once a second
    rig.cycle_of(TACTUS_RUNG_SCALE, -0.5F, 0.5F, 0.5F);
    rig.cycle_of(TACTUS_RUNG_PASS, 0.5F, 0.5F, 0.5F);
    rig.now_ns += kSecond;
  }
  rig.now_ns -= kSecond;
  constexpr auto kHigh = static_cast<std::size_t>(safety::Severity::kHigh);
  BoardView v = rig.read();
  cr_assert(eq(u64, v.total[kHigh], 90));
  cr_assert(eq(u64, v.last_60s[kHigh], 60));
  rig.now_ns += 30 * kSecond;
  rig.cycle_of(TACTUS_RUNG_PASS, 0.5F, 0.5F, 0.5F);
  cr_assert(eq(u64, rig.read().last_60s[kHigh], 30));
  rig.now_ns += 60 * kSecond;
  rig.cycle_of(TACTUS_RUNG_PASS, 0.5F, 0.5F, 0.5F);
  cr_assert(eq(u64, rig.read().last_60s[kHigh], 0));
}

Test(violation_board, overwrites_the_oldest_and_counts_it) {
  Rig rig;
  constexpr uint64_t kMany = telemetry::kViolationSlots + 10;
  for (uint64_t i = 0; i < kMany; ++i) {
    rig.cycle_of(TACTUS_RUNG_SCALE, -0.5F, 0.5F, 0.5F);
    rig.cycle_of(TACTUS_RUNG_PASS, 0.5F, 0.5F, 0.5F);
  }
  BoardView v = rig.read();
  cr_assert(is(v.recent.size() == telemetry::kViolationSlots));
  cr_assert(eq(u64, v.overwritten, 10));
  cr_assert(eq(u64, v.recent.front().cycle, 20));
}

Test(violation_board, a_reload_names_its_rows_and_keeps_old_entries) {
  Rig rig;
  rig.cycle_of(TACTUS_RUNG_SCALE, -0.5F, 0.5F, 0.5F);
  auto next = std::make_unique<safety::Image>();
  next->rows = 1;
  std::snprintf(next->row[0].id, sizeof next->row[0].id, "other");
  next->row[0].kind = safety::RowKind::kHard;
  rig.writer.use(*next);
  BoardView v = rig.read();
  cr_assert(eq(sz, v.rows.size(), 1));
  cr_assert(is(std::string(v.rows[0].id) == "other"));
  cr_assert(eq(u64, v.rows[0].times, 0));
  cr_assert(is(std::string(v.recent[0].id) == "box"));
  cr_assert(eq(u64, v.image, v.recent[0].image + 1));
}

Test(violation_board, a_writer_killed_in_a_reload_is_reported) {
  Rig rig;
  rig.board->sequence.fetch_add(1);
  const auto view = telemetry::read_board(*rig.board);
  cr_assert(not(static_cast<bool>(view)));
  cr_assert(eq(int, view.error().exit_code(), 3));
}

Test(violation_board, a_warning_is_low_counted_apart_and_told_once) {
  Rig rig;
  rig.cycle_of(TACTUS_RUNG_PASS, 0.1F, 0.1F, 1);
  rig.out.row[0].near = 1;
  rig.end(TACTUS_RUNG_PASS);
  rig.end(TACTUS_RUNG_PASS);
  auto v = rig.read();
  cr_assert(is(at(v, safety::Severity::kLow) == 1));
  cr_assert(is(v.recent.size() == 1 && v.recent[0].warning == 1));
  cr_assert(is(v.rows[0].warned == 1 && v.rows[0].times == 0));
  // Violated from there on: that is another matter.
  rig.cycle_of(TACTUS_RUNG_STOP, -0.1F, 0.1F, 1);
  rig.cycle_of(TACTUS_RUNG_PASS, 0.1F, 0.1F, 1);
  v = rig.read();
  cr_assert(is(at(v, safety::Severity::kCritical) == 1));
  cr_assert(is(v.recent.back().warning == 0));
  cr_assert(is(v.rows[0].warned == 1 && v.rows[0].times == 1));
}

Test(violation_board, a_row_that_got_better_but_is_near_begins_anew) {
  Rig rig;
  rig.cycle_of(TACTUS_RUNG_STOP, -0.1F, 0.1F, 1);
  rig.cycle_of(TACTUS_RUNG_PASS, 0.1F, 0.1F, 1);
  rig.cycle_of(TACTUS_RUNG_STOP, -0.1F, 0.1F, 1);
  rig.out.row[0] = {0.1F, 4, 1};
  rig.out.violated = 0;
  rig.end(TACTUS_RUNG_PASS);
  rig.cycle_of(TACTUS_RUNG_STOP, -0.1F, 0.1F, 1);
  const auto v = rig.read();
  cr_assert(is(v.rows[0].times == 3 && v.rows[0].warned == 0));
}

Test(violation_board, a_declared_severity_is_the_entrys) {
  Rig rig;
  rig.image->row[0].severity = safety::RowSeverity::kMedium;
  rig.cycle_of(TACTUS_RUNG_STOP, -0.1F, 0.1F, 1);
  const auto v = rig.read();
  cr_assert(is(at(v, safety::Severity::kMedium) == 1));
  cr_assert(is(at(v, safety::Severity::kCritical) == 0));
}
