// SPDX-License-Identifier: MIT
// Shapes, links, windows and the self row in the limits language.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>

#include "limits_rig.hpp"
#include "safety/explain.hpp"
#include "safety/seal.hpp"

using namespace limits_rig;
using namespace tactus::safety;

namespace {

// The good file with one line more in [limit], which begins at line 17.
std::string plus(const std::string& line) {
  return with("ladder", line + "\nladder");
}

std::unique_ptr<Image> image_of(const std::string& line,
                                const std::string& urdf = kUrdf) {
  auto result = compiled(plus(line), urdf);
  cr_assert(bool(result), "%s: %s", line.c_str(),
            result ? "" : result.error().text());
  cr_assert(intact(**result));
  return std::move(*result);
}

// The error points at `at`, in the line that was added.
void check(const std::string& line, const std::string& at,
           const std::string& expected) {
  const std::string said = refusal(plus(line));
  const auto column = line.find(at);
  cr_assert(column != std::string::npos, "no %s", at.c_str());
  const std::string wanted =
      "a.toml:17:" + std::to_string(column + 1) + ": " + expected;
  cr_assert(said == wanted, "\n  said     %s\n  expected %s", said.c_str(),
            wanted.c_str());
}

bool near(double a, double b) { return std::abs(a - b) < 1e-12; }

const Row& row_of(const Image& image, const std::string& id) {
  for (uint32_t r = 0; r < image.rows; ++r)
    if (id == image.row[r].id) return image.row[r];
  cr_assert(false, "no row %s", id.c_str());
  return image.row[0];
}

// A third link, so that base and it are no neighbours.
const std::string kThree = with(
    R"(<link name="flange"/>)",
    R"(<link name="hand"><collision><geometry><sphere radius="0.03"/></geometry></collision></link>
<link name="flange"/>
<joint name="j3" type="revolute"><parent link="lower"/><child link="hand"/><origin xyz="0.3 0 0"/><axis xyz="0 0 1"/><limit lower="-3" upper="3" velocity="1" effort="1"/></joint>)",
    with(
        R"(<parent link="lower"/><child link="flange"/>)",
        R"(<parent link="hand"/><child link="flange"/>)",
        with(
            R"(<link name="base"/>)",
            R"(<link name="base"><collision><geometry><sphere radius="0.05"/></geometry></collision></link>)",
            kUrdf)));
std::string three(const std::string& line) {
  return with(
      "pair = {kind=\"linear\", of=\"u\", a=[1, -0.5], b=\"0.5 rad/s\"}\n", "",
      with("shape=2, unit=\"rad\"", "shape=3, unit=\"rad\"",
           with("shape=2, unit=\"rad/s\"", "shape=3, unit=\"rad/s\"",
                plus(line))));
}

}  // namespace

Test(space_limits, a_halfspace_is_a_hull_of_one_face) {
  const auto image = image_of(
      "table = {keep=\"out\", halfspace={normal=[0,0,2], offset=\"-0.3 m\"}, "
      "margin=\"10 mm\"}");
  const Row& row = row_of(*image, "table");
  cr_assert(row.kernel == RowKernel::kHullOut);
  cr_assert(near(row.margin, 0.01));
  cr_assert(image->hulls == 1 && image->hulls_in == 0 && image->faces == 1);
  // 2 z <= -0.3 m.
  cr_assert(near(image->face[0].normal[2], 1));
  cr_assert(near(image->face[0].offset, -0.15));
}

Test(space_limits, spheres_and_capsules_share_a_table) {
  const auto image = image_of(
      "pole = {keep=\"out\", capsule={from=[\"1 m\",\"1 m\",\"0 m\"], "
      "to=[\"1 m\",\"1 m\",\"900 mm\"], radius=\"80 mm\"}}\n"
      "dome = {keep=\"in\", sphere={center=[\"0 m\",\"0 m\",\"0.1 m\"], "
      "radius=\"2 m\"}}");
  cr_assert(image->capsules == 2 && image->capsules_in == 1);
  cr_assert(row_of(*image, "dome").kernel == RowKernel::kCapsuleIn);
  cr_assert(near(image->capsule[0].radius, 2));
  cr_assert(near(image->derived.inverse[0], 0));
  cr_assert(near(image->capsule[1].to[2], 0.9));
  cr_assert(near(image->derived.inverse[1], 1 / 0.81));
}

