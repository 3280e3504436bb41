// SPDX-License-Identifier: MIT
// The examples of rtctl(1)'s LIMITS are rows that compile, each a family.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <fstream>
#include <sstream>

#include "limits_rig.hpp"

using namespace limits_rig;
using namespace tactus::safety;

namespace {

// From one `*` at the begin of a line to the one that ends a line.
std::vector<std::string> examples() {
  std::ifstream manual("packaging/man/rtctl.1.scd");
  cr_assert(manual.is_open(), "run from the repository's root");
  std::vector<std::string> out;
  std::string line, row;
  while (std::getline(manual, line) && line != "# LIMITS") continue;
  while (std::getline(manual, line) && line != "# EXPRESSIONS") {
    if (row.empty() && !line.starts_with("*")) continue;
    row += row.empty() ? line.substr(1) : " " + line;
    if (!row.ends_with("*")) continue;
    row.pop_back();
    out.push_back(row);
    row.clear();
  }
  return out;
}

std::string signal(const std::string& name, int shape, const char* unit) {
  return name + " = {from=\"io\", shape=" + std::to_string(shape) +
         ", unit=\"" + unit + "\", max_age=\"3 ms\", stale=\"stop\"}\n";
}

const std::string kInertial =
    "<inertial><mass value=\"2\"/><inertia ixx=\"0.1\" ixy=\"0\" ixz=\"0\" "
    "iyy=\"0.1\" iyz=\"0\" izz=\"0.1\"/></inertial>";

// A link `cover` without a mass on the arm.
std::string with_cover() {
  auto urdf = kUrdf;
  for (const char* link : {"upper", "lower"}) {
    const std::string begin = std::string("<link name=\"") + link + "\">";
    urdf = with(begin, begin + kInertial, urdf);
  }
  return with("</robot>",
              "<link name=\"cover\"><collision><geometry><sphere "
              "radius=\"0.02\"/></geometry></collision></link><joint "
              "name=\"c\" type=\"fixed\"><parent link=\"lower\"/><child "
              "link=\"cover\"/></joint></robot>",
              urdf);
}

// Every example at once; a joint table takes the place of the file's.
std::string whole_file() {
  auto text = with(
      "[limit]", signal("tau", 2, "Nm") + signal("wrench", 6, "N") + "[limit]");
  const auto drop = [&](const std::string& begin) {
    const auto at = text.find("\n" + begin);
    text.erase(at + 1, text.find('\n', at + 1) - at);
  };
  drop("pair = ");
  drop("joint = ");
  for (const std::string& row : examples())
    text = with("ladder", row + "\nladder", text);
  return with("joint = {",
              "joint = {position=\"urdf - 2 deg\", velocity=\"80 % urdf\", ",
              text);
}

bool has(const Image& image, RowKernel kernel) {
  for (uint32_t r = 0; r < image.rows; ++r)
    if (image.row[r].kernel == kernel) return true;
  return false;
}

}  // namespace

Test(manual, its_limits_compile) {
  const auto result = compiled(whole_file(), with_cover());
  cr_assert(bool(result), "%s", result ? "" : result.error().text());
  using enum RowKernel;
  for (const RowKernel kernel :
       {kJointAcceleration, kJointJerk, kJointViable, kLinear, kTorque, kForce,
        kPower, kEnergy, kContact, kBarrier})
    cr_assert(has(**result, kernel), "no row %u",
              static_cast<uint32_t>(kernel));
  // "Here mu = 1.333 kg and v = 0.387 m/s."
  const Contact& touch = (*result)->dynamics.contact[0];
  cr_assert(std::abs(touch.most - 0.387) < 5e-4, "%f", touch.most);
}
