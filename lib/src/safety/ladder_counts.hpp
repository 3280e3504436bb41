// SPDX-License-Identifier: MIT
// How often the ladder may do what costs time: its loops end by these counts
// (check_impl.hpp, project_impl.hpp), and what a cycle costs at most is
// counted from them (cost.hpp). Constants only.
#pragma once

#include "safety/image.hpp"
#include "safety/qp.hpp"

namespace tactus::safety {

// Rung project: rounds of linearising, each with so many programs at most,
// and steps back from what was found unsafe.
inline constexpr uint32_t kProjectRounds = 3;
inline constexpr uint32_t kProjectCuts = 8;
inline constexpr uint32_t kProjectBackOffs = 3;
// Iterations of a cycle's programs are counted, for its cost alone, as this
// many each: a program ends after 2 kQpCap, but of 9775 random cycles with
// programs none took more than 22 iterations for one, and none more than 247
// for its 24 together (on the demo's limits, and with 60 linear rows more).
// Sampled, not derived; what takes longer is late, and a late check stops.
inline constexpr uint32_t kCountedIterations = kQpCap / 2;

// Motions that one cycle judges at most.
[[nodiscard]] constexpr uint32_t most_motions(const Ladder& ladder) {
  const bool scales = (ladder.rungs & kRungScale) != 0;
  const bool projects = (ladder.rungs & kRungProject) != 0;
  // Rung scale ends after two when the second, a stop's next sample, is
  // unsafe; without it rung project asks for that sample.
  const uint32_t unsure = scales ? 2 : (projects ? 1 : 0);
  const uint32_t sure = scales ? 2 + ladder.bisections : unsure;
  // What the bounds alone leave, then each round.
  const uint32_t projected = projects ? 1 + kProjectRounds : 0;
  // Who has something sure goes back towards it, and never to rung stop; who
  // has not looks at the running plan again, once there is one: engaged. In
  // ready standing still is judged first.
  const uint32_t sent = sure + projected + (projects ? kProjectBackOffs : 0);
  const uint32_t stopped = unsure + projected;
  const uint32_t ready = 1 + (sent > stopped ? sent : stopped);
  const uint32_t engaged = sent > stopped + 1 ? sent : stopped + 1;
  return 1 + (ready > engaged ? ready : engaged);
}

// Rounds and programs of rung project in one cycle, at most.
[[nodiscard]] constexpr uint32_t most_rounds(const Ladder& ladder) {
  return (ladder.rungs & kRungProject) != 0 ? kProjectRounds : 0;
}
[[nodiscard]] constexpr uint32_t most_programs(const Ladder& ladder) {
  return most_rounds(ladder) * kProjectCuts;
}

}  // namespace tactus::safety
