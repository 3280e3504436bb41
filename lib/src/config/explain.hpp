// SPDX-License-Identifier: MIT
// safety::Explanation as the facts that a log keeps. Set-up only.
#pragma once

#include <string>
#include <vector>

#include "safety/image.hpp"
#include "trace/log_info.hpp"

namespace tactus::config {

// Row → kernel → limit and who consumes it, by row index.
[[nodiscard]] std::vector<trace::RowInfo> rows_of(const safety::Image& image);
// Every constant of the commit rule, and what cannot be checked, each with
// its margin.
[[nodiscard]] std::vector<trace::Fact> assumptions_of(
    const safety::Image& image);
// "stale, row human separation" for safety::Reason bits.
[[nodiscard]] std::string reasons_text(uint32_t reasons);

}  // namespace tactus::config
