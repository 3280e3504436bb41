// SPDX-License-Identifier: MIT
// How large the values become that matrix products read: what the int16 and
// int8 tiers need to know before they can round them. Measured over recorded
// observations, by the double reference. Set-up only.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tactus/result.hpp"

namespace tactus::policy {

class ModelPlan;

struct Range {
  // The graph's tensor that a Linear, LSTM or GRU reads, or its state begins
  // with.
  std::string value;
  double amax = 0;  // max |x|
  double low = 0;   // min x: where it is above -amax, int8 has a zero point
  // max |x| of each element along the last axis; empty: not known, amax then
  // serves for all.
  std::vector<double> each;
};

struct Calibration {
  std::string source;  // where the rows come from: a file
  uint64_t rows = 0;
  std::vector<Range> ranges;  // one for each such tensor, none twice
};

struct CalibrationRows {
  std::string source;
  // One flat array for each of Description::inputs, rows × size.
  std::vector<std::span<const float>> inputs;
};

// Every row in turn, recurrent state carried from row to row (zero at first).
// kBadInput: rows that do not fit the inputs, or a value that is not finite.
Result<Calibration> calibrate(const ModelPlan& plan,
                              const CalibrationRows& rows);

// Finite, 0 ≤ amax, -amax ≤ low ≤ amax, none twice; names the one that is not.
Result<void> check(const Calibration& calibration);

// Null if there is none.
[[nodiscard]] const Range* find_range(const Calibration& calibration,
                                      std::string_view value) noexcept;

}  // namespace tactus::policy
