// SPDX-License-Identifier: MIT
// Two files' limits become one: of a row that both have, the tightest value of
// each key; what cannot be ordered stays two rows, which is tightest of all.
// Set-up only.
#pragma once

#include <string>

#include "safety/limits/ir.hpp"

namespace tactus::safety::limits {

// Moves the rows of `from` into `to`. A row whose name is taken gets `label`
// and a dot before it. Errors (nothing is left of a range, no room for a name
// or a row) are left at the row's place in its document.
void tighten(LimitsIr& to, LimitsIr&& from, const std::string& label);

}  // namespace tactus::safety::limits
