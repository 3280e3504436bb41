// SPDX-License-Identifier: MIT
// The closed loop with a row about the time before now: joints that may be
// fast for a part of each second only, by the plant's own speeds.
#include <bitset>

#include "loop_lives.hpp"

using namespace loop;

namespace {

constexpr double kFast = 0.2;  // rad/s
constexpr double kMost = 0.3;  // s of each second
const std::string kRow =
    "busy = {kind=\"expr\", expr=\"abs(dq[0]) + abs(dq[1]) + abs(dq[3])\", "
    "max=\"0.2 rad/s\", at_most=\"0.3 s in 1 s\"}";

// A storm that adds up how long they were fast, in any second.
class Busy : public Storm {
 public:
  Busy(uint64_t seed, const Bounds& bounds)
      : Storm(seed, bounds), unseen_(3 * bounds.tacho) {}
  [[nodiscard]] int64_t cycles() const override { return 3000; }
  void substep(const ArmState& arm, const Joints& dq) override {
    Storm::substep(arm, dq);
    const double sum = std::abs(dq[0]) + std::abs(dq[1]) + std::abs(dq[3]);
    const bool fast = sum > kFast + unseen_;
    count_ += fast;
    count_ -= was_[at_];
    was_[at_] = fast;
    at_ = (at_ + 1) % was_.size();
    most_ = std::max(most_, count_);
  }
  [[nodiscard]] double seconds() const { return most_ * kSubstep; }

 private:
  double unseen_;
  std::bitset<4000> was_;
  std::size_t at_ = 0;
  int count_ = 0, most_ = 0;
};

double busiest(const Limits& limits, uint64_t cycles) {
  const Bounds bounds;
  const Setting setting = limits.against(bounds);
  Tally tally;
  double most = 0;
  for (uint64_t seed = first_seed() + 1; tally.cycles < cycles; ++seed) {
    Busy storm(seed, bounds);
    Life(setting, storm, tally).run();
    most = std::max(most, storm.seconds());
  }
  print("busy", tally);
  cr_assert(eq(u64, tally.judge.violations, 0));
  return most;
}

}  // namespace

Test(loop, nothing_is_fast_for_longer_than_its_share, .timeout = 36000) {
  const uint64_t cycles = std::min<uint64_t>(cycles_to_run() / 10, 200'000);
  const double with = busiest(Limits({.row = kRow}), cycles);
  const double without = busiest(Limits(), cycles);
  std::printf("loop busy: %.4f s of a second, of %.1f; without the row %.4f\n",
              with, kMost, without);
  cr_assert(with <= kMost);
  if (kInstrumented) return;  // one life: the row was not met
  cr_assert(with > 0.7 * kMost);
  cr_assert(without > 2 * kMost);
}
