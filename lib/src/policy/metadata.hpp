// SPDX-License-Identifier: MIT
// The `tactus.*` keys of a model's metadata (metadata.md says what they hold).
// Set-up only.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/contract.hpp"
#include "policy/onnx/model.hpp"
#include "tactus/result.hpp"

namespace tactus::policy {

struct Golden {
  bool present = false;
  std::string by;
  double tolerance = 0;
  bool rollout = false;  // rows follow each other; else each starts at zero
  std::vector<std::vector<float>> observation;
  std::vector<std::vector<float>> action;
};

struct Metadata {
  Contract contract;
  Golden golden;
  std::vector<std::pair<std::string, std::string>> states;
};

// An unknown key inside, a missing one or a wrong type is kBadInput.
Result<Metadata> read_metadata(const onnx::Model& model,
                               const std::string& label);

// Nesting is bounded before JSON is parsed: the parser's own values nest on
// the stack when destroyed.
[[nodiscard]] bool is_shallow(std::string_view json) noexcept;

}  // namespace tactus::policy
