// SPDX-License-Identifier: MIT
// Contracts of the rows in space: shapes, links, task windows, the robot
// itself. What is accepted at rest ends where the oracle's distance is the
// model error; what is accepted in motion holds against the plant.
#pragma once

#include "contract_rig.hpp"
#include "space_adversary.hpp"

namespace contracts {

using namespace space_rig;

// Both ways, a few shapes of a kind: the edge is where the oracle has it.
inline bool edges_agree(Kind kind, bool exact) {
  uint32_t found[2] = {};
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    Draw draw(seed);
    const Shape shape = draw.shape(kind, seed % 2 == 0);
    auto image = bare();
    add(*image, shape);
    if (!seal(*image)) return false;
    const Trial t = trial(draw, shape);
    const Edge e = edge<Removed>(*image, shape, t.q, t.free, t.hit);
    if (!e.found) continue;
    ++found[seed % 2];
    // The rounding that is off the limit: a nanometre and one per metre.
    if (!(e.left >= 0) || (exact && !(e.left < 4e-9L))) return false;
  }
  return found[0] >= 4 && found[1] >= 4;
}
inline bool boxes_with_a_pose_are_where_they_are() {
  return edges_agree(Kind::kBox, true);
}
inline bool capsules_are_where_they_are() {
  return edges_agree(Kind::kCapsule, true) && edges_agree(Kind::kSphere, true);
}
inline bool hulls_are_where_they_are() {
  return edges_agree(Kind::kHalf, true) && edges_agree(Kind::kHull, false);
}

// The elbow folds until the wrist comes to the shoulder.
inline std::unique_ptr<Image> against_itself() {
  auto image = bare();
  add_self(*image);
  if (!seal(*image)) image->header.magic = 0;
  return image;
}
inline bool links_keep_apart_at_rest() {
  static const auto image = against_itself();
  double open = -1, folded = -3.1;
  double q[7] = {0, 0.3, 0, 0, 0, 1.5, 0};
  const auto taken = [&](double elbow) {
    q[3] = elbow;
    return rests<Removed>(*image, q);
  };
  if (!taken(open) || taken(folded)) return false;
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (open + folded);
    (taken(middle) ? open : folded) = middle;
  }
  q[3] = static_cast<double>(static_cast<float>(open));
  const Real left = oracle::self_gap(q) - 2 * Real{image->commit.model_error};
  return left >= 0 && left < 1e-6L;
}
inline bool links_keep_apart_while_they_move() {
  uint32_t accepted = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    adversary::SelfCase one(seed);
    const auto end = one.run<Removed>();
    accepted += end.accepted;
    if (end.accepted && !(end.least > -1e-6L)) return false;
  }
  return accepted >= 20;
}

// How long a motion at rest counts, its stop and the lag's tail with it, in ns
// rounded up.
inline int64_t rest_ns(const Image& image) {
  Cycle c;
  static Foreseen motion;
  if (!product().foresee(image, c.state, c.in, motion)) return 0;
  return static_cast<int64_t>(
      std::ceil(motion.until_s[motion.samples - 1] * 1e9));
}

// A post where the hand is, and only there; a window of 100 ms and the motion
// that is to end in it.
inline std::unique_ptr<Image> with_post(const Binds& binds) {
  auto image = bare();
  Cycle rest;
  double q[7];
  for (int j = 0; j < 7; ++j) q[j] = static_cast<double>(rest.q[j]);
  const oracle::Vec hand = oracle::centres(q)[8];
  image->capsules = 1;
  image->capsule[0].radius = 0.02;
  image->capsule[0].binds = binds;
  double* at = image->capsule[0].from;
  at[0] = static_cast<double>(hand.x);
  at[1] = static_cast<double>(hand.y);
  at[2] = static_cast<double>(hand.z);
  std::copy_n(at, 3, image->capsule[0].to);
  image->windows = 1;
  image->window[0] = {kTarget, 1, 0, 0, 0.5, 100 * kMs};
  add_row(*image, "post", RowKernel::kCapsuleOut, 0, 1);
  const bool good = static_cast<bool>(seal(*image));
  image->window[0].longest_ns += rest_ns(*image);
  if (!good || !seal(*image)) image->header.magic = 0;
  return image;
}
inline constexpr uint32_t kHandBit = 1u << 7;
inline constexpr uint32_t kWristBit = 1u << 6;

inline bool links_that_are_spared_may_enter() {
  const auto spared = with_post({kHandBit | kWristBit, 0, 0, 0});
  const auto other = with_post({kWristBit, 0, 0, 0});
  Cycle a, b;
  return run(a, *spared) == TACTUS_RUNG_PASS &&
         blames(b, *other, kReasonRowKeepOut);
}
inline void set_contact(Cycle& c, float value) { c.target[1] = value; }
inline bool an_open_window_frees_its_links_only() {
  const auto hand = with_post({0, kHandBit | kWristBit, 1, 0});
  const auto other = with_post({0, kWristBit, 1, 0});
  Cycle a, b;
  set_contact(a, 1);
  set_contact(b, 1);
  return run(a, *hand) == TACTUS_RUNG_PASS &&
         blames(b, *other, kReasonRowKeepOut);
}
inline bool a_window_needs_a_fresh_signal_that_is_set() {
  const auto image = with_post({0, kHandBit | kWristBit, 1, 0});
  image->signal[kTarget].stale = StaleRule::kFallback;
  image->signal[kTarget].fallback[1] = 1;
  Cycle unset, stale, bad;
  set_contact(unset, 0.5f);  // not above
  set_contact(stale, 1);     // as the fallback: judged, but not touched
  stale.at(1000);
  stale.in.stamp_ns[kTarget] = stale.in.now_ns - 501 * kMs;
  set_contact(bad, std::nanf(""));
  bad.in.action_valid = true;
  run(bad, *image);
  return blames(unset, *image, kReasonRowKeepOut) &&
         blames(stale, *image, kReasonRowKeepOut) &&
         bad.out.rung == TACTUS_RUNG_STOP && bad.state.window_since_ns[0] == 0;
}
// No motion ends after it does, to the nanosecond; and it has no second time
// before it was unset.
inline bool a_window_does_not_stay_open() {
  const auto image = with_post({0, kHandBit | kWristBit, 1, 0});
  Cycle c;
  const auto passes = [&](uint64_t cycle, int64_t late_ns, float value) {
    c.at(cycle);
    c.in.now_ns += late_ns;
    c.in.release_ns += late_ns;
    set_contact(c, value);
    return run(c, *image) == TACTUS_RUNG_PASS;
  };
  const bool opened = passes(100, 0, 1) && passes(200, 0, 1);
  const bool over = passes(200, 1, 1) || passes(201, 0, 1);
  const bool unset = passes(202, 0, 0);
  return opened && !over && !unset && passes(203, 0, 1);
}

}  // namespace contracts
