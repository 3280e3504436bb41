// SPDX-License-Identifier: MIT
// Rung project: the command nearest to the raw action among those that the
// hard rows, linearised, allow. The answer is a candidate like any other: the
// commit rule judges its whole motion, and about what it judged unsafe the
// rows are linearised again, a fixed number of times. Pure, RT-safe.
#pragma once

#include "safety/ladder_counts.hpp"
#include "safety/near_rows_impl.hpp"
#include "safety/qp_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// What is kept beyond each pair (m) for what linearising misses, one round
// after the other.
inline constexpr double kBeyond[kProjectRounds] = {1e-5, 5e-5, 2e-4};
// Part of a joint's range at which it is to stay able to move beside a wall:
// whoever touches it has no room for any speed but away from it.
inline constexpr double kCreep = 0.1;
// f32 rounds a command by one part in 1.7e7.
inline constexpr double kRounding = 2e-7;

inline double range_of(const Image& image, uint32_t j) noexcept {
  const double action = image.action_hi[j] - image.action_lo[j];
  if (action > 0 && qp::finite(action)) return action;
  const double speed = image.velocity[j];
  return speed > 0 && qp::finite(speed) ? speed : 1;
}

// Squared, in ranges.
inline double distance(const Image& image, const float* a, const float* b) {
  double sum = 0;
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double way = static_cast<double>(a[j]) - static_cast<double>(b[j]);
    const double part = way / range_of(image, j);
    sum += part * part;
  }
  return sum;
}

inline void narrow(double lo, double hi, uint32_t j, Bounds& out) noexcept {
  if (!(lo <= out.lo[j])) out.lo[j] = lo;
  if (!(hi >= out.hi[j])) out.hi[j] = hi;
}

// What box, rate and speed leave of each joint's command.
inline void act_bounds(const Image& image, const Past& past,
                       Bounds& out) noexcept {
  const double inf = __builtin_inf();
  double box, rate, speed;
  const bool boxed = hard_margin(image, RowKernel::kActionBox, 0, box);
  const bool rated = hard_margin(image, RowKernel::kActionRate, 0, rate);
  const bool sped = hard_margin(image, RowKernel::kJointVelocity, 0, speed);
  for (uint32_t j = 0; j < image.joints; ++j) {
    out.lo[j] = -inf;
    out.hi[j] = inf;
    if (boxed) {
      narrow(image.action_lo[j] + box, image.action_hi[j] - box, j, out);
    }
    const double most = image.action_rate[j] * past.step_s - rate;
    if (rated) narrow(past.last[j] - most, past.last[j] + most, j, out);
    if (image.dynamics.trajectory.limited != 0) {
      NextRange next;
      next_range_of(image, past, j, next);
      narrow(next.lo, next.hi, j, out);
    }
    const double top = image.velocity[j] - speed;
    if (sped) narrow(-top, top, j, out);
    const double size = larger(magnitude(out.lo[j]), magnitude(out.hi[j]));
    if (qp::finite(size)) {
      out.lo[j] += kRounding * size;
      out.hi[j] -= kRounding * size;
    }
  }
}

// Joint positions over the motion: each sample bounds one joint's command.
inline void position_bounds(const Reference& at, uint32_t j, double margin,
                            Bounds& out) noexcept {
  const Image& image = at.image;
  const Motion& motion = at.motion;
  const double u = at.intent.u[j];
  for (uint32_t i = 0; i < motion.blocks * kLanes; ++i) {
    const uint32_t b = i / kLanes, lane = i % kLanes;
    const double q = motion.q[b].at[j][lane];
    const double wide = motion.wide[b].at[j][lane];
    const double widens = widening(at, j, motion.spread[b][lane]);
    const double up = motion.path[b][lane] + widens;
    const double down = motion.path[b][lane] - widens;
    const double above = image.position_hi[j] - margin - (q + wide);
    const double below = (q - wide) - image.position_lo[j] - margin;
    const double free = out.hi[j] - out.lo[j];
    if (up > 1e-6 && above < up * free) {
      narrow(-__builtin_inf(), u + above / up, j, out);
    }
    if (down > 1e-6 && below < down * free) {
      narrow(u - below / down, __builtin_inf(), j, out);
    }
  }
}

