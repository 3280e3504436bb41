// SPDX-License-Identifier: MIT
// The robot as it stands now, by forward kinematics of its own in long
// double: what an accepted cycle must obey whatever the kernels computed. For
// the fuzzing of limits; shares no arithmetic with kin/ and the rows. Not for
// the RT thread.
#pragma once

#include <string>

#include "safety/shield.hpp"

namespace tactus::safety {

// "": nothing is violated; else one line. Positions and velocities count as
// of now: the caller stamps them so. Hard rows only.
[[nodiscard]] std::string present_violation(const Image& image,
                                            const ShieldInput& in);

// The action in `out` against box and rate; `last` is the command before.
[[nodiscard]] std::string action_violation(const Image& image,
                                           const float* last,
                                           const ShieldOutput& out);

}  // namespace tactus::safety
