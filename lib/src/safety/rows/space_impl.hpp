// SPDX-License-Identifier: MIT
// One walk over samples and robot spheres for all families that look at both.
// Included by rows_impl.hpp.
#pragma once

#include "safety/rows/boxes_impl.hpp"
#include "safety/rows/human_impl.hpp"
#include "safety/rows/self_impl.hpp"
#include "safety/rows/solids_impl.hpp"

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

inline bool missed(const Slack8* slack, uint32_t count) {
  bool any = false;
  for (uint32_t k = 0; k < count; ++k) {
    for (uint32_t i = 0; i < kLanes; ++i) any |= slack[k].good[i] == 0;
  }
  return any;
}
inline void drain(const Slack8* from, uint32_t count, Slack* into) {
  for (uint32_t k = 0; k < count; ++k) from[k].drain(into[k]);
}

// What the walk measures: a line per family here and in each function below.
// Of a family that few images have, only what they have is begun.
struct SpaceLanes {
  explicit SpaceLanes(const Image& image) {
    begin(box, image.boxes);
    begin(turned, image.turned);
    begin(capsule, image.capsules);
    begin(hull, image.hulls);
    begin(human, image.humans);
    begin(contact, image.dynamics.contacts);
  }
  union {
    Slack8 box[kMaxBoxes];
  };
  union {
    Slack8 turned[kMaxTurned];
  };
  union {
    Slack8 capsule[kMaxCapsules];
  };
  union {
    Slack8 hull[kMaxHulls];
  };
  union {
    Slack8 human[kMaxHumans];
  };
  union {
    Slack8 contact[kMaxContacts];
  };
  Slack8 self;
};

// The robot at one block of eight samples.
struct Scene8 {
  Sphere8 sphere[kin::kMaxSpheres];   // of the base: centres only
  uint32_t moving[kin::kMaxSpheres];  // indices of the others
  uint32_t count;
  uint32_t open;  // task windows
};

// The rows of one family. What a window frees is measured like the rest, so
// that time does not tell.
template <class F, class Entry, class Measure>
[[gnu::always_inline]] inline void bind(const Image& image, const Entry* entry,
                                        uint32_t count, const Scene8& scene,
                                        const Measure& measure, Slack8* out) {
  const Double8 free = Double8{} + std::numeric_limits<double>::infinity();
  for (uint32_t k = 0; k < count; ++k) {
    const Binds& binds = entry[k].binds;
    const uint32_t spared = F::on(Fault::kSpared) ? 0 : binds.spared;
    const bool open = (scene.open >> binds.window & 1u) != 0;
    const uint32_t allowed =
        F::on(Fault::kWindowLinks) ? ~uint32_t{0} : binds.allowed;
    const uint32_t freed = open ? allowed : 0;
    Slack8 lanes = out[k];
    for (uint32_t m = 0; m < scene.count; ++m) {
      const uint32_t i = scene.moving[m];
      const uint32_t body = 1u << image.chain.sphere[i].body;
      if ((spared & body) != 0) continue;
      Double8 slack;
      measure(k, scene.sphere[i], slack);
      // A NaN is not freed.
      if ((freed & body) != 0) kin::select_le(slack, free, free, slack, slack);
      lanes.take(slack, i);
    }
    out[k] = lanes;
  }
}

template <class F>
void shape_slacks(const Image& image, const Scene8& scene, SpaceLanes& out) {
  using Index = uint32_t;
  bind<F>(
      image, image.box, image.boxes, scene,
      [&](Index k, const Sphere8& s, Double8& to) {
        box_slack(image, k, s, to);
      },
      out.box);
  bind<F>(
      image, image.turned_box, image.turned, scene,
      [&](Index k, const Sphere8& s, Double8& to) {
        turned_slack<F>(image, k, s, to);
      },
      out.turned);
  bind<F>(
      image, image.capsule, image.capsules, scene,
      [&](Index k, const Sphere8& s, Double8& to) {
        capsule_slack<F>(image, k, s, to);
      },
      out.capsule);
  bind<F>(
      image, image.hull, image.hulls, scene,
      [&](Index k, const Sphere8& s, Double8& to) {
        hull_slack<F>(image, k, s, to);
      },
      out.hull);
}

