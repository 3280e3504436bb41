// SPDX-License-Identifier: MIT
// The observations that a run recorded, as its model took them: calibration
// from what the robot really saw. Set-up only.
#pragma once

#include "policy/rows.hpp"
#include "tactus/result.hpp"
#include "trace/reader.hpp"

namespace tactus::config {

// One row per cycle in which the policy ran, in order; `model` must observe
// what the log's model did, by name and size.
Result<policy::Rows> rows_of_log(const trace::LogReader& log,
                                 const policy::Description& model);

}  // namespace tactus::config
