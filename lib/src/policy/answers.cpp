// SPDX-License-Identifier: MIT
#include "policy/answers.hpp"

#include <algorithm>
#include <cstring>

#include "core/error.hpp"
#include "policy/image.hpp"

namespace tactus::policy {

namespace {

std::size_t sets_of(std::size_t answers) {
  return (answers + AnswerTable::kWays - 1) / AnswerTable::kWays;
}

}  // namespace

Result<void> AnswerTable::check(const Shape& shape, const std::string& label) {
  const std::size_t each = (shape.inputs + shape.outputs) * sizeof(float);
  const std::size_t bytes = sets_of(shape.answers) * kWays * each;
  if (bytes <= kMostBytes) return {};
  return bad_input(
      "{}: {} answers of {} bytes each: at most {} MiB in all: ask for fewer",
      label, shape.answers, each, kMostBytes >> 20);
}

AnswerTable::AnswerTable(const Shape& shape)
    : shape_(shape),
      sets_(sets_of(shape.answers)),
      hashes_(sets_ * kWays, kNone),
      oldest_(sets_, 0),
      keys_(sets_ * kWays * shape.inputs, 0.0F),
      values_(sets_ * kWays * shape.outputs, 0.0F) {}

const float* AnswerTable::find(std::span<const float> key) noexcept {
  hash_ = std::max<uint64_t>(xxh64(std::as_bytes(key)), kNone + 1);
  const std::size_t first = hash_ % sets_ * kWays;
  for (std::size_t entry = first; entry < first + kWays; ++entry) {
    if (hashes_[entry] != hash_) continue;
    const float* kept = keys_.data() + entry * shape_.inputs;
    // Bytes: -0 is not 0, and a NaN may have been asked for.
    if (std::memcmp(kept, key.data(), key.size_bytes()) != 0) continue;
    return values_.data() + entry * shape_.outputs;
  }
  return nullptr;
}

std::span<float> AnswerTable::store(std::span<const float> key) noexcept {
  const std::size_t set = hash_ % sets_;
  const std::size_t entry = set * kWays + oldest_[set];
  oldest_[set] = (oldest_[set] + 1) % kWays;
  hashes_[entry] = hash_;
  std::copy_n(key.data(), key.size(), keys_.data() + entry * shape_.inputs);
  return {values_.data() + entry * shape_.outputs, shape_.outputs};
}

}  // namespace tactus::policy
