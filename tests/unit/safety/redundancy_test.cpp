// SPDX-License-Identifier: MIT
// Rows that never bind and rows that nothing satisfies: what is said, what a
// hair beside it is not, and that a row which is said never to bind is never
// the only one that a cycle violates.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <algorithm>
#include <string>

#include "limits_rig.hpp"
#include "rt/isa.hpp"
#include "safety/redundancy.hpp"
#include "safety/scenes.hpp"

using namespace tactus::safety;
using namespace limits_rig;

namespace {

constexpr const char* kBefore = "ladder =";

std::string plus(const std::string& lines) {
  return with(kBefore, lines + "\n" + kBefore);
}

// "row: because" of each row that never binds.
std::string idle(const std::string& text) {
  const auto image = compiled(text);
  cr_assert(bool(image), "%s", image ? "" : image.error().text());
  std::string out;
  for (const Finding& f : find_redundancy(**image).idle)
    out += (out.empty() ? "" : "; ") + f.row + ": " + f.because;
  return out;
}

struct Case {
  const char* lines;
  const char* said;
};
void check_each(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    const std::string said = idle(plus(one.lines));
    cr_expect(said == one.said, "%s\n  said: %s\n  not: %s", one.lines,
              said.c_str(), one.said);
  }
}

}  // namespace

Test(redundancy, says_nothing_of_limits_that_bind) {
  cr_assert(eq(str, idle(kGood), std::string()));
}

Test(redundancy, finds_linear_rows_that_the_action_box_implies) {
  check_each({
      {"x = {kind=\"linear\", of=\"u\", a=[1, 2], b=\"3.001 rad/s\"}",
       "x: action.max implies it"},
      {"x = {kind=\"linear\", of=\"u\", a=[1, 2], b=\"3 rad/s\"}", ""},
      {"x = {kind=\"linear\", of=\"u\", a=[1, 2], b=\"3.001 rad/s\", "
       "margin=\"0.01 rad/s\"}",
       ""},
      {"x = {kind=\"linear\", of=\"dq\", a=[1, 2], b=\"100 rad/s\"}", ""},
  });
}

Test(redundancy, finds_linear_rows_that_joint_positions_imply) {
  // 2 - 2 deg for both joints.
  check_each({
      {"x = {kind=\"linear\", of=\"q\", a=[1, 1], b=\"3.95 rad\"}",
       "x: joint.position implies it"},
      {"x = {kind=\"linear\", of=\"q\", a=[1, 1], b=\"3.9 rad\"}", ""},
  });
}

Test(redundancy, finds_linear_rows_beside_tighter_ones) {
  check_each({
      {"x = {kind=\"linear\", of=\"u\", a=[1, -0.5], b=\"0.5 rad/s\"}",
       "x: pair implies it"},
      {"x = {kind=\"linear\", of=\"u\", a=[2, -1], b=\"1.1 rad/s\"}",
       "x: pair implies it"},
      {"x = {kind=\"linear\", of=\"u\", a=[2, -1], b=\"0.9 rad/s\"}",
       "pair: x implies it"},
      {"x = {kind=\"linear\", of=\"u\", a=[2, -1], b=\"1 rad/s\"}", ""},
      {"x = {kind=\"linear\", of=\"dq\", a=[1, -0.5], b=\"0.5 rad/s\"}", ""},
      {"x = {kind=\"linear\", of=\"u\", a=[-1, 0.5], b=\"0.5 rad/s\"}", ""},
      {"x = {kind=\"linear\", of=\"u\", a=[1, -0.5001], b=\"0.6 rad/s\"}", ""},
      {"x = {kind=\"linear\", of=\"u\", a=[1, -0.5], b=\"0.5 rad/s\", "
       "margin=\"0.1 rad/s\"}",
       "pair: x implies it"},
  });
}

// It refuses less often, but harder or for longer.
Test(redundancy, a_row_that_answers_harder_is_not_implied) {
  const std::string tight =
      "x = {kind=\"linear\", of=\"u\", a=[1, 1], b=\"0.4 rad/s\"}\n";
  const std::string loose =
      "y = {kind=\"linear\", of=\"u\", a=[1, 1], b=\"0.5 rad/s\"";
  cr_assert(eq(str, idle(plus(tight + loose + "}")), "y: x implies it"));
  for (const char* more : {", response=\"latch\"", ", response=\"stop\"",
                           ", hysteresis=\"0.3 rad/s\""})
    cr_expect(idle(plus(tight + loose + more + "}")).empty(), "%s", more);
}

