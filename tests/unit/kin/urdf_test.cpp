// SPDX-License-Identifier: MIT
#include "kin/urdf.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>
#include <string>

#include "robots.hpp"

using namespace tactus::kin;

namespace {

std::string refusal(const std::string& text, const char* tip = "flange") {
  ChainOptions options;
  options.tip = tip;
  const auto chain = parse_urdf(text, "r.urdf", options);
  return chain ? "accepted" : chain.error().text();
}

std::string replaced(std::string text, const std::string& what,
                     const std::string& by) {
  const auto at = text.find(what);
  cr_assert(at != std::string::npos, "no %s", what.c_str());
  return text.replace(at, what.size(), by);
}

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

Test(urdf, folds_fixed_joints_into_the_tip) {
  ChainOptions options;
  options.tip = "flange";
  auto chain = parse_urdf(robots::planar(), "r.urdf", options);
  cr_assert(bool(chain), "%s", chain ? "" : chain.error().text());
  cr_assert(eq(u32, chain->joints, 2));
  cr_assert(eq(dbl, chain->tip.p[0], 0.3));
  cr_assert(eq(u32, chain->spheres, 3));
  cr_assert(eq(u32, chain->sphere[0].link, 0));
  cr_assert(eq(u32, chain->sphere[2].link, 2));
  cr_assert(eq(str, std::string(chain->joint_name[1]), "j2"));
}

Test(urdf, names_a_tip_that_is_not_there_and_the_near_one) {
  cr_assert(eq(str, refusal(robots::planar(), "flang"),
               "r.urdf: link \"flang\": the tip is not in the description "
               "(is \"flange\" meant?)"));
}

Test(urdf, refuses_a_loop) {
  const auto loop = replaced(
      robots::planar(), "</robot>",
      robots::joint("back", "fixed", "flange", "upper", "") + "</robot>");
  cr_assert(eq(str, refusal(loop),
               "r.urdf: link \"upper\": a loop: joints \"back\" and \"j1\" "
               "both move it: cut one of them"));
}

Test(urdf, refuses_a_loop_through_the_root) {
  const auto loop = replaced(
      robots::planar(), "</robot>",
      robots::joint("back", "fixed", "flange", "base", "") + "</robot>");
  cr_assert(has(refusal(loop), "a loop"), "%s", refusal(loop).c_str());
}

Test(urdf, refuses_a_collision_mesh) {
  const auto mesh =
      robots::planar(robots::kLimit, "0 0 1", "<mesh filename=\"a.stl\"/>");
  cr_assert(eq(str, refusal(mesh),
               "r.urdf: link \"upper\": collision mesh \"a.stl\": a mesh is "
               "an error until the compiler covers meshes: give primitives "
               "(sphere, cylinder, box)"));
}

Test(urdf, refuses_missing_limits) {
  const auto said = refusal(robots::planar(""));
  cr_assert(has(said, "j1") && has(said, "give <limit lower upper velocity"),
            "%s", said.c_str());
}

Test(urdf, refuses_empty_limits) {
  const char* none =
      "<limit lower=\"1\" upper=\"1\" velocity=\"2\" effort=\"1\"/>";
  cr_assert(eq(str, refusal(robots::planar(none)),
               "r.urdf: joint \"j1\": position limits 1 .. 1: give finite "
               "ones, lower below upper"));
  const char* still =
      "<limit lower=\"0\" upper=\"1\" velocity=\"0\" effort=\"1\"/>";
  cr_assert(eq(str, refusal(robots::planar(still)),
               "r.urdf: joint \"j1\": a velocity limit of 0: give one above "
               "zero"));
}

Test(urdf, refuses_numbers_that_are_not_finite) {
  for (const char* bad : {"nan", "inf", "1e999", "x"}) {
    const auto said = refusal(
        replaced(robots::planar(), "0.5 0 0", std::string(bad) + " 0 0"));
    cr_assert(said.starts_with("r.urdf: "), "%s", said.c_str());
    cr_assert(not(has(said, "\n")));
  }
}

Test(urdf, refuses_mimic) {
  const auto mimic = robots::planar(robots::kLimit + "<mimic joint=\"j2\"/>");
  cr_assert(has(refusal(mimic), "joint \"j1\": mimics \"j2\""));
}

Test(urdf, refuses_an_axis_that_is_not_a_unit_vector) {
  cr_assert(eq(str, refusal(robots::planar(robots::kLimit, "0 0 2")),
               "r.urdf: joint \"j1\": an axis of length 2: give a unit "
               "vector"));
}

Test(urdf, refuses_floating_joints) {
  const auto floats =
      replaced(robots::planar(), "\"revolute\"", "\"floating\"");
  cr_assert(eq(str, refusal(floats),
               "r.urdf: joint \"j1\": floating or planar: use revolute, "
               "continuous, prismatic or fixed joints"));
}

Test(urdf, refuses_geometry_moved_from_outside_the_chain) {
  const auto branch = replaced(
      robots::planar(), "</robot>",
      robots::link("finger", "<sphere radius=\"0.01\"/>") +
          robots::joint("f", "revolute", "lower", "finger", robots::kLimit) +
          "</robot>");
  cr_assert(has(refusal(branch), "link \"finger\": a joint outside the chain"));
}

Test(urdf, covers_geometry_fixed_to_a_link_of_the_chain) {
  ChainOptions options;
  options.tip = "flange";
  auto chain =
      parse_urdf(replaced(robots::planar(), "</robot>",
                          robots::link("hand", "<sphere radius=\"0.01\"/>") +
                              robots::joint("h", "fixed", "flange", "hand",
                                            "<origin xyz=\"0.1 0 0\"/>") +
                              "</robot>"),
                 "r.urdf", options);
  cr_assert(bool(chain));
  cr_assert(eq(u32, chain->spheres, 4));
  cr_assert(eq(u32, chain->sphere[3].link, 2));
  cr_assert(lt(dbl, std::abs(chain->sphere[3].center[0] - 0.4), 1e-15));
}

Test(urdf, refuses_deep_nesting_before_a_parser_recurses) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  cr_assert(has(refusal(deep), "nest deeper than 64"));
}

