// SPDX-License-Identifier: MIT
// Recorded observations as the model takes them: what calibration, pruning
// and action errors are measured over. Set-up only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "policy/calibration.hpp"
#include "policy/plan.hpp"
#include "tactus/result.hpp"

namespace tactus::policy {

struct NamedFile {
  std::string name;  // of the input; empty: the next one not named
  std::string path;  // .npy
};

struct Rows {
  std::string source;
  std::size_t count = 0;
  // One flat array for each of Description::inputs, count × size.
  std::vector<std::vector<float>> inputs;

  [[nodiscard]] CalibrationRows view() const {
    return {source, {inputs.begin(), inputs.end()}};
  }
};

// One .npy per input; its first axis counts rows, each of the input's shape
// (a leading batch of 1 may be left out), all finite. kBadInput names what
// does not fit.
Result<Rows> read_rows(const Description& model,
                       const std::vector<NamedFile>& files);

// [NAME=]PATH. A '/' before the '=' makes it a path: ./a=b.npy.
[[nodiscard]] NamedFile named_file(const std::string& argument);

}  // namespace tactus::policy
