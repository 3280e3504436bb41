// SPDX-License-Identifier: MIT
// Many shapes: a bound first, and samples only where it does not tell.
// Included by rows_impl.hpp.
//
// All that a sphere does in a motion lies in one ball: around its centre at
// one sample, as wide as the farthest of the others with everything that is
// not known about it. No slack of a shape changes by more than its sphere
// moves or grows, so the ball's own slack is never more than that of any
// sample. In float, which is twice as many at once: safe_radius(). Pairs whose
// ball leaves what the shape's rows need count with it; the others, at most
// kNearPairs, are looked at sample by sample. If there are more, every shape
// that has one violates. As many are looked at in every motion, so that time
// does not tell. Broad and narrow phase: C. Ericson, Real-Time Collision
// Detection, 2005, 2.4 and 7.
#pragma once

#include "safety/rows/shapes_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

using kin::Float16;
inline constexpr uint32_t kBalls = 2 * kLanes;  // Float16 has

// A motion's spheres, block by block; centres are taken from block `middle`.
struct Walk {
  uint32_t blocks = 0;
  uint32_t middle = 0;
  union {
    Sphere8 sphere[kScreenSamples / kLanes][kScreenSpheres];
  };
  Walk() {}  // set_scene() writes as many as there are
};

// Sixteen spheres' balls; lanes are spheres.
struct Swept16 {
  Ball<Float16> ball;
  Float16 who;
  kin::Int16 body;  // the bit of each
  kin::Int16 used;  // all ones; zero beyond the last
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
    kin::coarse_root(sum, way);
    larger8(most, way * (1 + 0x1p-22) + 1e-18 + s.radius, most);
  }
  return most_of(most);
}

// A radius so much larger that no slack in float is more than the true one.
// With u = 2^-24 and S the sum of all magnitudes that a slack is made of
// (centre, radius, shape), it errs by no more than 21 u S: on a capsule, which
// is the worst, 2 on what is read, 1 on the difference, 9 on where the foot
// is, 3 on what is left, 2.5 on the root, 1 on the radii, 2 on the result.
// 32 u S, and what is next to nothing. Beyond kScreenFar, where squares may
// overflow, nothing is known.
inline double safe_radius(const Image& image, const double* centre,
                          double radius) {
  const double at =
      magnitude(centre[0]) + magnitude(centre[1]) + magnitude(centre[2]);
  const double all = at + radius + image.derived.extent;
  if (!(all <= kScreenFar)) return std::numeric_limits<double>::quiet_NaN();
  return radius + all * 0x1p-19 + 1e-9;
}

// `more(i)` is added to a sphere's radius. Lanes beyond the last sphere are far
// from everything.
template <class F, class More>
void sweep(const Image& image, const Scene8& scene, const Walk& walk,
           const More& more, Swept16* out) {
  const uint32_t groups = (scene.count + kBalls - 1) / kBalls;
  for (uint32_t n = 0; n < groups * kBalls; ++n) {
    Swept16& to = out[n / kBalls];
    const uint32_t lane = n % kBalls;
    const bool any = n < scene.count;
    const uint32_t i = scene.moving[any ? n : 0];
    const Sphere8& middle = walk.sphere[walk.middle][i];
    double centre[3];
    for (int a = 0; a < 3; ++a) {
      centre[a] = middle.at[a][kLanes - 1];
      to.ball.at[a][lane] = any ? static_cast<float>(centre[a]) : 0;
    }
    const double swept = swept_radius(walk, i, centre) + more(i);
    const auto radius = static_cast<float>(safe_radius(image, centre, swept));
    to.ball.radius[lane] = F::on(Fault::kScreenSwept) ? 0 : radius;
    if (!any) to.ball.radius[lane] = -std::numeric_limits<float>::infinity();
    to.who[lane] = static_cast<float>(i);
    to.used[lane] = any ? -1 : 0;
    to.body[lane] = any ? int32_t{1} << image.chain.sphere[i].body : 0;
  }
}

// Pairs that the bound leaves open. A group is a shape and sixteen spheres:
// bit g % 32 of lane i of word g / 32 is sphere i of group g.
struct OpenPairs {
  static constexpr uint32_t kMostGroups =
      kMaxShapes * (kScreenSpheres / kBalls);
  static constexpr uint32_t kMostWords = kMostGroups / 32;
  static_assert(kMostGroups % 32 == 0);
  uint32_t groups = 0;
  uint16_t shape[kMostGroups];
  uint16_t first[kMostGroups];  // of its spheres, in Scene8::moving
  union {
    kin::Int16 word[kMostWords];
  };
  OpenPairs() {}  // up to words()

  [[nodiscard]] uint32_t words() const { return (groups + 31) / 32; }
  // `far`: all ones in lanes that are not open.
  // `used`: in lanes that have a sphere. Without one, a shape that is NaN would
  // leave a lane open, too.
  [[gnu::always_inline]] void add(const kin::Int16& far, const kin::Int16& used,
                                  uint32_t of_shape, uint32_t of_first) {
    const auto bit = static_cast<int32_t>(uint32_t{1} << (groups % 32));
    const kin::Int16 open = ~far & used & bit;
    kin::Int16& to = word[groups / 32];
    to = groups % 32 == 0 ? open : to | open;
    shape[groups] = static_cast<uint16_t>(of_shape);
    first[groups++] = static_cast<uint16_t>(of_first);
  }
  // Two lanes at once, the even one in the low half.
  [[nodiscard]] uint64_t lanes(uint32_t pair) const {
    const kin::Int16& from = word[pair / (kBalls / 2)];
    const uint32_t lane = pair % (kBalls / 2) * 2;
    return static_cast<uint32_t>(from[lane]) |
           uint64_t{static_cast<uint32_t>(from[lane + 1])} << 32;
  }
  [[nodiscard]] bool any(uint32_t group) const {
    uint32_t bits = 0;
    for (uint32_t i = 0; i < kBalls; ++i)
      bits |= static_cast<uint32_t>(word[group / 32][i]);
    return (bits >> (group % 32) & 1) != 0;
  }
};

