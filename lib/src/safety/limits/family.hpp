// SPDX-License-Identifier: MIT
// What the readers of [limit]'s families share.
#pragma once

#include "safety/limits/ir.hpp"

namespace tactus::safety::limits {

struct Input {
  const Scope& scope;
  const std::vector<Signal>& signals;
  LimitsIr& out;
};

// margin and scale of a named row.
RowIr common(const toml::Table& table, const std::string& id, Dimension unit,
             double scale);

// kind = "expr": expressions.cpp.
void read_expression(const std::string& name, const toml::Table& table,
                     const Input& in);

}  // namespace tactus::safety::limits
