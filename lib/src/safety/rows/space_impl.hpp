// SPDX-License-Identifier: MIT
// One walk over samples and robot spheres for all families that look at both.
// Included by rows_impl.hpp.
#pragma once

#include "safety/rows/boxes_impl.hpp"
#include "safety/rows/human_impl.hpp"

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
    for (uint32_t k = 0; k < image.dynamics.contacts; ++k) {
      contact[k] = Slack8{};
    }
  }
  Slack8 box[kMaxBoxes];
  Slack8 human[kMaxHumans];
  union {
    Slack8 contact[kMaxContacts];
  };
};

template <class F>
void sphere_slacks(const Image& image, const ShieldInput& in,
                   const Double8& until, const Sphere8& s, uint32_t who,
                   SpaceLanes& out) {
  for (uint32_t k = 0; k < image.boxes; ++k) {
    box_slack(image, k, s, who, out.box[k]);
  }
  for (uint32_t k = 0; k < image.humans; ++k) {
    const Meeting meeting = meeting_of<F>(image, image.human[k]);
    meeting_slack(image, in, meeting, until, s, who, out.human[k]);
  }
  for (uint32_t k = 0; k < image.dynamics.contacts; ++k) {
    const Meeting meeting = meeting_of<F>(image, image.dynamics.contact[k]);
    meeting_slack(image, in, meeting, until, s, who, out.contact[k]);
  }
}

inline bool missed(const Image& image, const SpaceLanes& lanes) {
  return missed(lanes.box, image.boxes) || missed(lanes.human, image.humans) ||
         missed(lanes.contact, image.dynamics.contacts);
}

inline void drain(const Image& image, const SpaceLanes& lanes, Slacks& out) {
  drain(lanes.box, image.boxes, out.box);
  drain(lanes.human, image.humans, out.human);
  drain(lanes.contact, image.dynamics.contacts, out.contact);
}

// Blocks are taken from the middle of the stop backwards, where a miss is
// likeliest; kYesOrNo ends at the first.
template <class F>
void space_slacks(const Image& image, const ShieldInput& in,
                  const Motion& motion, Effort effort, Slacks& out) {
  const bool first_miss = effort == Effort::kYesOrNo && space_is_hard(image);
  const uint32_t begin = motion.blocks * 3 / 4;
  SpaceLanes lanes(image);
  kin::Frames8 frames;
  Reach8 wide[kin::kMaxFrames];
  Reach8 speed[kin::kMaxFrames];
  const double error = F::on(Fault::kModelError) ? 0 : image.commit.model_error;
  for (uint32_t n = 1; n <= motion.blocks; ++n) {
    const uint32_t b = (begin + motion.blocks - n) % motion.blocks;
    kin::frames_of(image.chain, motion.q[b].at, frames);
    for (uint32_t f = 1; f <= image.joints; ++f) {
      reach_of(image, f, motion.wide[b], wide[f]);
      reach_of(image, f, motion.speed[b], speed[f]);
    }
    for (uint32_t i = 0; i < image.chain.spheres; ++i) {
      const kin::Sphere& sphere = image.chain.sphere[i];
      if (sphere.link == 0) continue;  // the base never moves
      Sphere8 s;
      kin::point(frames, sphere.link, sphere.center, s.at);
      const double arm = image.derived.arm[i];
      s.radius = (sphere.radius + error) +
                 (wide[sphere.link].along + wide[sphere.link].turning * arm);
      s.speed = speed[sphere.link].along +
                speed[sphere.link].turning * (arm + sphere.radius);
      sphere_slacks<F>(image, in, motion.until[b], s, i, lanes);
    }
    if (first_miss && missed(image, lanes)) break;
  }
  drain(image, lanes, out);
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
