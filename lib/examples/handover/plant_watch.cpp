// SPDX-License-Identifier: MIT
#include "plant_watch.hpp"

#include <algorithm>
#include <cmath>

namespace handover {
namespace {

constexpr uint8_t kGuardian = 2;

double ticks(uint64_t substeps) {
  return static_cast<double>(substeps) / kSubsteps;
}

double largest(const Joints& v) {
  double most = 0;
  for (double x : v) most = std::max(most, std::abs(x));
  return most;
}

double product(const Joints& a, const Joints& b) {
  double sum = 0;
  for (std::size_t i = 0; i < kJoints; ++i) sum += a[i] * b[i];
  return sum;
}

// What of `travel` lies across `way`, the largest joint.
double across(Joints travel, const Joints& way) {
  const double square = product(way, way);
  const double along = square > 1e-12 ? product(travel, way) / square : 0;
  for (std::size_t i = 0; i < kJoints; ++i) travel[i] -= along * way[i];
  return largest(travel);
}

}  // namespace

void Watch::begin(const Arm& arm) {
  active_ = true;
  begin_ = arm.substeps();
  dq_begin_ = arm.dq();
  Takeover t;
  t.begin_tick = ticks(begin_);
  t.silent_ticks =
      ticks(begin_ - std::min(begin_, last_controller_ + kDelaySubsteps));
  t.heard = last_controller_;
  t.speed = largest(arm.dq());
  t.q_begin = t.q_end = arm.q();
  t.u = before_.u;
  takeovers_.push_back(t);
}

void Watch::follow(const Arm& arm) {
  Takeover& t = takeovers_.back();
  const double faded =
      kLag * (1 - std::exp(-static_cast<double>(arm.substeps() - begin_) *
                           kSubstep / kLag));
  Joints travel{}, moved{};
  for (std::size_t i = 0; i < kJoints; ++i) {
    moved[i] = arm.q()[i] - t.q_begin[i];
    travel[i] = moved[i] - dq_begin_[i] * faded;
  }
  t.q_end = arm.q();
  t.travel = std::max(t.travel, largest(moved));
  t.off_path = std::max(t.off_path, across(travel, t.u));
  const bool rest = !arm.moving(kRestSpeed) && largest(arm.in_effect().u) == 0;
  if (rest && t.rest_tick == 0) t.rest_tick = ticks(arm.substeps());
}

// After arm.substep().
void Watch::substep(const Arm& arm) {
  const Command& now = arm.in_effect();
  if (now.sender != kGuardian) active_ = false;
  if (now.sender == kGuardian && before_.sender != kGuardian) begin(arm);
  if (active_) follow(arm);
  before_ = now;
}

}  // namespace handover
