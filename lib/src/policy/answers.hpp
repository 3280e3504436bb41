// SPDX-License-Identifier: MIT
// Outputs for inputs that came before, bit by bit: fixed in size, set
// associative, found by a hash of the inputs and then compared byte by byte,
// so that a hit is what a run would give. A look-up takes 30 ns for 12 inputs,
// 130 ns for 235 (bench reuse), and a miss as much more than a run. Only for
// models without state. make() is set-up; the rest is RT-safe, on one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tactus/result.hpp"

namespace tactus::policy {

class AnswerTable {
 public:
  struct Shape {
    std::size_t answers = 0;  // rounded up to whole sets
    std::size_t inputs = 0;   // floats of a key
    std::size_t outputs = 0;  // floats of an answer
  };
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kMostBytes = 64U << 20;

  // kBadInput if it would be larger than kMostBytes; `label` names the model.
  static Result<void> check(const Shape& shape, const std::string& label);
  explicit AnswerTable(const Shape& shape);

  // The answer, or null. What store() is called with next is this key.
  [[nodiscard]] const float* find(std::span<const float> key) noexcept;
  // For the key that find() did not find; the set's oldest entry goes.
  // Returns where the answer is to be written.
  [[nodiscard]] std::span<float> store(std::span<const float> key) noexcept;

 private:
  static constexpr uint64_t kNone = 0;  // no entry has this hash

  Shape shape_;
  std::size_t sets_;
  uint64_t hash_ = kNone;         // of find's key
  std::vector<uint64_t> hashes_;  // of each entry
  std::vector<uint32_t> oldest_;  // way of each set
  std::vector<float> keys_, values_;
};

}  // namespace tactus::policy
