// SPDX-License-Identifier: MIT
// The pairs that a command within its bounds could bring to a limit: every
// sphere at every sample beside every obstacle that a hard row names, the
// nearest kept.
#pragma once

#include "safety/near_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// A hard row's margin in space; not kept: there is none.
struct Margin {
  bool kept = false;
  double most = 0;

  void take(double margin) noexcept {
    kept = true;
    most = larger(most, margin);
  }
};

// What the hard rows keep.
struct Kept {
  Margin shape[kMaxShapes];
  Margin human[kMaxHumans];
  Margin now[kMaxHumans];
  Margin contact[kMaxContacts];
  Margin own;
  Margin linear[kMaxLinear];
  Margin expression[kMaxExpressions];
};

inline Margin* margin_of(const Row& row, Kept& all) noexcept {
  const uint32_t shape = shape_number(row);
  if (shape < kMaxShapes) return &all.shape[shape];
  switch (row.kernel) {
    case RowKernel::kSeparation:
      return &all.human[row.index % kMaxHumans];
    case RowKernel::kSeparationNow:
      return &all.now[row.index % kMaxHumans];
    case RowKernel::kContact:
      return &all.contact[row.index % kMaxContacts];
    case RowKernel::kSelf:
      return &all.own;
    case RowKernel::kLinear:
      return &all.linear[row.index % kMaxLinear];
    case RowKernel::kExpression:
      return &all.expression[row.index % kMaxExpressions];
    default:
      return nullptr;
  }
}

inline void keep(const Image& image, Kept& out) noexcept {
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Row& row = image.row[r];
    Margin* margin = margin_of(row, out);
    if (margin == nullptr || row.kind != RowKind::kHard) continue;
    margin->take(row.margin + image.derived.rounding[r]);
  }
}

// What a motion is to the walk past everything.
struct Stroll {
  const Reference& at;
  const Kept& kept;
  const Bounds& bounds;
  double longest;  // s, of a command's path
  uint32_t open;   // task windows, throughout the motion

  [[nodiscard]] double cut(uint32_t sphere, uint32_t from = 0) const noexcept {
    return longest * swing(at.image, bounds, sphere, from);
  }
};

// A shape that binds the sphere, or not now.
template <class F>
void pass_if_bound(const Stroll& all, uint32_t shape, const Passage& way,
                   SpotList& out) noexcept {
  const Image& image = all.at.image;
  const Margin& margin = all.kept.shape[shape];
  if (!margin.kept) return;
  const Freed freed = freed_by<F>(binds_of(image, shape), all.open);
  const uint32_t body = 1u << image.chain.sphere[way.sphere].body;
  if (((freed.spared | freed.now) & body) != 0) return;
  pass_shape<F>(image, shape, margin.most, way, out);
}

template <class F>
void pass_shapes(const Stroll& all, const Passage& way,
                 SpotList& out) noexcept {
  const Image& image = all.at.image;
  const auto pass = [&](uint32_t first, uint32_t count) {
    for (uint32_t k = first; k < first + count; ++k) {
      pass_if_bound<F>(all, k, way, out);
    }
  };
  pass(0, image.boxes);
  pass(kFirstTurned, image.turned);
  pass(kFirstCapsule, image.capsules);
  pass(kFirstHull, image.hulls);
}

// Somebody, until when samples count, and the margin of the row.
template <class F>
void pass_somebody(const Reference& at, const Meeting& meeting,
                   const Until8& until, const Margin& margin, uint32_t obstacle,
                   Passage way, SpotList& out) noexcept {
  if (!margin.kept) return;
  // A faster command is also slow later.
  const double longer =
      seconds(at.image.commit.lag_ns + 8 * at.image.commit.period_ns);
  Slack8 slack;
  meeting_slack(at.image, at.in, meeting, until, way.s, way.sphere, slack);
  way.cut += meeting.growth * longer;
  note(way, obstacle, slack.worst, margin.most, out);
}

template <class F>
void pass_humans(const Reference& at, const Kept& kept, const Passage& way,
                 SpotList& out) noexcept {
  const Image& image = at.image;
  Until8 until;
  until_of(image, at.motion, way.block, Effort::kWithRoom, until);
  for (uint32_t k = 0; k < image.humans; ++k) {
    pass_somebody<F>(at, meeting_of<F>(image, image.human[k]), until,
                     kept.human[k], kHumanFrom + k, way, out);
  }
  for (uint32_t k = 0; k < image.dynamics.contacts; ++k) {
    pass_somebody<F>(at, meeting_of<F>(image, image.dynamics.contact[k]), until,
                     kept.contact[k], kContactFrom + k, way, out);
  }
}

template <class F>
void pass_own(const Stroll& way, const Sphere8* spheres, uint32_t block,
              SpotList& out) noexcept {
  const Image& image = way.at.image;
  if (!way.kept.own.kept) return;
  for (uint32_t g = 0; g < image.pair_groups; ++g) {
    const PairGroup& group = image.pair_group[g];
    ReachOf<Double8> reach;
    reach_between<F>(image, group, way.at.motion.wide[block].at, reach);
    for (uint32_t p = group.first; p < group.first + group.count; ++p) {
      const Pair& pair = image.pair[p];
      Double8 slack;
      pair_slack<F>(image, pair, spheres, reach, slack);
      const double cut = way.cut(pair.b, group.from);
      note({block, pair.b, cut, spheres[pair.b]}, kOwnFrom + pair.a, slack,
           way.kept.own.most, out);
    }
  }
}

