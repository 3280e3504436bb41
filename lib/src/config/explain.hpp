// SPDX-License-Identifier: MIT
// A limits image in words: rows and assumptions, as `rtctl safety explain`
// prints and logs keep them. Set-up only.
#pragma once

#include <string>
#include <vector>

#include "safety/image.hpp"
#include "trace/log_info.hpp"

namespace tactus::config {

// Row → kernel → threshold and who consumes it, by row index.
[[nodiscard]] std::vector<trace::RowInfo> rows_of(const safety::Image& image);
// Every constant of the commit rule, and what cannot be checked, each with
// its margin.
[[nodiscard]] std::vector<trace::Fact> assumptions_of(
    const safety::Image& image);
[[nodiscard]] const char* kernel_name(safety::RowKernel kernel);
// "stale, row human separation" for safety::Reason bits.
[[nodiscard]] std::string reasons_text(uint32_t reasons);

}  // namespace tactus::config