Test(space_limits, a_box_with_a_pose_turns_as_the_urdf_does) {
  const auto image = image_of(
      "crate = {keep=\"out\", box=[\"0 m .. 1 m\", \"0 m .. 2 m\", \"0 m .. 3 "
      "m\"], pose={xyz=[\"2 m\",\"0 m\",\"0 m\"], rpy=[\"0 deg\",\"0 "
      "deg\",\"90 deg\"]}}");
  cr_assert(row_of(*image, "crate").kernel == RowKernel::kTurnedOut);
  const TurnedBox& box = image->turned_box[0];
  cr_assert(near(box.at[0], 2) && near(box.hi[2], 3));
  cr_assert(near(box.axis[0][1], 1) && near(box.axis[1][0], -1));
}

Test(space_limits, a_hull_comes_from_vertices_or_from_faces) {
  const auto image = image_of(
      "wedge = {keep=\"out\", hull={vertices=[[\"1 m\",\"0 m\",\"0 m\"],[\"2 "
      "m\",\"0 m\",\"0 m\"],[\"1 m\",\"1 m\",\"0 m\"],[\"1 m\",\"0 m\",\"1 "
      "m\"]]}}\n"
      "tent = {keep=\"in\", hull={faces=[{normal=[1,0,1], offset=\"2 "
      "m\"},{normal=[-1,0,1], offset=\"2 m\"}]}}");
  cr_assert(image->hulls == 2 && image->hulls_in == 1 && image->faces == 6);
  cr_assert(image->hull[1].first == 2 && image->hull[1].faces == 4);
  cr_assert(near(image->face[0].normal[2], std::sqrt(0.5)));
}

