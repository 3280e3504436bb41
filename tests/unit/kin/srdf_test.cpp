// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string>

#include "kin/srdf.hpp"

using namespace tactus;
using namespace tactus::kin;

namespace {

const std::string kArm = R"(<robot name="arm">
<link name="base"><collision><geometry><sphere radius="0.05"/></geometry></collision></link>
<link name="plain"/>
<link name="upper"><collision><geometry><sphere radius="0.05"/></geometry></collision></link>
<link name="bare"/>
<link name="lower"><collision><geometry><sphere radius="0.05"/></geometry></collision></link>
<link name="tool"><collision><geometry><sphere radius="0.05"/></geometry></collision></link>
<joint name="f1" type="fixed"><parent link="base"/><child link="plain"/></joint>
<joint name="j1" type="revolute"><parent link="plain"/><child link="upper"/><axis xyz="0 0 1"/><limit lower="-2" upper="2" velocity="2" effort="1"/></joint>
<joint name="j2" type="revolute"><parent link="upper"/><child link="bare"/><axis xyz="0 0 1"/><limit lower="-2" upper="2" velocity="2" effort="1"/></joint>
<joint name="j3" type="revolute"><parent link="bare"/><child link="lower"/><axis xyz="0 1 0"/><limit lower="-2" upper="2" velocity="2" effort="1"/></joint>
<joint name="f2" type="fixed"><parent link="lower"/><child link="tool"/></joint>
</robot>)";

Result<Chain> chain_with(const std::string& srdf) {
  ChainOptions options;
  options.tip = "tool";
  options.srdf = SrdfText{"a.srdf", srdf};
  return parse_urdf(kArm, "a.urdf", options);
}

std::string wrapped(const std::string& inner) {
  return "<robot name=\"arm\">\n" + inner + "\n</robot>\n";
}

void refused(const std::string& srdf, const std::string& expected) {
  const auto chain = chain_with(srdf);
  const std::string said = chain ? "accepted" : chain.error().text();
  cr_assert(said == expected, "\n  said     %s\n  expected %s", said.c_str(),
            expected.c_str());
}

}  // namespace

// Bodies: base 0, upper 1, lower 2, tool 3.
Test(srdf, neighbours_are_found_past_links_without_geometry) {
  ChainOptions options;
  options.tip = "tool";
  auto chain = parse_urdf(kArm, "a.urdf", options);
  cr_assert(bool(chain), "%s", chain ? "" : chain.error().text());
  cr_assert(eq(u32, chain->adjacent[0], 1u << 1));
  cr_assert(eq(u32, chain->adjacent[1], 1u << 0 | 1u << 2));
  cr_assert(eq(u32, chain->adjacent[2], 1u << 1 | 1u << 3));
  cr_assert(eq(u32, chain->adjacent[3], 1u << 2));
  cr_assert(eq(u32, chain->disabled[0], 0));
}

Test(srdf, sets_pairs_of_links_apart) {
  auto chain = chain_with(
      wrapped("<group name=\"all\"/>\n<disable_collisions link1=\"tool\" "
              "link2=\"base\" reason=\"Never\"/>\n<disable_collisions "
              "link1=\"bare\" link2=\"base\" reason=\"Never\"/>"));
  cr_assert(bool(chain), "%s", chain ? "" : chain.error().text());
  cr_assert(eq(u32, chain->disabled[0], 1u << 3));
  cr_assert(eq(u32, chain->disabled[3], 1u << 0));
  cr_assert(eq(u32, chain->disabled[1], 0));
}

Test(srdf, refuses_what_it_does_not_understand) {
  refused("", "a.srdf:0:0: Error document empty.: correct the SRDF");
  refused("<arm/>", "a.srdf: no <robot>: give the robot's SRDF");
  refused("<robot name=\"leg\"/>",
          "a.srdf:1:1: robot \"leg\": the URDF's is \"arm\"");
  refused(wrapped("  <disable_collisions link1=\"tol\" link2=\"base\"/>"),
          "a.srdf:2:3: link1 \"tol\": not a link of the URDF (is \"tool\" "
          "meant?)");
  refused(wrapped("<disable_collisions link1=\"tool\"/>"),
          "a.srdf:2:1: disable_collisions without link2: name two links");
  refused(wrapped("<disable_collisions link1=\"tool\" link2=\"tool\"/>"),
          "a.srdf:2:1: link \"tool\" twice: name two links");
  const auto broken = chain_with("<robot name=\"arm\"><disable_collisions");
  cr_assert(not(bool(broken)));
  cr_assert(std::string(broken.error().text()).starts_with("a.srdf:1:"), "%s",
            broken.error().text());
}
