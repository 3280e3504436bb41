// SPDX-License-Identifier: MIT
// What passes share: who makes a value, how often it is used, constants.
// Valid until the graph changes. Set-up only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/ir/graph.hpp"

namespace tactus::policy::ir {

class Uses {
 public:
  explicit Uses(const Graph& graph);
  // The node that makes `id`; null for inputs and constants.
  [[nodiscard]] const Node* maker(Id id) const;
  [[nodiscard]] int count(Id id) const;  // nodes' inputs and graph outputs
  // The maker, if it is `op` and this is the value's only use.
  [[nodiscard]] const Node* only(Id id, std::string_view op) const;

 private:
  const Graph& graph_;
  std::vector<int> maker_, count_;
};

void replace_uses(Graph& graph, Id from, Id to);
Id add_constant(Graph& graph, std::vector<int64_t> dims,
                std::vector<double> data);
[[nodiscard]] const std::vector<double>& data_of(const Graph& graph, Id id);
// Element by element, one input (the table in ops_unary.cpp).
[[nodiscard]] bool is_unary(const Node& node);
// Multiplies what in[0] holds by weights: Linear, LSTM, GRU.
[[nodiscard]] bool reads_matrix(const Node& node);
// The file's name, "#17" for a value that passes made.
[[nodiscard]] std::string name_of_value(const Graph& graph, Id id);
// One observation: the last axis of W's input is all there is.
[[nodiscard]] bool is_single_row(const Graph& graph, const Node& linear);

}  // namespace tactus::policy::ir
