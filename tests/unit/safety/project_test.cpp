// SPDX-License-Identifier: MIT
// Rung project in the shield: what it is for, and that it changes nothing of
// what the other rungs promise.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "reach.hpp"

using namespace slide;

namespace {

void compare(Run& slid, Run& scaled) {
  for (int i = 0; i < 3000; ++i) {
    scaled.step();
    slid.step();
  }
  std::printf(
      "joint 0 went %.3f rad by projecting (pass %lu scale %lu project %lu "
      "stop %lu), %.3f rad by scaling (pass %lu scale %lu stop %lu)\n",
      slid.along(), slid.rungs[1], slid.rungs[2], slid.rungs[3], slid.rungs[4],
      scaled.along(), scaled.rungs[1], scaled.rungs[2], scaled.rungs[4]);
}

}  // namespace

Test(project, goes_on_along_a_wall_where_scaling_stands_still) {
  const auto with = walled(kAllRungs);
  const auto without = walled(kNoProject);
  Run slid(*with), scaled(*without);
  compare(slid, scaled);
  cr_assert(slid.rungs[TACTUS_RUNG_PROJECT] > 1000);
  cr_assert(slid.along() > 0.5);
  cr_assert(scaled.along() < 0.3);
  cr_assert(eq(u64, slid.rungs[TACTUS_RUNG_STOP], 0));
}

// Whichever rung it is: what just fits leaves no room to brake in the next
// cycle, so the first stop, after rung pass, must be the last.
Test(project, leaves_one_joint_at_its_limit_and_moves_the_others) {
  const auto with = limited(kAllRungs);
  const auto without = limited(kNoProject);
  Run slid(*with), scaled(*without);
  compare(slid, scaled);
  cr_assert(slid.rungs[TACTUS_RUNG_PROJECT] > 1000);
  cr_assert(slid.along() > scaled.along() + 0.3);
  for (const Run* run : {&slid, &scaled}) {
    cr_assert(run->deepest < kLimit);
    cr_assert(run->rungs[TACTUS_RUNG_STOP] < 80);
    cr_assert(run->unverified == 0);
  }
}

namespace {

// Of the arm at rest in slide.hpp, without its wrist's turn.
constexpr plant::Vec kTip{0.634, 0, 0.682};

void report(const char* name, const reach::Run& r) {
  const uint64_t* n = r.loop.rungs;
  std::printf(
      "%s: %.3f m left aside; pass %lu scale %lu project %lu stop %lu (%lu "
      "unverified); farthest %.4f m, fastest near the hand %.4f m/s\n",
      name, r.aside(), n[1], n[2], n[3], n[4], r.loop.unverified, r.farthest_y,
      r.fastest_near);
}

}  // namespace

// The goal is 30 cm behind the wall, and 32 cm along it.
Test(project, goes_on_along_a_wall_in_space, .timeout = 600) {
  double left[2];
  for (int projects = 0; projects < 2; ++projects) {
    auto image = draft();
    image->ladder.rungs = projects ? kAllRungs : kNoProject;
    image->box[0].hi[1] = 0.25;
    cr_assert(bool(seal(*image)));
    reach::Run run(*image, {kTip.x - 0.1, 0.5, kTip.z + 0.3});
    for (int i = 0; i < 3000; ++i) run.step();
    report(projects ? "wall, projected" : "wall, scaled", run);
    left[projects] = run.aside();
    cr_assert(run.farthest_y < 0.25);
    cr_assert(run.loop.rungs[TACTUS_RUNG_STOP] < 150);
    cr_assert(run.loop.unverified == 0);
    if (projects) cr_assert(run.loop.rungs[TACTUS_RUNG_PROJECT] > 2000);
  }
  cr_assert(left[1] < 0.6 * left[0]);
}

Test(project, beside_a_hand_no_stop_and_no_violation, .timeout = 600) {
  for (const uint32_t rungs : {kAllRungs, kAllRungs & ~kRungScale}) {
    auto image = draft();
    image->ladder.rungs = rungs;
    cr_assert(bool(seal(*image)));
    const plant::Vec hand{kTip.x + 0.05, 0.5, kTip.z - 0.2};
    reach::Run run(*image, {kTip.x, 0.5, kTip.z + 0.25}, hand);
    for (int i = 0; i < 2000; ++i) run.step();
    report("hand", run);
    cr_assert(run.fastest_near < 0.010);
    cr_assert(run.loop.rungs[TACTUS_RUNG_STOP] < 100);
    cr_assert(run.loop.unverified == 0);
    cr_assert(run.loop.rungs[TACTUS_RUNG_PROJECT] > 300);
  }
}

