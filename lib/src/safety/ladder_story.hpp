// SPDX-License-Identifier: MIT
// One cycle's check told again, off-line: which rows it found violated, where,
// by how much, which rungs were tried and why they were refused, and the
// action nearest to the one asked for that would have passed. A pure function
// of what the check itself takes. Not for the RT thread.
#pragma once

#include <string>
#include <vector>

#include "core/json.hpp"
#include "safety/kernel.hpp"

namespace tactus::safety {

// One row of a verdict, in words and in its own unit.
struct RowStory {
  std::string id;
  std::string where;  // joint, or link and what it was near; "": the action
  double margin = 0;  // normalised; violated: below 0
  double amount = 0;  // the same in `unit`; at the ends of [-1, 1] at least it
  std::string unit;
  bool hard = true;
};

struct RungStory {
  std::string rung;
  bool taken = false;
  std::string why;  // it was refused, or what it gave
};

struct NearestAction {
  bool found = false;
  std::vector<float> u;
  double distance = 0;  // Euclidean, from the action asked for
  std::string how;      // found, or why there is none
  uint32_t checks = 0;  // that the search took
};

struct LadderStory {
  bool judged = false;
  tactus_rung rung = TACTUS_RUNG_STOP;
  std::string reasons;             // what was wrong beside or before the rows
  std::vector<float> asked;        // after the blend
  std::vector<float> left;         // what the check let out
  std::vector<RowStory> violated;  // worst first
  RowStory worst;                  // of the hard rows; id "": none
  std::vector<RungStory> rungs;
  NearestAction nearest;
  std::vector<std::string> joints;
};

struct Checked {
  const Image& image;
  const ShieldState& state;  // before the check
  const ShieldInput& in;
  const Kernel& kernel;
};

[[nodiscard]] LadderStory tell(const Checked& checked);

[[nodiscard]] json::Value to_value(const LadderStory& story);
[[nodiscard]] std::string to_text(const LadderStory& story);

// Names of Reason bits, joined.
[[nodiscard]] std::string reason_names(uint32_t reasons);

// Unit of what a row's margin and scale are in; "" for a plain number.
[[nodiscard]] std::string unit_of(const Image& image, const Row& row);

}  // namespace tactus::safety
