// SPDX-License-Identifier: MIT
#include <cstring>
#include <string>

#include "safety/seal/family.hpp"
#include "safety/shield.hpp"

namespace tactus::safety::sealing {
namespace {

Check check_signal(const Image& image, uint32_t i) {
  const Signal& s = image.signal[i];
  const std::string name(s.name, strnlen(s.name, kName));
  if (s.count == 0 || s.count > kMaxSignalValues || s.max_age_ns <= 0) {
    return bad_input("limits image: signal \"{}\": no values or no max_age",
                     name);
  }
  if (s.stale < StaleRule::kStop || s.stale > StaleRule::kFallback) {
    return bad_input("limits image: signal \"{}\": no stale rule", name);
  }
  if (s.sphere != 0 && (s.count % 3 != 0 || !positive(s.radius))) {
    return bad_input(
        "limits image: signal \"{}\": spheres need 3 values each and a radius",
        name);
  }
  for (uint32_t k = 0; k < s.count; ++k) {
    if (!(s.lo[k] <= s.hi[k])) {
      return bad_input(
          "limits image: signal \"{}\": range of value {} is empty", name, k);
    }
  }
  return {};
}

Check check_robot_signals(const Image& image) {
  if (image.q_signal >= image.signals || image.dq_signal >= image.signals) {
    return bad_input(
        "limits image: joint position or velocity signal is missing");
  }
  for (const uint32_t i : {image.q_signal, image.dq_signal}) {
    const Signal& s = image.signal[i];
    if (s.count != image.joints || s.stale != StaleRule::kStop) {
      return bad_input(
          "limits image: signal {}: a joint signal has one value per joint "
          "and stale = \"stop\"",
          i);
    }
  }
  const Commit& c = image.commit;
  const int64_t q = image.signal[image.q_signal].max_age_ns;
  const int64_t dq = image.signal[image.dq_signal].max_age_ns;
  const int64_t span = (q > dq ? q : dq) + c.actuator_delay_ns;
  if (span / c.period_ns + 2 > int64_t{kHistory}) {
    return bad_input(
        "limits image: max_age + actuator_delay = {} ns spans more than {} "
        "commands: shorten max_age",
        span, kHistory - 2);
  }
  return {};
}

}  // namespace

Check check_signals(const Image& image) {
  for (uint32_t i = 0; i < image.signals; ++i) {
    if (Check r = check_signal(image, i); !r) return r;
  }
  return check_robot_signals(image);
}

}  // namespace tactus::safety::sealing
