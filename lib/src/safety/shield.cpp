// SPDX-License-Identifier: MIT
#include "safety/shield.hpp"

namespace tactus::safety {

void reset(ShieldState& state) noexcept {
  state = ShieldState{};
  state.still_since_ns = kNever;
}

}  // namespace tactus::safety
