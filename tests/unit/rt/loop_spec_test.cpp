// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "fake.hpp"

using namespace fake;

namespace {

void expect_refused(const LoopSpec& spec, const char* word) {
  const auto r = validate(spec);
  cr_assert_not(static_cast<bool>(r), "%s was accepted", word);
  cr_assert_eq(r.error().code(), tactus::ErrorCode::kBadInput);
  cr_assert(strstr(r.error().text(), word) != nullptr, "%s", r.error().text());
}

}  // namespace

Test(loop_spec, catch_up_is_reserved) {
  Rig r;
  r.spec.overrun = Overrun::kCatchUp;
  expect_refused(r.spec, "catch_up");
}

Test(loop_spec, trip_needs_bad_within_of_within_the_window) {
  for (const TripRule t :
       {TripRule{0, 10}, TripRule{11, 10}, TripRule{1, kMaxTripWindow + 1}}) {
    Rig r;
    r.spec.trip = t;
    expect_refused(r.spec, "trip");
  }
}

Test(loop_spec, act_may_only_skip_rest_or_trip) {
  for (const auto late : {TACTUS_KEEP_LAST, TACTUS_FALLBACK}) {
    Rig r;
    r.spec.stages[3].on_late = late;
    expect_refused(r.spec, "late act");
  }
}

Test(loop_spec, no_act_without_a_check) {
  Rig r;
  r.spec.stages.erase(r.spec.stages.begin() + 2);
  expect_refused(r.spec, "without a check");
}

Test(loop_spec, stages_come_in_order_with_one_check_and_one_act) {
  Rig a, b;
  std::swap(a.spec.stages[0], a.spec.stages[1]);
  expect_refused(a.spec, "order");
  b.spec.stages.push_back(b.spec.stages[3]);
  expect_refused(b.spec, "order");
}

Test(loop_spec, deadlines_rise_and_stay_within_the_period) {
  Rig a, b;
  a.spec.stages[1].deadline_ns = 100'000;
  expect_refused(a.spec, "deadline");
  b.spec.stages[3].deadline_ns = kPeriod + 1;
  expect_refused(b.spec, "deadline");
}

Test(loop_spec, an_output_outside_the_frame_is_refused) {
  Rig r;
  r.spec.stages[1].output_size = 64;
  expect_refused(r.spec, "outside");
  r.spec.stages[1].output_size = UINT32_MAX;
  r.spec.stages[1].output_offset = UINT32_MAX;
  expect_refused(r.spec, "outside");
}

Test(loop_spec, a_fallback_must_be_given) {
  Rig r;
  r.spec.stages[1].on_late = TACTUS_FALLBACK;
  expect_refused(r.spec, "fallback");
}

Test(loop_spec, a_fallback_needs_an_output) {
  Rig r;
  const float fallback = 7;
  r.spec.stages[0].on_late = TACTUS_FALLBACK;
  r.spec.stages[0].fallback = &fallback;
  r.spec.stages[0].output_size = 0;
  expect_refused(r.spec, "output_size");
}

Test(loop_spec, the_check_stage_has_no_function_and_others_have_one) {
  Rig a, b;
  a.spec.stages[2].fn = a.spec.stages[0].fn;
  expect_refused(a.spec, "shield");
  b.spec.stages[0].fn = nullptr;
  expect_refused(b.spec, "fn is null");
}

Test(loop_spec, a_struct_of_another_size_is_refused) {
  Rig r;
  r.spec.stages[0].sz = 8;
  expect_refused(r.spec, "TACTUS_INIT");
}

Test(loop_spec, names_that_cannot_be_a_socket_are_refused) {
  for (const char* name :
       {"", "a/b", "..", "a b", "abcdefghijklmnopqrstuvwxyz0123456789"}) {
    Rig r;
    r.spec.name = name;
    expect_refused(r.spec, "name");
  }
}
