// SPDX-License-Identifier: MIT
// Seven velocity joints: a command takes effect after a delay, the speed
// follows with a first-order lag, encoders add bounded noise. Delay, lag and
// noise lie within what arm.toml declares; the controller is not told them.
#pragma once

#include <array>
#include <cstdint>

#include "plant_geometry.hpp"
#include "plant_random.hpp"

namespace handover {

inline constexpr double kSubstep = 0.25e-3;      // s
inline constexpr int kSubsteps = 4;              // per tick of 1 ms
inline constexpr int kDelaySubsteps = 14;        // 3.5 ms; declared 4 ms
inline constexpr double kLag = 19.5e-3;          // s; declared 20 ms
inline constexpr double kEncoderNoise = 0.2e-3;  // rad, bound
inline constexpr double kSpeedNoise = 0.8e-3;    // rad/s, bound
inline constexpr double kBrake = 6.0;            // rad/s2 of its own time-out

inline constexpr Joints kHome{0, -0.6, 0, -2.2, 0, 1.6, 0.785};

struct Command {
  Joints u{};
  uint8_t sender = 0;  // layout::WireSender; 0: the robot's own
};

class Arm {
 public:
  explicit Arm(uint64_t seed) : noise_(seed) {}

  // Received at `substep`; takes effect kDelaySubsteps later.
  void accept(const Command& command, uint64_t substep);
  // The robot's own time-out: brakes from what is in effect to rest.
  void brake();
  void substep();

  [[nodiscard]] const Joints& q() const { return q_; }
  [[nodiscard]] const Joints& dq() const { return dq_; }
  [[nodiscard]] const Command& in_effect() const { return now_; }
  [[nodiscard]] uint64_t substeps() const { return substep_; }
  [[nodiscard]] bool moving(double speed) const;
  // Both with fresh noise.
  void measure(Joints& q, Joints& dq);

 private:
  struct Pending {
    uint64_t due;
    Command command;
  };
  void take_due();
  void ramp_down();

  Joints q_ = kHome, dq_{};
  Command now_;
  std::array<Pending, 64> queue_{};  // ring; more commands than substeps of
  uint64_t head_ = 0, tail_ = 0;     // delay push the oldest into effect
  uint64_t substep_ = 0;
  bool braking_ = false;
  Random noise_;
};

}  // namespace handover
