// SPDX-License-Identifier: MIT
// What `rtctl model run` does: a model over recorded inputs. Set-up code.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "policy/plan.hpp"
#include "policy/rows.hpp"

namespace tactus::policy {

struct RunOptions {
  std::vector<NamedFile> inputs;
  std::string output_dir;  // made if missing
  Options plan;
  // The only file's rows are one cycle's signals, as the robot gives them:
  // scaled, clipped and stacked by the model's contract. One after another.
  bool signals = false;
  // Of a model without state, over rows of inputs; 0: one per core.
  unsigned threads = 0;
  std::function<void(std::size_t)> progress = {};  // as BatchOptions
  // Each file is one input as it stands. Otherwise its first axis counts
  // rows, each of the input's shape (a leading batch of 1 may be left out).
  bool whole = false;
};

struct RunReport {
  std::string backend;
  Tier tier = Tier::kF32;
  std::size_t rows = 0;
  double seconds = 0;                // that the rows took, files apart
  std::vector<std::string> written;  // paths
};

// Recurrent states not given start at zero and are carried from row to row;
// writes output_dir/<output>.npy in f32, the states' last value included
// (characters that a file name cannot hold become '_').
Result<RunReport> model_run(const std::string& model,
                            const RunOptions& options);

}  // namespace tactus::policy
