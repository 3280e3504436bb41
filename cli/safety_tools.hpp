// SPDX-License-Identifier: MIT
// rtctl safety bench, diff, fuzz and check --states; see safety.cpp for the
// others.
#pragma once

#include "options.hpp"
#include "output.hpp"

namespace tactus::cli {

int safety_bench(const SafetyOptions& options, const Output& out);
int safety_diff(const SafetyOptions& options, const Output& out);
int safety_fuzz(const SafetyOptions& options, const Output& out);
int safety_states(const SafetyOptions& options, const Output& out);

// JSON of two objects' members, one after the other.
std::string joined(const Value& first, const Value& rest);

}  // namespace tactus::cli
