// SPDX-License-Identifier: MIT
// How a policy's inputs change over a log: what changes seldom may be declared
// slow, and inputs that come again may be answered from a table. Not for the
// RT thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trace/reader.hpp"

namespace tactus::trace {

struct InputUse {
  struct Field {
    std::string name;
    uint64_t changed = 0;  // cycles in which a byte differs from before
  };
  uint64_t cycles = 0;  // in which the policy ran
  std::vector<Field> fields;
  // Cycles whose inputs are, byte for byte, those of an earlier one (by a
  // 64-bit hash).
  uint64_t repeated = 0;

  // Of the cycles but the first; 0 when there is none.
  [[nodiscard]] double share(uint64_t count) const {
    return cycles < 2
               ? 0
               : static_cast<double>(count) / static_cast<double>(cycles - 1);
  }
};

// `names`: frame fields; those that the log lacks are left out.
[[nodiscard]] InputUse input_use(const LogReader& log,
                                 const std::vector<std::string>& names);

}  // namespace tactus::trace
