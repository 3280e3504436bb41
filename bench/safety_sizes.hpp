// SPDX-License-Identifier: MIT
// The handover demo's limits, with more of everything that binds.
#pragma once

#include "config/shield_load.hpp"

namespace bench {

struct Size {
  int posts = 0;        // capsules to keep out of, beyond the robot's way
  int linear = 0;       // rows of the action
  int expressions = 0;  // of the action
  // How far the robot's spheres may stand out; fewer millimetres, more
  // spheres. Null: the demo's.
  const char* overshoot = nullptr;
};

tactus::Result<tactus::config::ImagePtr> load_size(const Size& size);

}  // namespace bench
