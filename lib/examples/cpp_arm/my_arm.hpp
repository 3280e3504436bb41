// SPDX-License-Identifier: MIT
// Stands in for your driver: a 7-joint arm whose joint speeds follow the
// command as a first-order lag, and a hand that stays at a distance. Time
// comes from the tick, so the simulation advances with the loop.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <tactus/tactus.hpp>

class MyArm {
 public:
  // Fills q, dq, target, hand and their stamps.
  template <class Frame>
  tactus::Status read(Frame& f, const tactus::Tick& tick) noexcept {
    advance(tick.now_ns);
    f.q = q_;
    f.dq = dq_;
    f.target = target_;
    f.hand = {0.2F, 1.1F, 0.5F};
    f.q_at.ns = f.dq_at.ns = f.target_at.ns = f.hand_at.ns = tick.now_ns;
    return TACTUS_OK;
  }

  tactus::Status write(const std::array<float, 7>& u) noexcept {
    command_ = u;
    return TACTUS_OK;
  }

  [[nodiscard]] const std::array<float, 7>& q() const { return q_; }

 private:
  static constexpr float kLag = 0.015F;  // s, below the declared 20 ms

  void advance(std::int64_t now_ns) noexcept {
    const float dt =
        last_ns_ == 0 ? 0 : static_cast<float>(now_ns - last_ns_) * 1e-9F;
    last_ns_ = now_ns;
    const float gain = dt / (kLag + dt);
    for (std::size_t j = 0; j < q_.size(); ++j) {
      dq_[j] += gain * (command_[j] - dq_[j]);
      q_[j] += dt * dq_[j];
    }
  }

  std::int64_t last_ns_ = 0;
  std::array<float, 7> q_ = {0, -0.6F, 0, -2.0F, 0, 1.6F, 0.8F};
  std::array<float, 7> dq_{};
  std::array<float, 7> command_{};
  std::array<float, 3> target_ = {0.45F, -0.2F, 0.4F};
};
