// SPDX-License-Identifier: MIT
// The rows' part of explain.hpp. Set-up only.
#pragma once

#include "safety/explain.hpp"

namespace tactus::safety {

[[nodiscard]] ExplainedRow explain_row(const Image& image, const Row& row);
[[nodiscard]] const char* response_name(Response response) noexcept;
[[nodiscard]] uint64_t moving_spheres(const Image& image);

}  // namespace tactus::safety
