// SPDX-License-Identifier: MIT
// What `rtctl model verify` does: golden vectors, the packed weights of a
// .tmodel, and every backend that is here and takes the model, unrounded,
// against `reference` on random inputs. Set-up code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/plan.hpp"

namespace tactus::policy {

struct VerifyOptions {
  std::size_t rows = 64;  // random inputs, each from the previous state
  uint64_t seed = 1;
  double tolerance = 1e-4;  // of max |reference|, per output
};

struct OutputError {
  std::string output;
  double max_error = 0;      // max |backend - reference|
  double max_reference = 0;  // max |reference|
  double relative = 0;       // max_error / max_reference
};

struct BackendReport {
  std::string backend;
  std::string kernels;     // that it ran
  bool available = false;  // here, and takes this model
  std::string reason;      // why not
  bool ok = false;         // every output within tolerance
  std::vector<OutputError> outputs;
};

struct VerifyReport {
  Description model;       // with the golden result, of the first backend here
  bool golden_ok = false;  // false too when there are none: see self_checked
  std::string golden_error;  // the vector and the difference
  std::string packed_error;  // a .tmodel's weights are not its image's
  std::vector<BackendReport> backends;
  bool ok = false;  // no mismatch, and every available backend agrees
};

// An error only where the model cannot be read at all.
Result<VerifyReport> verify(const std::string& model,
                            const VerifyOptions& options);

}  // namespace tactus::policy
