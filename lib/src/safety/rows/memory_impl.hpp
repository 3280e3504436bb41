// SPDX-License-Identifier: MIT
// The verdict on space, remembered: what an exact one left of each row, less
// what the motion has changed by since. Included by rows_impl.hpp.
//
// Certified: a sphere's place and width are functions of the joints whose
// slopes are bounded by Derived::lipschitz, and no slack changes faster than
// its sphere moves or grows (1-Lipschitz: distances to boxes, capsules, faces,
// centres). So
//   slack' >= slack - sum_j lipschitz_j max_i (|q'_i - q_i| + wide'_i - wide_i)
// over the samples i; twice that between two of the robot's own spheres, and
// for a human what his reach grew and his centres moved. Which samples are
// slow enough not to count may change: what is remembered leaves out those
// below kSurelySlow of that speed only, and no surface may have become faster
// by the rest. A verdict that the bound does not tell is computed; so is one in
// every Ladder::exact_every, whatever it tells.
#pragma once

#include "safety/rows/space_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// Beyond the rounding of a row: of both verdicts, and of the bound itself.
inline constexpr double kThreeRoundings = 3;

// By how much a motion is beyond the remembered one.
struct Drift {
  double place;    // m, of any sphere, its width included
  double surface;  // m/s, of its bound on the speed
  double until;    // s, of the samples' ends
};

inline void drift_of(const Image& image, const Motion& now,
                     const SpaceMemory& then, Drift& out) {
  out = {};
  for (uint32_t j = 0; j < image.joints; ++j) {
    Double8 moved = {}, faster = {};
    for (uint32_t b = 0; b < now.blocks; ++b) {
      const uint32_t i = b * kLanes;
      const Double8 way = now.q[b].at[j] - lanes_at(then.q[j] + i);
      Double8 size;
      larger8(way, -way, size);
      const Double8 wider = now.wide[b].at[j] - lanes_at(then.wide[j] + i);
      larger8(moved, size + wider, moved);
      larger8(faster, now.speed[b].at[j] - lanes_at(then.speed[j] + i), faster);
    }
    out.place += image.derived.lipschitz[j] * most_of(moved);
    out.surface += image.derived.surface[j] * most_of(faster);
  }
  Double8 later = now.until[0] - lanes_at(then.until);
  for (uint32_t b = 1; b < now.blocks; ++b) {
    larger8(later, now.until[b] - lanes_at(then.until + b * kLanes), later);
  }
  out.until = most_of(later);
}

// The farthest that one of a signal's centres moved, m.
inline double moved_centres(const Image& image, const ShieldInput& in,
                            const SpaceMemory& then, uint32_t signal) {
  double most = 0;
  for (uint32_t k = 0; k + 2 < image.signal[signal].count; k += 3) {
    double sum = 0;
    for (uint32_t a = 0; a < 3; ++a) {
      const double d = static_cast<double>(in.value[signal][k + a]) -
                       static_cast<double>(then.place[signal][k + a]);
      sum += d * d;
    }
    most = larger(most, __builtin_sqrt(sum));
  }
  return most;
}

