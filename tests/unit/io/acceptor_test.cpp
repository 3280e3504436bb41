// SPDX-License-Identifier: MIT
#include "io/acceptor.hpp"

#include <criterion/criterion.h>

using namespace tactus::io;
using tactus::layout::WireSender;

namespace {

constexpr auto kController = WireSender::kController;
constexpr auto kGuardian = WireSender::kGuardian;

}  // namespace

Test(acceptor, takes_a_rising_sequence) {
  Acceptor a;
  WireCounters c;
  for (uint64_t seq = 1; seq <= 5; ++seq) {
    cr_assert_eq(a.accept(kController, 1, seq, c), Reject::kNone);
  }
  cr_assert_eq(c.accepted, 5u);
  cr_assert_eq(c.gaps, 0u);
}

Test(acceptor, rejects_and_counts_duplicates_and_backward_frames) {
  Acceptor a;
  WireCounters c;
  (void)a.accept(kController, 1, 5, c);
  cr_assert_eq(a.accept(kController, 1, 5, c), Reject::kOldSeq);
  cr_assert_eq(a.accept(kController, 1, 4, c), Reject::kOldSeq);
  cr_assert_eq(c.rejected[static_cast<std::size_t>(Reject::kOldSeq)], 2u);
  cr_assert_eq(a.last_seq(kController), 5u);
}

Test(acceptor, accepts_and_counts_a_forward_gap) {
  Acceptor a;
  WireCounters c;
  (void)a.accept(kController, 1, 5, c);
  cr_assert_eq(a.accept(kController, 1, 9, c), Reject::kNone);
  cr_assert_eq(c.gaps, 1u);
  cr_assert_eq(c.missed, 3u);
}

Test(acceptor, sequence_zero_is_never_taken) {
  Acceptor a;
  WireCounters c;
  cr_assert_eq(a.accept(kController, 1, 0, c), Reject::kOldSeq);
  cr_assert_eq(a.epoch(), 0u);
}

Test(acceptor, a_raised_epoch_silences_the_old_sender) {
  Acceptor a;
  WireCounters c;
  (void)a.accept(kController, 4, 100, c);
  cr_assert_eq(a.accept(kGuardian, 5, 1, c), Reject::kNone);
  cr_assert_eq(a.accept(kController, 4, 101, c), Reject::kOldEpoch);
  cr_assert_eq(a.epoch(), 5u);
  cr_assert_eq(c.rejected[static_cast<std::size_t>(Reject::kOldEpoch)], 1u);
}

Test(acceptor, each_sender_has_its_own_sequence_in_an_epoch) {
  Acceptor a;
  WireCounters c;
  (void)a.accept(kController, 4, 100, c);
  cr_assert_eq(a.accept(kGuardian, 4, 1, c), Reject::kNone);
  cr_assert_eq(a.accept(kController, 4, 101, c), Reject::kNone);
}

Test(acceptor, a_new_epoch_starts_the_sequence_anew) {
  Acceptor a;
  WireCounters c;
  (void)a.accept(kController, 4, 100, c);
  cr_assert_eq(a.accept(kController, 6, 1, c), Reject::kNone);
  cr_assert_eq(c.gaps, 0u);
}

Test(acceptor, a_rejected_frame_does_not_raise_anything) {
  Acceptor a;
  WireCounters c;
  (void)a.accept(kController, 4, 100, c);
  (void)a.accept(kController, 9, 0, c);
  cr_assert_eq(a.epoch(), 4u);
  cr_assert_eq(a.accept(kController, 4, 101, c), Reject::kNone);
}

Test(acceptor, forgets_a_restarted_peer) {
  Acceptor a;
  WireCounters c;
  (void)a.accept_state(1000, c);
  cr_assert_eq(a.accept_state(1, c), Reject::kOldSeq);
  a.forget();
  cr_assert_eq(a.accept_state(1, c), Reject::kNone);
}
