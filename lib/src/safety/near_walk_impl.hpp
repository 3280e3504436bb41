// SPDX-License-Identifier: MIT
// The pairs that a command within its bounds could bring to a limit: every
// sphere at every sample beside every obstacle that a hard row names, the
// nearest kept.
#pragma once

#include "safety/near_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// What of the hard rows counts in space.
struct Kept {
  bool box[kMaxBoxes];
  bool human[kMaxHumans];
  bool now[kMaxHumans];
  double box_margin[kMaxBoxes];
  double human_margin[kMaxHumans];
  double now_margin[kMaxHumans];
};

inline void keep(const Image& image, Kept& out) noexcept {
  for (uint32_t k = 0; k < image.boxes; ++k) {
    const RowKernel kernel =
        k < image.boxes_in ? RowKernel::kKeepIn : RowKernel::kKeepOut;
    out.box[k] = hard_margin(image, kernel, k, out.box_margin[k]);
  }
  for (uint32_t k = 0; k < image.humans; ++k) {
    out.human[k] =
        hard_margin(image, RowKernel::kSeparation, k, out.human_margin[k]);
    out.now[k] =
        hard_margin(image, RowKernel::kSeparationNow, k, out.now_margin[k]);
  }
}

// One sphere in one block of eight samples.
struct Passage {
  uint32_t block;
  uint32_t sphere;
  double cut;  // a slack above it cannot be used up within the bounds
  const Sphere8& s;
};

// The least slack of a block, if it counts.
inline void note(const Passage& way, uint32_t obstacle, const Double8& slack,
                 double margin, SpotList& out) noexcept {
  uint32_t lane = 0;
  for (uint32_t l = 1; l < kLanes; ++l) {
    if (slack[l] < slack[lane]) lane = l;
  }
  const double least = slack[lane] - margin;
  if (least > way.cut) return;
  const uint32_t key = key_of(way.sphere, obstacle);
  Spot* spot = seat(out, key, least);
  if (spot != nullptr) *spot = {key, way.block * kLanes + lane, least};
}

// Each face of a box to stay in binds for itself.
inline void pass_boxes(const Reference& at, const Kept& kept,
                       const Passage& way, SpotList& out) noexcept {
  const Image& image = at.image;
  const uint32_t body = 1u << image.chain.sphere[way.sphere].body;
  for (uint32_t k = 0; k < image.boxes; ++k) {
    const Box& box = image.box[k];
    const bool open = (at.past.open >> box.binds.window & 1u) != 0;
    const uint32_t free = box.binds.spared | (open ? box.binds.allowed : 0);
    if (!kept.box[k] || (free & body) != 0) continue;
    const double margin = kept.box_margin[k];
    if (k >= image.boxes_in) {
      Double8 slack;
      box_slack<ExactRoot>(image, k, way.s, slack);
      note(way, 6 * k, slack, margin, out);
      continue;
    }
    for (uint32_t a = 0; a < 3; ++a) {
      const Double8& p = way.s.at[a];
      note(way, 6 * k + 2 * a, (p - way.s.radius) - box.lo[a], margin, out);
      note(way, 6 * k + 2 * a + 1, box.hi[a] - (p + way.s.radius), margin, out);
    }
  }
}

template <class F>
void pass_humans(const Reference& at, const Kept& kept, Passage way,
                 SpotList& out) noexcept {
  const Image& image = at.image;
  Until8 until;
  until_of(image, at.motion, way.block, Effort::kWithRoom, until);
  // A faster command is also slow later.
  const double longer =
      seconds(image.commit.lag_ns + 8 * image.commit.period_ns);
  const double cut = way.cut;
  for (uint32_t k = 0; k < image.humans; ++k) {
    if (!kept.human[k]) continue;
    Slack8 slack;
    meeting_slack(image, at.in, meeting_of<F>(image, image.human[k]), until,
                  way.s, way.sphere, slack);
    way.cut = cut + image.human[k].speed * longer;
    note(way, kHumanFrom + k, slack.worst, kept.human_margin[k], out);
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
  const Motion& motion = at.motion;
  const double longest = longest_path(motion);
  Sphere8 spheres[kin::kMaxSpheres];
  Scene8 scene;
  scene.sphere = spheres;
  for (uint32_t b = 0; b < motion.blocks; ++b) {
    set_scene<F>(image, motion, b, scene);
    for (uint32_t m = 0; m < scene.count; ++m) {
      const uint32_t i = scene.moving[m];
      const double cut = longest * swing(image, bounds, i);
      pass_boxes(at, kept, {b, i, cut, scene.sphere[i]}, out);
      pass_humans<F>(at, kept, {b, i, cut, scene.sphere[i]}, out);
    }
  }
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
    meet_spot(at, spot, now, out.row[i]);
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
void near_now_one(const Reference& at, const Instant& now, const Standing& who,
                  uint32_t index, double margin, NearList& out) noexcept {
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
      found.lever[j] = lever(image.chain, now.frames, j, who.point, n);
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
  Instant now;
  now.path = 1;
  now.spread = 0;
  kin::frames_of(image.chain, at.past.q[0], now.frames);
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    const kin::Sphere& sphere = image.chain.sphere[i];
    if (sphere.link == 0) continue;
    double point[3];
    kin::point(now.frames, sphere.link, sphere.center, point);
    const Standing who{i, point, swing(image, bounds, i)};
    for (uint32_t h = 0; h < image.humans; ++h) {
      if (!kept.now[h]) continue;
      near_now_one<F>(at, now, who, h, kept.now_margin[h], out);
    }
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
