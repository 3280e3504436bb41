// SPDX-License-Identifier: MIT
// What the sums of a recurrent layer's gates go through, out of Node::ints and
// Node::reals (ops.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "policy/ir/graph.hpp"

namespace tactus::policy::ir {

// By their number in Node::ints; each is an operator of one input.
inline constexpr std::array<std::string_view, 8> kGateFunctions = {
    "Tanh",        "Relu",      "Sigmoid",  "Elu",
    "HardSigmoid", "LeakyRelu", "Softplus", "Softsign"};

inline constexpr std::size_t kRecurrentInts = 5;  // before the functions

// ONNX's f, g and h: of an LSTM its gates, its candidate and its cell; of a
// GRU its gates and its candidate; of an RNN its sum.
enum class Slot : uint8_t { kGates, kCandidate, kCell };

[[nodiscard]] inline std::size_t slots_of(std::string_view op) {
  return op == "LSTM" ? 3 : op == "GRU" ? 2 : 1;
}

struct GateFunction {
  std::size_t index;  // in kGateFunctions
  double alpha, beta;
};

[[nodiscard]] inline GateFunction gate_function(const Node& node,
                                                std::size_t direction,
                                                Slot slot) {
  const std::size_t i =
      direction * slots_of(node.op) + static_cast<std::size_t>(slot);
  return {static_cast<std::size_t>(node.ints[kRecurrentInts + i]),
          node.reals[1 + 2 * i], node.reals[2 + 2 * i]};
}

// The sums are held in [-clip, clip]; the cell, as in onnxruntime, is not.
[[nodiscard]] inline double gate_clip(const Node& node) {
  return node.reals[0];
}

// A state that began in [-1, 1] stays there.
[[nodiscard]] inline bool is_bounded(const Node& node, std::size_t direction) {
  const auto one_of = [&](Slot slot,
                          std::initializer_list<std::string_view> l) {
    const auto index = gate_function(node, direction, slot).index;
    for (const std::string_view name : l)
      if (kGateFunctions[index] == name) return true;
    return false;
  };
  const auto last = static_cast<Slot>(slots_of(node.op) - 1);
  return one_of(Slot::kGates, {"Sigmoid", "HardSigmoid"}) &&
         one_of(last, {"Tanh", "Sigmoid", "HardSigmoid", "Softsign"});
}

}  // namespace tactus::policy::ir
