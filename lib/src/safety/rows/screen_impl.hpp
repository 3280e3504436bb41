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
// more, every shape that has one violates. As many are looked at in every
// motion, so that time does not tell. Broad and narrow phase: C. Ericson,
// Real-Time Collision Detection, 2005, 2.4 and 7.
#pragma once

#include "safety/rows/shapes_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// A motion's spheres, block by block; centres are taken from block `middle`.
struct Walk {
  uint32_t blocks = 0;
  uint32_t middle = 0;
  union {
    Sphere8 sphere[kScreenSamples / kLanes][kScreenSpheres];
  };
  Walk() {}  // set_scene() writes as many as there are
};

// Eight spheres' balls; lanes are spheres.
struct Swept8 {
  Sphere8 ball;
  Double8 who;
  kin::Int8 body;  // the bit of each
};

// How far one sphere gets from `centre`, its own radius included.
inline double swept_radius(const Walk& walk, uint32_t i, const double* centre) {
  Double8 most = Double8{};
  for (uint32_t b = 0; b < walk.blocks; ++b) {
    const Sphere8& s = walk.sphere[b][i];
    Double8 sum = {};
    for (int a = 0; a < 3; ++a) {
      const Double8 d = s.at[a] - centre[a];
      sum += d * d;
    }
    Double8 way;
    BoundRoot::most(sum, way);
    larger8(most, way + s.radius, most);
  }
  return most_of(most);
}

// Lanes beyond the last sphere are copies of it.
inline void sweep(const Image& image, const Scene8& scene, const Walk& walk,
                  Swept8* out) {
  const uint32_t groups = (scene.count + kLanes - 1) / kLanes;
  for (uint32_t n = 0; n < groups * kLanes; ++n) {
    const uint32_t i = scene.moving[n < scene.count ? n : scene.count - 1];
    const Sphere8& middle = walk.sphere[walk.middle][i];
    Swept8& to = out[n / kLanes];
    const uint32_t lane = n % kLanes;
    double centre[3];
    for (int a = 0; a < 3; ++a) {
      centre[a] = middle.at[a][kLanes - 1];
      to.ball.at[a][lane] = centre[a];
    }
    to.ball.radius[lane] = swept_radius(walk, i, centre);
    to.ball.speed[lane] = 0;
    to.who[lane] = static_cast<double>(i);
    to.body[lane] = int64_t{1} << image.chain.sphere[i].body;
  }
}

// Pairs that the bound leaves open. A group is a shape and eight spheres: bit
// g % 64 of lane i of word g / 64 is sphere i of group g.
struct OpenPairs {
  static constexpr uint32_t kMostGroups =
      kMaxShapes * (kScreenSpheres / kLanes);
  static constexpr uint32_t kMostWords = kMostGroups / 64;
  static_assert(kMostGroups % 64 == 0);
  uint32_t groups = 0;
  uint16_t shape[kMostGroups];
  uint16_t first[kMostGroups];  // of its spheres, in Scene8::moving
  union {
    kin::Int8 word[kMostWords];
  };
  OpenPairs() {}  // up to words()

  [[nodiscard]] uint32_t words() const { return (groups + 63) / 64; }
  // The bit of the next group, for as many as there are.
  [[nodiscard]] double bit() const {
    return __builtin_bit_cast(double, uint64_t{1} << (groups % 64));
  }
  // Its lanes that are open have that bit.
  [[gnu::always_inline]] void add(const Double8& bits, uint32_t of_shape,
                                  uint32_t of_first) {
    kin::Int8 open;
    __builtin_memcpy(&open, &bits, sizeof open);
    kin::Int8& to = word[groups / 64];
    to = groups % 64 == 0 ? open : to | open;
    shape[groups] = static_cast<uint16_t>(of_shape);
    first[groups++] = static_cast<uint16_t>(of_first);
  }
  [[nodiscard]] uint64_t lane(uint32_t w) const {
    return static_cast<uint64_t>(word[w / kLanes][w % kLanes]);
  }
};

// The bound of every pair.
template <class F>
void bound_pairs(const Image& image, const Scene8& scene, const Swept8* swept,
                 SpaceLanes& to, OpenPairs& near) {
  const Double8 free = Double8{} + std::numeric_limits<double>::infinity();
  const auto family = [&](const auto* entry, uint32_t count, uint32_t first,
                          const auto& measure,
                          Slack8* out) __attribute__((always_inline)) {
    for (uint32_t k = 0; k < count; ++k) {
      const Binds& binds = entry[k].binds;
      const Freed freed = freed_by<F>(binds, scene.open);
      const kin::Int8 none =
          kin::Int8{} + static_cast<int64_t>(freed.spared | freed.now);
      const Double8 need = Double8{} + image.derived.need[first + k];
      Slack8 lanes = out[k];
      for (uint32_t m = 0; m < scene.count; m += kLanes) {
        const Swept8& s = swept[m / kLanes];
        Double8 slack, open;
        measure(k, s.ball, slack);
        if ((binds.spared | binds.allowed) != 0) {
          kin::choose(s.body & none, slack + free, slack, slack);
        }
        // NaN is not far.
        kin::select_le(need, slack, Double8{}, Double8{} + near.bit(), open);
        near.add(open, first + k, m);
        kin::select_le(need, slack, slack, free, slack);
        lanes.take(slack, s.who);
      }
      out[k] = lanes;
    }
  };
  each_family<F, BoundRoot>(image, to, family);
}

