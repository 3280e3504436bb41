// SPDX-License-Identifier: MIT
// Contracts of images with so many shapes that pairs are screened.
#pragma once

#include "space_contracts.hpp"

namespace contracts {

// Posts out of reach, as many as there is room for.
inline void crowd(Image& image) {
  while (image.capsules < kMaxCapsules) {
    Capsule& post = image.capsule[image.capsules];
    post.from[0] = post.to[0] = 5;
    post.to[2] = 1;
    post.radius = 0.1;
    add_row(image, "far", RowKernel::kCapsuleOut, image.capsules++, 1);
  }
}

inline bool many_shapes_bind_as_one_does_at_rest() {
  uint32_t found = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    Draw draw(seed);
    const Shape shape = draw.shape(Kind::kCapsule, seed % 2 == 0);
    auto image = bare();
    add(*image, shape);
    crowd(*image);
    if (!seal(*image) || image->derived.screened == 0) return false;
    const Trial t = trial(draw, shape);
    const Edge e = edge<Removed>(*image, shape, t.q, t.free, t.hit);
    if (!e.found) continue;
    ++found;
    if (!(e.left >= 0) || !(e.left < 4e-9L)) return false;
  }
  return found >= 8;
}
inline bool many_shapes_are_kept_out_of_in_motion() {
  uint32_t accepted = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Draw draw(seed * 977);
    const Shape shape = draw.shape(Kind::kCapsule, false);
    auto image = bare();
    add(*image, shape);
    crowd(*image);
    if (!seal(*image)) return false;
    const auto end = adversary::ShapeCase(*image, shape, seed).run<Removed>();
    accepted += end.accepted;
    if (end.accepted && !(end.least > 0)) return false;
  }
  return accepted >= 5;
}

// The plan of a cycle ago is committed: u was held.
inline void coasting(const Image& image, Cycle& c) {
  double held[kMaxJoints] = {};
  for (uint32_t j = 0; j < 7; ++j) held[j] = c.state.before[j];
  StopShape shape;
  if (!shape_stop(image, held, shape)) return;
  const Commit& k = image.commit;
  c.state.plan.plan_id = 1;
  c.state.plan.origin_ns =
      c.in.release_ns - k.period_ns + hold_ns(k) - k.actuator_delay_ns;
  write_plan(image, held, shape, c.state.plan);
}

// Sixty-three posts that the swinging arm just misses leave no room for the
// one that it hits; `count` of them.
inline bool swings_past(uint32_t count) {
  auto image = bare();
  image->capsules = count;
  for (uint32_t k = 0; k < count; ++k) {
    image->capsule[k].radius = 0.02;
    add_row(*image, "post", RowKernel::kCapsuleOut, k, 1);
  }
  if (!seal(*image)) return true;
  Cycle rest;
  double q[7];
  for (int j = 0; j < 7; ++j) q[j] = static_cast<double>(rest.q[j]);
  const oracle::Vec hand = oracle::centres(q)[8];
  const auto put_all = [&](double up, uint32_t from) {
    for (uint32_t k = from; k < count; ++k) {
      double* at = image->capsule[k].from;
      at[0] = static_cast<double>(hand.x);
      at[1] = static_cast<double>(hand.y);
      at[2] = static_cast<double>(hand.z) + up;
      std::copy_n(at, 3, image->capsule[k].to);
    }
    sealing::derive_capsules(*image);
  };
  const auto passes = [&] {
    Cycle c;
    for (uint32_t j = 0; j < 7; ++j) c.moving(0.9f, j);
    coasting(*image, c);
    return run(c, *image) == TACTUS_RUNG_PASS;
  };
  double near = 0, far = 2;
  image->derived.screened = 0;
  for (int i = 0; i < 30; ++i) {
    const double middle = 0.5 * (near + far);
    put_all(middle, 0);
    (passes() ? far : near) = middle;
  }
  put_all(far, 0);
  if (!passes()) return true;
  image->derived.screened = 1;
  put_all(0, count - 1);
  return passes();
}
inline bool what_there_is_no_room_for_is_refused() {
  return !swings_past(kMaxCapsules);
}

// Whichever shape and whichever of the robot's spheres meet, it is refused;
// with none of them there, the same cycle passes.
inline bool each_pair_of_many_counts() {
  auto image = bare();
  crowd(*image);
  if (!seal(*image) || image->derived.screened == 0) return false;
  Cycle rest;
  double q[7];
  for (int j = 0; j < 7; ++j) q[j] = static_cast<double>(rest.q[j]);
  const auto centres = oracle::centres(q);
  const auto passes = [&] {
    Cycle c;
    return run(c, *image) == TACTUS_RUNG_PASS;
  };
  double inverse = 0;
  if (!passes()) return false;
  for (uint32_t k = 0; k < image->capsules; ++k) {
    Capsule& post = image->capsule[k];
    const Capsule away = post;
    // A sphere, which no other than the one it is put on meets.
    double* along = image->derived.along[k];
    std::fill_n(along, 3, 0);
    std::swap(image->derived.inverse[k], inverse);
    for (uint32_t i = 0; i < image->chain.spheres; ++i) {
      if (image->chain.sphere[i].link == 0) continue;
      const oracle::Vec& at = centres[i];
      const long double to[3] = {at.x, at.y, at.z};
      for (int a = 0; a < 3; ++a)
        post.from[a] = post.to[a] = static_cast<double>(to[a]);
      sealing::derive_capsules(*image);
      if (passes()) return false;
    }
    post = away;
    for (int a = 0; a < 3; ++a) along[a] = post.to[a] - post.from[a];
    std::swap(image->derived.inverse[k], inverse);
    sealing::derive_capsules(*image);
  }
  return passes();
}

// Posts that are looked at, as they are near, and do not bind; and one, be it
// the last, that is hit: it counts with any number of the others.
inline bool passes_beside(uint32_t near, uint32_t hit) {
  auto image = bare();
  Cycle rest;
  double q[7];
  for (int j = 0; j < 7; ++j) q[j] = static_cast<double>(rest.q[j]);
  const auto centres = oracle::centres(q);
  const oracle::Vec hand = centres[8];
  const oracle::Vec out = hand - centres[7];
  const oracle::Vec beside = hand + (0.13L / oracle::norm(out)) * out;
  for (uint32_t k = 0; k < kMaxCapsules; ++k) {
    Capsule& post = image->capsule[image->capsules];
    const oracle::Vec away{5, 0, 0};
    const oracle::Vec at = k == hit ? hand : (k < near ? beside : away);
    const oracle::Real place[3] = {at.x, at.y, at.z};
    for (int a = 0; a < 3; ++a)
      post.from[a] = post.to[a] = static_cast<double>(place[a]);
    post.radius = 0.02;
    add_row(*image, "post", RowKernel::kCapsuleOut, image->capsules++, 1);
    if (k < near && k != hit) image->row[image->rows - 1].warn = 0.09;
  }
  if (!seal(*image) || image->derived.screened == 0) return true;
  Cycle c;
  return run(c, *image) == TACTUS_RUNG_PASS;
}
inline bool a_hit_counts_beside_any_number_of_near_ones() {
  for (uint32_t near = 0; near <= 32; ++near) {
    if (!passes_beside(near, kMaxCapsules)) return false;  // none is hit
    for (const uint32_t hit : {0U, 20U, 40U, 63U})
      if (passes_beside(near, hit)) return false;
  }
  return true;
}

}  // namespace contracts
