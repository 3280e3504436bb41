// SPDX-License-Identifier: MIT
#include "safety/nearest.hpp"

#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "safety/check.hpp"

namespace tactus::safety {
namespace {

constexpr uint32_t kHalvings = 24;  // an f32 has no more to tell
constexpr uint32_t kRounds = 3;     // over all joints
constexpr uint32_t kJointHalvings = 12;

using Action = std::vector<float>;

class Search {
 public:
  Search(Alone alone, const Action& asked)
      : alone_(std::move(alone)), asked_(asked) {}

  NearestAction run(const std::vector<std::pair<const char*, Action>>& anchors);

 private:
  [[nodiscard]] double distance(const Action& u) const {
    double sum = 0;
    for (std::size_t j = 0; j < u.size(); ++j) {
      const double d = double{u[j]} - double{asked_[j]};
      sum += d * d;
    }
    return std::sqrt(sum);
  }
  // Takes it when it passes and is nearer than the best so far.
  bool passes(const Action& u) {
    ++best_.checks;
    if (alone_.judge(u).rung != TACTUS_RUNG_PASS) return false;
    const double d = distance(u);
    if (!best_.found || d < best_.distance) {
      best_.found = true;
      best_.u = u;
      best_.distance = d;
    }
    return true;
  }
  void towards(const Action& anchor);
  void refine();

  Alone alone_;
  const Action& asked_;
  NearestAction best_;
};

// No claim that what passes is connected: the best that passed is kept.
void Search::towards(const Action& anchor) {
  double good = 1, bad = 0;  // 0: asked, 1: the anchor
  for (uint32_t i = 0; i < kHalvings; ++i) {
    const double middle = 0.5 * (good + bad);
    Action u(anchor.size());
    for (std::size_t j = 0; j < u.size(); ++j)
      u[j] = static_cast<float>(asked_[j] + middle * (anchor[j] - asked_[j]));
    (passes(u) ? good : bad) = middle;
  }
}

void Search::refine() {
  for (uint32_t round = 0; round < kRounds; ++round) {
    const double before = best_.distance;
    for (std::size_t j = 0; j < asked_.size(); ++j) {
      double good = 1, bad = 0;
      const float from = best_.u[j];
      if (from == asked_[j]) continue;
      Action u = best_.u;
      u[j] = asked_[j];
      if (passes(u)) continue;
      for (uint32_t i = 0; i < kJointHalvings; ++i) {
        const double middle = 0.5 * (good + bad);
        u[j] = static_cast<float>(asked_[j] + middle * (from - asked_[j]));
        (passes(u) ? good : bad) = middle;
      }
    }
    if (!(best_.distance < before)) return;
  }
}

NearestAction Search::run(
    const std::vector<std::pair<const char*, Action>>& anchors) {
  if (passes(asked_)) {
    best_.how = "it passes as it was asked for";
    return best_;
  }
  std::string tried;
  std::string from;
  for (const auto& [name, anchor] : anchors) {
    if (anchor.size() != asked_.size()) continue;
    tried += (tried.empty() ? "" : ", ") + std::string(name);
    const double before = best_.found ? best_.distance : INFINITY;
    if (!passes(anchor)) continue;
    towards(anchor);
    if (best_.distance < before) from = name;
  }
  if (!best_.found) {
    best_.how = fmt::format("none found: none of {} passes", tried);
    return best_;
  }
  const double along = best_.distance;
  refine();
  best_.how =
      fmt::format("search: bisection towards {}{}", from,
                  best_.distance < along ? ", then joint by joint" : "");
  return best_;
}

}  // namespace

Alone::Alone(const Checked& c)
    : image_(std::make_unique<Image>(c.image)), checked_(c) {
  image_->ladder.rungs = kRungPass | kRungStop;
}

ShieldOutput Alone::judge(const std::vector<float>& action) const {
  const Checked& c = checked_;
  float u[kMaxJoints] = {};
  std::copy(action.begin(), action.end(), u);
  ShieldInput in = c.in;
  in.action = u;
  in.action_valid = true;
  in.blend = 1;
  ShieldState state = c.state;
  ShieldOutput out;
  c.kernel.check(*image_, state, in, out);
  out.reasons &= ~uint32_t{kReasonLadder};  // there is no other rung
  return out;
}

Anchors anchors_of(const Checked& c) {
  Health health;
  inspect<NoFault>(c.image, c.state, c.in, health);
  Past past;
  // `still` only tightens a bound on the past that no anchor depends on.
  if (!health.robot_ok ||
      !predict_past<NoFault>(c.image, c.state, c.in, false, past))
    return {};
  Anchors out;
  float brake[kMaxJoints];
  detail::brake_sample(c.image, past, brake);
  for (uint32_t j = 0; j < c.image.joints; ++j) {
    out.brake.push_back(brake[j]);
    out.last.push_back(static_cast<float>(past.last[j]));
  }
  return out;
}

NearestAction find_nearest(const Checked& c, const std::vector<float>& asked,
                           const std::vector<float>& left) {
  const Anchors anchors = anchors_of(c);
  return Search(Alone(c), asked)
      .run({{"what the ladder let out", left},
            {"the next sample of a stop", anchors.brake},
            {"the command before", anchors.last},
            {"standing still", Action(asked.size(), 0.0F)}});
}

}  // namespace tactus::safety
