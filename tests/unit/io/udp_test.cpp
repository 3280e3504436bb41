// SPDX-License-Identifier: MIT
#include "io/udp.hpp"

#include <criterion/criterion.h>

#include <string>

#include "io/stamp.hpp"
#include "robot.hpp"

using namespace tactus;
using namespace tactus::io;
using robot::Robot;

namespace {

constexpr int64_t kBound = 200'000;

std::unique_ptr<Udp> open(Robot& r) {
  UdpOptions options;
  options.listen = "127.0.0.1:0";
  options.peer = r.address();
  options.state = {1, 1};
  options.transport_bound_ns = kBound;
  auto udp = Udp::open(options);
  cr_assert(udp, "%s", udp.error().text());
  r.connect_to((*udp)->local_address());
  return std::move(*udp);
}

uint64_t rejected(const Udp& udp, Reject r) {
  return udp.counters().rejected[static_cast<std::size_t>(r)];
}

}  // namespace

Test(udp, drains_to_the_latest_state) {
  Robot r;
  auto udp = open(r);
  for (uint64_t seq = 1; seq <= 5; ++seq) r.say(seq, static_cast<float>(seq));
  const State& s = udp->drain(monotonic_ns());
  cr_assert(s.fresh);
  cr_assert_eq(s.seq, 5u);
  cr_assert_eq(s.value[0], 5.0f);
  cr_assert_eq(udp->counters().accepted, 5u);
}

Test(udp, nothing_new_is_not_fresh_and_keeps_its_stamp) {
  Robot r;
  auto udp = open(r);
  r.say(1, 1);
  const int64_t at = udp->drain(monotonic_ns()).at_ns[0];
  const State& s = udp->drain(monotonic_ns());
  cr_assert_not(s.fresh);
  cr_assert(s.any);
  cr_assert_eq(s.at_ns[0], at);
}

Test(udp, a_frame_queued_through_a_gap_does_not_look_fresh) {
  Robot r;
  auto udp = open(r);
  const int64_t before = monotonic_ns();
  r.say(1, 1);
  const int64_t sent = monotonic_ns();
  const int64_t later = sent + 50'000'000;  // the loop slept 50 ms
  const State& s = udp->drain(later);
  cr_assert_leq(s.receive_ns, sent);
  // Within 1 ms of the truth unless it had to fall back, which is older.
  if (s.receive_ns < before) cr_assert_gt(s.receive_ns, before - 100'000'000);
}

Test(udp, a_signals_stamp_is_receive_less_age_less_bound) {
  Robot r;
  auto udp = open(r);
  r.say(1, 1);
  const State& s = udp->drain(monotonic_ns());
  cr_assert_eq(s.at_ns[0], s.receive_ns - 100'000 - kBound);
}

Test(udp, nothing_is_dated_after_the_callers_now) {
  Robot r;
  auto udp = open(r);
  const int64_t now = monotonic_ns();
  r.say(1, 1);
  cr_assert_leq(udp->drain(now).receive_ns, now);
}

Test(udp, garbage_is_counted_by_reason_and_changes_nothing) {
  Robot r;
  auto udp = open(r);
  r.say(1, 1);
  std::byte junk[3000]{};
  (void)::send(r.fd(), junk, 10, 0);
  (void)::send(r.fd(), junk, 56, 0);
  (void)::send(r.fd(), junk, sizeof junk, 0);
  r.say(1, 9);  // duplicate
  const State& s = udp->drain(monotonic_ns());
  cr_assert_eq(s.value[0], 1.0f);
  cr_assert_eq(rejected(*udp, Reject::kSize), 2u);
  cr_assert_eq(rejected(*udp, Reject::kMagic), 1u);
  cr_assert_eq(rejected(*udp, Reject::kOldSeq), 1u);
}

Test(udp, the_command_arrives_as_sent) {
  Robot r;
  auto udp = open(r);
  const float values[] = {0.25f, -0.5f};
  CommandFrame frame;
  frame.epoch = 3;
  frame.seq = 17;
  frame.values = values;
  cr_assert_eq(udp->send(frame), TACTUS_OK);
  Frame out;
  cr_assert(r.hear(out));
  cr_assert_eq(out.header.epoch, 3u);
  cr_assert_eq(out.header.seq, 17u);
  cr_assert_eq(out.value[1], -0.5f);
}

Test(udp, a_nan_is_not_sent) {
  Robot r;
  auto udp = open(r);
  const float values[] = {__builtin_nanf("")};
  CommandFrame frame;
  frame.values = values;
  cr_assert_eq(udp->send(frame), TACTUS_INVALID);
  Frame out;
  cr_assert_not(r.hear(out, 0));
}

Test(udp, an_absent_robot_does_not_break_the_drain) {
  Robot r;
  auto udp = open(r);
  r.close();
  const float values[] = {0};
  CommandFrame frame;
  frame.values = values;
  (void)udp->send(frame);  // leaves ECONNREFUSED behind
  cr_assert_not(udp->drain(monotonic_ns()).any);
}

Test(udp, a_port_in_use_is_one_clear_line) {
  Robot r;
  auto first = open(r);
  UdpOptions options;
  options.listen = first->local_address();
  options.peer = r.address();
  auto second = Udp::open(options);
  cr_assert(!second);
  cr_assert_eq(second.error().code(), ErrorCode::kUnavailable);
  const std::string text = second.error().text();
  cr_assert_neq(text.find(options.listen), std::string::npos);
  cr_assert_neq(text.find("port"), std::string::npos);
}

Test(udp, strangers_are_not_heard) {
  Robot r;
  auto udp = open(r);
  Robot stranger;
  stranger.connect_to(udp->local_address());
  stranger.say(1, 9);
  cr_assert_not(udp->drain(monotonic_ns()).any);
}
