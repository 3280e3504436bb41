// SPDX-License-Identifier: MIT
#include "safety/seal/family.hpp"

namespace tactus::safety::sealing {
namespace {

Check check_human(const Image& image, uint32_t i) {
  const Human& h = image.human[i];
  const bool signal_ok = h.signal < image.signals &&
                         image.signal[h.signal].sphere == 1 &&
                         image.signal[h.signal].stale != StaleRule::kFallback;
  if (!signal_ok) {
    return bad_input(
        "limits image: human {}: its signal is missing, is no sphere, or has "
        "a fallback",
        i);
  }
  if (!positive(h.d_min) || !not_negative(h.speed) ||
      !not_negative(h.intrusion) || !not_negative(h.sensor) ||
      !not_negative(h.robot)) {
    return bad_input("limits image: human {}: missing or negative figure", i);
  }
  return {};
}

}  // namespace

Check check_humans(const Image& image) {
  if (image.humans > kMaxHumans) return over_size();
  if (image.humans > 0) {
    if (Check r = needs_moving_spheres(image); !r) return r;
  }
  for (uint32_t i = 0; i < image.humans; ++i) {
    if (Check r = check_human(image, i); !r) return r;
  }
  return {};
}

}  // namespace tactus::safety::sealing
