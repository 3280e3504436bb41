// SPDX-License-Identifier: MIT
// Episodes and what they came to. An episode: the hand offers a target;
// success is the flange within 3 cm of it, after the object was put down and
// before the time limit. A violation (DESIGN, "what a stop is"): a point on
// the robot's link capsules faster than 10 mm/s while its surface is closer
// than d_min to the hand's surface. Judged on true state, every substep.
#pragma once

#include <array>
#include <cstdint>

#include "plant_arm.hpp"
#include "plant_geometry.hpp"
#include "plant_hand.hpp"

namespace handover {

inline constexpr double kReached = 0.03;         // m
inline constexpr double kViolationSpeed = 0.01;  // m/s
inline constexpr double kMinDistance = 0.05;     // m: arm.toml's d_min
inline constexpr double kSensorNoise = 0.004;    // m, bound per axis
inline constexpr int kSensorPeriod = 4;          // ticks between images
inline constexpr int kSensorLatency = 3;         // ticks from image to value

struct TaskOptions {
  uint64_t seed = 1;
  uint64_t episodes = 0;  // 0: no end
  bool human = true;
};

struct Score {
  uint64_t episodes = 0, successes = 0;
  uint64_t violating = 0;  // episodes with at least one violation
};

struct Results {
  Score all;
  std::array<Score, kPathKinds> kind{};
  uint64_t violations = 0;  // times that a violation began
  uint64_t violation_substeps = 0;
  double worst_speed = 0;                // m/s, of a point in violation
  double least_separation = 1e9;         // m
  double least_moving_separation = 1e9;  // m, while some point moved
  double fastest_flange = 0;             // m/s
  double success_time_sum = 0;           // s
};

class Task {
 public:
  explicit Task(const TaskOptions& options);

  void begin();  // the controller moves the arm: the first episode starts
  void substep(const Arm& arm);
  void tick();  // 1 ms: sensor, end of episodes

  [[nodiscard]] bool running() const { return running_; }
  [[nodiscard]] bool done() const {
    return options_.episodes && results_.all.episodes >= options_.episodes;
  }
  [[nodiscard]] Vec target() const;
  [[nodiscard]] Ball hand() const { return {hand_, kHandRadius}; }
  [[nodiscard]] Vec seen_hand() const { return seen_; }
  [[nodiscard]] uint32_t seen_age_us() const;
  [[nodiscard]] const Results& results() const { return results_; }
  [[nodiscard]] double time_limit() const { return human() ? 8.0 : 6.0; }

 private:
  [[nodiscard]] bool human() const { return options_.human; }
  [[nodiscard]] double episode_time() const;
  [[nodiscard]] HandPath next_path() const;
  void judge(const ArmState& state);
  void look();
  void finish();

  TaskOptions options_;
  Results results_;
  HandPath path_;
  Vec hand_, seen_;
  Vec image_;  // captured, not yet delivered
  uint64_t begin_substep_ = 0, substep_ = 0, ticks_ = 0, seen_tick_ = 0;
  uint64_t counted_ = 0;  // episodes begun
  Random sensor_;
  bool running_ = false, reached_ = false;
  bool violated_ = false, in_violation_ = false;
};

}  // namespace handover
