// SPDX-License-Identifier: MIT
// Many shapes: a bound first, and samples only where it does not tell.
// Included by rows_impl.hpp.
//
// All that a sphere does in a motion lies in one ball: around its centre at
// one sample, as wide as the farthest of the others with everything that is
// not known about it. No slack of a shape changes by more than its sphere
// moves or grows, so the ball's own slack is never more than that of any
// sample. In float, which is twice as many at once: safe_radius(). Lanes are
// spheres beside one shape, or capsules beside one sphere. Pairs whose ball
// leaves what the shape's rows need count with it; the others, at most
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
// `most`: blocks that there is room for.
template <class V, uint32_t most>
struct WalkOf {
  uint32_t blocks = 0;
  uint32_t middle = 0;
  union {
    SphereOf<V> sphere[most][kScreenSpheres];
  };
  WalkOf() {}  // place_spheres() writes as many as there are
};
using Walk = WalkOf<Double8, kScreenSamples / kLanes>;
using Stand = WalkOf<double, 1>;  // one instant

// Sixteen spheres' balls; lanes are spheres.
struct Swept16 {
  Ball<Float16> ball = {{}, Float16{} - std::numeric_limits<float>::infinity()};
  Float16 who = {};
  kin::Int16 body = {};  // the bit of each
  uint32_t used = 0;     // bits of lanes; none beyond the last
};

