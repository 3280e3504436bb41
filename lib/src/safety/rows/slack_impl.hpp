// SPDX-License-Identifier: MIT
// What a family measures: the smallest slack of each of its rows.
#pragma once

#include <limits>

#include "safety/predict.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// Smallest slack of one row so far: NaN until something was measured, so a
// row over an empty set violates. `bad` is sticky, because a NaN slack would
// be lost by the next minimum.
struct Slack {
  double worst = std::numeric_limits<double>::quiet_NaN();
  uint32_t link = kNoIndex;
  bool bad = false;

  void take(double slack, uint32_t who) {
    if (!(slack >= worst)) {
      worst = slack;
      link = who;
    }
    bad |= !(slack >= 0);
  }
};

struct Slack8 {
  Double8 worst = Double8{} + std::numeric_limits<double>::quiet_NaN();
  Double8 who = Double8{} + double{kNoIndex};
  kin::Int8 good = ~kin::Int8{};

  [[gnu::always_inline]] void take(const Double8& slack, uint32_t sphere) {
    const Double8 index = Double8{} + static_cast<double>(sphere);
    // Before `worst`, which it compares with; NaN on either side replaces.
    select_le(worst, slack, who, index, who);
    select_le(worst, slack, worst, slack, worst);
    kin::Int8 enough;
    kin::at_least(slack, Double8{}, enough);
    good = good & enough;
  }
  void drain(Slack& into) const {
    for (uint32_t i = 0; i < kLanes; ++i) {
      into.take(worst[i], static_cast<uint32_t>(who[i]));
      into.bad |= good[i] == 0;
    }
  }
};

// Everything measured about a motion, per table entry: a line per family. Of
// the tables that few images have, only what they have is begun: to begin all
// costs each check a hundredth.
struct Slacks {
  explicit Slacks(const Dynamics& has)
      : loads(has.loads), contacts(has.contacts), barriers(has.barriers) {
    for (uint32_t i = 0; i < loads; ++i) load[i] = Slack{};
    for (uint32_t i = 0; i < contacts; ++i) contact[i] = Slack{};
    for (uint32_t i = 0; i < barriers; ++i) barrier[i] = Slack{};
  }
  Slack action, rate, position, velocity;
  Slack box[kMaxBoxes];
  Slack human[kMaxHumans];
  Slack human_now[kMaxHumans];
  Slack linear[kMaxLinear];
  Slack expression[kMaxExpressions];
  Slack acceleration, jerk, viable;
  Slack energy;
  uint32_t loads, contacts, barriers;
  union {
    Slack load[kMaxLoads];
  };
  union {
    Slack contact[kMaxContacts];
  };
  union {
    Slack barrier[kMaxBarriers];
  };
};

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
