// SPDX-License-Identifier: MIT
// One test per row family: what it must refuse, and that it lets the same
// motion pass when there is room.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "rig.hpp"

using namespace rig;

namespace {

uint32_t refused(const Image& image, Cycle& cycle) {
  cycle.run(image);
  cr_assert(ne(u32, cycle.out.rung, TACTUS_RUNG_PASS));
  cr_assert(cycle.out.margin < 0);
  return cycle.out.reasons;
}

bool has(uint32_t reasons, uint32_t bit) { return (reasons & bit) != 0; }

}  // namespace

Test(rows, image_seals) {
  auto image = draft();
  auto r = seal(*image);
  cr_assert(static_cast<bool>(r), "%s", r ? "" : r.error().text());
  cr_assert(intact(*image));
}

Test(rows, a_small_motion_with_room_passes) {
  const auto image = sealed();
  Cycle cycle;
  cycle.moving(0.3f, 0);
  cr_assert(eq(u32, cycle.run(*image), TACTUS_RUNG_PASS), "%x row %u m %f",
            cycle.out.reasons, cycle.out.worst_row, cycle.out.margin);
  cr_assert(eq(u64, cycle.out.violated, 0));
  cr_assert(cycle.out.margin >= 0);
}

Test(rows, zeros_of_both_signs_have_a_stop) {
  const auto image = sealed();
  Cycle cycle;
  for (float& u : cycle.u) u = -0.0f;
  cr_assert(eq(u32, cycle.run(*image), TACTUS_RUNG_PASS));
  // And the command before, which rung scale brakes from.
  Cycle scaled;
  for (float& last : scaled.state.before) last = -0.0f;
  scaled.u[2] = 0.5f;
  cr_assert(eq(u32, scaled.run(*image), TACTUS_RUNG_SCALE));
  cr_assert(scaled.out.action[2] > 0);
}

Test(rows, action_box_bounds_are_inclusive_to_the_ulp) {
  const auto image = sealed();
  Cycle cycle;
  cycle.moving(1.0f, 0);
  cr_assert(eq(u32, cycle.run(*image), TACTUS_RUNG_PASS));
  Cycle over;
  over.moving(std::nextafterf(1.0f, 2.0f), 0);
  cr_assert(has(refused(*image, over), kReasonRowBox));
}

Test(rows, action_rate_counts_from_the_last_command_sent) {
  const auto image = sealed();
  Cycle cycle;
  cycle.u[2] = 0.0119f;
  cr_assert(eq(u32, cycle.run(*image), TACTUS_RUNG_PASS));
  Cycle over;
  over.u[2] = 0.0121f;
  cr_assert(has(refused(*image, over), kReasonRowRate));
  cr_assert(eq(u32, over.out.rung, TACTUS_RUNG_SCALE));
  cr_assert(over.out.action[2] <= 0.012f && over.out.action[2] > 0.0119f);
}

Test(rows, joint_position_counts_the_whole_stop) {
  const auto image = sealed();
  Cycle cycle;
  cycle.moving(1.0f, 6);
  cycle.q[6] = 2.4f;
  cr_assert(eq(u32, cycle.run(*image), TACTUS_RUNG_PASS));
  Cycle over;
  over.moving(1.0f, 6);
  over.q[6] = 2.65f;
  cr_assert(has(refused(*image, over), kReasonRowPosition));
}

// What has come to rest needs no room beside the limit.
Test(rows, a_stop_that_is_over_is_verified_up_to_the_limit) {
  const auto image = sealed();
  for (const float beyond : {-5e-6f, 5e-6f}) {
    Cycle cycle;
    cycle.q[6] = 2.75f;
    cr_assert(eq(u32, cycle.run(*image), TACTUS_RUNG_PASS));
    cycle.send(*image);
    cycle.at(101);
    cycle.q[6] = 2.76f + beyond;
    cycle.in.action_valid = false;
    cr_assert(eq(u32, cycle.run(*image), TACTUS_RUNG_STOP));
    cr_assert(eq(int, cycle.out.stop_unverified, beyond > 0));
  }
}

Test(rows, joint_velocity_bounds_measured_and_commanded_speed) {
  auto image = draft();
  image->velocity[1] = 0.5;
  cr_assert(static_cast<bool>(seal(*image)));
  Cycle cycle;
  cycle.moving(0.6f, 1);
  cr_assert(has(refused(*image, cycle), kReasonRowVelocity));
}

Test(rows, keep_in_holds_every_sphere_on_the_whole_way) {
  auto image = draft();
  image->box[0].hi[1] = 0.115;
  cr_assert(static_cast<bool>(seal(*image)));
  Cycle rest;
  cr_assert(eq(u32, rest.run(*image), TACTUS_RUNG_PASS));
  Cycle cycle;
  cycle.moving(0.9f, 0);
  cr_assert(has(refused(*image, cycle), kReasonRowKeepIn));
}

Test(rows, keep_out_is_not_entered) {
  auto image = draft();
  add_keep_out(*image, {"post", {0.3, 0.40, 0}, {0.6, 0.8, 1}});
  cr_assert(static_cast<bool>(seal(*image)));
  Cycle rest;
  rest.q[0] = 0.5f;
  cr_assert(eq(u32, rest.run(*image), TACTUS_RUNG_PASS));
  Cycle cycle;
  cycle.q[0] = 0.5f;
  cycle.moving(0.9f, 0);
  cr_assert(has(refused(*image, cycle), kReasonRowKeepOut));
}

Test(rows, linear_rows_bound_the_sum) {
  auto image = draft();
  image->linears = 1;
  image->linear[0] = {"sum", {1, 1}, 0.5};
  add_row(*image, "sum", RowKernel::kLinear, 0, 1);
  cr_assert(static_cast<bool>(seal(*image)));
  Cycle cycle;
  cycle.moving(0.3f, 0);
  cycle.moving(0.3f, 1);
  cr_assert(has(refused(*image, cycle), kReasonRowLinear));
}