// Of many shapes those that the bound on the whole motion, and on what the
// command can change about it, does not leave out.
template <class F>
void pass_screened(const Stroll& way, const Scene8& scene, const Walk& walk,
                   SpotList& out) noexcept {
  const Image& image = way.at.image;
  Swept16 swept[kScreenSpheres / kBalls];
  ShapeBounds bounds;
  OpenPairs open;
  NearPairs near;
  const auto cut_of = [&](uint32_t i) noexcept { return way.cut(i); };
  sweep<F>(image, scene, walk, cut_of, swept);
  bound_pairs<F>(image, scene, swept, bounds, open);
  list_pairs(open, near);
  for (uint32_t n = 0; n < near.count; ++n) {
    const uint32_t i = scene.moving[near.sphere[n]];
    const double cut = way.cut(i);
    for (uint32_t b = 0; b < walk.blocks; ++b) {
      pass_if_bound<F>(way, near.shape[n], {b, i, cut, walk.sphere[b][i]}, out);
    }
  }
}

inline double longest_path(const Motion& motion) noexcept {
  double most = 0;
  for (uint32_t b = 0; b < motion.blocks; ++b) {
    for (uint32_t l = 0; l < kLanes; ++l) {
      most = larger(most, motion.path[b][l] + motion.spread[b][l]);
    }
  }
  return most + motion.reaction_s;
}

// Over the motion; the same places as in space_slacks (rows_impl.hpp).
template <class F>
void find_spots(const Reference& at, const Kept& kept, const Bounds& bounds,
                SpotList& out) noexcept {
  const Image& image = at.image;
  const Stroll way{at, kept, bounds, longest_path(at.motion),
                   open_throughout<F>(image, at.past.windows, at.motion)};
  const bool screened = image.derived.screened != 0;
  Sphere8 spheres[kin::kMaxSpheres];
  Walk walk;
  walk.blocks = at.motion.blocks;
  walk.middle = walk.blocks / 2;
  Scene8 scene;
  scene.open = way.open;
  for (uint32_t b = 0; b < walk.blocks; ++b) {
    scene.sphere = screened ? walk.sphere[b] : spheres;
    set_scene<F>(image, at.motion, b, scene);
    for (uint32_t m = 0; m < scene.count; ++m) {
      const uint32_t i = scene.moving[m];
      const Passage passage{b, i, way.cut(i), scene.sphere[i]};
      if (!screened) pass_shapes<F>(way, passage, out);
      pass_humans<F>(at, kept, passage, out);
    }
    pass_own<F>(way, scene.sphere, b, out);
  }
  if (screened) pass_screened<F>(way, scene, walk, out);
}

template <class F>
void near_motion(const Reference& at, const Kept& kept, const Bounds& bounds,
                 NearList& out) noexcept {
  SpotList spots;
  find_spots<F>(at, kept, bounds, spots);
  Instant now;
  uint32_t sample = ~uint32_t{0};
  for (uint32_t i = 0; i < spots.count; ++i) {
    const Spot& spot = spots.row[i];
    if (spot.sample != sample) instant_of(at, spot.sample, now);
    sample = spot.sample;
    meet_spot<F>(at, spot, now, out.row[i]);
  }
  out.count = spots.count;
}

// By what its limit falls per second that the stop takes longer.
inline double closing_growth(const Image& image, uint32_t index, double allowed,
                             const Closing& times) noexcept {
  if (!(allowed > kStandstillPoint)) return 0;
  const double path_s = times.reaction_s + 0.5 * times.stop_s;
  return (image.human[index].speed + 0.5 * allowed) / path_s;
}

// One sphere at its place now.
struct Standing {
  uint32_t sphere;
  const double* point;
  double cut;
};

template <class F>
void near_now_one(const Reference& at, const Standing& who, uint32_t index,
                  double margin, NearList& out) noexcept {
  const Image& image = at.image;
  const kin::Sphere& sphere = image.chain.sphere[who.sphere];
  const uint32_t signal = image.human[index].signal;
  Closing times;
  closing_of(image, at.intent, at.motion, times);
  for (uint32_t k = 0; k + 2 < image.signal[signal].count; k += 3) {
    double n[3];
    Near found = {};
    const double distance = from_human(at.in, signal, k, who.point, n);
    double allowed = 0;
    closing_limit<F>(image, at.in, index, distance, sphere.radius, times,
                     allowed);
    found.slack = allowed - margin;
    for (uint32_t j = 0; j < sphere.link; ++j) {
      found.lever[j] = lever(image.chain, at.past.now.frames, j, who.point, n);
      found.slack += found.lever[j] * at.intent.u[j];
    }
    if (found.slack > who.cut) continue;
    found.key = key_of(who.sphere, kNowFrom + index);
    found.growth = closing_growth(image, index, allowed, times) *
                   steepness(image, at.intent.u);
    Near* row = seat(out, found.key, found.slack);
    if (row != nullptr) *row = found;
  }
}

// The closed form on the command itself.
template <class F>
void near_now(const Reference& at, const Kept& kept, const Bounds& bounds,
              NearList& out) noexcept {
  const Image& image = at.image;
  if (image.humans == 0) return;
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    if (image.chain.sphere[i].link == 0) continue;
    const Standing who{i, at.past.now.centre[i], swing(image, bounds, i)};
    for (uint32_t h = 0; h < image.humans; ++h) {
      if (!kept.now[h].kept) continue;
      near_now_one<F>(at, who, h, kept.now[h].most, out);
    }
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
