// SPDX-License-Identifier: MIT
#include "trace/replay.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "synthetic.hpp"
#include "trace/seal.hpp"

using namespace tactus::trace;
using namespace tactus::trace::test;
using tactus::layout::CycleRecord;

namespace {

ReplayResult run(const std::vector<std::byte>& bytes, ToySubject& subject) {
  auto log = LogReader::parse(bytes, "t");
  if (!log) std::abort();
  auto result = replay(*log, subject);
  if (!result) std::abort();
  return *result;
}

// Bit 8 of a float: the lowest may be lost in the policy's rounding, and then
// nothing differs.
ReplayResult run_with_flip(uint64_t cycle, uint64_t offset) {
  auto bytes = log_bytes();
  auto clean = LogReader::parse(bytes, "t");
  if (!clean) std::abort();
  bytes[clean->at(cycle).file_offset + offset] ^= std::byte{1};
  seal(bytes);
  ToySubject subject;
  return run(bytes, subject);
}

}  // namespace

Test(replay, of_an_untouched_log_is_identical) {
  ToySubject subject;
  const ReplayResult r = run(log_bytes({.cycles = 3000}), subject);
  cr_assert(is(r.identical()));
  cr_assert(is(r.cycles == 2999 && r.skipped == 1));  // before the keyframe
  cr_assert(is(r.gaps == 0 && subject.resets == 1));
}

Test(replay, finds_a_flipped_input_at_its_cycle) {
  const ReplayResult r = run_with_flip(77, sizeof(CycleRecord) + 16 + 1);
  cr_assert(is(!r.identical()));
  cr_assert(is(r.first_difference->cycle == 77));
  cr_assert(is(r.first_difference->field == "raw u[0]"));
}

Test(replay, finds_a_flipped_verdict_and_action) {
  const ReplayResult margin = run_with_flip(90, offsetof(CycleRecord, margin));
  cr_assert(is(margin.first_difference->cycle == 90));
  cr_assert(is(margin.first_difference->field == "margin"));
  const ReplayResult u = run_with_flip(91, sizeof(CycleRecord) + 16 + 36);
  cr_assert(is(u.first_difference->cycle == 91));
  cr_assert(is(u.first_difference->field == "checked u[0]"));
  const ReplayResult rung = run_with_flip(92, offsetof(CycleRecord, rung));
  cr_assert(is(rung.first_difference->cycle == 92));
  cr_assert(is(rung.first_difference->field == "rung"));
}

Test(replay, of_another_model_stops_at_the_first_cycle) {
  ToySubject subject;
  subject.gain = 2.0000002F;
  const ReplayResult r = run(log_bytes(), subject);
  cr_assert(is(!r.identical()));
  cr_assert(is(r.first_difference->cycle == 1));
}

Test(replay, of_other_limits_stops_where_they_first_matter) {
  ToySubject subject;
  subject.shield.limit = 0.31F;
  const auto bytes = log_bytes({.cycles = 3000});
  const ReplayResult r = run(bytes, subject);
  cr_assert(is(!r.identical()));
  auto log = LogReader::parse(bytes, "t");
  uint64_t first = 0;
  while (log->at(first).record.separation > 0.31F) ++first;
  cr_assert(is(r.first_difference->cycle == first));
}

Test(replay, goes_on_at_the_keyframe_after_a_gap) {
  ToySubject subject;
  const ReplayResult r = run(log_bytes({.lose = 130}), subject);
  cr_assert(is(r.identical()));
  cr_assert(is(r.gaps == 1 && subject.resets == 2));
  // Cycle 0, and 131 to 150: the keyframe holds what 150 left.
  cr_assert(eq(int, static_cast<int>(r.skipped), 21));
}

Test(replay, crosses_skipped_releases_without_a_keyframe) {
  ToySubject subject;
  const ReplayResult r = run(log_bytes({.skip_at = 130}), subject);
  cr_assert(is(r.identical()));
  cr_assert(is(r.gaps == 0 && subject.resets == 1));
}

Test(replay, says_when_there_is_no_keyframe) {
  auto bytes = log_bytes({.cycles = 400});
  auto log = LogReader::parse(bytes, "t");
  ToySubject subject;
  auto result = replay(*log, subject, {.last_cycle = 0});
  cr_assert(is(!result && result.error().exit_code() == 2));
}

Test(replay, prints_its_result) {
  const ReplayResult r = run_with_flip(77, sizeof(CycleRecord) + 16 + 1);
  cr_assert(is(has(to_text(r), "cycle 77")));
  cr_assert(is(has(to_json(r, "x"), "\"identical\": false")));
}
