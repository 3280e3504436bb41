// SPDX-License-Identifier: MIT
// Many shapes: a bound first, and samples only where it does not tell.
// Included by rows_impl.hpp.
//
// All that a sphere does in a motion lies in one ball: around its centre at
// one sample, as wide as the farthest of the others with everything that is
// not known about it. No slack of a shape changes by more than its sphere
// moves or grows, so the ball's own slack is never more than that of any
// sample. Pairs whose ball leaves what the shape's rows need count with it;
// the others, at most kNearPairs, are looked at sample by sample. If there are
// more, the rest of them violate. As many are looked at in every motion, so
// that time does not tell. Broad and narrow phase: C. Ericson, Real-Time
// Collision Detection, 2005, 2.4 and 7.
#pragma once

#include "safety/rows/shapes_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// A motion's spheres, block after block; centres are taken from the first.
struct Walk {
  uint32_t blocks = 0;
  uint32_t count = 0;
  uint32_t moving[kScreenSpheres];
  union {
    Sphere8 sphere[kScreenSamples / kLanes][kScreenSpheres];
  };
  Walk() {}  // as many as there are are written by keep()
};

inline void keep(const Scene8& scene, Walk& out) {
  out.count = scene.count;
  for (uint32_t m = 0; m < scene.count; ++m) {
    out.moving[m] = scene.moving[m];
    out.sphere[out.blocks][m] = scene.sphere[scene.moving[m]];
  }
  ++out.blocks;
}

// Eight spheres' balls; lanes are spheres.
struct Swept8 {
  Sphere8 ball;
  Double8 who;
  kin::Int8 body;  // the bit of each
};

// How far one sphere gets from `centre`, its own radius included.
inline double swept_radius(const Walk& walk, uint32_t m, const double* centre) {
  Double8 most = Double8{};
  for (uint32_t b = 0; b < walk.blocks; ++b) {
    const Sphere8& s = walk.sphere[b][m];
    Double8 sum = {};
    for (int a = 0; a < 3; ++a) {
      const Double8 d = s.at[a] - centre[a];
      sum += d * d;
    }
    Double8 way;
    kin::root(sum, way);
    larger8(most, way + s.radius, most);
  }
  return most_of(most);
}

// Lanes beyond the last sphere are copies of it.
inline void sweep(const Image& image, const Walk& walk, Swept8* out) {
  const uint32_t groups = (walk.count + kLanes - 1) / kLanes;
  for (uint32_t n = 0; n < groups * kLanes; ++n) {
    const uint32_t m = n < walk.count ? n : walk.count - 1;
    const Sphere8& middle = walk.sphere[0][m];
    Swept8& to = out[n / kLanes];
    const uint32_t lane = n % kLanes;
    double centre[3];
    for (int a = 0; a < 3; ++a) {
      centre[a] = middle.at[a][kLanes - 1];
      to.ball.at[a][lane] = centre[a];
    }
    to.ball.radius[lane] = swept_radius(walk, m, centre);
    to.ball.speed[lane] = 0;
    to.who[lane] = static_cast<double>(walk.moving[m]);
    const uint32_t body = image.chain.sphere[walk.moving[m]].body;
    to.body[lane] = int64_t{1} << body;
  }
}

// Pairs that the bound leaves open, in the order of the shapes.
struct NearPairs {
  static constexpr uint32_t kMost = kMaxShapes * kScreenSpheres;
  uint32_t count = 0;
  uint16_t shape[kMost + 1];
  uint16_t sphere[kMost + 1];  // of Walk
};

inline void list_lanes(const kin::Int8& far, uint32_t shape, uint32_t first,
                       uint32_t spheres, NearPairs& out) {
  const uint32_t lanes = spheres - first < kLanes ? spheres - first : kLanes;
  for (uint32_t i = 0; i < lanes; ++i) {
    out.shape[out.count] = static_cast<uint16_t>(shape);
    out.sphere[out.count] = static_cast<uint16_t>(first + i);
    out.count += far[i] == 0 ? 1 : 0;
  }
}

// The bound of every pair.
template <class F>
void bound_pairs(const Image& image, uint32_t open, const Walk& walk,
                 const Swept8* swept, SpaceLanes& to, NearPairs& near) {
  const Double8 free = Double8{} + std::numeric_limits<double>::infinity();
  const auto family = [&](const auto* entry, uint32_t count, uint32_t first,
                          const auto& measure,
                          Slack8* out) __attribute__((always_inline)) {
    for (uint32_t k = 0; k < count; ++k) {
      const Freed freed = freed_by<F>(entry[k].binds, open);
      const kin::Int8 none =
          kin::Int8{} + static_cast<int64_t>(freed.spared | freed.now);
      const Double8 need = Double8{} + image.derived.need[first + k];
      Slack8 lanes = out[k];
      for (uint32_t m = 0; m < walk.count; m += kLanes) {
        const Swept8& s = swept[m / kLanes];
        Double8 slack;
        measure(k, s.ball, slack);
        kin::choose(s.body & none, slack + free, slack, slack);
        kin::Int8 far;
        kin::at_least(slack, need, far);
        list_lanes(far, first + k, m, walk.count, near);
        kin::choose(far, slack, free, slack);
        lanes.take(slack, s.who);
      }
      out[k] = lanes;
    }
  };
  each_family<F>(image, to, family);
}

// A shape by its number, and one sphere over all its samples.
template <class F>
void walk_pair(const Image& image, uint32_t open, const Walk& walk,
               uint32_t shape, uint32_t m, SpaceLanes& to) {
  const uint32_t i = walk.moving[m];
  const uint32_t body = 1u << image.chain.sphere[i].body;
  const auto family = [&](const auto* entry, uint32_t count, uint32_t first,
                          const auto& measure,
                          Slack8* out) __attribute__((always_inline)) {
    const uint32_t k = shape - first;
    if (shape < first || k >= count) return;
    const Freed freed = freed_by<F>(entry[k].binds, open);
    if ((freed.spared & body) != 0) return;
    Slack8 lanes = out[k];
    for (uint32_t b = 0; b < walk.blocks; ++b) {
      Double8 slack;
      measure_one(measure, k, freed, body, walk.sphere[b][m], slack);
      lanes.take(slack, i);
    }
    out[k] = lanes;
  };
  each_family<F>(image, to, family);
}

// What there was no room for.
template <class F>
void refuse_pairs(const Image& image, const NearPairs& near, SpaceLanes& to) {
  if (F::on(Fault::kScreenFull)) return;
  const auto family = [&](const auto*, uint32_t count, uint32_t first,
                          const auto&, Slack8* out) {
    for (uint32_t n = kNearPairs; n < near.count; ++n) {
      const uint32_t k = near.shape[n] - first;
      if (near.shape[n] >= first && k < count) out[k].good = kin::Int8{};
    }
  };
  each_family<F>(image, to, family);
}

template <class F>
void screen(const Image& image, uint32_t open, const Walk& walk,
            SpaceLanes& to) {
  Swept8 swept[kScreenSpheres / kLanes];
  NearPairs near;
  sweep(image, walk, swept);
  if (F::on(Fault::kScreenSwept)) {
    for (Swept8& s : swept) s.ball.radius = Double8{};
  }
  bound_pairs<F>(image, open, walk, swept, to, near);
  for (uint32_t n = 0; n < kNearPairs; ++n) {
    const bool used = n < near.count;
    walk_pair<F>(image, open, walk, used ? near.shape[n] : image.derived.spare,
                 used ? near.sphere[n] : 0, to);
  }
  refuse_pairs<F>(image, near, to);
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
