// SPDX-License-Identifier: MIT
// From what a builder collected to a Blueprint: the limits are compiled with
// the loop's and the guard's times, and what the limits file says about them
// too must agree. Set-up only.
#pragma once

#include "capi/objects.hpp"
#include "tactus/result.hpp"

namespace tactus::capi {

Result<config::Blueprint> compose(const tactus_builder& builder);

}  // namespace tactus::capi
