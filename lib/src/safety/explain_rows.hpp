// SPDX-License-Identifier: MIT
// The rows' part of explain.hpp. Set-up only.
#pragma once

#include "safety/explain.hpp"

namespace tactus::safety {

[[nodiscard]] ExplainedRow explain_row(const Image& image, const Row& row,
                                       rt::Isa isa);
[[nodiscard]] const char* response_name(Response response) noexcept;

}  // namespace tactus::safety