inline void put_bound(QpProblem& to, uint32_t r, uint32_t j, double sign,
                      double bound) noexcept {
  for (uint32_t i = 0; i < to.n; ++i) to.row[r][i] = 0;
  const bool there = qp::finite(bound);
  to.row[r][j] = there ? sign : 0;
  to.bound[r] = there ? bound : 0;
}

// Fixed places, so that the active set of one cycle means the same in the
// next: two bounds per joint, the linear rows, then what is near.
inline void fill_acts(const Image& image, const Past& past,
                      const Bounds& bounds, const Kept& kept,
                      QpProblem& to) noexcept {
  to.m = 0;
  for (uint32_t j = 0; j < to.n; ++j) {
    put_bound(to, to.m++, j, 1, bounds.hi[j]);
    put_bound(to, to.m++, j, -1, -bounds.lo[j]);
  }
  for (uint32_t i = 0; i < image.linears; ++i) {
    // Of rows on q and dq there is none here: near_rows_impl.hpp has them.
    const Margin& margin = kept.linear[i];
    const bool binds = margin.kept && image.linear[i].of == LinearOf::kAction;
    double inside = 0;
    for (uint32_t j = 0; j < to.n; ++j) {
      const double a = image.linear[i].a[j];
      to.row[to.m][j] = binds ? a : 0;
      inside += magnitude(a) * (to.scale[j] + magnitude(past.last[j]));
    }
    const double bound = image.linear[i].b - margin.most - kRounding * inside;
    to.bound[to.m++] = binds ? bound : 0;
  }
}

// A pair's slack at `u` as near_impl.hpp has it, with every joint at least as
// fast as `creep` in the widths, and what it changes by there.
inline double slack_at(const Reference& at, const Near& near, const double* u,
                       const double* creep, double* slope) noexcept {
  double sum = near.slack;
  for (uint32_t j = 0; j < at.image.joints; ++j) {
    const double r = at.intent.u[j], last = at.past.last[j];
    const double before = near.before[j];
    const double speed = magnitude(u[j]);
    const double counted = speed > creep[j] ? speed : creep[j];
    sum += near.lever[j] * (u[j] - r) -
           near.held[j] * (counted - magnitude(r)) -
           near.turned[j] * (magnitude(u[j] - last) - magnitude(r - last)) -
           near.joined[j] * (magnitude(u[j] - before) - magnitude(r - before));
    slope[j] = near.lever[j] -
               near.held[j] * (speed > creep[j] ? sign_of(u[j]) : 0) -
               near.turned[j] * sign_of(u[j] - last) -
               near.joined[j] * sign_of(u[j] - before);
  }
  const Fall here = fall_of(at.image, u);
  const Fall there = fall_of(at.image, at.intent.u);
  slope[here.joint] -=
      near.growth * sign_of(u[here.joint]) / at.image.commit.decel[here.joint];
  return sum - near.growth * (here.seconds - there.seconds);
}

// An action beyond a thousand ranges is asked for at a thousand.
inline void aim(const Image& image, const Past& past, const float* raw,
                QpProblem& to) noexcept {
  to.n = image.joints;
  for (uint32_t j = 0; j < to.n; ++j) {
    to.scale[j] = range_of(image, j);
    const double lo = past.last[j] - 1e3 * to.scale[j];
    const double hi = past.last[j] + 1e3 * to.scale[j];
    const double u = static_cast<double>(raw[j]);
    to.target[j] = u < lo ? lo : (u > hi ? hi : u);
  }
}

inline bool clamp(const Bounds& bounds, const QpProblem& aim,
                  float* u) noexcept {
  bool room = true;
  for (uint32_t j = 0; j < aim.n; ++j) {
    room = room && bounds.lo[j] <= bounds.hi[j];
    const double x = aim.target[j];
    const double y = x < bounds.lo[j] ? bounds.lo[j] : x;
    u[j] = static_cast<float>(y > bounds.hi[j] ? bounds.hi[j] : y);
  }
  return room;
}

// The pairs that count, and the rows that are the same whatever they need.
template <class F>
void linearise(const Reference& at, const Bounds& act, NearList& list,
               QpProblem& to) noexcept {
  const Image& image = at.image;
  Bounds bounds = act;
  double margin;
  if (hard_margin(image, RowKernel::kJointPosition, 0, margin)) {
    for (uint32_t j = 0; j < image.joints; ++j) {
      position_bounds(at, j, margin, bounds);
    }
  }
  Kept kept;
  keep(image, kept);
  near_motion<F>(at, kept, act, list);  // the list anew
  near_now<F>(at, kept, act, list);
  near_linear<F>(at, kept, act, list);
  near_expressions<F>(at, kept, act, list);
  fill_acts(image, at.past, bounds, kept, to);
}

