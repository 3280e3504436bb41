// SPDX-License-Identifier: MIT
// The same cycles for two images that differ by a memory only (Ladder::
// exact_every): the commands sent must be the same.
#pragma once

#include <functional>
#include <random>

#include "contract_rig.hpp"

namespace twins {

using namespace contracts;

inline std::unique_ptr<Image> with_memory(const Image& image, uint32_t every) {
  auto out = std::make_unique<Image>(image);
  out->ladder.exact_every = every;
  if (!seal(*out)) out->header.magic = 0;
  return out;
}

struct Tally {
  uint64_t cycles = 0, passed = 0, recalled = 0;
  uint64_t apart = 0;    // cycles in which another command was sent
  uint64_t better = 0;   // recalled figures above the computed ones
  uint32_t longest = 0;  // verdicts in a row that were recalled
};

// A robot that follows at once, with the lag that is declared.
struct Follower {
  double q[7], v[7] = {};
  explicit Follower(const Cycle& c) {
    for (int j = 0; j < 7; ++j) q[j] = static_cast<double>(c.q[j]);
  }
  void follow(const float* u) {
    const double part = 1 - std::exp(-1.0 / 20);
    for (int j = 0; j < 7; ++j) {
      v[j] += part * (static_cast<double>(u[j]) - v[j]);
      q[j] += 1e-3 * v[j];
    }
  }
};

using Act = std::function<void(Cycle&, uint64_t)>;  // action, hand, target

// The memory's figures may be lower than the computed ones, and higher only
// by rounding.
inline void compare(const Cycle& a, const Cycle& b, const Image& image,
                    Tally& out) {
  ++out.cycles;
  out.passed += b.out.rung == TACTUS_RUNG_PASS;
  out.recalled += a.out.recalled;
  const bool same =
      a.out.rung == b.out.rung &&
      std::memcmp(a.out.action, b.out.action, sizeof a.out.action) == 0;
  out.apart += !same;
  for (uint32_t r = 0; r < image.rows && a.out.recalled; ++r)
    out.better += a.out.row[r].margin > b.out.row[r].margin + 1e-6F;
}

template <class F>
Tally run_twins(const Image& image, uint32_t every, uint64_t cycles,
                const Act& act) {
  const auto memory = with_memory(image, every);
  Cycle a;
  Follower robot(a);
  Cycle b = a;
  Tally out;
  uint32_t row = 0;
  for (uint64_t k = 100; k < 100 + cycles; ++k) {
    Cycle* const both[] = {&a, &b};
    for (Cycle* c : both) {
      c->at(k);
      for (int j = 0; j < 7; ++j) {
        c->q[j] = static_cast<float>(robot.q[j]);
        c->dq[j] = static_cast<float>(robot.v[j]);
      }
      act(*c, k);
    }
    a.run<F>(*memory);
    b.run<F>(image);
    compare(a, b, image, out);
    row = a.out.recalled ? row + 1 : 0;
    out.longest = std::max(out.longest, row);
    a.send<F>(*memory);
    b.send<F>(image);
    robot.follow(b.out.action);
  }
  return out;
}

// Towards the wall of the cell, past where it must brake.
inline void reach_for_the_wall(Cycle& c, uint64_t) {
  c.u[1] = std::min(c.u[1] + 0.005F, 0.6F);
  c.u[3] = std::min(c.u[3] + 0.005F, 0.6F);
}
// A hand comes while the robot turns slowly.
inline void let_a_hand_come(Cycle& c, uint64_t cycle) {
  c.u[0] = 0.05F;
  c.hand[0] = 2.5F - 1.5e-3F * static_cast<float>(cycle - 100);
}

inline bool same_commands(const Tally& t) {
  return t.recalled > t.cycles / 10 && t.apart == 0 && t.better == 0;
}

}  // namespace twins
