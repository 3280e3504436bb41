// SPDX-License-Identifier: MIT
// What an Image promises, on which terms: each row with its kernel, consumer
// and predicted cost; every constant of the commit rule; what cannot be
// checked, with the margin that is kept for it. Data first: the CLI prints it
// as text or JSON, the log's header stores it. Set-up only.
#pragma once

#include <string>
#include <vector>

#include "safety/cost.hpp"
#include "safety/redundancy.hpp"

namespace tactus::safety {

struct ExplainedRow {
  std::string id;
  std::string kernel;    // "separation", "keep in", ...
  std::string limit;     // in words, SI
  std::string consumer;  // who evaluates it, and when
  std::string bound;     // exact, or derived in a named header
  bool hard = true;
  std::string kind;      // "hard", "soft", "off"
  std::string severity;  // declared, or "by rung"
  std::string response;  // "ladder", "stop", "latch", "warn"
  uint32_t priority = 0;
  double margin = 0;  // SI, of the kernel
  double scale = 1;
  double warn = 0;                 // 0: none
  double hysteresis = 0;           // 0: none
  std::vector<std::string> files;  // whose values are the tightest; none: one
  std::string unit;                // what most of its work is counted in
  double units = 0;                // of one motion
  double predicted = 0;            // ns, of one motion
};

struct Constant {
  std::string name;
  double value = 0;  // in `unit`
  std::string unit;
  std::string from;  // the key that sets it
};

struct Assumption {
  std::string id;
  std::string text;    // what must be true
  std::string margin;  // what is kept for it
  double value = 0;    // of the margin, in `unit`
  std::string unit;
};

struct Explanation {
  std::string name;
  std::string output;  // "joint_velocity"
  std::string hash;    // of the image, hex
  bool limit_none = false;
  std::vector<std::string> ladder;
  std::vector<ExplainedRow> rows;
  std::vector<Constant> constants;
  std::vector<Assumption> assumptions;
  Cost cost;
  Redundancy redundancy;
};

// With what it costs on the kernels of this machine, or of `isa`.
[[nodiscard]] Explanation explain(const Image& image);
[[nodiscard]] Explanation explain(const Image& image, rt::Isa isa);

// Plain text, 80 columns where the names allow it, no trailing blank.
[[nodiscard]] std::string to_text(const Explanation& explanation);

}  // namespace tactus::safety
