// SPDX-License-Identifier: MIT
// Which tier to take of those that were measured, and why. Set-up only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "policy/quantize.hpp"
#include "rt/cpu.hpp"

namespace tactus::policy {

// Sets `taken` and `reason` by the report's own figures: the fastest of those
// that are close enough; what differs by less than the noise of timing is
// decided for the more exact one. `asked`, which was not refused, goes before.
void recommend(QuantizeReport& report, std::optional<Tier> asked);

// "fits L2 (1 MiB)"
std::string fits_where(std::size_t bytes, const rt::Caches& caches);

}  // namespace tactus::policy
