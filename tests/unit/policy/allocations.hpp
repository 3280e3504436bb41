// SPDX-License-Identifier: MIT
// Counts every allocation of the test program (allocations_test.cpp).
#pragma once

#include <atomic>

namespace tactus::policy::test {

extern std::atomic<long> allocations;

// Skips where the counter does not count.
void need_counter();

}  // namespace tactus::policy::test
