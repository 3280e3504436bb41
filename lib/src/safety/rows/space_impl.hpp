// SPDX-License-Identifier: MIT
// One walk over samples and robot spheres for all families that look at both.
// Included by rows_impl.hpp.
#pragma once

#include "safety/rows/human_impl.hpp"
#include "safety/rows/screen_impl.hpp"
#include "safety/rows/self_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// True when any miss in space is a miss of a hard row: then the first one
// decides a candidate.
inline bool space_is_hard(const Image& image) {
  bool hard = true;
  for (uint32_t r = 0; r < image.rows; ++r) {
    hard = hard && image.row[r].kind == RowKind::kHard;
  }
  return hard;
}

using SpaceLanes = SpaceTables<Slack8>;

inline bool missed(const Slack8* slack, uint32_t count) {
  bool any = false;
  for (uint32_t k = 0; k < count; ++k) any |= !kin::all_of(slack[k].good);
  return any;
}
inline void drain(const Slack8* from, uint32_t count, Slack* into) {
  for (uint32_t k = 0; k < count; ++k) from[k].drain(into[k]);
}

// Where they are screened, shapes are not among these.
inline bool missed(const Image& image, const SpaceLanes& lanes) {
  const bool any = missed(lanes.human, image.humans) ||
                   missed(&lanes.self, image.selves) ||
                   missed(lanes.contact, image.dynamics.contacts);
  if (any || image.derived.screened != 0) return any;
  return missed(lanes.box, image.boxes) || missed(lanes.turned, image.turned) ||
         missed(lanes.capsule, image.capsules) ||
         missed(lanes.hull, image.hulls);
}

inline void drain(const Image& image, const SpaceLanes& lanes, Slacks& out) {
  if (image.derived.screened == 0) {
    drain(lanes.box, image.boxes, out.box);
    drain(lanes.turned, image.turned, out.turned);
    drain(lanes.capsule, image.capsules, out.capsule);
    drain(lanes.hull, image.hulls, out.hull);
  }
  drain(lanes.human, image.humans, out.human);
  drain(&lanes.self, image.selves, &out.self);
  drain(lanes.contact, image.dynamics.contacts, out.contact);
  if (image.ladder.exact_every == 0) return;
  drain(lanes.sure_human, image.humans, out.sure_human);
  drain(lanes.sure_contact, image.dynamics.contacts, out.sure_contact);
}

// What is not known of the joints: of their places, and of their speeds.
// `put(i, at)`: a sphere's centre.
template <class F, class V, class Put>
void place_spheres(const Image& image, const V* place, const V* rate,
                   const Put& put, SceneOf<V>& out) {
  ReachOf<V> wide[kin::kMaxFrames];
  ReachOf<V> speed[kin::kMaxFrames];
  const double error = F::on(Fault::kModelError) ? 0 : image.commit.model_error;
  for (uint32_t f = 1; f <= image.joints; ++f) {
    reach_of(image, f, place, wide[f]);
    reach_of(image, f, rate, speed[f]);
  }
  out.count = 0;
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    const kin::Sphere& sphere = image.chain.sphere[i];
    SphereOf<V>& s = out.sphere[i];
    put(i, s.at);
    if (sphere.link == 0) continue;  // the base never moves
    const double arm = image.derived.arm[i];
    s.radius = (sphere.radius + error) +
               (wide[sphere.link].along + wide[sphere.link].turning * arm);
    s.speed = speed[sphere.link].along +
              speed[sphere.link].turning * (arm + sphere.radius);
    out.moving[out.count++] = i;
  }
}

template <class F>
void set_scene(const Image& image, const Motion& motion, uint32_t b,
               Scene8& out) {
  kin::Frames8 frames;
  kin::frames_of(image.chain, motion.q[b].at, frames);
  const auto put = [&](uint32_t i, Double8* at) __attribute__((always_inline)) {
    const kin::Sphere& sphere = image.chain.sphere[i];
    kin::point(frames, sphere.link, sphere.center, at);
  };
  place_spheres<F>(image, motion.wide[b].at, motion.speed[b].at, put, out);
}