// The first of them, and what is left of each lane.
struct NearPairs {
  uint32_t count = 0;
  bool full = false;
  uint16_t shape[kNearPairs + 1];
  uint16_t sphere[kNearPairs + 1];  // in Scene8::moving
};

// A bit or a lane at each step, whatever there is; lanes beyond the last
// sphere are left out.
inline void list_pairs(const OpenPairs& open, uint32_t spheres,
                       NearPairs& out) {
  const uint32_t lanes = open.words() * kLanes;
  uint32_t w = 0;
  uint64_t left = open.lane(0);
  for (uint32_t n = 0; n < kNearPairs + lanes; ++n) {
    const bool any = left != 0;
    const uint32_t bit = any ? static_cast<uint32_t>(__builtin_ctzll(left)) : 0;
    const uint32_t g = w / kLanes * 64 + bit;
    const uint32_t m = open.first[g] + w % kLanes;
    const bool pair = any && m < spheres;
    out.shape[out.count] = open.shape[g];
    out.sphere[out.count] = static_cast<uint16_t>(m);
    out.full = out.full || (pair && out.count == kNearPairs);
    out.count += pair && out.count < kNearPairs ? 1 : 0;
    left &= left - 1;
    const bool next = left == 0 && w + 1 < lanes;
    w += next ? 1 : 0;
    left = next ? open.lane(w) : left;
  }
  out.full = out.full || left != 0;
}

// A shape by its number, and one sphere over all its samples.
template <class F>
void walk_pair(const Image& image, uint32_t open, const Walk& walk,
               uint32_t shape, uint32_t i, SpaceLanes& to) {
  const uint32_t body = 1u << image.chain.sphere[i].body;
  const auto family = [&](const auto* entry, uint32_t count, uint32_t first,
                          const auto& measure,
                          Slack8* out) __attribute__((always_inline)) {
    const uint32_t k = shape - first;
    if (shape < first || k >= count) return;
    const Freed freed = freed_by<F>(entry[k].binds, open);
    if ((freed.spared & body) != 0) return;
    // Apart from out[k], so that no pair waits for the one before.
    Slack8 lanes;
    for (uint32_t b = 0; b < walk.blocks; ++b) {
      Double8 slack;
      measure_one(measure, k, freed, body, walk.sphere[b][i], slack);
      lanes.take(slack, i);
    }
    out[k].join(lanes);
  };
  each_family<F, ExactRoot>(image, to, family);
}

// There was no room for all of them: no shape that has one is kept.
template <class F>
void refuse_pairs(const Image& image, const OpenPairs& open, SpaceLanes& to) {
  if (F::on(Fault::kScreenFull)) return;
  const auto family = [&](const auto*, uint32_t count, uint32_t first,
                          const auto&, Slack8* out) {
    for (uint32_t g = 0; g < open.groups; ++g) {
      const uint32_t k = open.shape[g] - first;
      if (open.shape[g] < first || k >= count) continue;
      uint64_t any = 0;
      for (uint32_t i = 0; i < kLanes; ++i) {
        any |= open.lane(g / 64 * kLanes + i);
      }
      if ((any >> (g % 64) & 1) != 0) out[k].good = kin::Int8{};
    }
  };
  each_family<F, ExactRoot>(image, to, family);
}

template <class F>
void screen(const Image& image, const Scene8& scene, const Walk& walk,
            SpaceLanes& to) {
  Swept8 swept[kScreenSpheres / kLanes];
  OpenPairs open;
  NearPairs near;
  sweep(image, scene, walk, swept);
  if (F::on(Fault::kScreenSwept)) {
    for (Swept8& s : swept) s.ball.radius = Double8{};
  }
  bound_pairs<F>(image, scene, swept, to, open);
  list_pairs(open, scene.count, near);
  for (uint32_t n = 0; n < kNearPairs; ++n) {
    const bool used = n < near.count;
    walk_pair<F>(image, scene.open, walk,
                 used ? near.shape[n] : image.derived.spare,
                 scene.moving[used ? near.sphere[n] : 0], to);
  }
  if (near.full) refuse_pairs<F>(image, open, to);
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
