// SPDX-License-Identifier: MIT
// Bodies of rows.hpp; include that. One file per family in rows/.
#pragma once

#include <cmath>
#include <limits>

#include "safety/rows/action_impl.hpp"
#include "safety/rows/barriers_impl.hpp"
#include "safety/rows/callbacks_impl.hpp"
#include "safety/rows/expressions_impl.hpp"
#include "safety/rows/joints_impl.hpp"
#include "safety/rows/linear_impl.hpp"
#include "safety/rows/loads_impl.hpp"
#include "safety/rows/rollout_impl.hpp"
#include "safety/rows/trajectory_impl.hpp"
#include "safety/rows/verdict_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {

template <class F>
void judge(const Image& image, const ShieldInput& in, const Past& past,
           const Intent& intent, const Motion& motion, Effort effort,
           Verdict& out) noexcept {
  using namespace detail;
  Slacks slacks(image);
  act_slacks(image, past, intent, slacks);
  trajectory_slacks(image, past, intent, slacks);
  linear_slacks<F>(image, intent, motion, slacks);
  joint_slacks(image, motion, slacks);
  load_slacks(image, in, intent, motion, slacks);
  energy_slack<F>(image, motion, slacks.energy);
  const uint32_t open = open_throughout<F>(image, past.windows, motion);
  const bool known = out.memory != nullptr &&
                     recall<F>(image, in, open, motion, *out.memory, slacks);
  if (!known) {
    space_slacks<F>(image, in, open, motion, effort, slacks);
    if (out.memory != nullptr)
      remember(image, in, open, motion, slacks, *out.memory);
  }
  closing_slacks<F>(image, in, past, intent, motion, slacks);
  barrier_slacks<F>(image, in, past, intent, motion, slacks);
  expression_slacks<F>(image, in, past, intent, motion, slacks);
  callback_slacks<F>(image, in, intent, slacks);
  out.clear();
  out.judged = true;
  out.violated = 0;
  out.recalled = known;
  count_rows<F>(image, slacks, out);
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
