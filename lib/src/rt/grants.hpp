// SPDX-License-Identifier: MIT
// What was asked of the machine and what it gave. Printed by rtctl, stored
// in the log header; `require` turns a missing one into a start-up error.
// Set-up only.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tactus/grants.hpp"
#include "tactus/result.hpp"

namespace tactus::rt {

// A name of the table in tactus/grants.hpp; another word does not compile.
class GrantName {
 public:
  constexpr GrantName() = default;  // of a grant that is yet to be asked for
  consteval GrantName(const char* name) : row_(find_grant(name)) {
    if (row_ == nullptr) not_in_the_table();
  }
  explicit constexpr GrantName(const GrantRow& row) : row_(&row) {}

  [[nodiscard]] constexpr const char* c_str() const {
    return row_ != nullptr ? row_->name : "";
  }
  friend constexpr bool operator==(GrantName a, std::string_view b) {
    return a.c_str() == b;
  }

 private:
  static void not_in_the_table() {}  // not constexpr: ends the compilation

  const GrantRow* row_ = nullptr;
};

struct Grant {
  GrantName name;
  std::string asked;    // "priority 45"
  std::string granted;  // what was read back: "priority 45", "other"
  bool ok = false;      // granted is what was asked
  std::string reason;   // why not, and the remedy; empty when ok
};
using Grants = std::vector<Grant>;

// "memlock, stack, …": every name that may be required.
[[nodiscard]] std::string grant_names();

// kBadInput, with all names, for a word that is none.
Result<void> check_name(std::string_view name);

// kUnavailable naming the first required grant that is missing, with its
// reason or what would ask for it; kBadInput as check_name.
Result<void> check_required(const Grants& grants,
                            std::span<const std::string> required);

// "fifo priority 45, affinity cpu 1, qos refused (…)": one line.
[[nodiscard]] std::string to_text(const Grants& grants);

}  // namespace tactus::rt
