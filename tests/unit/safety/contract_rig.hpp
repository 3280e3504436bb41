// SPDX-License-Identifier: MIT
// What the contracts' predicates share: the check with one rule removed.
#pragma once

#include "rig.hpp"

namespace contracts {

using namespace rig;

struct Removed {
  static inline Fault active = Fault::kNone;
  static bool on(Fault fault) { return fault == active; }
  static bool none() { return active == Fault::kNone; }
};

inline tactus_rung run(Cycle& cycle, const Image& image) {
  return cycle.run<Removed>(image);
}
inline bool stops(Cycle& cycle, uint32_t reason) {
  static const auto image = sealed();
  return run(cycle, *image) == TACTUS_RUNG_STOP &&
         (cycle.out.reasons & reason) != 0 && cycle.out.action[0] == 0;
}
inline bool blames(Cycle& cycle, const Image& image, uint32_t reason) {
  const bool pass = run(cycle, image) == TACTUS_RUNG_PASS;
  return !pass && (cycle.out.reasons & reason) != 0;
}

}  // namespace contracts
