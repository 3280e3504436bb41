// SPDX-License-Identifier: MIT
#include "safety/seal/family.hpp"

namespace tactus::safety::sealing {

bool expressions_valid(const Image& image) noexcept {
  uint32_t values[kMaxSignals];
  const uint32_t signals =
      image.signals < kMaxSignals ? image.signals : kMaxSignals;
  for (uint32_t i = 0; i < signals; ++i) values[i] = image.signal[i].count;
  const uint32_t joints = image.joints < kMaxJoints ? image.joints : kMaxJoints;
  return valid(image.expressions, {joints, signals, values});
}

Check check_expressions(const Image& image) {
  if (expressions_valid(image)) return {};
  return bad_input("limits image: a program of an expression is damaged");
}

}  // namespace tactus::safety::sealing
