// SPDX-License-Identifier: MIT
// Measured loads and kinetic energy.
#include "safety/seal/family.hpp"

namespace tactus::safety::sealing {
namespace {

Check check_load(const Image& image, uint32_t i) {
  const Dynamics& all = image.dynamics;
  const Load& load = all.load[i];
  const bool vector = i >= all.torques && i < all.forces;
  const uint32_t needs = vector ? load.first + 3 : image.joints;
  if (load.signal >= image.signals || load.first > kMaxSignalValues ||
      image.signal[load.signal].count < needs ||
      image.signal[load.signal].stale != StaleRule::kStop) {
    return bad_input(
        "limits image: load {}: its signal is missing, too short, or not "
        "stale = \"stop\"",
        i);
  }
  const uint32_t limits = i < all.torques ? image.joints : 1;
  for (uint32_t j = 0; j < limits; ++j) {
    if (!positive(load.limit[j])) {
      return bad_input("limits image: load {}: limit {} must be above 0", i, j);
    }
  }
  return {};
}

Check check_mass(const Image& image, uint32_t i) {
  const Mass& body = image.dynamics.mass[i];
  if (body.link == 0 || body.link > image.joints || !positive(body.mass) ||
      !not_negative(body.arm) || !not_negative(body.inertia)) {
    return bad_input("limits image: mass {}: bad link or figure", i);
  }
  return {};
}

}  // namespace

Check check_loads(const Image& image) {
  const Dynamics& all = image.dynamics;
  if (all.loads > kMaxLoads || all.forces > all.loads ||
      all.torques > all.forces || all.masses > kMaxMasses) {
    return over_size();
  }
  for (uint32_t i = 0; i < all.loads; ++i) {
    if (Check r = check_load(image, i); !r) return r;
  }
  for (uint32_t i = 0; i < all.masses; ++i) {
    if (Check r = check_mass(image, i); !r) return r;
  }
  if (!not_negative(all.energy) || (all.masses > 0) != (all.energy > 0)) {
    return bad_input("limits image: energy: a limit and masses, or neither");
  }
  return {};
}

Span torques(const Image& image) { return {0, image.dynamics.torques}; }
Span forces(const Image& image) {
  return {image.dynamics.torques, image.dynamics.forces};
}
Span powers(const Image& image) {
  return {image.dynamics.forces, image.dynamics.loads};
}
Span energy(const Image& image) {
  return {0, image.dynamics.masses > 0 ? 1u : 0u};
}

}  // namespace tactus::safety::sealing