// What somebody's row may have lost; NaN: it cannot be told.
template <class F>
double meeting_loss(const Image& image, const ShieldInput& in,
                    const SpaceMemory& then, const Meeting& who,
                    const Drift& drift) {
  if (!(drift.surface <= (1 - kSurelySlow) * who.slow)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (F::on(Fault::kMemoryHuman)) return drift.place;
  const double age = seconds(in.now_ns - in.stamp_ns[who.signal]);
  const double grown =
      who.growth * larger(drift.until + (age - then.age_s[who.signal]), 0);
  return drift.place + grown + moved_centres(image, in, then, who.signal);
}

// The remembered slacks less what they may have lost.
template <class F>
void recall_slacks(const Image& image, const ShieldInput& in,
                   const SpaceMemory& then, const Drift& drift,
                   SpaceTables<Slack>& out) {
  const SpaceSlacks& kept = then.slack;
  const auto take = [&](const Remembered* from, uint32_t count, double loss,
                        Slack* to) {
    for (uint32_t k = 0; k < count; ++k) {
      to[k].worst = from[k].slack - loss;
      to[k].link = from[k].link;
      to[k].bad = !(to[k].worst >= 0);
    }
  };
  take(kept.box, image.boxes, drift.place, out.box);
  take(kept.turned, image.turned, drift.place, out.turned);
  take(kept.capsule, image.capsules, drift.place, out.capsule);
  take(kept.hull, image.hulls, drift.place, out.hull);
  take(&kept.self, image.selves, 2 * drift.place, &out.self);
  for (uint32_t k = 0; k < image.humans; ++k) {
    const Meeting who = meeting_of<F>(image, image.human[k]);
    take(kept.human + k, 1, meeting_loss<F>(image, in, then, who, drift),
         out.human + k);
  }
  for (uint32_t k = 0; k < image.dynamics.contacts; ++k) {
    const Meeting who = meeting_of<F>(image, image.dynamics.contact[k]);
    take(kept.contact + k, 1, meeting_loss<F>(image, in, then, who, drift),
         out.contact + k);
  }
}

// Every row in space is surely kept, hard or soft, and beyond its warning.
inline bool tells(const Image& image, const SpaceTables<Slack>& slacks) {
  bool all = true;
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Row& row = image.row[r];
    const Slack* slack = space_entry(image, slacks, row);
    if (slack == nullptr || row.kind == RowKind::kOff) continue;
    const double rounding = kThreeRoundings * image.derived.rounding[r];
    const double more = larger(row.warn, row.hysteresis);
    all = all && !slack->bad && slack->worst - row.margin - rounding >= more;
  }
  return all;
}

// True when the memory tells that every row in space is kept. `open`: the task
// windows that free the motion, as throughout this file.
template <class F>
bool recall(const Image& image, const ShieldInput& in, uint32_t open,
            const Motion& motion, SpaceMemory& memory,
            SpaceTables<Slack>& out) {
  const bool fits = memory.image == image.header.hash &&
                    (memory.open == open || F::on(Fault::kMemoryOpen)) &&
                    memory.uses + 1 < image.ladder.exact_every;
  if (!fits) return false;
  Drift drift;
  drift_of(image, motion, memory, drift);
  if (F::on(Fault::kMemoryDrift)) drift.place = drift.surface = 0;
  SpaceTables<Slack> told(image);
  recall_slacks<F>(image, in, memory, drift, told);
  if (!tells(image, told)) return false;
  out = told;
  memory.uses += 1;
  return true;
}

inline void remember_motion(const Image& image, const Motion& motion,
                            SpaceMemory& out) {
  for (uint32_t b = 0; b < motion.blocks; ++b) {
    const uint32_t i = b * kLanes;
    store(motion.until[b], out.until + i);
    for (uint32_t j = 0; j < image.joints; ++j) {
      store(motion.q[b].at[j], out.q[j] + i);
      store(motion.wide[b].at[j], out.wide[j] + i);
      store(motion.speed[b].at[j], out.speed[j] + i);
    }
  }
}

inline void remember_signal(const Image& image, const ShieldInput& in,
                            uint32_t signal, SpaceMemory& out) {
  out.age_s[signal] = seconds(in.now_ns - in.stamp_ns[signal]);
  for (uint32_t k = 0; k < image.signal[signal].count; ++k)
    out.place[signal][k] = in.value[signal][k];
}

inline void remember(const Image& image, const ShieldInput& in, uint32_t open,
                     const Motion& motion, const Slacks& slacks,
                     SpaceMemory& out) {
  out.image = image.header.hash;
  out.open = open;
  out.uses = 0;
  remember_motion(image, motion, out);
  const auto put = [](const Slack* from, uint32_t count, Remembered* to) {
    for (uint32_t k = 0; k < count; ++k) {
      const double nan = std::numeric_limits<double>::quiet_NaN();
      to[k] = {from[k].bad ? nan : from[k].worst, from[k].link, 0};
    }
  };
  put(slacks.box, image.boxes, out.slack.box);
  put(slacks.turned, image.turned, out.slack.turned);
  put(slacks.capsule, image.capsules, out.slack.capsule);
  put(slacks.hull, image.hulls, out.slack.hull);
  put(slacks.sure_human, image.humans, out.slack.human);
  put(slacks.sure_contact, image.dynamics.contacts, out.slack.contact);
  put(&slacks.self, image.selves, &out.slack.self);
  for (uint32_t k = 0; k < image.humans; ++k)
    remember_signal(image, in, image.human[k].signal, out);
  for (uint32_t k = 0; k < image.dynamics.contacts; ++k)
    remember_signal(image, in, image.dynamics.contact[k].signal, out);
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
