// SPDX-License-Identifier: MIT
// The check of many states, for looking at a data set or a policy's outputs
// offline: one verdict a row, by the same kernel that runs in the loop. Each
// row stands alone: a robot that has moved as `dq` says for long, everything
// observed now, an engaged loop, no command in flight that differs. Set-up
// code, not for the RT thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "safety/kernel.hpp"
#include "tactus/result.hpp"

namespace tactus::safety {

struct BatchAsk {
  std::span<const float> states;   // rows of state_values()
  std::span<const float> actions;  // rows of image.joints; empty: dq goes on
  // What errors call them, such as the files they came from.
  std::string states_name = "states", actions_name = "actions";
  const ExprNative* native = nullptr;
  // Only what holds at that instant: no motion, no stop (kernel.hpp).
  bool instant = false;
  std::function<void(std::size_t done)> progress;  // every 1000 rows
};

struct BatchVerdict {
  float margin = -1;              // of the action; < 0: violated
  uint16_t worst_row = kNoIndex;  // kNoIndex: not judged, see reasons
  uint16_t worst_link = kNoIndex;
  tactus_rung rung = TACTUS_RUNG_STOP;  // what the ladder would do
  uint32_t reasons = 0;
  [[nodiscard]] bool safe() const { return rung == TACTUS_RUNG_PASS; }
};

// Values of a row: every signal of the image, in its order.
[[nodiscard]] std::size_t state_values(const Image& image);
// "q 7, dq 7, target 3, hand 3".
[[nodiscard]] std::string state_columns(const Image& image);

// kBadInput: nothing to judge, a past-time row or a callback, sizes that do not
// fit, a value that is not finite (with its row and column, from 0).
[[nodiscard]] Result<std::vector<BatchVerdict>> check_batch(
    const Image& image, const Kernel& kernel, const BatchAsk& ask);

struct BatchSummary {
  std::size_t rows = 0, safe = 0;
  std::size_t worst = 0;  // row of the least margin; the first of equals
  std::size_t rung[5] = {};
  std::size_t unjudged = 0;         // a signal out of its range
  std::vector<std::size_t> blamed;  // by image row: worst one where not safe
};
[[nodiscard]] BatchSummary summarize(const Image& image,
                                     std::span<const BatchVerdict> verdicts);
[[nodiscard]] json::Value to_value(const Image& image, const BatchSummary& sum,
                                   std::span<const BatchVerdict> verdicts,
                                   bool instant = false);
[[nodiscard]] std::string to_text(const Image& image, const BatchSummary& sum,
                                  std::span<const BatchVerdict> verdicts,
                                  bool instant = false);

}  // namespace tactus::safety
