// SPDX-License-Identifier: MIT
// kind = "torque", "force", "power" and "energy" in [limit].
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>

#include "limits_rig.hpp"
#include "safety/explain.hpp"

using namespace limits_rig;
using namespace tactus::safety;

namespace {

constexpr const char* kTau =
    "tau = {from=\"io\", shape=2, unit=\"Nm\", max_age=\"3 ms\", "
    "stale=\"stop\"}\n"
    "tool = {from=\"io\", shape=3, unit=\"N\", max_age=\"3 ms\", "
    "stale=\"stop\"}\n"
    "wide = {from=\"io\", shape=6, unit=\"N\", max_age=\"3 ms\", "
    "stale=\"stop\"}\n";

// Line 18 of the file, the last but one: a row of the name x.
std::string row(const std::string& text) {
  return with("ladder", "x = {" + text + "}\nladder",
              with("hand = {", std::string(kTau) + "hand = {"));
}

std::unique_ptr<Image> image_of(const std::string& text,
                                const std::string& urdf = kUrdf) {
  auto result = compiled(row(text), urdf);
  cr_assert(bool(result), "%s", result ? "" : result.error().text());
  return std::move(*result);
}

// `at`: where in the row the error points.
void refuses(const std::string& text, const std::string& at,
             const std::string& line) {
  const std::string said = refusal(row(text));
  const std::string expected =
      "a.toml:20:" + std::to_string(("x = {" + text).find(at) + 1) +
      ": limit.x." + line;
  cr_assert(said == expected, "\n  said     %s\n  expected %s", said.c_str(),
            expected.c_str());
}

const std::string kInertial =
    "<inertial><origin xyz=\"0.2 0 0\"/><mass value=\"2\"/><inertia "
    "ixx=\"0.01\" iyy=\"0.02\" izz=\"0.03\" ixy=\"0.001\" ixz=\"0\" "
    "iyz=\"-0.002\"/></inertial>";

std::string weighed(bool lower) {
  auto urdf =
      with("<link name=\"upper\">", "<link name=\"upper\">" + kInertial, kUrdf);
  return lower ? with("<link name=\"lower\">",
                      "<link name=\"lower\">" + kInertial, urdf)
               : urdf;
}

bool near(double a, double b) { return std::fabs(a - b) < 1e-8; }

}  // namespace

Test(loads_limits, torque_is_absolute_or_a_share_of_the_urdfs) {
  const auto share = image_of("kind=\"torque\", of=\"tau\", max=\"80 % urdf\"");
  cr_assert(near(share->dynamics.load[0].limit[1], 0.8));
  cr_assert(eq(u32, share->dynamics.load[0].signal, 3));
  const auto each = image_of(
      "kind=\"torque\", of=\"tau\", max=[\"1 Nm\", \"500 mNm\"], scale=\"2 "
      "Nm\"");
  cr_assert(near(each->dynamics.load[0].limit[1], 0.5));
  cr_assert(near(each->row[9].scale, 2));
}

Test(loads_limits, force_is_of_three_values) {
  const auto plain = image_of("kind=\"force\", of=\"tool\", max=\"50 N\"");
  cr_assert(near(plain->dynamics.load[0].limit[0], 50));
  const auto part =
      image_of("kind=\"force\", of=\"wide\", first=3, max=\"50 N\"");
  cr_assert(eq(u32, part->dynamics.load[0].first, 3));
}

Test(loads_limits, rows_of_each_kind_find_their_entries) {
  auto image = image_of(
      "kind=\"power\", of=\"tau\", max=\"80 W\"}\ny = {kind=\"torque\", "
      "of=\"tau\", max=\"urdf\"}\nz = {kind=\"force\", of=\"tool\", "
      "max=\"1 kN\"");
  Dynamics& all = image->dynamics;
  cr_assert(eq(u32, all.torques, 1));
  cr_assert(eq(u32, all.forces, 2));
  cr_assert(eq(u32, all.loads, 3));
  cr_assert(near(all.load[2].limit[0], 80));
  const std::string text = to_text(explain(*image));
  for (const char* part :
       {"|tau| <= 1, 1", "|tool[0 .. 2]| <= 1000 N", "sum |tau| |dq| <= 80 W"})
    cr_assert(text.find(part) != std::string::npos, "no %s", part);
}

Test(loads_limits, refuse_what_does_not_measure_it) {
  refuses("kind=\"torque\", of=\"tool\", max=\"1 Nm\"", "\"tool\"",
          "of: \"tool\": expected a signal in Nm");
  refuses("kind=\"torque\", of=\"tua\", max=\"1 Nm\"", "\"tua\"",
          "of: \"tua\": expected a [signal] that measures it, in Nm");
  refuses("kind=\"torque\", of=\"tau\", max=\"2 Nm\"", "\"2 Nm\"",
          "max: \"2 Nm\": expected at most the urdf's 1 Nm");
  refuses("kind=\"torque\", of=\"tau\", max=\"2 N\"", "\"2 N\"",
          "max: \"2 N\": expected a torque such as \"5 Nm\", \"urdf\", \"80 % "
          "urdf\" or \"urdf - <margin>\", never wider than the urdf's");
  refuses("kind=\"force\", of=\"wide\", max=\"50 N\"", "\"wide\"",
          "of: \"wide\": expected a signal with shape = 3, or a longer one and "
          "first = the index of the force's x");
  refuses("kind=\"force\", of=\"wide\", first=4, max=\"50 N\"", "\"wide\"",
          "of: \"wide\": expected a signal with shape = 3, or a longer one and "
          "first = the index of the force's x");
  refuses("kind=\"force\", of=\"tool\", max=\"0 N\"", "\"0 N\"",
          "max: \"0 N\": expected a limit above zero");
  refuses("kind=\"power\", of=\"tau\", max=\"80 J\"", "\"80 J\"",
          "max: \"80 J\": expected a power such as \"80 W\"");
}

Test(loads_limits, energy_takes_the_urdfs_inertials) {
  auto image = image_of("kind=\"energy\", max=\"5 J\"", weighed(true));
  Dynamics& all = image->dynamics;
  cr_assert(eq(u32, all.masses, 2));
  cr_assert(eq(u32, all.mass[1].link, 2));
  cr_assert(near(all.mass[0].mass, 2) && near(all.mass[0].arm, 0.2));
  cr_assert(near(all.mass[0].inertia, 0.032));
  cr_assert(near(all.energy, 5));
}

Test(loads_limits, energy_takes_masses_for_links_without_inertials) {
  const auto image = image_of(
      "kind=\"energy\", max=\"5 J\", masses={lower=\"3 kg\"}", weighed(false));
  cr_assert(near(image->dynamics.mass[1].mass, 3));
  cr_assert(near(image->dynamics.mass[1].arm, 0.04));
}

Test(loads_limits, energy_refuses_a_robot_of_unknown_mass) {
  refuses("kind=\"energy\", max=\"5 J\"", "{",
          "masses: link \"upper\" has no usable <inertial>: expected one in "
          "the urdf, or masses = {upper = \"2 kg\"}");
  refuses("kind=\"energy\", max=\"5 J\", masses={uper=\"2 kg\"}", "\"2 kg\"",
          "masses.uper: link \"uper\": expected a moving link without "
          "<inertial>");
  refuses("kind=\"energy\", max=\"5 N\"", "\"5 N\"",
          "max: \"5 N\": expected an energy above zero such as \"5 J\"");
  refuses(
      "kind=\"energy\", max=\"5 J\", masses={upper=\"0 kg\", lower=\"1 kg\"}",
      "\"0 kg\"", "masses.upper: \"0 kg\": expected a mass above zero");
}
