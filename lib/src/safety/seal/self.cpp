// SPDX-License-Identifier: MIT
// The robot against itself: every pair is what its group says.
#include "safety/seal/family.hpp"

namespace tactus::safety::sealing {
namespace {

Check check_group(const Image& image, uint32_t g) {
  const PairGroup& group = image.pair_group[g];
  if (group.from >= group.to || group.to > image.joints || group.count == 0 ||
      group.first > image.pairs || group.count > image.pairs - group.first) {
    return bad_input("limits image: pair group {}: bad frames or range", g);
  }
  for (uint32_t p = group.first; p < group.first + group.count; ++p) {
    const Pair& pair = image.pair[p];
    if (pair.a >= image.chain.spheres || pair.b >= image.chain.spheres ||
        image.chain.sphere[pair.a].link != group.from ||
        image.chain.sphere[pair.b].link != group.to) {
      return bad_input("limits image: pair {}: not of its group's frames", p);
    }
  }
  return {};
}

}  // namespace

Check check_self(const Image& image) {
  if (image.selves > 1 || image.pair_groups > kMaxPairGroups ||
      image.pairs > kMaxPairs) {
    return over_size();
  }
  if ((image.selves > 0) != (image.pairs > 0)) {
    return bad_input("limits image: self: a row without pairs, or without one");
  }
  uint32_t grouped = 0;
  for (uint32_t g = 0; g < image.pair_groups; ++g) {
    if (Check r = check_group(image, g); !r) return r;
    if (image.pair_group[g].first != grouped) {
      return bad_input("limits image: pair group {}: pairs left out", g);
    }
    grouped += image.pair_group[g].count;
  }
  if (grouped == image.pairs) return {};
  return bad_input("limits image: self: pairs that no group has");
}

}  // namespace tactus::safety::sealing
