// SPDX-License-Identifier: MIT
#pragma once

#include "report.hpp"

namespace bench {

// False: the expressions did not compile, or peers disagree.
[[nodiscard]] bool add_expression_rows(int cases, Report& report);

}  // namespace bench
