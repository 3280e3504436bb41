// SPDX-License-Identifier: MIT
// kind = "pfl": power and force limiting. The profile of the body region is
// the user's, figure by figure: nothing of it is built in.
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {
namespace {

constexpr Dimension kStiffness{0, -2, 1, 0};
constexpr Dimension kPressure{-1, -2, 1, 0};
constexpr Dimension kArea{2, 0, 0, 0};
// Distance over which the margin goes from 1 to 0.
constexpr double kContactScale = 0.5;  // m

double above_zero(const toml::Table& table, const char* key, Dimension d) {
  const double value = table.quantity(key, d);
  if (!(value > 0)) table[key].fail("a value above zero");
  return value;
}

// The force itself, and the one that the pressure comes to on the area.
double read_force_of(const toml::Table& table) {
  const double force = above_zero(table, "force", kForce);
  if (!table.has("pressure") && !table.has("area")) return force;
  const double pressure = above_zero(table, "pressure", kPressure);
  const double area = above_zero(table, "area", kArea);
  return std::min(force, pressure * area);
}

// The relative speed that the profile allows.
double may_meet_at(const Contact& c) {
  const double mu = 1 / (1 / c.body_mass + 1 / c.robot_mass);
  return c.force / std::sqrt(mu * c.stiffness);
}

}  // namespace

void check_profiles(const LimitsIr& limits) {
  for (const auto& one : limits.contacts) {
    const double met = may_meet_at(one.limit);
    if (!(one.limit.approach < met))
      one.row.at->fail(
          fmt::format("approach {:g} m/s", one.limit.approach),
          fmt::format("less than the {:.3g} m/s at which the profile may be "
                      "met, as all files have it",
                      met));
  }
}

void read_contact(const std::string& name, const toml::Table& table,
                  const Input& in) {
  Contact c{};
  c.signal = human_signal(table, in);
  c.force = read_force_of(table);
  c.stiffness = above_zero(table, "stiffness", kStiffness);
  c.body_mass = above_zero(table, "body_mass", kMass);
  // m_R = M / 2 + m_L.
  c.robot_mass = above_zero(table, "moving_mass", kMass) / 2 +
                 not_negative(table, "payload", kMass);
  c.approach = not_negative(table, "approach", kSpeed);
  c.speed = not_negative(table, "speed", kSpeed);
  c.intrusion = not_negative(table, "intrusion", kLength);
  c.sensor = not_negative(table, "sensor", kLength);
  c.robot = not_negative(table, "robot", kLength);
  const double met = may_meet_at(c);
  if (!(c.approach < met))
    table["approach"].fail(fmt::format(
        "less than the {:.3g} m/s at which the profile may be met", met));
  if (in.out.contacts.size() == kMaxContacts)
    table["of"].fail(fmt::format("at most {} contact rows", kMaxContacts));
  const RowIr row = common(table, name, kLength, kContactScale);
  must_act(table, row, "nothing else keeps a human from harm");
  in.out.contacts.push_back({row, c});
}

Result<void> lower_contacts(const LimitsIr& from, Image& to) {
  for (const auto& contact : from.contacts) {
    add_row(to, contact.row, RowKernel::kContact, to.dynamics.contacts);
    to.dynamics.contact[to.dynamics.contacts++] = contact.limit;
  }
  return {};
}

}  // namespace tactus::safety::limits
