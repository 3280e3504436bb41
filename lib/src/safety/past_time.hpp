// SPDX-License-Identifier: MIT
// Past-time rows: what an expression's limits were in the time before now
// (past-time signal temporal logic: Maler and Nickovic, "Monitoring temporal
// properties of continuous signals", 2004, here as yes or no with the time
// that is left), and callbacks, rows that somebody else's function judges.
// Parts of the image (image.hpp) and of the shield's state (shield.hpp).
// Plain data; all zero is: none of them is configured, nothing is known.
#pragma once

#include <cstdint>

#include "core/layout/record.hpp"

namespace tactus::safety {

inline constexpr uint32_t kMaxMemories = 8;
inline constexpr uint32_t kMemorySlots = 32;

enum class MemoryForm : uint32_t {
  kHistorically = 0,  // it held throughout the window
  kOnce = 1,          // it held somewhere in the window
  kAtMost = 2,        // it did not hold for `allowed` of the window, at most
};

// At every instant of the past and of the whole motion. What is not known
// counts as the unsafe side: before the first check, while a signal that the
// expression needs is bad, and between two checks more than `gap` apart.
struct Memory {
  uint32_t expression;  // its index
  MemoryForm form;
  int64_t window_ns;
  int64_t allowed_ns;  // kAtMost
  int64_t gap_ns;
  // kAtMost: time is added up in slots this long. One fewer than there are
  // hold the window, so what is in violation leaves late, never early.
  int64_t slot_ns;
  // kHistorically: what a whole window that is missing counts as, in the
  // expression's unit.
  double worth;
};

struct MemoryState {
  // kHistorically: until when it was not known to hold. kOnce: when it was
  // last known to hold, by the stamps of what it goes by; 0: never.
  int64_t mark_ns;
  int64_t slot;  // the newest, counted from time 0
  int64_t spent_ns[kMemorySlots];
};

inline constexpr uint32_t kMaxCallbacks = layout::kMaxCallbacks;
inline constexpr uint32_t kCallbackName = 32;
inline constexpr uint32_t kCallbackModule = 128;

// A margin that a function gives once for each cycle, of the action that the
// ladder sends if it is content. No other action has one, so a row that is
// violated leaves rung stop only.
struct Callback {
  char name[kCallbackName];      // of its row
  char unit[16];                 // of the margin
  char symbol[kCallbackName];    // in `module`; "": registered by name
  char module[kCallbackModule];  // as written
  double min;                    // of the margin
  int64_t budget_ns;             // of the call
};

// What became of a call. Only kCallbackGave is a margin; the rest violates.
enum CallbackFate : uint8_t {
  kCallbackNone = 0,    // not called: nothing to call, or no motion to show
  kCallbackGave = 1,    // a margin, within the budget
  kCallbackFailed = 2,  // another status than OK
  kCallbackLate = 3,    // over its budget
};

}  // namespace tactus::safety