// How far one sphere gets from `centre`, its own radius included.
inline double swept_radius(const Walk& walk, uint32_t i, const double* centre) {
  Double8 most = Double8{};
  for (uint32_t b = 0; b < walk.blocks; ++b) {
    const Sphere8& s = walk.sphere[b][i];
    Double8 d[3], square, way;
    for (int a = 0; a < 3; ++a) d[a] = s.at[a] - centre[a];
    square_of(d, square);
    kin::coarse_root(square, way);
    larger8(most, way * (1 + 0x1p-22) + 1e-18 + s.radius, most);
  }
  return most_of(most);
}
// The same where it gets nowhere.
inline double swept_radius(const Stand& stand, uint32_t i, const double*) {
  return 1e-18 + stand.sphere[0][i].radius;
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

inline double last_of(const Double8& samples) { return samples[kLanes - 1]; }
inline double last_of(double sample) { return sample; }

// `more(i)` is added to a sphere's radius. Lanes beyond the last sphere are far
// from everything.
template <class F, class Samples, class More>
void sweep(const Image& image, const Moving& scene, const Samples& walk,
           const More& more, Swept16* out) {
  for (uint32_t n = 0; n < scene.count; ++n) {
    Swept16& to = out[n / kBalls];
    const uint32_t lane = n % kBalls;
    const uint32_t i = scene.moving[n];
    const auto& middle = walk.sphere[walk.middle][i];
    double centre[3];
    for (int a = 0; a < 3; ++a) {
      centre[a] = last_of(middle.at[a]);
      to.ball.at[a][lane] = static_cast<float>(centre[a]);
    }
    const double swept = swept_radius(walk, i, centre) + more(i);
    const auto radius = static_cast<float>(safe_radius(image, centre, swept));
    to.ball.radius[lane] = F::on(Fault::kScreenSwept) ? 0 : radius;
    to.who[lane] = static_cast<float>(i);
    to.used |= 1u << lane;
    to.body[lane] = int32_t{1} << image.chain.sphere[i].body;
  }
}

// Pairs that the bound leaves open. A group is a shape and sixteen spheres, or
// across: a sphere and sixteen shapes; a bit for each.
struct OpenPairs {
  // Sixteen capsules at once, those to stay in apart from the others.
  static constexpr uint32_t kMostAcross = kMaxCapsules / kBalls + 1;
  static constexpr uint32_t kMostGroups =
      (kMaxShapes - kMaxCapsules) * (kScreenSpheres / kBalls) +
      kMostAcross * kScreenSpheres;
  uint32_t groups = 0;
  uint16_t bits[kMostGroups + 4];
  uint16_t shape[kMostGroups];   // or the first of them
  uint16_t sphere[kMostGroups];  // the same, in Moving::moving
  uint16_t across[kMostGroups];  // all ones: lanes are shapes; else zero

  // `far`: lanes that are not open.
  // `used`: those that have a sphere and a shape. Without one of them, what is
  // NaN would leave a lane open, too.
  [[gnu::always_inline]] void add(uint32_t far, uint32_t used,
                                  uint32_t of_shape, uint32_t of_sphere,
                                  bool lanes_are_shapes) {
    bits[groups] = static_cast<uint16_t>(~far & used);
    shape[groups] = static_cast<uint16_t>(of_shape);
    sphere[groups] = static_cast<uint16_t>(of_sphere);
    across[groups++] = lanes_are_shapes ? uint16_t{0xffff} : uint16_t{0};
  }
  [[nodiscard]] uint16_t shape_at(uint32_t group, uint32_t lane) const {
    return static_cast<uint16_t>(shape[group] + (lane & across[group]));
  }
  [[nodiscard]] uint16_t sphere_at(uint32_t group, uint32_t lane) const {
    const uint32_t along = ~uint32_t{across[group]};
    return static_cast<uint16_t>(sphere[group] + (lane & along));
  }
  // Four groups at once, the first in the low bits.
  void close() {
    for (uint32_t i = 0; i < 4; ++i) bits[groups + i] = 0;
  }
  [[nodiscard]] uint32_t words() const { return (groups + 3) / 4; }
  [[nodiscard]] uint64_t word(uint32_t w) const {
    const uint16_t* const four = bits + 4 * w;
    return four[0] | uint64_t{four[1]} << 16 | uint64_t{four[2]} << 32 |
           uint64_t{four[3]} << 48;
  }
};

// The least bound so far, lane by lane, and whose ball that is.
struct Bound16 {
  Float16 worst = Float16{} + std::numeric_limits<float>::quiet_NaN();
  Float16 who = Float16{} + float{kNoIndex};

  [[gnu::always_inline]] void take(const Float16& slack, const Float16& index) {
    kin::select_le(worst, slack, who, index, who);
    kin::select_le(worst, slack, worst, slack, worst);
  }
};

// What bounds leave of every shape, by its number, and whose ball that is.
struct ShapeBounds {
  union {
    float worst[kMaxShapes + kBalls];
  };
  union {
    float who[kMaxShapes + kBalls];
  };
  ShapeBounds() {}  // of as many as there are, and what is next to capsules
};

// Sixteen spheres beside one shape.
template <class F, class Shape>
[[gnu::always_inline]] inline void bound_shape(
    const Shape& shape, const Binds& binds, float least, uint32_t number,
    const Moving& scene, const Swept16* swept, ShapeBounds& to,
    OpenPairs& near) {
  const Float16 free = Float16{} + std::numeric_limits<float>::infinity();
  const Freed freed = freed_by<F>(binds, scene.open);
  const kin::Int16 none =
      kin::Int16{} + static_cast<int32_t>(freed.spared | freed.now);
  const bool binds_some = (binds.spared | binds.allowed) != 0;
  const Float16 need = Float16{} + least;
  Bound16 bound;
  for (uint32_t m = 0; m < scene.count; m += kBalls) {
    const Swept16& s = swept[m / kBalls];
    Float16 slack;
    shape.slack(s.ball, slack);
    if (binds_some) kin::choose(s.body & none, slack + free, slack, slack);
    const uint32_t far =
        kin::keep_at_least(slack, need, free, slack);  // NaN is not
    near.add(far, s.used, number, m, false);
    bound.take(slack, s.who);
  }
  least_of(bound.worst, bound.who, to.worst[number], to.who[number]);
}

// What of the robot each capsule from `k` to `end` does not bind; false: all of
// it is bound.
template <class F>
bool binds_across(const Image& image, uint32_t k, uint32_t end, uint32_t open,
                  kin::Int16& none) {
  bool some = false;
  none = kin::Int16{};
  for (uint32_t i = 0; i < kBalls && k + i < end; ++i) {
    const Binds& binds = image.capsule[k + i].binds;
    const Freed freed = freed_by<F>(binds, open);
    some = some || (binds.spared | binds.allowed) != 0;
    none[i] = static_cast<int32_t>(freed.spared | freed.now);
  }
  return some;
}

// Sixteen capsules beside one sphere: of capsules there are many, and each lane
// ends with what is left of one.
template <class F>
void bound_capsules(const Image& image, uint32_t begin, uint32_t end,
                    const Moving& scene, const Swept16* swept, ShapeBounds& to,
                    OpenPairs& near) {
  const Float16 free = Float16{} + std::numeric_limits<float>::infinity();
  for (uint32_t k = begin; k < end; k += kBalls) {
    const CapsuleOf<F, Float16> shape(image, k);
    const uint32_t left = end - k;
    const uint32_t used = left < kBalls ? (1u << left) - 1 : (1u << kBalls) - 1;
    kin::Int16 none;
    const bool some = binds_across<F>(image, k, end, scene.open, none);
    Float16 need;
    load(image.derived.need + kFirstCapsule + k, need);
    Bound16 bound;
    for (uint32_t m = 0; m < scene.count; ++m) {
      const Swept16& s = swept[m / kBalls];
      const uint32_t lane = m % kBalls;
      Ball<Float16> ball;
      for (int a = 0; a < 3; ++a) kin::fill(s.ball.at[a][lane], ball.at[a]);
      kin::fill(s.ball.radius[lane], ball.radius);
      Float16 slack, who;
      shape.slack(ball, slack);
      if (some) kin::choose(none & s.body[lane], slack + free, slack, slack);
      const uint32_t far =
          kin::keep_at_least(slack, need, free, slack);  // NaN is not
      near.add(far, used, kFirstCapsule + k, m, true);
      kin::fill(s.who[lane], who);
      bound.take(slack, who);
    }
    store(bound.worst, to.worst + kFirstCapsule + k);
    store(bound.who, to.who + kFirstCapsule + k);
  }
}

// The bound of every pair.
template <class F>
void bound_pairs(const Image& image, const Moving& scene, const Swept16* swept,
                 ShapeBounds& to, OpenPairs& near) {
  const auto family = [&](const auto* entry, uint32_t count, uint32_t first,
                          const auto& shape_of) __attribute__((always_inline)) {
    if constexpr (std::is_same_v<decltype(entry), const Capsule*>) {
      bound_capsules<F>(image, 0, image.capsules_in, scene, swept, to, near);
      bound_capsules<F>(image, image.capsules_in, count, scene, swept, to,
                        near);
    } else {
      for (uint32_t k = 0; k < count; ++k)
        bound_shape<F>(shape_of(k, float{}), entry[k].binds,
                       image.derived.need[first + k], first + k, scene, swept,
                       to, near);
    }
  };
  each_family<F>(image, family);
}

// The first of them, and what is left of each lane.
struct NearPairs {
  uint32_t count = 0;
  bool full = false;
  uint16_t shape[kNearPairs + 1];
  uint16_t sphere[kNearPairs + 1];  // in Moving::moving
};

// A pair or a word at each step, whatever there is. As many steps as there is
// room and words reach the end, unless there are more pairs: then they are
// full, wherever the walk ended.
inline void list_pairs(OpenPairs& open, NearPairs& out) {
  if (open.groups == 0) return;
  open.close();
  const uint32_t words = open.words();
  uint32_t w = 0;
  uint64_t left = open.word(0);
  for (uint32_t n = 0; n < kNearPairs + words; ++n) {
    const bool any = left != 0;
    const uint32_t bit = any ? static_cast<uint32_t>(__builtin_ctzll(left)) : 0;
    const uint32_t g = 4 * w + bit / kBalls;
    out.shape[out.count] = open.shape_at(g, bit % kBalls);
    out.sphere[out.count] = open.sphere_at(g, bit % kBalls);
    out.full = out.full || (any && out.count == kNearPairs);
    out.count += any && out.count < kNearPairs ? 1 : 0;
    left &= left - 1;
    const bool next = left == 0 && w + 1 < words;
    w += next ? 1 : 0;
    left = next ? open.word(w) : left;
  }
  out.full = out.full || left != 0 || w + 1 < words;
}

// The least of a shape and one sphere, over all samples of each lane; a NaN
// stays.
template <class Shape, class Samples, class V>
[[gnu::always_inline]] inline void look_along(const Shape& shape,
                                              const Freed& freed, uint32_t body,
                                              const Samples& walk, uint32_t i,
                                              V& least) {
  measure_one(shape, freed, body, walk.sphere[0][i], least);
  for (uint32_t b = 1; b < walk.blocks; ++b) {
    V slack;
    measure_one(shape, freed, body, walk.sphere[b][i], slack);
    smaller8(least, slack, least);
  }
}
template <class F, class Samples, class V>
[[gnu::always_inline]] inline void look_at(const Image& image, uint32_t open,
                                           const Samples& walk, uint32_t shape,
                                           uint32_t i, V& least) {
  const uint32_t body = 1u << image.chain.sphere[i].body;
  const Freed freed = freed_by<F>(binds_of(image, shape), open);
  const auto look = [&](const auto& at) __attribute__((always_inline)) {
    look_along(at, freed, body, walk, i, least);
  };
  if ((freed.spared & body) != 0) {
    least = V{} + std::numeric_limits<double>::infinity();
  } else if (shape < kFirstTurned) {
    look(BoxOf<double>(image, shape));
  } else if (shape < kFirstCapsule) {
    look(TurnedOf<F, double>(image, shape - kFirstTurned));
  } else if (shape < kFirstHull) {
    look(CapsuleOf<F, double>(image, shape - kFirstCapsule));
  } else {
    look(HullOf<F, double>(image, shape - kFirstHull));
  }
}

// A bound holds at all samples.
inline void take_bound(double least, double who, Slack& into) {
  into.take(least, static_cast<uint32_t>(who));
}
inline void take_bound(double least, double who, Slack8& into) {
  into.take(Double8{} + least, Double8{} + who);
}
[[gnu::always_inline]] inline void take_look(const Double8& least, uint32_t who,
                                             Slack& into) {
  constexpr uint32_t kAll = (1u << kLanes) - 1;
  into.take(least_of(least), who);
  into.bad |= kin::bits_at_least(least, Double8{}) != kAll;
}
[[gnu::always_inline]] inline void take_look(const Double8& least, uint32_t who,
                                             Slack8& into) {
  into.take(least, who);
}
[[gnu::always_inline]] inline void take_look(double least, uint32_t who,
                                             Slack& into) {
  into.take(least, who);
}

// There was no room for all of them: no shape that has one is kept. Groups of
// the same shapes are one: time does not tell how many pairs are open.
template <class F, class T>
void refuse_pairs(const OpenPairs& open, SpaceTables<T>& to) {
  if (F::on(Fault::kScreenFull)) return;
  uint16_t lanes[kMaxShapes] = {}, across[kMaxShapes] = {};
  for (uint32_t g = 0; g < open.groups; ++g) {
    uint16_t& to_lanes = lanes[open.shape[g]];
    to_lanes = static_cast<uint16_t>(to_lanes | open.bits[g]);
    across[open.shape[g]] = open.across[g];
  }
  for (uint32_t first = 0; first < kMaxShapes; ++first) {
    uint32_t left = lanes[first];
    if (across[first] == 0) left = left != 0 ? 1 : 0;
    for (uint32_t shape = first; left != 0; ++shape, left >>= 1)
      if ((left & 1) != 0) shape_entry(to, shape)->refuse();
  }
}

// T: Slack, or Slack8 of as many samples.
template <class F, class V, uint32_t most, class T>
void screen(const Image& image, const Moving& scene,
            const WalkOf<V, most>& walk, SpaceTables<T>& to) {
  Swept16 swept[kScreenSpheres / kBalls];
  ShapeBounds bounds;
  OpenPairs open;
  NearPairs near;
  sweep<F>(image, scene, walk, [](uint32_t) { return 0.0; }, swept);
  bound_pairs<F>(image, scene, swept, bounds, open);
  list_pairs(open, near);
  each_family<F>(
      image, [&](const auto*, uint32_t count, uint32_t first, const auto&) {
        T* const out = shape_entry(to, first);
        for (uint32_t k = 0; k < count; ++k)
          take_bound(static_cast<double>(bounds.worst[first + k]),
                     static_cast<double>(bounds.who[first + k]), out[k]);
      });
  for (uint32_t n = 0; n < kNearPairs; ++n) {
    const bool used = n < near.count;
    const uint32_t shape = used ? near.shape[n] : image.derived.spare;
    const uint32_t i = scene.moving[used ? near.sphere[n] : 0];
    V least;
    look_at<F>(image, scene.open, walk, shape, i, least);
    take_look(least, i, *shape_entry(to, shape));
  }
  if (near.full) refuse_pairs<F>(open, to);
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
