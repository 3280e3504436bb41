// SPDX-License-Identifier: MIT
// Bounds on XML text before a parser that recurses over it sees it.
#pragma once

#include <string>
#include <string_view>

#include "tactus/result.hpp"

namespace tactus::kin {

// TinyXML 2.6 steps over a whole UTF-8 sequence at a time, past the end of a
// text that breaks off in one: this behind it catches the step.
inline constexpr std::string_view kXmlTail = "    ";

// At most 1 MiB, no NUL, at most 64 opening tags without their closing ones.
Result<void> check_xml(std::string_view text, const std::string& file);

}  // namespace tactus::kin
