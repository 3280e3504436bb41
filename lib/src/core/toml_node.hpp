// SPDX-License-Identifier: MIT
// The tree behind toml.hpp: our own, so that no other file needs toml++.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/toml.hpp"

namespace tactus::toml {

struct Position {
  uint32_t line = 1;
  uint32_t column = 1;
};

struct Node {
  Kind kind = Kind::kAbsent;
  Position at;
  std::string text;
  int64_t integer = 0;
  double real = 0;
  bool flag = false;
  std::vector<Node> items;  // of a list
  struct Entry;
  std::vector<Entry> entries;  // of a table, in the order of the file
  // What was asked for; the reader's bookkeeping, not part of the value.
  mutable std::vector<std::string> asked;
  mutable bool read = false;  // as a table or list: its keys are judged

  [[nodiscard]] const Node* find(std::string_view key) const;
  void note(std::string_view key) const;
};

struct Node::Entry {
  std::string key;
  Position at;
  Node value;
};

struct State {
  std::string name;
  std::string source;
  Node root;
  std::optional<Error> first;
};

// toml_parse.cpp, the one file that includes toml++.
Result<Node> parse_tree(std::string_view text, const std::string& name);

}  // namespace tactus::toml
