// SPDX-License-Identifier: MIT
// What a guardian's stop looked like from the robot. A stop plan scales the
// last command u_k by one curve, so after the guardian's first frame took
// effect the joints must travel along u_k; with the lag known,
//   q(t) - q0 - dq0 lag (1 - exp(-t / lag))  is parallel to u_k,
// and what is left across it is the distance from the verified path.
#pragma once

#include <cstdint>
#include <vector>

#include "plant_arm.hpp"

namespace handover {

inline constexpr double kRestSpeed = 2e-3;  // rad/s, every joint

struct Takeover {
  double begin_tick = 0;    // the guardian's first command in effect
  double silent_ticks = 0;  // since the controller's last accepted one
  uint64_t heard = 0;       // substep of that one's arrival
  double rest_tick = 0;     // 0: not at rest when it ended
  double speed = 0;         // rad/s, fastest joint at begin
  double off_path = 0;      // rad, largest distance from the path
  double travel = 0;        // rad, largest joint motion
  Joints q_begin{}, q_end{}, u{};
};

class Watch {
 public:
  void controller_sent(uint64_t substep) { last_controller_ = substep; }
  void substep(const Arm& arm);
  [[nodiscard]] const std::vector<Takeover>& takeovers() const {
    return takeovers_;
  }

 private:
  void begin(const Arm& arm);
  void follow(const Arm& arm);

  std::vector<Takeover> takeovers_;
  Command before_;
  Joints dq_begin_{};
  uint64_t begin_ = 0, last_controller_ = 0;
  bool active_ = false;
};

}  // namespace handover
