// SPDX-License-Identifier: MIT
#include "safety/seal/family.hpp"

namespace tactus::safety::sealing {

Check check_commit(const Image& image) {
  const Commit& c = image.commit;
  const int64_t longest = 10'000'000'000;
  const auto time_ok = [&](int64_t ns) { return ns >= 0 && ns <= longest; };
  if (c.period_ns <= 0 || !time_ok(c.period_ns)) {
    return bad_input("limits image: period {} ns: must be positive",
                     c.period_ns);
  }
  if (!time_ok(c.commit_ns) || !time_ok(c.guardian_bound_ns) ||
      !time_ok(c.actuator_delay_ns) || !time_ok(c.lag_ns) ||
      !time_ok(c.robot_timeout_ns) || !time_ok(hold_ns(c)) || c.repeat_ns < 1 ||
      !time_ok(c.repeat_ns)) {
    return bad_input(
        "limits image: commit-rule times: each must lie in 0 .. 10 s, repeat "
        "above 0");
  }
  if (c.misses == 0 && c.robot_timeout_ns == 0) {
    return bad_input(
        "limits image: guard = \"none\" without the robot's own time-out: "
        "declare it");
  }
  if (c.misses > 0 && (c.commit_ns == 0 || c.guardian_bound_ns == 0)) {
    return bad_input("limits image: guard without commit deadline or bound");
  }
  if (c.commit_ns > c.period_ns) {
    return bad_input(
        "limits image: guard.commit {} ns: after the period of {} ns",
        c.commit_ns, c.period_ns);
  }
  if (!not_negative(c.model_error) || !positive(c.standstill_speed) ||
      c.standstill_ns <= 0) {
    return bad_input(
        "limits image: model_error, standstill: missing, negative or not "
        "finite");
  }
  for (uint32_t j = 0; j < image.joints; ++j) {
    if (!positive(c.decel[j]) || !positive(c.jerk[j])) {
      return bad_input("limits image: joint {}: decel and jerk must be > 0", j);
    }
  }
  return {};
}

}  // namespace tactus::safety::sealing