// From rest, joint 6 alone: the wall leaves 5 of the 11 mrad/s asked for, and
// four bisections find it to a sixteenth of the way.
Test(project, scaling_keeps_all_but_a_sixteenth_of_the_way) {
  auto image = draft();
  image->linears = 1;
  image->linear[0] = {"wall", {0, 0, 0, 0, 0, 0, 1}, 0.005};
  add_row(*image, "wall", RowKernel::kLinear, 0, 1);
  cr_assert(bool(seal(*image)));
  cr_assert(eq(u32, image->ladder.bisections, 4));
  Cycle c;
  c.u[6] = 0.011F;
  cr_assert(eq(u32, c.run(*image), TACTUS_RUNG_SCALE));
  cr_assert(c.out.action[6] <= 0.005F && c.out.action[6] > 0.0043F, "%f",
            static_cast<double>(c.out.action[6]));
}

Test(project, alone_between_pass_and_stop_follows_the_action) {
  const auto image = walled(kRungPass | kRungProject | kRungStop);
  Run run(*image);
  for (int i = 0; i < 1000; ++i) run.step();
  cr_assert(run.rungs[TACTUS_RUNG_PROJECT] > 900);
  cr_assert(eq(u64, run.rungs[TACTUS_RUNG_SCALE], 0));
  cr_assert(eq(u64, run.rungs[TACTUS_RUNG_STOP], 0));
  cr_assert(std::fabs(run.cycle().out.action[0] - 0.2F) < 1e-5F);
  cr_assert(run.cycle().out.action[6] <= 0.05F);
}

Test(project, has_the_same_bits_on_every_instruction_set) {
  const auto image = walled(kAllRungs);
  for (const rt::Isa isa : rt::kIsas) {
    if (!rt::isa_here(isa)) continue;
    Run one(*image), other(*image, kernel_for(isa));
    for (int i = 0; i < 1500; ++i) {
      one.step();
      other.step();
      cr_assert(std::memcmp(&one.cycle().state, &other.cycle().state,
                            sizeof(ShieldState)) == 0,
                "cycle %d", i);
    }
    cr_assert(other.rungs[TACTUS_RUNG_PROJECT] > 100);
  }
}

// A keyframe is a copy of the state: what follows from it is the same, the
// warm start included.
Test(project, goes_on_from_a_keyframe_with_the_same_bits) {
  const auto image = walled(kAllRungs);
  Run run(*image);
  for (int i = 0; i < 3000 && run.rungs[TACTUS_RUNG_PROJECT] < 50; ++i) {
    run.step();
  }
  const Cycle before = run.cycle();
  uint64_t warm = 0;
  for (const uint64_t word : before.state.projected.word) warm |= word;
  cr_assert(warm != 0);
  for (int i = 0; i < 40; ++i) {
    const Cycle from = run.cycle();
    run.step();
    Cycle again = run.cycle();
    again.state = from.state;
    reference().check(*image, again.state, again.in, again.out);
    cr_assert(again.out.rung == run.cycle().out.rung);
    cr_assert(std::memcmp(again.out.action, run.cycle().out.action,
                          sizeof again.out.action) == 0);
  }
}

// Whatever the warm start says, what is sent was verified, and is as near to
// the action.
Test(project, a_hostile_warm_start_changes_no_verdict) {
  const auto image = walled(kAllRungs);
  Run run(*image);
  uint64_t tried = 0;
  for (int i = 0; i < 1500; ++i) {
    const Cycle from = run.cycle();
    run.step();
    if (run.cycle().out.rung != TACTUS_RUNG_PROJECT) continue;
    Cycle again = run.cycle();
    again.state = from.state;
    for (uint64_t& word : again.state.projected.word) word = ~uint64_t{0};
    reference().check(*image, again.state, again.in, again.out);
    cr_assert(again.out.rung == TACTUS_RUNG_PROJECT);
    for (int j = 0; j < 7; ++j) {
      cr_assert(std::fabs(again.out.action[j] - run.cycle().out.action[j]) <
                1e-5F);
    }
    ++tried;
  }
  cr_assert(tried > 100);
}

Test(project, an_action_that_passes_is_left_alone) {
  const auto image = walled(kAllRungs);
  Cycle c;
  c.moving(0.3F, 3);
  cr_assert(eq(u32, c.run(*image), TACTUS_RUNG_PASS));
  cr_assert(c.out.action[3] == 0.3F);
}

// Beyond its joint limit no command helps: the running stop goes on.
Test(project, where_nothing_is_allowed_the_rung_is_stop) {
  const auto image = walled(kAllRungs);
  Cycle c;
  c.moving(0.3F, 6);
  c.run(*image);
  c.send(*image);
  c.at(101);
  c.q[6] = 2.9F;
  cr_assert(eq(u32, c.run(*image), TACTUS_RUNG_STOP));
  cr_assert(ne(u32, c.out.reasons & kReasonNotConverged, 0));
}

Test(project, absurd_actions_are_projected_or_stopped) {
  const auto image = walled(kAllRungs);
  for (const float u : {1e6F, -1e6F, 3e38F, 1e-40F, -0.0F}) {
    Cycle c;
    for (float& x : c.u) x = u;
    const tactus_rung rung = c.run(*image);
    cr_assert(rung != TACTUS_RUNG_NONE);
    for (int j = 0; j < 7; ++j) {
      cr_assert(std::fabs(c.out.action[j]) <= 0.012F);
    }
  }
}
