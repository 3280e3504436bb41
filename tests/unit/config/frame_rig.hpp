// SPDX-License-Identifier: MIT
// A frame for the two-joint arm of limits_rig.hpp, stamped signals and all.
#pragma once

#include <criterion/criterion.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "config/frame.hpp"

namespace tactus::config::test {

struct Frame {
  int64_t q_at, dq_at, target_at, hand_at;
  float q[2], dq[2], target[3], hand[3];
  float command[2];  // no signal of the shield
  float u[2];
};

constexpr uint32_t at(std::size_t offset) {
  return static_cast<uint32_t>(offset);
}

inline FrameLayout layout_of_frame() {
  const tactus_field fields[] = {
      {"q_at", "", TACTUS_TIME, 1, at(offsetof(Frame, q_at))},
      {"dq_at", "", TACTUS_TIME, 1, at(offsetof(Frame, dq_at))},
      {"target_at", "", TACTUS_TIME, 1, at(offsetof(Frame, target_at))},
      {"hand_at", "", TACTUS_TIME, 1, at(offsetof(Frame, hand_at))},
      {"q", "rad", TACTUS_F32, 2, at(offsetof(Frame, q))},
      {"dq", "rad/s", TACTUS_F32, 2, at(offsetof(Frame, dq))},
      {"target", "m", TACTUS_F32, 3, at(offsetof(Frame, target))},
      {"hand", "m", TACTUS_F32, 3, at(offsetof(Frame, hand))},
      {"command", "", TACTUS_F32, 2, at(offsetof(Frame, command))},
      {"u", "rad/s", TACTUS_F32, 2, at(offsetof(Frame, u))}};
  auto frame = FrameLayout::of(fields, sizeof(Frame));
  if (!frame) cr_assert(false, "%s", frame.error().text());
  return std::move(*frame);
}

}  // namespace tactus::config::test
