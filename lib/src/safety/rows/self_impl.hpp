// SPDX-License-Identifier: MIT
// The robot's own spheres against each other. Included by rows_impl.hpp.
// Sphere pairs, after C. Ericson, Real-Time Collision Detection, 2005, 4.3.1.
#pragma once

#include "safety/rows/sphere_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// How far a point that moves with frame `to` may be from where its sample
// has it, seen from frame `from`: the joints before `from` move both.
template <class F, class V>
void reach_between(const Image& image, const PairGroup& group, const V* wide,
                   ReachOf<V>& out) {
  out.along = V{};
  out.turning = V{};
  if (F::on(Fault::kSelfWide)) return;
  for (uint32_t j = group.from; j < group.to; ++j) {
    out.along += wide[j] * image.derived.reach[group.to][j];
    out.turning += wide[j] * image.derived.turn[j];
  }
}

// b may be anywhere within its reach seen from a, whose frame carries both.
template <class F, class V>
void pair_slack(const Image& image, const Pair& pair,
                const SphereOf<V>* spheres, const ReachOf<V>& reach, V& out) {
  const V* a = spheres[pair.a].at;
  const V* b = spheres[pair.b].at;
  V d[3], square, distance;
  for (int k = 0; k < 3; ++k) d[k] = a[k] - b[k];
  square_of(d, square);
  kin::root(square, distance);
  const double error = F::on(Fault::kSelfModel) ? 0 : image.commit.model_error;
  const double radii = image.chain.sphere[pair.a].radius +
                       image.chain.sphere[pair.b].radius + 2 * error;
  out = distance -
        (radii + (reach.along + reach.turning * image.derived.arm[pair.b]));
}

template <class F, class V, class T>
void self_slacks(const Image& image, const SphereOf<V>* spheres, const V* wide,
                 T& out) {
  T lanes = out;
  for (uint32_t g = 0; g < image.pair_groups; ++g) {
    const PairGroup& group = image.pair_group[g];
    ReachOf<V> reach;
    reach_between<F>(image, group, wide, reach);
    for (uint32_t p = group.first; p < group.first + group.count; ++p) {
      V slack;
      pair_slack<F>(image, image.pair[p], spheres, reach, slack);
      lanes.take(slack, image.pair[p].b);
    }
  }
  out = lanes;
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