Test(redundancy, finds_an_action_box_that_joint_speeds_imply) {
  const auto speeds = [](const char* first, const char* second) {
    const std::string text =
        with("velocity=\"80 % urdf\"",
             std::string("velocity=[\"") + first + "\", \"" + second + "\"]");
    return idle(
        with("max=\"1 rad/s\"", "max=[\"1 rad/s\", \"0.7 rad/s\"]", text));
  };
  cr_assert(eq(str, speeds("1 rad/s", "0.7 rad/s"),
               std::string("action.max: joint.velocity implies it")));
  // One joint may go faster than it may be told to.
  cr_assert(eq(str, speeds("1 rad/s", "0.71 rad/s"), std::string()));
}

Test(redundancy, finds_rooms_around_rooms) {
  check_each({
      {"hall = {keep=\"in\", box=[\"-0.9 m .. 0.9 m\", \"-0.8 m .. 0.9 m\", "
       "\"-1 m .. 1.3 m\"]}",
       "hall: cell implies it"},
      {"hall = {keep=\"in\", box=[\"-0.9 m .. 0.89 m\", \"-0.8 m .. 0.9 m\", "
       "\"-1 m .. 1.3 m\"]}",
       ""},
      {"hall = {keep=\"in\", margin=\"1 mm\", box=[\"-0.9 m .. 0.9 m\", "
       "\"-0.8 m .. 0.9 m\", \"-1 m .. 1.3 m\"]}",
       ""},
  });
}

Test(redundancy, a_room_for_some_links_implies_nothing_for_the_others) {
  const std::string hall =
      "hall = {keep=\"in\", box=[\"-0.9 m .. 0.9 m\", \"-0.9 m .. 0.9 m\", "
      "\"-1 m .. 1.3 m\"]}";
  const std::string some =
      with("cell = {keep=\"in\", ", "cell = {keep=\"in\", links=[\"upper\"], ");
  cr_assert(
      eq(str, idle(with(kBefore, hall + "\n" + kBefore, some)), std::string()));
}

Test(redundancy, finds_shapes_beyond_the_room) {
  check_each({
      {"x = {keep=\"out\", sphere={center=[\"1.2 m\",\"0 m\",\"0 m\"], "
       "radius=\"0.25 m\"}}",
       "x: cell implies it"},
      {"x = {keep=\"out\", sphere={center=[\"1.2 m\",\"0 m\",\"0 m\"], "
       "radius=\"0.3 m\"}}",
       ""},
      {"x = {keep=\"out\", box=[\"0.95 m .. 1 m\", \"0 m .. 1 m\", "
       "\"0 m .. 1 m\"]}",
       "x: cell implies it"},
      {"x = {keep=\"out\", margin=\"0.06 m\", box=[\"0.95 m .. 1 m\", "
       "\"0 m .. 1 m\", \"0 m .. 1 m\"]}",
       ""},
      {"x = {keep=\"out\", halfspace={normal=[-1, 0, 0], offset=\"-0.91 m\"}}",
       "x: cell implies it"},
      {"x = {keep=\"out\", halfspace={normal=[-1, 0, 0], offset=\"-0.89 m\"}}",
       ""},
  });
}

Test(redundancy, finds_shapes_within_shapes) {
  check_each({
      {"x = {keep=\"out\", box=[\"0.5 m .. 0.55 m\", \"0.5 m .. 0.6 m\", "
       "\"0 m .. 0.5 m\"]}",
       "x: post implies it"},
      {"x = {keep=\"out\", box=[\"0.5 m .. 0.61 m\", \"0.5 m .. 0.6 m\", "
       "\"0 m .. 0.5 m\"]}",
       ""},
      {"x = {keep=\"out\", capsule={from=[\"0.55 m\",\"0.55 m\",\"0.1 m\"], "
       "to=[\"0.55 m\",\"0.55 m\",\"0.9 m\"], radius=\"0.04 m\"}}",
       "x: post implies it"},
      {"x = {keep=\"out\", capsule={from=[\"0.55 m\",\"0.55 m\",\"0.1 m\"], "
       "to=[\"0.55 m\",\"0.55 m\",\"0.9 m\"], radius=\"0.05 m\"}}",
       ""},
      {"x = {keep=\"out\", sphere={center=[\"0.55 m\",\"0.55 m\",\"0.5 m\"], "
       "radius=\"0.9 m\"}}",
       "post: x implies it"},
      {"x = {keep=\"out\", links=[\"lower\"], box=[\"0.4 m .. 0.7 m\", "
       "\"0.4 m .. 0.7 m\", \"-0.1 m .. 1.1 m\"]}",
       ""},
  });
}

