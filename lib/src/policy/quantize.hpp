// SPDX-License-Identifier: MIT
// What `rtctl model quantize` does: every tier of a model, timed in turn on
// this machine and compared with the double reference over recorded rows, and
// the one to take. Set-up only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "policy/assess.hpp"
#include "rt/cpu.hpp"
#include "tactus/result.hpp"

namespace tactus::policy {

// Without a limit of one's own: of the action's spread over the rows.
inline constexpr double kErrorOfSpread = 0.01;

struct QuantizeOptions {
  std::optional<double> max_error;  // of the action, in its unit
  std::optional<Tier> tier;         // to take, whatever the figures say
  int64_t duration_ns = 2'000'000'000;
  std::function<void(const char*)> progress;  // what is done now; may be empty
};

struct TierReport {
  Tier tier = Tier::kF32;
  std::string refused;  // why it cannot be had; then nothing else is set
  std::size_t weight_bytes = 0;
  bool bit_exact = false;
  Timing timing;
  std::vector<OutputAccuracy> accuracy;
  double error = 0;  // max, of the action
  bool within = false;
};

struct QuantizeReport {
  std::string model;
  std::string cpu;
  rt::Caches caches;
  std::size_t rows = 0;
  std::string source;
  std::string unit;      // of the errors; empty: the raw output
  double spread = 0;     // of the action over the rows
  double max_error = 0;  // allowed
  std::string limit;     // where that comes from
  std::vector<TierReport> tiers;
  Tier taken = Tier::kF32;
  ModelPlan::Ptr plan;  // of that tier, as it was timed
  std::string reason;
  Calibration calibration;
};

Result<QuantizeReport> quantize(const ModelPlan& plan, const Rows& rows,
                                const QuantizeOptions& options);

// A .tmodel of the tier that was taken, with its weights packed for this
// machine. kBadInput when the golden vectors differ by more than their
// tolerance and the allowed error.
Result<std::vector<std::byte>> make_tmodel(const ModelPlan& plan,
                                           const QuantizeReport& report,
                                           const std::string& accuracy_json);

// The tier that `text` names; none for "auto" and "".
Result<std::optional<Tier>> tier_of(const std::string& text);

}  // namespace tactus::policy
