// SPDX-License-Identifier: MIT
// Rows that a program takes out of the limits it loads. Set-up only.
#pragma once

#include "safety/limits/compile.hpp"

namespace tactus::safety::limits {

// By id ("cell", "joint.jerk"; "human" takes "human.now" with it) or by family
// ("keep", "joint"): kind off. An error names the rows and families there are.
Result<void> disable_rows(const Edits& edits, Image& image);

}  // namespace tactus::safety::limits
