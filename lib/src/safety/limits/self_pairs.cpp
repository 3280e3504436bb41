// SPDX-License-Identifier: MIT
#include "safety/limits/self_pairs.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "kin/fk.hpp"

namespace tactus::safety::limits {
namespace {

bool may_meet(const kin::Chain& chain, const kin::Sphere& a,
              const kin::Sphere& b) {
  const uint32_t apart = chain.adjacent[a.body] | chain.disabled[a.body];
  return a.body != b.body && a.link != b.link && (apart >> b.body & 1u) == 0;
}

// Evenly over the joints' ranges, the same poses every time: multiples of the
// primes' square roots, modulo 1 (Richtmyer's sequence).
void pose(const kin::Chain& chain, uint32_t n, double* q) {
  static constexpr int kPrimes[kMaxJoints] = {2,  3,  5,  7,  11, 13, 17, 19,
                                              23, 29, 31, 37, 41, 43, 47, 53};
  for (uint32_t j = 0; j < chain.joints; ++j) {
    const double lo =
        std::isfinite(chain.joint[j].lo) ? chain.joint[j].lo : -M_PI;
    const double hi =
        std::isfinite(chain.joint[j].hi) ? chain.joint[j].hi : M_PI;
    const double turns = (n + 0.5) * std::sqrt(kPrimes[j]);
    q[j] = lo + (hi - lo) * (turns - std::floor(turns));
  }
}

using Bodies = std::pair<uint32_t, uint32_t>;

// Least gap of each two links in one pose.
std::map<Bodies, double> gaps(const kin::Chain& chain, const SelfIr& self,
                              const double* q) {
  kin::Frames frames;
  kin::forward(chain, q, frames);
  double at[kin::kMaxSpheres][3];
  for (uint32_t i = 0; i < chain.spheres; ++i)
    kin::point(frames, chain.sphere[i].link, chain.sphere[i].center, at[i]);
  std::map<Bodies, double> out;
  for (const Pair& pair : self.pairs) {
    const kin::Sphere& a = chain.sphere[pair.a];
    const kin::Sphere& b = chain.sphere[pair.b];
    double square = 0;
    for (int k = 0; k < 3; ++k) {
      const double d = at[pair.a][k] - at[pair.b][k];
      square += d * d;
    }
    const double gap = std::sqrt(square) - a.radius - b.radius;
    const auto [entry, fresh] = out.emplace(Bodies{a.body, b.body}, gap);
    if (!fresh) entry->second = std::min(entry->second, gap);
  }
  return out;
}

}  // namespace

SelfIr self_pairs(const kin::Chain& chain) {
  std::map<Bodies, std::vector<Pair>> by_frames;
  for (uint32_t i = 0; i < chain.spheres; ++i) {
    for (uint32_t j = i + 1; j < chain.spheres; ++j) {
      const kin::Sphere &a = chain.sphere[i], &b = chain.sphere[j];
      if (!may_meet(chain, a, b)) continue;
      const bool swap = a.link > b.link;
      by_frames[std::minmax(a.link, b.link)].push_back(
          {static_cast<uint16_t>(swap ? j : i),
           static_cast<uint16_t>(swap ? i : j)});
    }
  }
  SelfIr out;
  for (const auto& [frames, pairs] : by_frames) {
    out.groups.push_back({frames.first, frames.second,
                          static_cast<uint32_t>(out.pairs.size()),
                          static_cast<uint32_t>(pairs.size())});
    out.pairs.insert(out.pairs.end(), pairs.begin(), pairs.end());
  }
  return out;
}

Stuck always_close(const kin::Chain& chain, const SelfIr& self, double gap) {
  std::map<Bodies, double> widest;
  double q[kMaxJoints] = {};
  for (uint32_t n = 0; n < kTriedPoses; ++n) {
    pose(chain, n, q);
    for (const auto& [bodies, least] : gaps(chain, self, q)) {
      const auto [entry, fresh] = widest.emplace(bodies, least);
      if (!fresh) entry->second = std::max(entry->second, least);
    }
  }
  for (const auto& [bodies, most] : widest)
    if (!(most >= gap))
      return {chain.body_name[bodies.first], chain.body_name[bodies.second]};
  return {};
}

}  // namespace tactus::safety::limits
