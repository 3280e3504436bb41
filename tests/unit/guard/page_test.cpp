// SPDX-License-Identifier: MIT
#include "guard/page.hpp"

#include <criterion/criterion.h>

#include <cmath>
#include <limits>
#include <random>

#include "guard/evaluate.hpp"
#include "plans.hpp"

using namespace tactus;
using namespace tactus::guard;
using plans::kJoints;
using plans::plan;

namespace {

struct Fixture {
  plans::Shared shared;
  PageWriter writer{shared.page};
  PageReader reader{shared.page, kJoints};
  layout::StopPlan out{};

  Choice choose(uint64_t id) { return reader.choose(id, 1, out); }
  void commit(uint64_t id) {
    cr_assert(writer.publish(plan(id, 1000)));
    writer.committed();
  }
};

}  // namespace

// Killed before each store of a publication: the page as it is at that
// moment is all that the guardian will ever see.
Test(page, a_writer_killed_at_any_store_leaves_the_committed_plan) {
  Fixture f;
  f.commit(1);
  for (uint64_t id = 2; id <= 4; ++id) {
    int stores = 0;
    const auto killed_here = [&] {
      ++stores;
      cr_assert_eq(f.choose(id - 1), Choice::kCommitted);
      cr_assert_eq(f.out.plan_id, id - 1);
      cr_assert_eq(f.out.held[1], static_cast<double>(id - 1));
    };
    auto p = plan(id, 1000, static_cast<double>(id));
    cr_assert(f.writer.publish(p, killed_here));
    cr_assert_gt(stores, 100);
    killed_here();  // published, not sent
    f.writer.committed();
  }
}

Test(page, a_plan_that_was_never_sent_is_never_played) {
  Fixture f;
  f.commit(1);
  cr_assert(f.writer.publish(plan(2, 1000)));  // its send failed
  // Stop cycles go on; committed_plan stays 1.
  cr_assert_eq(f.choose(1), Choice::kCommitted);
  cr_assert_eq(f.out.plan_id, 1u);
  // Not even when the committed slot is damaged.
  f.shared.page.slot[0].plan.held[0] += 1;
  cr_assert_eq(f.choose(1), Choice::kStaticHold);
}

Test(page, repeated_failed_sends_never_touch_the_committed_slot) {
  Fixture f;
  f.commit(1);
  for (uint64_t id = 2; id < 10; ++id) {
    cr_assert(f.writer.publish(plan(id, 1000)));
    cr_assert_eq(f.choose(1), Choice::kCommitted);
  }
}

Test(page, a_damaged_slot_falls_back_to_the_plan_committed_before) {
  Fixture f;
  f.commit(1);
  f.commit(2);
  f.shared.page.slot[1].crc ^= 1;
  cr_assert_eq(f.choose(2), Choice::kPrevious);
  cr_assert_eq(f.out.plan_id, 1u);
}

Test(page, every_flipped_bit_of_the_bytes_in_use_is_noticed) {
  Fixture f;
  f.commit(1);
  auto* bytes = reinterpret_cast<unsigned char*>(&f.shared.page.slot[0].plan);
  for (std::size_t bit = 0; bit < layout::used_bytes(1) * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<unsigned char>(1u << (bit % 8));
    cr_assert_eq(f.choose(1), Choice::kStaticHold, "bit %zu", bit);
    bytes[bit / 8] ^= static_cast<unsigned char>(1u << (bit % 8));
  }
  cr_assert_eq(f.choose(1), Choice::kCommitted);
}

Test(page, nothing_committed_is_a_static_hold) {
  Fixture f;
  cr_assert(f.writer.publish(plan(1, 1000)));
  cr_assert_eq(f.choose(0), Choice::kStaticHold);
  double u[kJoints] = {9, 9};
  evaluate(f.out, 12345, u);
  cr_assert_eq(u[0], 0.0);
  cr_assert_eq(u[1], 0.0);
}

Test(page, a_plan_of_another_epoch_is_not_played) {
  Fixture f;
  cr_assert(f.writer.publish(plan(1, 1000, 1, 2)));
  f.writer.committed();
  cr_assert_eq(f.choose(1), Choice::kStaticHold);
}

Test(page, a_plan_that_is_whole_and_yet_nonsense_is_refused) {
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  void (*const breaks[])(layout::StopPlan&, double) = {
      [](auto& p, double n) { p.held[1] = n; },
      [](auto& p, double n) { p.terminal[0] = n; },
      [](auto& p, double n) { p.cubic[0][1].c[3] = n; },
      [](auto& p, double) { p.held[0] = 1e5; },
      [](auto& p, double) { p.cubic[0][0].c[2] = HUGE_VAL; },
      [](auto& p, double) { p.joints = 3; },
      [](auto& p, double) { p.joints = 0; },
      [](auto& p, double) { p.segments = 0; },
      [](auto& p, double) { p.segments = 9; },
      [](auto& p, double) { p.segment_end_ns[0] = 0; },
      [](auto& p, double) { p.segment_end_ns[0] = 61'000'000'000; },
      [](auto& p, double) { p.origin_ns = -1; },
      [](auto& p, double) { p.plan_id = 0; },
      [](auto& p, double) {
        p.segments = 2;
        p.segment_end_ns[1] = p.segment_end_ns[0];
      },
  };
  for (const auto& spoil : breaks) {
    auto p = plan(1, 1000);
    cr_assert(valid(p, kJoints));
    spoil(p, nan);
    cr_assert_not(valid(p, kJoints));
  }
}

Test(page, random_pages_never_yield_anything_but_a_hold) {
  Fixture f;
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    auto* words = reinterpret_cast<uint64_t*>(&f.shared.page.slot[0]);
    for (std::size_t w = 0; w < 2 * sizeof(layout::StopSlot) / 8; ++w) {
      words[w] = random();
    }
    for (auto& slot : f.shared.page.slot) {
      slot.plan.segments = static_cast<uint32_t>(random() % 9);
    }
    cr_assert_eq(f.choose(random()), Choice::kStaticHold);
  }
}

Test(evaluate, holds_before_plays_within_and_rests_after) {
  auto p = plan(1, 100 * plans::kMs, 2);
  p.terminal[0] = -0.25;
  double u[kJoints];
  evaluate(p, 0, u);
  cr_assert_eq(u[0], 2.0);
  evaluate(p, 105 * plans::kMs, u);
  cr_assert_float_eq(u[0], 1.0, 1e-12);
  evaluate(p, 110 * plans::kMs, u);
  cr_assert_eq(u[0], -0.25);
  cr_assert_eq(end_ns(p), 110 * plans::kMs);
}

Test(evaluate, each_segment_counts_from_its_own_begin) {
  auto p = plan(1, 0, 2);
  p.segments = 2;
  p.segment_end_ns[1] = 20 * plans::kMs;
  p.cubic[1][0] = {{5, 0, 0, 1e6}};
  double u[kJoints];
  evaluate(p, 10 * plans::kMs, u);
  cr_assert_eq(u[0], 5.0);
  evaluate(p, 15 * plans::kMs, u);
  cr_assert_float_eq(u[0], 5 + 1e6 * 0.005 * 0.005 * 0.005, 1e-9);
}