Test(space_limits, links_except_and_allow_name_parts) {
  const auto image = image_of(
      "a = {keep=\"out\", halfspace={normal=[0,0,1], offset=\"-1 m\"}, "
      "links=[\"lower\"]}\n"
      "b = {keep=\"out\", halfspace={normal=[0,0,1], offset=\"-1 m\"}, "
      "except=[\"lower\"]}\n"
      "c = {keep=\"out\", halfspace={normal=[0,0,1], offset=\"-1 m\"}, "
      "allow={links=[\"lower\"], when=\"target[1] > 0.5\", for=\"2 s\"}}");
  // Bodies are upper (0) and lower (1).
  cr_assert(eq(u32, image->hull[0].binds.spared, 1));
  cr_assert(eq(u32, image->hull[1].binds.spared, 2));
  cr_assert(eq(u32, image->hull[2].binds.allowed, 2));
  cr_assert(eq(u32, image->hull[2].binds.window, 1));
  const Window& window = image->window[0];
  cr_assert(window.signal == 2 && window.element == 1 && window.below == 0);
  cr_assert(near(window.level, 0.5));
  cr_assert(eq(i64, image->window[0].longest_ns, 2'000'000'000));
}

Test(space_limits, refuse_wrong_shapes) {
  check("x = {keep=\"out\"}", "{keep",
        "limit.x.box: missing: expected a shape: box, sphere, capsule, "
        "halfspace or hull");
  check(
      "x = {keep=\"out\", halfspace={normal=[0,0,1], offset=\"1 m\"}, "
      "sphere={}}",
      "{normal",
      "limit.x.halfspace: a second shape beside sphere: expected one "
      "shape in a row: give each a name of its own");
  check("x = {keep=\"out\", halfspace={normal=[0,0,0], offset=\"1 m\"}}",
        "[0,0,0]",
        "limit.x.halfspace.normal: a list of 3: expected a direction: not all "
        "zero");
  check("x = {keep=\"out\", halfspace={normal=[0,0,1], offset=\"1 rad\"}}",
        "\"1 rad",
        "limit.x.halfspace.offset: \"1 rad\": expected a length such as "
        "\"50 mm\"");
  check("x = {keep=\"out\", sphere={center=[\"0 m\",\"0 m\"], radius=\"1 m\"}}",
        "[\"0 m",
        "limit.x.sphere.center: a list of 2: expected three lengths: x, y, z");
  check(
      "x = {keep=\"out\", sphere={center=[\"0 m\",\"0 m\",\"2000 m\"], "
      "radius=\"1 m\"}}",
      "\"2000",
      "limit.x.sphere.center[2]: \"2000 m\": expected a length below "
      "1000 m");
  check(
      "x = {keep=\"out\", sphere={center=[\"0 m\",\"0 m\",\"0 m\"], "
      "radius=\"0 m\"}}",
      "\"0 m\"}}",
      "limit.x.sphere.radius: \"0 m\": expected a length above zero");
  check(
      "x = {keep=\"out\", capsule={from=[\"0 m\",\"0 m\",\"0 m\"], to=[\"0 "
      "m\",\"0 m\",\"0 m\"], radius=\"1 m\"}}",
      "[\"0 m\",\"0 m\",\"0 m\"], radius",
      "limit.x.capsule.to: no length: expected another point than from, "
      "or a sphere");
}

Test(space_limits, refuse_hulls_that_are_not_certain) {
  const std::string flat =
      "[\"0 m\",\"0 m\",\"0 m\"],[\"1 m\",\"0 m\",\"0 m\"],[\"0 m\",\"1 "
      "m\",\"0 m\"],[\"1 m\",\"1 m\",\"0 m\"]";
  check("x = {keep=\"out\", hull={vertices=[" + flat + "]}}", "[[",
        "limit.x.hull.vertices: no certain hull: expected points around a "
        "body, not in one plane or close to it; or give faces");
  check(
      "x = {keep=\"out\", hull={vertices=[[\"0 m\",\"0 m\",\"0 m\"]]}}", "[[",
      "limit.x.hull.vertices: a list of 1: expected 4 to 32 points: [x, y, z]");
  check(
      "x = {keep=\"in\", hull={faces=[{normal=[1,0,0], offset=\"-1 "
      "m\"},{normal=[-1,0,0], offset=\"-1 m\"}]}}",
      "[{normal",
      "limit.x.hull.faces: half-spaces that leave nothing in common: "
      "expected a set with an inside: normals point out of it");
  check("x = {keep=\"in\", hull={}}", "{}",
        "limit.x.hull.vertices: missing: expected vertices or faces");
}

Test(space_limits, refuse_links_and_windows_that_bind_nothing) {
  const std::string begin =
      "x = {keep=\"out\", halfspace={normal=[0,0,1], offset=\"-1 m\"}, ";
  check(begin + "links=[\"lowr\"]}", "\"lowr",
        "limit.x.links[0]: \"lowr\": expected a link with collision "
        "geometry that moves: \"upper\", \"lower\"");
  check(begin + "except=[\"lower\", \"upper\"]}", "[\"lower\", \"upper",
        "limit.x.except: a list of 2: expected a link that is left: nothing "
        "would be bound");
  check(begin + "links=[\"lower\"], except=[\"lower\"]}", "[\"lower\"]}",
        "limit.x.except: links and except: expected one of the two");
  check(begin + "allow={links=[\"lower\"], when=\"touch > 0.5\", for=\"1 s\"}}",
        "\"touch",
        "limit.x.allow.when: signal \"touch\": expected a name of [signal]");
  check(begin + "allow={links=[\"lower\"], when=\"target > x\", for=\"1 s\"}}",
        "\"target > x",
        "limit.x.allow.when: \"target > x\": expected \"NAME > LEVEL\" or "
        "\"NAME[i] < LEVEL\" of a signal");
  check(
      begin + "allow={links=[\"lower\"], when=\"target[3] > 1\", for=\"1 s\"}}",
      "\"target[3]",
      "limit.x.allow.when: target[3]: expected one of the signal's 3 "
      "values");
  check(begin + "allow={links=[\"lower\"], when=\"q[0] > 3\", for=\"1 s\"}}",
        "\"q[0]",
        "limit.x.allow.when: \"q[0] > 3\": expected a level within the "
        "signal's range: it would never change");
  check(begin + "allow={links=[\"lower\"], when=\"target > 1\", for=\"0 s\"}}",
        "\"0 s\"",
        "limit.x.allow.for: \"0 s\": expected a duration above zero, at "
        "most \"3600 s\"");
  check(begin +
            "links=[\"upper\"], allow={links=[\"lower\"], when=\"target > "
            "1\", for=\"1 s\"}}",
        "[\"lower\"], when",
        "limit.x.allow.links: a list of 1: expected links that the row binds");
}

Test(space_limits, a_self_row_pairs_links_that_no_joint_connects) {
  auto result =
      compiled(three("self = {kind=\"self\", margin=\"10 mm\"}"), kThree);
  cr_assert(bool(result), "%s", result ? "" : result.error().text());
  const Image& image = **result;
  // Of base, upper, lower, hand: base-lower, base-hand, upper-hand.
  cr_assert(image.selves == 1 && image.pairs == 3 && image.pair_groups == 3);
  cr_assert(near(row_of(image, "self").margin, 0.01));
  cr_assert(image.pair_group[0].from == 0 && image.pair_group[0].to == 2);
}

Test(space_limits, refuse_a_self_row_that_binds_nothing_or_always) {
  check("self = {kind=\"self\"}", "\"self\"",
        "limit.self.kind: no two links that could meet: expected "
        "collision geometry on links that no joint connects");
  const auto said =
      refusal(three("self = {kind=\"self\", margin=\"460 mm\"}"), kThree);
  cr_assert(said ==
                "a.toml:16:14: limit.self.kind: links \"base\" and \"lower\" "
                "closer than 0.464 m in all of 1000 poses: expected smaller "
                "covers, or robot.srdf with <disable_collisions link1=\"base\" "
                "link2=\"lower\" reason=\"\u2026\"/>",
            "%s", said.c_str());
  const auto twice =
      refusal(three("a = {kind=\"self\"}\nb = {kind=\"self\"}"), kThree);
  cr_assert(twice ==
                "a.toml:17:11: limit.b.kind: a second row of this kind: "
                "expected one: it is for all links",
            "%s", twice.c_str());
}

Test(space_limits, explain_says_which_parts_and_when) {
  const auto image = image_of(
      "c = {keep=\"out\", halfspace={normal=[0,0,1], offset=\"-1 m\"}, "
      "except=[\"upper\"], allow={links=[\"lower\"], when=\"target[1] < 0.5\", "
      "for=\"2 s\"}}");
  const std::string text = to_text(explain(*image));
  for (const char* part :
       {"(0, 0, 1) . x <= -1 m; not upper; not lower while target[1] < 0.5, "
        "at most 2 s",
        "target.window", "keep out hull"})
    cr_assert(text.find(part) != std::string::npos, "no %s", part);
}

Test(space_limits, explain_has_words_for_every_family) {
  const std::string point = "[\"1 m\",\"1 m\",\"1 m\"]";
  const auto image = image_of(
      "a = {keep=\"in\", sphere={center=[\"0 m\",\"0 m\",\"0 m\"], radius=\"2 "
      "m\"}}\n"
      "b = {keep=\"out\", capsule={from=" +
      point +
      ", to=[\"1 m\",\"1 m\",\"2 m\"], radius=\"0.1 m\"}}\n"
      "c = {keep=\"in\", hull={faces=[{normal=[0,0,1], offset=\"2 m\"}]}}\n"
      "d = {keep=\"in\", box=[\"-2 m .. 2 m\",\"-2 m .. 2 m\",\"-2 m .. 2 "
      "m\"], pose={xyz=[\"0 m\",\"0 m\",\"0 m\"], rpy=[\"0 deg\",\"0 deg\",\"5 "
      "deg\"]}}");
  const Explanation e = explain(*image);
  for (const auto& row : e.rows) {
    cr_assert(row.kernel != "none", "%s", row.id.c_str());
    cr_assert(row.predicted > 0);
  }
}
