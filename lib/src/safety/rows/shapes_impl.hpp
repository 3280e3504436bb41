// SPDX-License-Identifier: MIT
// All shapes that robot spheres keep in or out of: which of them bind, and
// what each family measures. Included by screen_impl.hpp.
#pragma once

#include "safety/rows/boxes_impl.hpp"
#include "safety/rows/solids_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

using SpaceLanes = SpaceTables<Slack8>;

// The robot's spheres, and what frees them. The base's never move.
struct Moving {
  uint32_t moving[kin::kMaxSpheres];  // indices of the others
  uint32_t count;
  uint32_t open;  // task windows
};
// At one block of eight samples, or at one instant.
template <class V>
struct SceneOf : Moving {
  SphereOf<V>* sphere;  // of the base: centres only
};
using Scene8 = SceneOf<Double8>;

// Windows that stay open until `end_s` from now.
template <class F>
uint32_t open_for(const Image& image, const Windows& windows, double end_s) {
  if (F::on(Fault::kWindowMotion)) return windows.open;
  uint32_t open = 0;
  for (uint32_t w = 0; w < image.windows; ++w) {
    const bool stays = windows.left[w] >= end_s;  // NaN: closed
    open |= stays ? windows.open & (2u << w) : 0;
  }
  return open;
}
// Those that free a motion.
template <class F>
uint32_t open_throughout(const Image& image, const Windows& windows,
                         const Motion& motion) {
  const double end = motion.until[motion.blocks - 1][kLanes - 1];
  return open_for<F>(image, windows, end);
}

// Parts that a shape does not bind: never, or while its window is open.
struct Freed {
  uint32_t spared, now;
};
template <class F>
Freed freed_by(const Binds& binds, uint32_t open) {
  const uint32_t allowed =
      F::on(Fault::kWindowLinks) ? ~uint32_t{0} : binds.allowed;
  const bool is_open = (open >> binds.window & 1u) != 0;
  return {F::on(Fault::kSpared) ? 0 : binds.spared, is_open ? allowed : 0};
}

// A line per family: its entries, the number of the first among all shapes, and
// one of them for lanes of L.
template <class F, class Visit>
void each_family(const Image& image, const Visit& visit) {
  using Index = uint32_t;
  visit(image.box, image.boxes, 0,
        [&]<class L>(Index k, L)
            __attribute__((always_inline)) { return BoxOf<L>(image, k); });
  visit(image.turned_box, image.turned, kFirstTurned,
        [&]<class L>(Index k, L) __attribute__((always_inline)) {
          return TurnedOf<F, L>(image, k);
        });
  visit(image.capsule, image.capsules, kFirstCapsule,
        [&]<class L>(Index k, L) __attribute__((always_inline)) {
          return CapsuleOf<F, L>(image, k);
        });
  visit(image.hull, image.hulls, kFirstHull,
        [&]<class L>(Index k, L)
            __attribute__((always_inline)) { return HullOf<F, L>(image, k); });
}

inline const Binds& binds_of(const Image& image, uint32_t shape) {
  if (shape < kFirstTurned) return image.box[shape].binds;
  if (shape < kFirstCapsule)
    return image.turned_box[shape - kFirstTurned].binds;
  if (shape < kFirstHull) return image.capsule[shape - kFirstCapsule].binds;
  return image.hull[shape - kFirstHull].binds;
}

// What is measured of a shape, by its number.
template <class T>
[[gnu::always_inline]] inline T* shape_entry(SpaceTables<T>& all,
                                             uint32_t shape) {
  if (shape < kFirstTurned) return all.box + shape;
  if (shape < kFirstCapsule) return all.turned + (shape - kFirstTurned);
  if (shape < kFirstHull) return all.capsule + (shape - kFirstCapsule);
  return all.hull + (shape - kFirstHull);
}

// One shape and one sphere. What a window frees is measured like the rest, so
// that time does not tell.
template <class Shape, class V>
[[gnu::always_inline]] inline void measure_one(const Shape& shape,
                                               const Freed& freed,
                                               uint32_t body,
                                               const SphereOf<V>& s, V& slack) {
  const V free = V{} + std::numeric_limits<double>::infinity();
  shape.slack(s, slack);
  // A NaN is not freed.
  if ((freed.now & body) != 0) kin::select_le(slack, free, free, slack, slack);
}

// Every shape and every sphere. T: Slack8 of eight samples, Slack of one.
template <class F, class V, class T>
void shape_slacks(const Image& image, const SceneOf<V>& scene,
                  SpaceTables<T>& to) {
  const auto family = [&](const auto* entry, uint32_t count, uint32_t first,
                          const auto& shape_of) __attribute__((always_inline)) {
    T* const out = shape_entry(to, first);
    for (uint32_t k = 0; k < count; ++k) {
      const Freed freed = freed_by<F>(entry[k].binds, scene.open);
      const auto shape = shape_of(k, double{});
      T lanes = out[k];
      for (uint32_t m = 0; m < scene.count; ++m) {
        const uint32_t i = scene.moving[m];
        const uint32_t body = 1u << image.chain.sphere[i].body;
        if ((freed.spared & body) != 0) continue;
        V slack;
        measure_one(shape, freed, body, scene.sphere[i], slack);
        lanes.take(slack, i);
      }
      out[k] = lanes;
    }
  };
  each_family<F>(image, family);
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