Test(redundancy, finds_shapes_out_of_reach) {
  const auto far = [](const char* at) {
    return idle(
        with("cell = {keep=\"in\", box=[\"-0.8 m .. 0.9 m\", \"-0.8 m "
             ".. 0.8 m\", \"-1 m .. 1.3 m\"]}",
             std::string("x = {keep=\"out\", sphere={center=[\"") + at +
                 "\",\"0 m\",\"0 m\"], radius=\"0.1 m\"}}"));
  };
  cr_assert(eq(str, far("4 m"), std::string("x: it is out of reach")));
  // Within what the check counts as the robot, though not within its arm.
  cr_assert(eq(str, far("1.2 m"), std::string()));
}

Test(redundancy, finds_human_rows_beside_stricter_ones) {
  check_each({
      {"x = {kind=\"ssm\", of=\"hand\", d_min=\"40 mm\", speed=\"1.6 m/s\", "
       "intrusion=\"0 m\", sensor=\"15 mm\", robot=\"5 mm\"}",
       "x: human implies it; x.now: human.now implies it"},
      {"x = {kind=\"ssm\", of=\"hand\", d_min=\"40 mm\", speed=\"1.7 m/s\", "
       "intrusion=\"0 m\", sensor=\"15 mm\", robot=\"5 mm\"}",
       ""},
      {"x = {kind=\"ssm\", of=\"hand\", d_min=\"50 mm\", speed=\"1.6 m/s\", "
       "intrusion=\"0 m\", sensor=\"15 mm\", robot=\"5 mm\"}",
       "x: human implies it; x.now: human.now implies it"},
  });
}

Test(redundancy, finds_expressions_that_are_always_true) {
  check_each({
      {"x = {kind=\"expr\", expr=\"norm(u)\", max=\"1.5 rad/s\"}",
       "x: it is always true"},
      {"x = {kind=\"expr\", expr=\"norm(u)\", max=\"1.4 rad/s\"}", ""},
      {"x = {kind=\"expr\", expr=\"norm(u)\", max=\"1.5 rad/s\", "
       "margin=\"0.1 rad/s\"}",
       ""},
      // What was sent before may be out of its range.
      {"x = {kind=\"expr\", expr=\"norm(last)\", max=\"100 rad/s\"}", ""},
      {"x = {kind=\"expr\", expr=\"norm(u)\", max=\"1 rad/s\"}\n"
       "y = {kind=\"expr\", expr=\"norm(u)\", max=\"1.1 rad/s\"}",
       "y: x implies it"},
  });
}

Test(redundancy, contradictions_are_load_errors_with_their_place) {
  const struct {
    const char* lines;
    const char* said;
  } cases[] = {
      {"x = {kind=\"linear\", of=\"u\", a=[1, 1], b=\"0.1 rad/s\", "
       "margin=\"0.2 rad/s\"}",
       "a.toml:17:5: limit.x: nothing satisfies it, not even rest (bound 0.1, "
       "and its margin is 0.2): expected limits that some motion keeps"},
      {"x = {kind=\"linear\", of=\"q\", a=[1, 1], b=\"-3.5 rad\"}",
       "limit.x: nothing satisfies it and joint.position"},
      {"x = {kind=\"linear\", of=\"q\", a=[1, 1], b=\"0.5 rad\"}\n"
       "y = {kind=\"linear\", of=\"q\", a=[-2, -2], b=\"-1.1 rad\"}",
       "limit.y: nothing satisfies it and x"},
      {"x = {keep=\"in\", box=[\"-0.05 m .. 0.05 m\", \"-1 m .. 1 m\", "
       "\"-1 m .. 1 m\"]}",
       "limit.x: nothing satisfies it (0.1 m of room on axis x, and the "
       "largest sphere of the robot needs 0.104 m)"},
      {"x = {kind=\"expr\", expr=\"norm(u)\", min=\"0 rad/s\", "
       "margin=\"1.5 rad/s\"}",
       "limit.x: nothing satisfies it (over the declared ranges"},
  };
  for (const auto& one : cases) {
    const std::string said = refusal(plus(one.lines));
    cr_expect(said.find(one.said) != std::string::npos, "%s\n  said: %s",
              one.lines, said.c_str());
  }
}

