// SPDX-License-Identifier: MIT
// kind = "pfl" in [limit].
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>

#include "limits_rig.hpp"
#include "safety/explain.hpp"

using namespace limits_rig;
using namespace tactus::safety;

namespace {

const std::string kTouch =
    "touch = {kind=\"pfl\", of=\"hand\", force=\"100 N\", stiffness=\"50 "
    "N/mm\", body_mass=\"1.5 kg\", moving_mass=\"20 kg\", payload=\"2 kg\", "
    "approach=\"0 m/s\", speed=\"1.6 m/s\", intrusion=\"0 m\", sensor=\"15 "
    "mm\", robot=\"5 mm\"}\n";

// Line 17.
std::string file(const std::string& touch = kTouch) {
  return with("ladder", touch + "ladder");
}
std::string changed(const std::string& what, const std::string& by) {
  return file(with(what, by, kTouch));
}
bool near(double a, double b) { return std::fabs(a - b) < 1e-9 * b; }

}  // namespace

Test(contact_limits, a_profile_becomes_a_speed) {
  const auto result = compiled(file());
  cr_assert(bool(result), "%s", result ? "" : result.error().text());
  const Contact& c = (*result)->dynamics.contact[0];
  cr_assert(near(c.stiffness, 50e3) && near(c.robot_mass, 12));
  const double mu = 1 / (1 / 1.5 + 1 / 12.0);
  cr_assert(std::fabs(c.most - 100 / std::sqrt(mu * 50e3)) < 1e-8);
  const std::string text = to_text(explain(**result));
  for (const char* part : {"[contact, hard", "hand.profile", "hand.approach"})
    cr_assert(text.find(part) != std::string::npos, "no %s", part);
}

Test(contact_limits, pressure_on_an_area_may_bind_first) {
  const auto result = compiled(
      changed("force=\"100 N\"",
              "force=\"100 N\", pressure=\"60 N/cm2\", area=\"1 cm2\""));
  cr_assert(bool(result), "%s", result ? "" : result.error().text());
  cr_assert(near((*result)->dynamics.contact[0].force, 60));
}

Test(contact_limits, every_figure_is_required) {
  for (const char* key :
       {"of=\"hand\", ", "force=\"100 N\", ", "stiffness=\"50 N/mm\", ",
        "body_mass=\"1.5 kg\", ", "moving_mass=\"20 kg\", ",
        "payload=\"2 kg\", ", "approach=\"0 m/s\", ", "speed=\"1.6 m/s\", ",
        "intrusion=\"0 m\", ", "sensor=\"15 mm\", ", ", robot=\"5 mm\""}) {
    const std::string said = refusal(changed(key, ""));
    cr_assert(said.starts_with("a.toml:17:9: limit.touch."), "%s",
              said.c_str());
    cr_assert(said.find(": missing: expected ") != std::string::npos, "%s: %s",
              key, said.c_str());
  }
}

Test(contact_limits, refuse_what_is_no_profile) {
  // At the value that stands in the message, or else the table.
  const auto says = [](const std::string& text, const std::string& rest) {
    const std::string said = refusal(text);
    const auto quote = rest.find('"');
    const auto value =
        rest.substr(quote, rest.find('"', quote + 1) - quote + 1);
    const auto begin = text.find("touch = ");
    auto at = text.find(value, begin);
    if (rest.find("missing") != std::string::npos) at = begin + 8;
    const std::string line =
        "a.toml:17:" + std::to_string(at - begin + 1) + ": limit.touch." + rest;
    cr_assert(said == line, "\n  said     %s\n  expected %s", said.c_str(),
              line.c_str());
  };
  says(changed("50 N/mm", "50 N"),
       "stiffness: \"50 N\": expected a spring "
       "constant such as \"75 N/mm\"");
  says(changed("\"100 N\"", "\"100 N\", pressure=\"60 N/cm2\""),
       "area: missing: expected an area such as \"1 "
       "cm2\"");
  says(changed("approach=\"0 m/s\"", "approach=\"2 m/s\""),
       "approach: \"2 m/s\": expected less than the "
       "0.387 m/s at which the profile may be met");
  says(changed("of=\"hand\"", "of=\"target\""),
       "of: \"target\": expected a [signal] of kind "
       "= \"sphere\"");
}
