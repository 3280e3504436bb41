// SPDX-License-Identifier: MIT
// Puts the CRCs of a log right after its bytes were changed: for tests that
// show what replay finds when the check sums do not. Bounded for any bytes.
// Not for the RT thread.
#pragma once

#include <cstddef>
#include <span>

namespace tactus::trace {

void seal(std::span<std::byte> log) noexcept;

}  // namespace tactus::trace
