// SPDX-License-Identifier: MIT
// As adversary.hpp, for the rows in space: a random state with commands in
// flight, the shape moved (or the elbow bent) to where the shield just
// accepts the action; then whatever the assumptions allow, and the least
// that the oracle ever finds left.
#pragma once

#include "adversary.hpp"
#include "crowd.hpp"

namespace adversary {

using oracle::Real;

struct SpaceEnd {
  bool accepted = false;
  Real least = INFINITY;  // m, over the whole motion
};

class SpaceCase : protected Case {
 public:
  SpaceCase(Image& image, uint64_t seed) : Case(image, seed), scene_(image) {}

 protected:
  // Accepted at the near end of `taken`, refused at the far one.
  template <class Taken>
  static bool bisect(const Taken& taken, double& low, double high) {
    if (!taken(low) || taken(high)) return false;
    for (int i = 0; i < 14; ++i) {
      const double middle = 0.5 * (low + high);
      (taken(middle) ? low : high) = middle;
    }
    return taken(low);
  }
  template <class F>
  bool asked() {
    trial_ = cycle_;
    return trial_.run<F>(image_) != TACTUS_RUNG_STOP;
  }
  template <class F, class Left>
  SpaceEnd follow_on(const Left& left) {
    SpaceEnd out;
    out.accepted = true;
    cycle_ = trial_;
    cycle_.send<F>(image_);
    orders_to_rest();
    const double lag = seconds(image_.commit.lag_ns);
    for (int64_t t = cycle_.in.now_ns; t < 600 * kMs; t += 2 * kMs) {
      robot_.to(t, lag);
      out.least = std::min(out.least, left(robot_.q));
    }
    return out;
  }

  Image& scene_;
};

class ShapeCase : public SpaceCase {
 public:
  ShapeCase(Image& image, const space_rig::Shape& shape, uint64_t seed)
      : SpaceCase(image, seed), shape_(shape), draw_(seed) {}

  template <class F>
  SpaceEnd run() {
    prepare();
    space_rig::Trial t = space_rig::trial(draw_, shape_, robot_.q);
    double share = 0;
    Solid solid;
    const auto taken = [&](double x) {
      double at[3];
      for (int a = 0; a < 3; ++a)
        at[a] = t.free[a] + x * (t.hit[a] - t.free[a]);
      solid = space_rig::put(scene_, shape_, at);
      return asked<F>();
    };
    if (!bisect(taken, share, 1)) return {};
    return follow_on<F>(
        [&](const double* q) { return oracle::least_left(solid, q); });
  }

 private:
  using Solid = oracle::Solid;
  const space_rig::Shape& shape_;
  space_rig::Draw draw_;
};

// A robot of many spheres among many shapes, and one more that is moved.
class CrowdCase : public SpaceCase {
 public:
  CrowdCase(Image& image, uint64_t seed)
      : SpaceCase(image, seed), draw_(seed) {}

  template <class F>
  SpaceEnd run() {
    const uint32_t own = scene_.chain.spheres;
    crowd::grow(scene_.chain, own + draw_.index(kScreenSpheres - own + 1),
                draw_);
    const auto balls = oracle::balls_of(scene_.chain);
    constexpr space_rig::Kind kMoved[] = {space_rig::Kind::kCapsule,
                                          space_rig::Kind::kBox,
                                          space_rig::Kind::kHull};
    const auto shape = draw_.shape(kMoved[draw_.index(3)], false);
    prepare();
    add(scene_, shape);
    auto solids = crowd::surround(scene_, 30 + draw_.index(41), robot_.q,
                                  crowd::Parts::kAll, draw_);
    solids.emplace_back();
    // Any of the rods.
    const bool is_rod = shape.kind == space_rig::Kind::kCapsule;
    const uint32_t rod = is_rod ? draw_.index(scene_.capsules) : 0;
    std::swap(scene_.capsule[0], scene_.capsule[rod]);
    if (!seal(scene_) || scene_.derived.screened == 0) return {};
    const space_rig::Trial t = space_rig::trial(draw_, shape, robot_.q);
    double share = 0;
    const auto taken = [&](double x) {
      double at[3];
      for (int a = 0; a < 3; ++a)
        at[a] = t.free[a] + x * (t.hit[a] - t.free[a]);
      solids.back() = space_rig::put(scene_, shape, at, rod);
      return asked<F>();
    };
    if (!bisect(taken, share, 1)) return {};
    return follow_on<F>(
        [&](const double* q) { return oracle::least_left(solids, q, balls); });
  }

 private:
  space_rig::Draw draw_;
};

// Without a model error, which would hide what is forgotten.
inline Image& itself() {
  static const auto image = [] {
    auto made = space_rig::bare();
    space_rig::add_self(*made);
    made->commit.model_error = 0;
    if (!seal(*made)) made->header.magic = 0;
    return made;
  }();
  return *image;
}

// The wrist is folded towards the shoulder, the elbow bends on.
class SelfCase : public SpaceCase {
 public:
  explicit SelfCase(uint64_t seed) : SpaceCase(itself(), seed) {}

  template <class F>
  SpaceEnd run() {
    prepare();
    const double elbow = robot_.q[3];
    const float seen = cycle_.q[3];
    double bend = 0.5;
    const auto taken = [&](double x) {
      robot_.q[3] = elbow - x;
      cycle_.q[3] = seen - static_cast<float>(x);
      return asked<F>();
    };
    double folded = 1;
    while (folded < 3 && taken(folded)) folded += 0.25;
    if (!bisect(taken, bend, folded)) return {};
    robot_.q[3] += static_cast<double>(seen - cycle_.q[3]) - bend;
    return follow_on<F>([&](const double* q) { return oracle::self_gap(q); });
  }
};

// The wrist alone turns the hand towards the folded arm, from rest: what the
// hand's own size adds to its way is most of what is not known of its place.
class WristCase : public SpaceCase {
 public:
  explicit WristCase(uint64_t seed) : SpaceCase(itself(), seed) {}

  template <class F>
  SpaceEnd run() {
    double angle = -2.6;
    const auto taken = [&](double x) {
      cycle_.q[5] = static_cast<float>(x);
      return asked<F>() && trial_.out.rung == TACTUS_RUNG_PASS;
    };
    cycle_.q[1] = 0;
    cycle_.q[3] = -2.9f;
    cycle_.u[5] = 1;
    if (!bisect(taken, angle, -2.2)) return {};
    for (int j = 0; j < 7; ++j) robot_.q[j] = trial_.q[j];
    robot_.start(trial_.in.now_ns);
    robot_.order(0, 0, cycle_.state.before);
    return follow_on<F>([](const double* q) { return oracle::self_gap(q); });
  }
};

}  // namespace adversary
