// SPDX-License-Identifier: MIT
// A model opened to be looked into and changed: parsed, and as a graph whose
// values can be read row by row. What calibration, pruning and the QDQ export
// stand on.
// Set-up only.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "policy/ir/build.hpp"
#include "policy/ir/interpreter.hpp"
#include "policy/onnx/model.hpp"
#include "policy/rows.hpp"
#include "tactus/result.hpp"

namespace tactus::policy {

struct OpenedModel {
  onnx::Model model;
  ir::Built built;  // as the file has it: no passes
};

// `outputs`: selected; empty: all but states.
Result<OpenedModel> open_model(std::span<const std::byte> image,
                               const std::string& label,
                               std::vector<std::string> outputs = {});

// Whether to go on.
using Visit = std::function<bool(ir::Interpreter&)>;
// Every row in turn, recurrent state carried: `count` of one flat array for
// each input; without arrays all of them are zeros.
void each_row(const ir::Built& built,
              std::span<const std::span<const float>> inputs, std::size_t count,
              const Visit& visit);
// The same; null: one row of zeros.
void each_row(const ir::Built& built, const Rows* rows, const Visit& visit);

// Nodes and initializers that lead to no output.
void drop_unread(onnx::Model& model);
// The golden vectors are another model's now; says how many they were.
std::size_t drop_golden(onnx::Model& model);

}  // namespace tactus::policy