inline bool missed(const Image& image, const SpaceLanes& lanes) {
  return missed(lanes.box, image.boxes) || missed(lanes.human, image.humans) ||
         missed(lanes.turned, image.turned) ||
         missed(lanes.capsule, image.capsules) ||
         missed(lanes.hull, image.hulls) || missed(&lanes.self, image.selves) ||
         missed(lanes.contact, image.dynamics.contacts);
}

inline void drain(const Image& image, const SpaceLanes& lanes, Slacks& out) {
  drain(lanes.box, image.boxes, out.box);
  drain(lanes.turned, image.turned, out.turned);
  drain(lanes.capsule, image.capsules, out.capsule);
  drain(lanes.hull, image.hulls, out.hull);
  drain(lanes.human, image.humans, out.human);
  drain(&lanes.self, image.selves, &out.self);
  drain(lanes.contact, image.dynamics.contacts, out.contact);
}

template <class F>
void set_scene(const Image& image, const Motion& motion, uint32_t b,
               Scene8& out) {
  kin::Frames8 frames;
  Reach8 wide[kin::kMaxFrames];
  Reach8 speed[kin::kMaxFrames];
  const double error = F::on(Fault::kModelError) ? 0 : image.commit.model_error;
  kin::frames_of(image.chain, motion.q[b].at, frames);
  for (uint32_t f = 1; f <= image.joints; ++f) {
    reach_of(image, f, motion.wide[b], wide[f]);
    reach_of(image, f, motion.speed[b], speed[f]);
  }
  out.count = 0;
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    const kin::Sphere& sphere = image.chain.sphere[i];
    Sphere8& s = out.sphere[i];
    kin::point(frames, sphere.link, sphere.center, s.at);
    if (sphere.link == 0) continue;  // the base never moves
    const double arm = image.derived.arm[i];
    s.radius = (sphere.radius + error) +
               (wide[sphere.link].along + wide[sphere.link].turning * arm);
    s.speed = speed[sphere.link].along +
              speed[sphere.link].turning * (arm + sphere.radius);
    out.moving[out.count++] = i;
  }
}

// One human or region, and every sphere.
inline void meet(const Image& image, const ShieldInput& in,
                 const Meeting& meeting, const Until8& until,
                 const Scene8& scene, Slack8& out) {
  Slack8 lanes = out;
  for (uint32_t m = 0; m < scene.count; ++m) {
    const uint32_t i = scene.moving[m];
    meeting_slack(image, in, meeting, until, scene.sphere[i], i, lanes);
  }
  out = lanes;
}

// Everything about one block of eight samples.
template <class F>
void block_slacks(const Image& image, const ShieldInput& in,
                  const Motion& motion, Effort effort, uint32_t b,
                  uint32_t open, SpaceLanes& out) {
  Scene8 scene;
  set_scene<F>(image, motion, b, scene);
  scene.open = open;
  shape_slacks<F>(image, scene, out);
  Until8 until;
  until_of(image, motion, b, effort, until);
  for (uint32_t k = 0; k < image.humans; ++k) {
    meet(image, in, meeting_of<F>(image, image.human[k]), until, scene,
         out.human[k]);
  }
  for (uint32_t k = 0; k < image.dynamics.contacts; ++k) {
    meet(image, in, meeting_of<F>(image, image.dynamics.contact[k]), until,
         scene, out.contact[k]);
  }
  if (image.selves != 0) {
    self_slacks<F>(image, scene.sphere, motion.wide[b], out.self);
  }
}

// Blocks are taken from the middle of the stop backwards, where a miss is
// likeliest; all but kFull end at the first.
template <class F>
void space_slacks(const Image& image, const ShieldInput& in, const Past& past,
                  const Motion& motion, Effort effort, Slacks& out) {
  const bool first_miss = effort != Effort::kFull && space_is_hard(image);
  const uint32_t begin = motion.blocks * 3 / 4;
  SpaceLanes lanes(image);
  for (uint32_t n = 1; n <= motion.blocks; ++n) {
    const uint32_t b = (begin + motion.blocks - n) % motion.blocks;
    block_slacks<F>(image, in, motion, effort, b, past.open, lanes);
    if (first_miss && missed(image, lanes)) break;
  }
  drain(image, lanes, out);
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
