// SPDX-License-Identifier: MIT
// The model between file and backend: values with static shapes, nodes in
// topological order, constants in double. An operator's attributes and
// constant inputs are resolved into Node::ints and Node::reals when the
// node is added (ops.hpp says what they hold), so passes and backends never
// look at ONNX again. Set-up only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "policy/plan.hpp"

namespace tactus::policy::ir {

using Id = int32_t;  // index of a value; kNone: an omitted input
inline constexpr Id kNone = -1;

using Data = std::shared_ptr<const std::vector<double>>;

struct Value {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> dims;
  Data constant;  // null: computed at run time
  [[nodiscard]] int64_t size() const {
    int64_t n = 1;
    for (const int64_t d : dims) n *= d;
    return n;
  }
};

struct Node {
  std::string op;
  std::string name;
  std::vector<Id> in;
  std::vector<Id> out;
  std::vector<int64_t> ints;
  std::vector<double> reals;
};

struct Graph {
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<Id> inputs;   // as the file lists them, states included
  std::vector<Id> outputs;  // selected ones first, then the states'

  [[nodiscard]] const Value& at(Id id) const {
    return values[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] Value& at(Id id) {
    return values[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] bool is_constant(Id id) const {
    return id != kNone && at(id).constant != nullptr;
  }
  Id add(Value value) {
    values.push_back(std::move(value));
    return static_cast<Id>(values.size() - 1);
  }
};

}  // namespace tactus::policy::ir
