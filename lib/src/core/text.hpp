// SPDX-License-Identifier: MIT
// Small helpers for set-up code that reads and quotes people's text.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tactus {

[[nodiscard]] constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// In double quotes, control characters as \xNN, at most 60 bytes: an error
// line stays one line whatever the file holds.
[[nodiscard]] std::string quoted(std::string_view text);

// Control characters (C0, DEL, C1) as \xNN, however long.
[[nodiscard]] std::string one_line(std::string_view text);

// Bytes of the UTF-8 character at the beginning of `text`; 0: there is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

// At most `bytes` of `text`, never half a UTF-8 character.
[[nodiscard]] std::string_view utf8_cut(std::string_view text,
                                        std::size_t bytes);

// The word of `words` that `text` is most likely a slip of (edit distance,
// at most a third of its length); empty when none is near.
[[nodiscard]] std::string_view nearest(std::string_view text,
                                       std::span<const std::string> words);

}  // namespace tactus