namespace {

std::string weighed(const std::string& link, const std::string& mass) {
  return replaced(robots::planar(), "<link name=\"" + link + "\">",
                  "<link name=\"" + link +
                      "\"><inertial><origin xyz=\"0.1 0 "
                      "0\"/><mass value=\"" +
                      mass +
                      "\"/><inertia ixx=\"1\" ixy=\"2\" ixz=\"3\" iyy=\"4\" "
                      "iyz=\"5\" izz=\"6\"/></inertial>");
}

Chain chain_of(const std::string& text) {
  ChainOptions options;
  options.tip = "flange";
  auto chain = parse_urdf(text, "r.urdf", options);
  cr_assert(bool(chain), "%s", chain ? "" : chain.error().text());
  return *chain;
}

}  // namespace

Test(urdf, keeps_the_inertials_of_what_moves) {
  Chain chain = chain_of(weighed("upper", "2.5"));
  cr_assert(eq(u32, chain.inertials, 2));
  const Inertial& upper = chain.inertial[0];
  cr_assert(upper.known == 1 && upper.link == 1 && upper.mass == 2.5);
  cr_assert(upper.center[0] == 0.1 && upper.inertia[5] == 6);
  // The other link has geometry and no mass.
  cr_assert(eq(str, std::string(chain.inertial[1].name), "lower"));
  cr_assert(eq(u32, chain.inertial[1].known, 0));
}

Test(urdf, takes_no_mass_that_is_none) {
  for (const char* mass : {"0", "-1", "inf", "nan"}) {
    const auto text = weighed("upper", mass);
    ChainOptions options;
    options.tip = "flange";
    const auto chain = parse_urdf(text, "r.urdf", options);
    if (chain) cr_assert(eq(u32, Chain(*chain).inertial[0].known, 0));
  }
}