Test(rows, separation_counts_the_human_for_the_whole_stop) {
  const auto image = sealed();
  Cycle cycle;
  cycle.moving(-0.6f, 0);
  cycle.hand[0] = 0.55f;
  cycle.hand[1] = -0.45f;
  cycle.hand[2] = 0.6f;
  const uint32_t reasons = refused(*image, cycle);
  cr_assert(has(reasons, kReasonRowSeparation));
  cr_assert(has(reasons, kReasonRowSeparationNow));
}

Test(rows, separation_does_not_bind_a_robot_at_rest) {
  const auto image = sealed();
  Cycle cycle;
  cycle.hand[0] = 0.5f;
  cycle.hand[2] = 0.4f;
  cr_assert(eq(u32, cycle.run(*image), TACTUS_RUNG_PASS), "%x",
            cycle.out.reasons);
}

Test(rows, an_unknown_kernel_is_a_stop) {
  const auto image = sealed();
  image->derived.at[2].kernel = static_cast<RowKernel>(77);
  Cycle cycle;
  cycle.run(*image);
  cr_assert(eq(u32, cycle.out.rung, TACTUS_RUNG_STOP));
  cr_assert(ne(u32, cycle.out.reasons & kReasonImage, 0));
}

// As if bytes of the image had been changed since it was sealed.
Test(rows, a_row_beyond_its_table_is_a_stop) {
  using enum RowKernel;
  for (const RowKernel kernel : {kTorque, kForce, kPower, kContact, kBarrier}) {
    const auto image = sealed();
    image->derived.at[2].kernel = kernel;
    Cycle cycle;
    cycle.run(*image);
    cr_assert(eq(u32, cycle.out.rung, TACTUS_RUNG_STOP));
    cr_assert(ne(u32, cycle.out.reasons & kReasonImage, 0));
  }
}

Test(rows, no_rows_is_a_stop_unless_written_out) {
  const auto image = sealed();
  image->rows = 0;
  Cycle cycle;
  cr_assert(eq(u32, cycle.run(*image), TACTUS_RUNG_STOP));
  image->ladder.limit_none = 1;
  Cycle free;
  cr_assert(eq(u32, free.run(*image), TACTUS_RUNG_PASS));
}

Test(rows, a_human_signal_without_spheres_is_a_stop) {
  const auto image = sealed();
  image->signal[kHand].count = 2;
  Cycle cycle;
  cr_assert(eq(u32, cycle.run(*image), TACTUS_RUNG_STOP));
}

// In f32 0.7 + (0.1 - 0.7) is not 0.1.
Test(rows, a_whole_blend_is_the_action_to_the_bit) {
  const auto image = sealed();
  Cycle cycle;
  cycle.moving(0.1f, 0);
  cycle.state.blend_from[0] = 0.7f;
  cr_assert(eq(u32, cycle.run(*image), TACTUS_RUNG_PASS));
  cr_assert(eq(flt, cycle.out.action[0], 0.1f));
}

namespace {

// Rows about one command, each with a margin of its own, behind the common
// ones, which decide nothing here.
class Crowd {
 public:
  explicit Crowd(uint32_t rows) : image_(draft()), first_(image_->rows) {
    for (uint32_t r = 0; r < first_; ++r) image_->row[r].kind = RowKind::kSoft;
    image_->linears = rows;
    for (uint32_t i = 0; i < rows; ++i)
      add_row(*image_, "one", RowKernel::kLinear, i, 1);
  }
  [[nodiscard]] uint32_t first() const { return first_; }
  [[nodiscard]] uint32_t end() const { return image_->rows; }
  void leave(uint32_t row, double margin, uint32_t priority = 0) {
    image_->linear[row - first_] = {"one", {1}, 0.5 + margin};
    image_->row[row].priority = priority;
  }
  ShieldOutput judged() {
    const auto r = seal(*image_);
    cr_assert(bool(r), "%s", r ? "" : r.error().text());
    Cycle cycle;
    cycle.moving(0.5f, 0);
    cycle.run(*image_);
    return cycle.out;
  }

 private:
  std::unique_ptr<Image> image_;
  uint32_t first_;
};

}  // namespace

Test(rows, each_violated_row_has_its_bit_and_the_last_bit_is_shared) {
  for (const uint32_t bad : {7u, 31u, 32u, 62u, 63u, 64u, 69u}) {
    Crowd crowd(63);
    for (uint32_t r = crowd.first(); r < crowd.end(); ++r)
      crowd.leave(r, r == bad ? -0.25 : 0.25);
    cr_assert(eq(u64, crowd.judged().violated, 1ul << std::min(bad, 63u)),
              "row %u", bad);
  }
}

// Three margins and three priorities for twenty rows: most tie.
Test(rows, of_equally_bad_rows_the_first_by_priority_then_index_is_named) {
  std::mt19937_64 rng(5);
  const auto drawn = [&rng] { return static_cast<uint32_t>(rng() % 3); };
  Crowd crowd(20);
  for (int i = 0; i < 40; ++i) {
    std::tuple<double, uint32_t, uint32_t> worst{1, 0, 0};
    for (uint32_t r = crowd.first(); r < crowd.end(); ++r) {
      const double margin = 0.25 * drawn() - 0.25;
      const uint32_t priority = drawn();
      crowd.leave(r, margin, priority);
      worst = std::min(worst, {margin, priority, r});
    }
    cr_assert(eq(u32, crowd.judged().worst_row, std::get<2>(worst)), "draw %d",
              i);
  }
}
