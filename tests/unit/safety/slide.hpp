// SPDX-License-Identifier: MIT
// A closed loop in which the action pushes one joint against a limit while
// another one has a way to go, with a plant that shares no code with the
// shield.
#pragma once

#include "plant.hpp"
#include "safety/kernel.hpp"

namespace slide {

using namespace rig;

inline constexpr uint32_t kNoProject = kRungPass | kRungScale | kRungStop;
inline constexpr uint32_t kAllRungs = kNoProject | kRungProject;

inline constexpr double kLimit = 2.76;  // rad, of every joint

// A wall among the commands: joint 6 may go at 0.05 rad/s, not at 0.3.
inline std::unique_ptr<Image> walled(uint32_t rungs) {
  auto image = draft();
  image->ladder.rungs = rungs;
  image->linears = 1;
  image->linear[0] = {"wall", {0, 0, 0, 0, 0, 0, 1}, 0.05};
  add_row(*image, "wall", RowKernel::kLinear, 0, 1);
  if (!seal(*image)) image->header.magic = 0;
  return image;
}

// The joint's own limit alone.
inline std::unique_ptr<Image> limited(uint32_t rungs) {
  auto image = draft();
  image->ladder.rungs = rungs;
  if (!seal(*image)) image->header.magic = 0;
  return image;
}

class Run {
 public:
  explicit Run(const Image& image, const Kernel& kernel = reference(),
               float wrist = 2.5F)
      : image_(image), kernel_(kernel) {
    cycle_.q[6] = wrist;
    for (int j = 0; j < 7; ++j) robot_.q[j] = cycle_.q[j];
    robot_.start(100 * kMs);
    robot_.order(0, 0, cycle_.u);
  }

  // One cycle: joint 6 to its limit and beyond, joint 0 on its way.
  void step() {
    step_with([](Cycle& c, const plant::Robot&) {
      c.u[0] = 0.2F;
      c.u[6] = 0.3F;
    });
  }

  // One cycle; `act` fills the action from what is observed.
  template <class Act>
  void step_with(const Act& act) {
    Cycle& c = cycle_;
    c.at(k_);
    robot_.to(c.in.stamp_ns[kQ], seconds(image_.commit.lag_ns));
    for (int j = 0; j < 7; ++j) {
      c.q[j] = static_cast<float>(robot_.q[j]);
      c.dq[j] = static_cast<float>(robot_.v[j]);
    }
    act(c, robot_);
    kernel_.check(image_, c.state, c.in, c.out);
    const int64_t at = c.in.now_ns + 300'000;
    if (c.out.rung == TACTUS_RUNG_STOP) play(image_, c.state, at, c.out.action);
    robot_.order(at, image_.commit.actuator_delay_ns, c.out.action);
    const bool verified = c.out.rung != TACTUS_RUNG_STOP;
    kernel_.committed(image_, c.state, {c.out.action, at, verified});
    ++rungs[c.out.rung];
    unverified += c.out.stop_unverified;
    deepest = std::max(deepest, robot_.q[6]);
    ++k_;
  }

  [[nodiscard]] double along() const { return robot_.q[0]; }
  [[nodiscard]] const plant::Robot& robot() const { return robot_; }
  [[nodiscard]] const Cycle& cycle() const { return cycle_; }
  [[nodiscard]] Cycle& cycle() { return cycle_; }

  uint64_t rungs[5] = {};
  uint64_t unverified = 0;
  double deepest = 0;  // rad, of joint 6

 private:
  const Image& image_;
  const Kernel& kernel_;
  Cycle cycle_;
  plant::Robot robot_;
  uint64_t k_ = 100;
};

}  // namespace slide
