// SPDX-License-Identifier: MIT
// How long the check of these limits takes on this machine, by the rung that
// comes out, and what each kind of row costs. Hot: image and state are in the
// caches, as prewarming leaves them. Not for the RT thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "safety/cost.hpp"
#include "safety/kernel.hpp"

namespace tactus::safety {

struct BenchAsk {
  uint32_t cases = 20'000;
  uint64_t seed = 1;
  const ExprNative* native = nullptr;
  std::function<void(uint32_t done)> progress;
};

struct BenchPath {
  std::string path;  // the rung; "all"
  uint64_t n = 0;
  double p50 = 0, p99 = 0, p999 = 0, max = 0;  // ns
};

// By leaving these rows out of a check that passes or stops at once.
struct BenchFamily {
  std::string family;
  uint32_t rows = 0;
  double p50 = 0;        // ns; what the check takes longer with them
  double predicted = 0;  // ns, the same
};

struct LimitsBench {
  std::string cpu;
  std::string isa;
  std::vector<BenchPath> paths;  // "all" first
  std::vector<BenchFamily> families;
  double rest = 0;  // ns; kinematics, action and joint rows
  double rest_predicted = 0;
  Cost cost;  // predicted of the whole
};

[[nodiscard]] LimitsBench bench_limits(const Image& image, const Kernel& kernel,
                                       const BenchAsk& ask);

[[nodiscard]] json::Value to_value(const LimitsBench& bench);
[[nodiscard]] std::string to_text(const LimitsBench& bench);

}  // namespace tactus::safety
