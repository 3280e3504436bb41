// SPDX-License-Identifier: MIT
#include "safety/shield.hpp"

#include "safety/check.hpp"

namespace tactus::safety {

void reset(ShieldState& state) noexcept {
  state = ShieldState{};
  state.still_since_ns = kNever;
}

void check(const Image& image, ShieldState& state, const ShieldInput& in,
           ShieldOutput& out) noexcept {
  check_with<NoFault>(image, state, in, out);
}

void committed(const Image& image, ShieldState& state,
               const Sent& sent) noexcept {
  committed_with<NoFault>(image, state, sent);
}

}  // namespace tactus::safety