// What one round asks for.
struct Round {
  double beyond;
  double part;  // of each range, to creep at; 0: nothing
  double creep[kMaxJoints];
};
inline void open_round(uint32_t i, const QpProblem& aim, Round& out) noexcept {
  out.beyond = kBeyond[i];
  out.part = i == 0 ? kCreep : 0;
  for (uint32_t j = 0; j < aim.n; ++j) {
    const double asked = magnitude(aim.target[j]);
    const double most = out.part * aim.scale[j];
    out.creep[j] = asked < most ? asked : most;
  }
}

inline void put_cut(const double* slope, const double* u, double bound,
                    QpProblem& to) noexcept {
  for (uint32_t j = 0; j < to.n; ++j) {
    to.row[to.m][j] = -slope[j];
    bound -= slope[j] * u[j];
  }
  to.bound[to.m++] = bound;
}

// Rows that touch at `u` the slack of the pairs that are too near there. The
// slack is concave: such a row takes no allowed command away. A wall keeps
// what it has of the distance to creep along it, too. True when there was
// nothing to add, or no place for it.
inline bool cut(const Reference& at, const NearList& list, const double* u,
                const Round& round, QpProblem& to) noexcept {
  constexpr double kNone[kMaxJoints] = {};
  const double beyond = round.beyond;
  const uint32_t before = to.m;
  for (uint32_t i = 0; i < list.count && to.m + 1 < kMaxQpRows; ++i) {
    const Near& near = list.row[i];
    double slope[kMaxJoints];
    const double slack = slack_at(at, near, u, kNone, slope);
    if (slack < 0.5 * beyond) put_cut(slope, u, slack - beyond, to);
    if (round.part == 0 || near.growth > 0) continue;  // a human
    const double had = slack_at(at, near, at.past.last, round.creep, slope);
    const double kept = had < 0 ? had : 0;
    const double wide = slack_at(at, near, u, round.creep, slope);
    if (wide < kept - 0.5 * beyond) put_cut(slope, u, wide - kept, to);
  }
  return to.m == before;
}

// The nearest command that all pairs allow, as the reference sees them.
template <class F>
bool nearest(const Reference& at, const NearList& list, const Round& round,
             QpProblem& problem, QpRows& warm, float* u) noexcept {
  QpResult result = {};
  for (uint32_t j = 0; j < problem.n; ++j) result.u[j] = at.intent.u[j];
  for (uint32_t i = 0; i < kProjectCuts; ++i) {
    const bool done = cut(at, list, result.u, round, problem);
    if (done && i > 0) break;
    solve_qp<F>(problem, warm, result);
    if (result.status != QpStatus::kSolved) return false;
    warm = result.active;
  }
  for (uint32_t j = 0; j < problem.n; ++j) {
    u[j] = static_cast<float>(result.u[j]);
  }
  return true;
}

// `verify(u)` judges a candidate and leaves intent and motion of it in `at`.
// `warm`: active rows of the last time, and of this one. `u`: the last one
// judged, safe or not; the raw action, if the bounds leave none.
template <class F, class Verify>
bool project(const Reference& at, const float* raw, QpRows& warm,
             const Verify& verify, float* u) noexcept {
  QpProblem problem;
  aim(at.image, at.past, raw, problem);
  Bounds act;
  act_bounds(at.image, at.past, act);
  // Within the bounds alone: the projection, if nothing else binds.
  if (!clamp(act, problem, u)) return false;
  bool safe = verify(u);
  bool moved = true;
  NearList list;
  uint32_t fixed = 0;
  for (uint32_t i = 0; i < kProjectRounds && !safe; ++i) {
    if (moved) linearise<F>(at, act, list, problem);
    if (moved) fixed = problem.m;
    problem.m = fixed;
    Round round;
    open_round(i, problem, round);
    moved = nearest<F>(at, list, round, problem, warm, u);
    if (moved) safe = verify(u);
    if (!moved && i > 0) return false;
  }
  return safe;
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
