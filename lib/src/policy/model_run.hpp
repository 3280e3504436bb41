// SPDX-License-Identifier: MIT
// What `rtctl model run` does: a model over recorded inputs. Set-up code.
#pragma once

#include <string>
#include <vector>

#include "policy/plan.hpp"
#include "policy/rows.hpp"

namespace tactus::policy {

struct RunOptions {
  std::vector<NamedFile> inputs;
  std::string output_dir;  // made if missing
  Options plan;
  // Each file is one input as it stands. Otherwise its first axis counts
  // rows, each of the input's shape (a leading batch of 1 may be left out).
  bool whole = false;
};

struct RunReport {
  std::size_t rows = 0;
  std::vector<std::string> written;  // paths
};

// Recurrent states not given start at zero and are carried from row to row;
// writes output_dir/<output>.npy in f32, the states' last value included
// (characters that a file name cannot hold become '_').
Result<RunReport> model_run(const std::string& model,
                            const RunOptions& options);

}  // namespace tactus::policy
