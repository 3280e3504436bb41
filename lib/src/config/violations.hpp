// SPDX-License-Identifier: MIT
// What a running loop's board says, with the names that its limits give. Any
// thread but the loop's.
#pragma once

#include "safety/violations.hpp"
#include "telemetry/violation_board.hpp"

namespace tactus::config {

// `image`: the limits of now; entries of others keep the row's name alone.
[[nodiscard]] safety::ViolationReport violations_of(
    const telemetry::ViolationBoard* board, const safety::Image& image);

}  // namespace tactus::config