// What bounds leave of one shape, and which sphere that is.
struct Bound16 {
  Float16 worst = Float16{} + std::numeric_limits<float>::quiet_NaN();
  Float16 who = Float16{} + float{kNoIndex};

  [[gnu::always_inline]] void take(const Float16& slack, const Float16& index) {
    kin::select_le(worst, slack, who, index, who);
    kin::select_le(worst, slack, worst, slack, worst);
  }
  void drain(Slack8& into) const {
    Double8 slack[2], index[2];
    kin::widen(worst, slack[0], slack[1]);
    kin::widen(who, index[0], index[1]);
    for (int i = 0; i < 2; ++i) into.take(slack[i], index[i]);
  }
};

// The bound of every pair.
template <class F>
void bound_pairs(const Image& image, const Scene8& scene, const Swept16* swept,
                 SpaceLanes& to, OpenPairs& near) {
  const Float16 free = Float16{} + std::numeric_limits<float>::infinity();
  const auto family = [&](const auto* entry, uint32_t count, uint32_t first,
                          const auto& shape_of,
                          Slack8* out) __attribute__((always_inline)) {
    for (uint32_t k = 0; k < count; ++k) {
      const Binds& binds = entry[k].binds;
      const Freed freed = freed_by<F>(binds, scene.open);
      const kin::Int16 none =
          kin::Int16{} + static_cast<int32_t>(freed.spared | freed.now);
      const bool binds_some = (binds.spared | binds.allowed) != 0;
      const Float16 need = Float16{} + image.derived.need[first + k];
      const auto shape = shape_of(k, float{});
      Bound16 bound;
      for (uint32_t m = 0; m < scene.count; m += kBalls) {
        const Swept16& s = swept[m / kBalls];
        Float16 slack;
        kin::Int16 far;
        shape.slack(s.ball, slack);
        if (binds_some) kin::choose(s.body & none, slack + free, slack, slack);
        kin::at_least(slack, need, far);  // NaN is not
        near.add(far, s.used, first + k, m);
        kin::choose(far, slack, free, slack);
        bound.take(slack, s.who);
      }
      bound.drain(out[k]);
    }
  };
  each_family<F>(image, to, family);
}

// The first of them, and what is left of each lane.
struct NearPairs {
  uint32_t count = 0;
  bool full = false;
  uint16_t shape[kNearPairs + 1];
  uint16_t sphere[kNearPairs + 1];  // in Scene8::moving
};

// A bit or two lanes at each step, whatever there is. As many steps as there is
// room and lanes reach the end, unless there are more pairs: then they are
// full, wherever the walk ended.
inline void list_pairs(const OpenPairs& open, NearPairs& out) {
  constexpr uint32_t kSteps = kBalls / 2;
  const uint32_t steps = open.words() * kSteps;
  uint32_t w = 0;
  uint64_t left = open.lanes(0);
  for (uint32_t n = 0; n < kNearPairs + steps; ++n) {
    const bool any = left != 0;
    const uint32_t bit = any ? static_cast<uint32_t>(__builtin_ctzll(left)) : 0;
    const uint32_t g = w / kSteps * 32 + bit % 32;
    const uint32_t m = open.first[g] + w % kSteps * 2 + bit / 32;
    out.shape[out.count] = open.shape[g];
    out.sphere[out.count] = static_cast<uint16_t>(m);
    out.full = out.full || (any && out.count == kNearPairs);
    out.count += any && out.count < kNearPairs ? 1 : 0;
    left &= left - 1;
    const bool next = left == 0 && w + 1 < steps;
    w += next ? 1 : 0;
    left = next ? open.lanes(w) : left;
  }
  out.full = out.full || left != 0 || w + 1 < steps;
}

// A shape by its number, and one sphere over all its samples.
template <class F>
void walk_pair(const Image& image, uint32_t open, const Walk& walk,
               uint32_t shape, uint32_t i, SpaceLanes& to) {
  const uint32_t body = 1u << image.chain.sphere[i].body;
  const auto family = [&](const auto* entry, uint32_t count, uint32_t first,
                          const auto& shape_of,
                          Slack8* out) __attribute__((always_inline)) {
    const uint32_t k = shape - first;
    if (shape < first || k >= count) return;
    const Freed freed = freed_by<F>(entry[k].binds, open);
    if ((freed.spared & body) != 0) return;
    const auto shape_k = shape_of(k, double{});
    // Apart from out[k], so that no pair waits for the one before.
    Slack8 lanes;
    for (uint32_t b = 0; b < walk.blocks; ++b) {
      Double8 slack;
      measure_one(shape_k, freed, body, walk.sphere[b][i], slack);
      lanes.take(slack, i);
    }
    out[k].join(lanes);
  };
  each_family<F>(image, to, family);
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
      if (open.any(g)) out[k].good = kin::Int8{};
    }
  };
  each_family<F>(image, to, family);
}

template <class F>
void screen(const Image& image, const Scene8& scene, const Walk& walk,
            SpaceLanes& to) {
  Swept16 swept[kScreenSpheres / kBalls];
  OpenPairs open;
  NearPairs near;
  sweep<F>(image, scene, walk, [](uint32_t) { return 0.0; }, swept);
  bound_pairs<F>(image, scene, swept, to, open);
  list_pairs(open, near);
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
