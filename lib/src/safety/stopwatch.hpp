// SPDX-License-Identifier: MIT
// How long one check takes, hot: image and state are in the caches, as
// prewarming leaves them. Not for the RT thread.
#pragma once

#include "rt/tsc.hpp"
#include "safety/scenes.hpp"

namespace tactus::safety {

class Stopwatch {
 public:
  explicit Stopwatch(const Kernel& kernel) : kernel_(kernel) {
    clock_.calibrate();
  }
  [[nodiscard]] int64_t now() const { return clock_.now(); }
  // ns, of the second call of two: the first brings everything into the
  // caches.
  double hot(const Image& image, const Scene& scene, ShieldOutput& out) {
    (void)once(image, scene, out);
    return once(image, scene, out);
  }
  // The least of `calls`: what else runs on the machine only adds.
  double least(const Image& image, const Scene& scene, ShieldOutput& out,
               uint32_t calls) {
    double best = hot(image, scene, out);
    for (uint32_t i = 1; i < calls; ++i) {
      const double ns = once(image, scene, out);
      if (ns < best) best = ns;
    }
    return best;
  }

 private:
  double once(const Image& image, const Scene& scene, ShieldOutput& out) {
    state_ = scene.state;
    const int64_t begin = clock_.now();
    kernel_.check(image, state_, scene.in, out);
    return static_cast<double>(clock_.now() - begin);
  }

  const Kernel& kernel_;
  rt::TscClock clock_;
  ShieldState state_;
};

}  // namespace tactus::safety
