// SPDX-License-Identifier: MIT
// Plans and words for tests of the guard.
#pragma once

#include <memory>

#include "core/layout/guard_words.hpp"
#include "guard/page.hpp"

namespace plans {

using tactus::layout::StopPlan;

inline constexpr int64_t kMs = 1'000'000;
inline constexpr uint32_t kJoints = 2;

// Held `held`, from `origin` linearly to zero in 10 ms.
inline StopPlan plan(uint64_t id, int64_t origin_ns, double held = 1,
                     uint32_t epoch = 1) {
  StopPlan p{};
  p.plan_id = id;
  p.origin_ns = origin_ns;
  p.epoch = epoch;
  p.joints = kJoints;
  p.segments = 1;
  p.segment_end_ns[0] = 10 * kMs;
  for (uint32_t j = 0; j < kJoints; ++j) {
    p.held[j] = held;
    p.cubic[0][j].c[0] = held;
    p.cubic[0][j].c[1] = -100 * held;
  }
  return p;
}

// Period 1 ms, misses 3, a guardian that is ready.
inline void configure(tactus::layout::GuardSegment& segment) {
  auto& c = segment.words.config;
  c.period_ns = kMs;
  c.bound_ns = kMs;
  c.repeat_ns = kMs;
  c.misses = 3;
  c.joints = kJoints;
  c.then_hold = 1;
  segment.words.ready.store(1);
  tactus::guard::format_page(segment.page);
}

// Loop and guardian memory without processes.
struct Shared {
  std::unique_ptr<tactus::layout::GuardSegment> segment =
      std::make_unique<tactus::layout::GuardSegment>();
  tactus::layout::GuardWords& words = segment->words;
  tactus::layout::StopPage& page = segment->page;

  Shared() { configure(*segment); }
};

}  // namespace plans
