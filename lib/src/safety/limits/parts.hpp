// SPDX-License-Identifier: MIT
// The [limit] tables of several files, read one after the other and joined.
// Set-up only.
#pragma once

#include <string>
#include <vector>

#include "safety/limits/family.hpp"
#include "safety/limits/use.hpp"

namespace tactus::safety::limits {

// Each table of a [limit] goes to its reader by its name; what the program
// removed is passed over.
class PartReader {
 public:
  PartReader(const Scope& scope, const std::vector<Signal>& signals,
             const Edits* edits)
      : scope_(scope), signals_(signals), edits_(edits) {}

  // `before` lends its tree and windows, so that places in them hold for all.
  LimitsIr read(const Part& part, LimitsIr& before);
  // Of all tables, for a name that is none.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  void read_table(const toml::Table& table, const Input& in);
  bool wanted(const toml::Table& table, std::string_view name);

  const Scope& scope_;
  const std::vector<Signal>& signals_;
  const Edits* edits_;
  std::vector<std::string> names_;
};

// Rows of all parts, and the ladder that all of them have.
LimitsIr join(const std::vector<Part>& parts, PartReader& reader);

// limits.cpp: a table that stands in no place of its own; a ladder.
void read_named(const std::string& name, const toml::Value& value,
                const Input& in);
uint32_t read_ladder(const toml::Value& value);

}  // namespace tactus::safety::limits
