// SPDX-License-Identifier: MIT
// What a duel may vary, and a search over it that gets nearer from life to
// life: the best few of each strategy are kept and changed a little, or a lot.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "loop_plant.hpp"

namespace loop {

enum Gene : std::size_t {
  kPose = 0,                  // of each joint
  kWeight = kPose + kJoints,  // how each joint moves, from -1 to 1
  kSpeed = kWeight + kJoints,
  kRunUp,      // cycles before it may begin
  kStalk,      // what the hand leaves of its row before it lunges
  kBlind,      // above a half nobody sees the lunge
  kHold,       // cycles of rung stop before the loop hangs
  kDelay,      // of commands
  kPlanDelay,  // of the guardian's
  kLag,        // while the loop works, and after that
  kStopLag,
  kEncoder,  // how far the robot seems to be from the hand
  kSensor,   // and the hand from the robot
  kStamp,    // how much too old the robot's stamps are
  kCheck,    // how late in its cycle a check begins
  kSend,     // and a command leaves
  kSleep,    // how late the guardian wakes
  kBody,     // which of the robot's points is meant
  kSide,     // from where, beside the way it moves: two of them
  kGenes = kSide + 2,
};
using Genes = std::array<double, kGenes>;  // each from 0 to 1

// What the rule's own arithmetic has as the worst; a half: nothing is known.
inline Genes worst_case() {
  Genes g;
  g.fill(0.5);
  for (const Gene full : {kDelay, kPlanDelay, kStopLag, kEncoder, kSensor,
                          kSend, kSleep, kSpeed, kLag})
    g[full] = 1;
  for (const Gene none : {kStalk, kBlind, kStamp, kCheck}) g[none] = 0;
  return g;
}

class Search {
 public:
  explicit Search(uint64_t seed) : random_(seed) {}

  Genes propose() {
    if (best_.size() < kKept || chance(random_, 0.15)) return fresh();
    const std::size_t which = random_.bits() % best_.size();
    return changed(best_[which].genes);
  }
  // The smaller, the nearer.
  void learn(const Genes& genes, double score) {
    const auto worse =
        std::find_if(best_.begin(), best_.end(),
                     [&](const Found& found) { return score < found.score; });
    best_.insert(worse, {genes, score});
    if (best_.size() > kKept) best_.resize(kKept);
  }

 private:
  static constexpr std::size_t kKept = 4;
  struct Found {
    Genes genes;
    double score;
  };

  Genes fresh() {
    Genes g = worst_case();
    for (std::size_t i = 0; i < kGenes; ++i) {
      const bool open = i < kSpeed || i == kRunUp || i >= kBody;
      if (open || chance(random_, 0.15)) g[i] = random_.in(0, 1);
    }
    return g;
  }
  // A few of them, by anything from a hair to all there is.
  Genes changed(Genes g) {
    const double part = random_.in(0, 0.5);
    const double size = std::pow(10, random_.in(-3, 0));
    for (double& x : g) {
      if (!chance(random_, part)) continue;
      double by = random_.in(-1, 1);
      by += random_.in(-1, 1);
      x = chance(random_, 0.05) ? std::round(x)
                                : std::clamp(x + size * by, 0.0, 1.0);
    }
    return g;
  }

  Random random_;
  std::vector<Found> best_;
};

}  // namespace loop
