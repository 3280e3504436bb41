// SPDX-License-Identifier: MIT
// Texts for JSON and HTML, whatever bytes they hold. Not for the RT thread.
#pragma once

#include <string>
#include <string_view>

namespace tactus::trace {

// With quotation marks; bytes that are not UTF-8 become '?'.
[[nodiscard]] std::string quote(std::string_view text);
// null when it is not finite, which JSON cannot say.
[[nodiscard]] std::string number(double value);
// For HTML text and attributes.
[[nodiscard]] std::string escape(std::string_view text);

}  // namespace tactus::trace
