// SPDX-License-Identifier: MIT
#include "plant_arm.hpp"

#include <algorithm>
#include <cmath>

namespace handover {

void Arm::accept(const Command& command, uint64_t substep) {
  braking_ = false;
  if (tail_ - head_ == queue_.size()) now_ = queue_[head_++ % 64].command;
  queue_[tail_++ % 64] = {substep + kDelaySubsteps, command};
}

void Arm::brake() {
  head_ = tail_;
  braking_ = true;
  now_.sender = 0;
}

void Arm::take_due() {
  while (head_ != tail_ && queue_[head_ % 64].due <= substep_)
    now_ = queue_[head_++ % 64].command;
}

void Arm::ramp_down() {
  double fastest = 0;
  for (double u : now_.u) fastest = std::max(fastest, std::abs(u));
  if (fastest == 0) return;
  const double keep = std::max(0.0, 1 - kBrake * kSubstep / fastest);
  for (double& u : now_.u) u *= keep;
}

void Arm::substep() {
  if (braking_) ramp_down();
  take_due();
  // Exact for a command held over the substep.
  static const double follow = 1 - std::exp(-kSubstep / kLag);
  for (std::size_t i = 0; i < kJoints; ++i) {
    const double before = dq_[i];
    dq_[i] += follow * (now_.u[i] - before);
    const double q = q_[i] + 0.5 * kSubstep * (before + dq_[i]);
    q_[i] = std::clamp(q, kLimits[i].lo, kLimits[i].hi);
    if (q_[i] != q) dq_[i] = 0;  // on the hard stop
  }
  ++substep_;
}

bool Arm::moving(double speed) const {
  return std::any_of(dq_.begin(), dq_.end(),
                     [&](double v) { return std::abs(v) > speed; });
}

void Arm::measure(Joints& q, Joints& dq) {
  for (std::size_t i = 0; i < kJoints; ++i) {
    q[i] = q_[i] + noise_.in(-kEncoderNoise, kEncoderNoise);
    dq[i] = dq_[i] + noise_.in(-kSpeedNoise, kSpeedNoise);
  }
}

}  // namespace handover
