// SPDX-License-Identifier: MIT
// The robot's spheres and what they keep in or out of.
#include "safety/seal/family.hpp"

namespace tactus::safety::sealing {
namespace {

uint32_t moving_spheres(const Image& image) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    n += image.chain.sphere[i].link > 0 ? 1 : 0;
  }
  return n;
}

}  // namespace

Check needs_moving_spheres(const Image& image) {
  if (moving_spheres(image) > 0) return {};
  return bad_input("limits image: no robot sphere moves: cover the robot");
}

Check check_spheres(const Image& image) {
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    const kin::Sphere& s = image.chain.sphere[i];
    if (s.link > image.joints || !positive(s.radius)) {
      return bad_input("limits image: robot sphere {}: bad link or radius", i);
    }
  }
  return {};
}

Check check_boxes(const Image& image) {
  if (image.boxes > kMaxBoxes || image.boxes_in > image.boxes) {
    return over_size();
  }
  if (image.boxes > 0) {
    if (Check r = needs_moving_spheres(image); !r) return r;
  }
  for (uint32_t i = 0; i < image.boxes; ++i) {
    for (int a = 0; a < 3; ++a) {
      if (!(image.box[i].lo[a] < image.box[i].hi[a])) {
        return bad_input("limits image: box {}: empty on axis {}", i, a);
      }
    }
  }
  return {};
}

}  // namespace tactus::safety::sealing
