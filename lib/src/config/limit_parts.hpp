// SPDX-License-Identifier: MIT
// What a log embeds beside its limits' own text: the files that limit.use
// names and what the program changed, as parts of "WORD BYTES\n", that many
// bytes and "\n". Set-up only.
#pragma once

#include <string>
#include <string_view>

#include "safety/limits/compile.hpp"
#include "tactus/result.hpp"

namespace tactus::config {

struct LimitParts {
  safety::limits::UsedFiles used;
  safety::limits::Edits edits;
};

// Empty when there is nothing of it.
[[nodiscard]] std::string parts_text(const LimitParts& parts);
// Of a log, so strict; `name` stands in errors. Its files are recorded ones.
Result<LimitParts> read_parts(std::string_view text, const std::string& name);

// "disabled: cell; added: limits of its own"; empty: nothing changed.
[[nodiscard]] std::string edits_text(const safety::limits::Edits& edits);

}  // namespace tactus::config
