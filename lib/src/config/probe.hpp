// SPDX-License-Identifier: MIT
// What this machine would grant a loop with the defaults, found by trying;
// and what this build can do. Nothing stays changed, except that the caller's
// memory is not locked afterwards. Set-up; takes about 0.1 s.
#pragma once

#include <string>
#include <vector>

#include "rt/grants.hpp"

namespace tactus::config {

// memlock, fifo (at the guardian's priority, the higher one), qos, tsc,
// stamps, record.
[[nodiscard]] rt::Grants probe_grants();

struct Feature {
  std::string name;    // "policy onednn"
  std::string detail;  // "module 2.6.3"; of one that is missing: why
  bool here = true;
};
[[nodiscard]] std::vector<Feature> features();

}  // namespace tactus::config