// One human or region, and every sphere.
template <class V, class T>
void meet(const Image& image, const ShieldInput& in, const Meeting& meeting,
          const UntilOf<V>& until, const SceneOf<V>& scene, T& out) {
  T lanes = out;
  for (uint32_t m = 0; m < scene.count; ++m) {
    const uint32_t i = scene.moving[m];
    meeting_slack(image, in, meeting, until, scene.sphere[i], i, lanes);
  }
  out = lanes;
}

template <class F, class V, class T>
void meet_all(const Image& image, const ShieldInput& in,
              const UntilOf<V>& until, const SceneOf<V>& scene, T* human,
              T* contact) {
  for (uint32_t k = 0; k < image.humans; ++k) {
    meet(image, in, meeting_of<F>(image, image.human[k]), until, scene,
         human[k]);
  }
  for (uint32_t k = 0; k < image.dynamics.contacts; ++k) {
    meet(image, in, meeting_of<F>(image, image.dynamics.contact[k]), until,
         scene, contact[k]);
  }
}

// Everything about one block of eight samples, or one instant, but shapes.
template <class F, class V, class T>
void block_slacks(const Image& image, const ShieldInput& in,
                  const UntilOf<V>& until, const V* wide, Effort effort,
                  const SceneOf<V>& scene, SpaceTables<T>& out) {
  meet_all<F>(image, in, until, scene, out.human, out.contact);
  if (image.ladder.exact_every != 0 && effort == Effort::kFull) {
    UntilOf<V> sure = until;
    sure.slow = kSurelySlow;
    meet_all<F>(image, in, sure, scene, out.sure_human, out.sure_contact);
  }
  if (image.selves != 0) {
    self_slacks<F>(image, scene.sphere, wide, out.self);
  }
}

// The motion's only instant: what eight equal lanes would say.
template <class F>
void instant_slacks(const Image& image, const ShieldInput& in, uint32_t open,
                    const Motion& motion, Slacks& out) {
  double wide[kMaxJoints], speed[kMaxJoints];
  for (uint32_t j = 0; j < image.joints; ++j) {
    wide[j] = motion.wide[0].at[j][0];
    speed[j] = motion.speed[0].at[j][0];
  }
  const bool screened = image.derived.screened != 0;
  SphereOf<double> spheres[kin::kMaxSpheres];
  Stand stand;
  stand.blocks = 1;
  SceneOf<double> scene;
  scene.open = open;
  scene.sphere = screened ? stand.sphere[0] : spheres;
  const auto put = [&](uint32_t i, double* at) {
    for (int a = 0; a < 3; ++a) at[a] = motion.still->centre[i][a];
  };
  place_spheres<F>(image, wide, speed, put, scene);
  if (screened) {
    screen<F>(image, scene, stand, out);
  } else {
    shape_slacks<F>(image, scene, out);
  }
  const UntilOf<double> until{motion.until[0][0], 1};
  block_slacks<F>(image, in, until, wide, Effort::kFull, scene, out);
}

// Blocks are taken from the middle of the stop backwards, where a miss is
// likeliest; all but kFull end at the first.
template <class F>
void space_slacks(const Image& image, const ShieldInput& in, uint32_t open,
                  const Motion& motion, Effort effort, Slacks& out) {
  if (motion.still != nullptr) {
    instant_slacks<F>(image, in, open, motion, out);
    return;
  }
  const bool first_miss = effort != Effort::kFull && space_is_hard(image);
  const bool screened = image.derived.screened != 0;
  const uint32_t begin = motion.blocks * 3 / 4;
  SpaceLanes lanes(image, !screened);
  Sphere8 spheres[kin::kMaxSpheres];
  Walk walk;
  walk.blocks = motion.blocks;
  walk.middle = (begin + motion.blocks - 1) % motion.blocks;
  Scene8 scene;
  scene.open = open;
  bool miss = false;
  for (uint32_t n = 1; n <= motion.blocks && !miss; ++n) {
    const uint32_t b = (begin + motion.blocks - n) % motion.blocks;
    scene.sphere = screened ? walk.sphere[b] : spheres;
    set_scene<F>(image, motion, b, scene);
    if (!screened) shape_slacks<F>(image, scene, lanes);
    Until8 until;
    until_of(image, motion, b, effort, until);
    block_slacks<F>(image, in, until, motion.wide[b].at, effort, scene, lanes);
    miss = first_miss && missed(image, lanes);
  }
  if (screened && !miss) screen<F>(image, scene, walk, out);
  drain(image, lanes, out);
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