Test(redundancy, what_something_satisfies_is_no_contradiction) {
  for (const char* lines :
       {"x = {kind=\"linear\", of=\"u\", a=[1, 1], b=\"0.3 rad/s\", "
        "margin=\"0.2 rad/s\"}",
        "x = {kind=\"linear\", of=\"q\", a=[1, 1], b=\"0.5 rad\"}\n"
        "y = {kind=\"linear\", of=\"q\", a=[-2, -2], b=\"-0.9 rad\"}",
        "x = {keep=\"in\", box=[\"-0.053 m .. 0.053 m\", \"-1 m .. 1 m\", "
        "\"-1 m .. 1 m\"]}",
        "x = {kind=\"expr\", expr=\"norm(u)\", min=\"0 rad/s\"}"}) {
    const auto image = compiled(plus(lines));
    cr_expect(bool(image), "%s: %s", lines, image ? "" : image.error().text());
  }
}

namespace {

// Rows of every rule, and rows that bind.
constexpr const char* kMany =
    "wide = {kind=\"linear\", of=\"u\", a=[1, 2], b=\"3.1 rad/s\"}\n"
    "far_q = {kind=\"linear\", of=\"q\", a=[1, 1], b=\"3.95 rad\"}\n"
    "pair2 = {kind=\"linear\", of=\"u\", a=[2, -1], b=\"1.1 rad/s\"}\n"
    "hall = {keep=\"in\", box=[\"-0.9 m .. 0.9 m\", \"-0.8 m .. 0.9 m\", "
    "\"-1 m .. 1.3 m\"]}\n"
    "beyond = {keep=\"out\", box=[\"0.95 m .. 1.2 m\", \"-0.5 m .. 0.5 m\", "
    "\"-1 m .. 1 m\"]}\n"
    "wall = {keep=\"out\", halfspace={normal=[-1, 0, 0], offset=\"-0.91 m\"}}\n"
    "core = {keep=\"out\", capsule={from=[\"0.55 m\",\"0.55 m\",\"0.1 m\"], "
    "to=[\"0.55 m\",\"0.55 m\",\"0.9 m\"], radius=\"0.04 m\"}}\n"
    "easy = {kind=\"ssm\", of=\"hand\", d_min=\"40 mm\", speed=\"1.5 m/s\", "
    "intrusion=\"0 m\", sensor=\"15 mm\", robot=\"5 mm\"}\n"
    "calm = {kind=\"expr\", expr=\"norm(u)\", max=\"1.5 rad/s\"}\n"
    "near = {kind=\"expr\", expr=\"norm(u)\", max=\"1 rad/s\"}";

}  // namespace

Test(redundancy, a_row_that_never_binds_is_never_violated_alone) {
  const auto image = compiled(plus(kMany));
  cr_assert(bool(image), "%s", image ? "" : image.error().text());
  std::vector<bool> idles((*image)->rows);
  const Redundancy found = find_redundancy(**image);
  cr_assert(eq(sz, found.idle.size(), 10));
  for (const Finding& f : found.idle) idles[f.index] = true;
  const Kernel& kernel = kernel_for(tactus::rt::Isa::kPortable);
  Scenes scenes(**image, kernel, 5);
  Scene scene;
  ShieldOutput out;
  std::vector<int> violated((*image)->rows), alone((*image)->rows);
  for (int i = 0; i < 6000; ++i) {
    scenes.next(scene);
    for (uint32_t j = 0; j < 2; ++j)
      scene.action[j] *= static_cast<float>(scenes.draw(0, 4));
    ShieldState state = scene.state;
    kernel.check(**image, state, scene.in, out);
    if (out.worst_row == kNoIndex) continue;
    int bad = 0;
    uint32_t last = 0;
    for (uint32_t r = 0; r < (*image)->rows; ++r)
      if (out.row[r].margin < 0) ++bad, ++violated[last = r];
    if (bad == 1) ++alone[last];
  }
  int broken = 0, others = 0;
  for (uint32_t r = 0; r < (*image)->rows; ++r) {
    if (idles[r])
      cr_expect(alone[r] == 0, "%s alone: %d of %d", (*image)->row[r].id,
                alone[r], violated[r]);
    broken += idles[r] && violated[r] > 0 ? 1 : 0;
    others += !idles[r] && alone[r] > 0 ? 1 : 0;
  }
  // The test could fail: most of them are violated beside what implies them,
  // and rows that are not said to be idle are found alone.
  cr_assert(broken >= 6, "%d of 10", broken);
  cr_assert(others >= 2, "%d rows", others);
}
