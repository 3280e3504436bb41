// SPDX-License-Identifier: MIT
// What an SRDF says of a chain: which links never touch each other
// (<disable_collisions>). Its other elements are about planning and are not
// read; without them more is checked, never less. Set-up only.
#pragma once

#include <string>
#include <vector>

#include "kin/urdf.hpp"

namespace tactus::kin {

// Fills chain.disabled. `links`: all of the URDF's. Errors are one line
// `file:line:column: seen: remedy`: no <robot>, another robot's name, a
// missing attribute, a link that the URDF does not have, one link twice.
Result<void> read_srdf(const SrdfText& srdf,
                       const std::vector<std::string>& links, Chain& chain);

}  // namespace tactus::kin
