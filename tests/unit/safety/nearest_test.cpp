// SPDX-License-Identifier: MIT
// A cycle's check told again, and the nearest action that passes.
#include "safety/nearest.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string>

#include "rig.hpp"

using namespace rig;

namespace {

bool is(bool value) { return value; }
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Checked checked(const Image& image, const Cycle& cycle) {
  return {image, cycle.state, cycle.in, kPortableKernel};
}

const RungStory& rung(const LadderStory& story, const std::string& name) {
  for (const RungStory& r : story.rungs)
    if (r.rung == name) return r;
  cr_fatal("no rung %s", name.c_str());
}

}  // namespace

Test(nearest, of_an_action_that_passes_is_itself) {
  const auto image = sealed();
  Cycle cycle;
  LadderStory story = tell(checked(*image, cycle));
  cr_assert(is(story.judged && story.rung == TACTUS_RUNG_PASS));
  cr_assert(is(story.nearest.found && story.nearest.distance == 0));
  cr_assert(is(rung(story, "pass").taken && story.violated.empty()));
  cr_assert(is(rung(story, "scale").why == "not needed"));
}

// One joint asks for 0.5 rad/s at once; rate lets it have 0.012, which is its
// scale too: margins end there.
Test(nearest, changes_the_joint_that_asks_too_much_and_no_other) {
  const auto image = sealed();
  Cycle cycle;
  cycle.u[3] = 0.5F;
  cycle.u[5] = 0.01F;
  LadderStory story = tell(checked(*image, cycle));
  cr_assert(is(story.rung == TACTUS_RUNG_SCALE));
  cr_assert(is(rung(story, "scale").taken && !rung(story, "pass").taken));
  cr_assert(is(has(rung(story, "pass").why, "action.rate")));
  cr_assert(is(story.violated.size() == 1));
  cr_assert(is(std::fabs(story.violated[0].amount + 0.012) < 1e-6));
  cr_assert(is(story.violated[0].unit == "rad/s"));
  NearestAction& n = story.nearest;
  cr_assert(is(n.found));
  cr_assert(epsilon_eq(dbl, n.distance, 0.488, 1e-3));
  cr_assert(eq(flt, n.u[5], 0.01F));
  cr_assert(epsilon_eq(flt, n.u[3], 0.012F, 1e-3F));
  const Checked c = checked(*image, cycle);
  cr_assert(is(Alone(c).judge(n.u).rung == TACTUS_RUNG_PASS));
}

Test(nearest, names_link_and_human_of_a_separation) {
  const auto image = sealed();
  Cycle cycle;
  cycle.moving(0.8F, 0);
  cycle.hand[0] = 0.7F;
  cycle.hand[2] = 0.6F;
  LadderStory story = tell(checked(*image, cycle));
  cr_assert(is(!story.violated.empty()));
  cr_assert(is(has(story.violated[0].id, "human")));
  cr_assert(is(has(story.violated[0].where, "hand")));
  cr_assert(is(has(to_text(story), "hand")));
}

Test(nearest, says_when_there_is_none) {
  const auto image = sealed();
  Cycle cycle;
  cycle.moving(0.9F, 1);
  cycle.hand[0] = 0.35F;
  cycle.hand[2] = 0.7F;
  LadderStory story = tell(checked(*image, cycle));
  cr_assert(is(story.rung == TACTUS_RUNG_STOP && !story.nearest.found));
  cr_assert(is(has(story.nearest.how, "none found")));
  cr_assert(is(has(rung(story, "scale").why, "next sample of a stop")));
}

Test(nearest, does_not_search_what_was_not_judged) {
  const auto image = sealed();
  Cycle cycle;
  cycle.in.stamp_ns[kHand] = 0;
  LadderStory story = tell(checked(*image, cycle));
  cr_assert(is(!story.judged && !story.nearest.found));
  cr_assert(is(has(story.nearest.how, "stale")));
  cr_assert(eq(u32, story.nearest.checks, 0));
}
