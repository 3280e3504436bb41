// SPDX-License-Identifier: MIT
// What `rtctl model verify` does: golden vectors, a .tmodel's own tier and
// packed weights, and every backend that is here and takes the model,
// unrounded, against `reference` on random inputs. Set-up code.
#pragma once

#include <cstdint>
#include <optional>
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

// The tier that a .tmodel was made for, as the loop runs it, from its packed
// weights, which must be the image's. Golden vectors judge it, within what the
// file allows the tier; beside `reference` it is only to be finite: there its
// error is told.
struct StoredReport {
  Tier tier = Tier::kF32;
  std::string kernels;
  GoldenResult golden;
  std::vector<OutputError> outputs;
  std::string error;  // empty: it serves
};

struct VerifyReport {
  // With the golden result in f32, of the first backend here.
  Description model;
  bool golden_ok = false;    // false too when there are none: see self_checked
  std::string golden_error;  // the vector and the difference
  std::optional<StoredReport> stored;  // of a .tmodel
  std::vector<BackendReport> backends;
  bool ok = false;  // no mismatch, and every available backend agrees
};

// An error only where the model cannot be read at all.
Result<VerifyReport> verify(const std::string& model,
                            const VerifyOptions& options);

}  // namespace tactus::policy
