// SPDX-License-Identifier: MIT
// Power and force limiting. ISO/TS 15066:2016, A.3.4: the robot's effective
// mass and the region's meet at v_rel and are stopped by the region's spring;
// all of 1/2 mu v^2 is in it at F^2 / (2 k), hence
//   v_rel,max = F_max / sqrt(mu k), mu = 1 / (1 / m_H + 1 / m_R),
// with m_R = M / 2 + m_L, M the moving mass of the robot, m_L the payload.
#include <cmath>

#include "safety/seal/family.hpp"

namespace tactus::safety::sealing {
namespace {

// What is left of it for the robot, rounded down.
double speed_of(const Contact& c) {
  const double mu = 1 / (1 / c.body_mass + 1 / c.robot_mass);
  return c.force / std::sqrt(mu * c.stiffness) * (1 - 1e-9) - c.approach;
}

Check check_contact(const Image& image, uint32_t i) {
  const Contact& c = image.dynamics.contact[i];
  const bool signal_ok = c.signal < image.signals &&
                         image.signal[c.signal].sphere == 1 &&
                         image.signal[c.signal].stale != StaleRule::kFallback;
  if (!signal_ok) {
    return bad_input(
        "limits image: contact {}: its signal is missing, is no sphere, or "
        "has a fallback",
        i);
  }
  for (const double x : {c.force, c.stiffness, c.body_mass, c.robot_mass}) {
    if (!positive(x)) {
      return bad_input("limits image: contact {}: missing figure", i);
    }
  }
  for (const double x : {c.approach, c.speed, c.intrusion, c.sensor, c.robot}) {
    if (!not_negative(x)) {
      return bad_input("limits image: contact {}: missing or negative figure",
                       i);
    }
  }
  if (!positive(speed_of(c))) {
    return bad_input(
        "limits image: contact {}: its region approaches faster than it may be "
        "met",
        i);
  }
  return {};
}

}  // namespace

Check check_contacts(const Image& image) {
  const Dynamics& all = image.dynamics;
  if (all.contacts > kMaxContacts) return over_size();
  if (all.contacts > 0) {
    if (Check r = needs_moving_spheres(image); !r) return r;
  }
  for (uint32_t i = 0; i < all.contacts; ++i) {
    if (Check r = check_contact(image, i); !r) return r;
  }
  return {};
}

void derive_contacts(Image& image) {
  for (uint32_t i = 0; i < image.dynamics.contacts; ++i) {
    Contact& c = image.dynamics.contact[i];
    c.most = speed_of(c);
  }
}

Span contacts(const Image& image) { return {0, image.dynamics.contacts}; }

}  // namespace tactus::safety::sealing
