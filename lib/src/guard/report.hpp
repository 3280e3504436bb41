// SPDX-License-Identifier: MIT
// What the guardian did and found, read from its words: why it acted, what
// it played, whether it was late itself. RT-safe; any thread of any process
// that maps the segment.
#pragma once

#include <cstdint>
#include <string>

#include "core/layout/guard_words.hpp"
#include "guard/page.hpp"

namespace tactus::guard {

// Why the guardian acted (GuardWords::reason).
enum class Reason : uint32_t { kNone = 0, kMissedCommits = 1, kDied = 2 };

// Of the act that is going on; without one, what the last left.
struct Report {
  Reason reason = Reason::kNone;
  Choice choice = Choice::kNone;  // kNone: it has only just acted
  bool bound_broken = false;      // it woke later than its bound
  uint64_t frames_sent = 0;       // since it was started
  uint64_t send_failures = 0;
};
[[nodiscard]] Report report_of(const layout::GuardWords& words) noexcept;

// "missed commits", "controller died"; "none".
[[nodiscard]] const char* name_of(Reason reason) noexcept;
// "committed plan", "previous plan", "static hold"; "none".
[[nodiscard]] const char* name_of(Choice choice) noexcept;

// "missed commits; it woke later than its bound": why it acted, and what was
// not as it should be. Set-up and status threads: allocates.
[[nodiscard]] std::string to_text(const Report& report);

}  // namespace tactus::guard
